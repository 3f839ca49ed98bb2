"""The LaTeX symbol of a quantity as MathML: letters, scripts and accents, which are all that a model file may use."""

from __future__ import annotations

import re
from html import escape

from sympy.printing.pretty.pretty_symbology import greek_unicode

_TOKEN = re.compile(r"\\([A-Za-z]+)|\\([,;: ])|(.)", re.DOTALL)
_SIGNS = {"infty": "∞", "ast": "∗", "circ": "∘", "prime": "′", "cdot": "⋅", "ell": "ℓ"}
_VARIANTS = {"varepsilon": "ε", "vartheta": "ϑ", "varrho": "ϱ", "varsigma": "ς", "varphi": "φ", "phi": "ϕ"}
_ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙", "vec": "→"}
_UPRIGHT = ("mathrm", "text")
_FONTS = ("mathit", "mathbf", "mathcal")


def symbol_mathml(latex: str) -> str:
    r"""The MathML of a symbol that `kinetics.model.latex.is_latex` accepts.

    Examples
    --------
    >>> symbol_mathml(r"\varphi_4")
    '<msub><mi>φ</mi><mn>4</mn></msub>'
    >>> symbol_mathml(r"k_{M4}")
    '<msub><mi>k</mi><mi>M4</mi></msub>'
    """
    return _Reader([(match[1], match[2], match[3]) for match in _TOKEN.finditer(latex)]).row()


class _Reader:
    """Reads tokens from first to last; a token is a command, a space, or a character, one of which is not None."""

    def __init__(self, tokens: list[tuple[str | None, str | None, str | None]]) -> None:
        self.tokens = tokens
        self.at = 0

    def row(self) -> str:
        """Everything up to the closing brace, or the end."""
        items: list[str] = []
        while self.at < len(self.tokens) and self._character() != "}":
            items.append(self._scripted())
        return items[0] if len(items) == 1 else f"<mrow>{''.join(items)}</mrow>"

    def _character(self) -> str | None:
        return self.tokens[self.at][2] if self.at < len(self.tokens) else None

    def _scripted(self) -> str:
        """An item with its scripts."""
        base, scripts = self._item(), dict[str, str]()
        while (sign := self._character()) in ("_", "^") and sign not in scripts:
            self.at += 1
            scripts[sign] = self._item()
        if len(scripts) == 2:
            return f"<msubsup>{base}{scripts['_']}{scripts['^']}</msubsup>"
        for sign, script in scripts.items():
            tag = "msub" if sign == "_" else "msup"
            base = f"<{tag}>{base}{script}</{tag}>"
        return base

    def _item(self) -> str:
        """A group, a command, or a run of letters or digits."""
        if self.at >= len(self.tokens):
            return "<mrow></mrow>"
        command, space, character = self.tokens[self.at]
        if character is None:
            self.at += 1
            return "<mspace width='0.2em'/>" if space else self._command(str(command))
        if character == "{":
            self.at += 1
            letters = self._letters()
            content = letters or self.row()
            self.at += 1
            return content
        self.at += 1
        return _atom(character)

    def _letters(self) -> str:
        """A group that is letters and digits alone, as one identifier; nothing if it is more."""
        end = self.at
        while end < len(self.tokens) and (self.tokens[end][2] or "").isalnum():
            end += 1
        text = "".join(str(token[2]) for token in self.tokens[self.at : end])
        if not text or end >= len(self.tokens) or self.tokens[end][2] != "}":
            return ""
        self.at = end
        return _atom(text)

    def _command(self, name: str) -> str:
        if name in _ACCENTS:
            return f"<mover accent='true'>{self._item()}<mo>{_ACCENTS[name]}</mo></mover>"
        if name in _UPRIGHT or name in _FONTS:
            return self._font(name)
        if name in _SIGNS:
            return f"<mo>{_SIGNS[name]}</mo>" if name != "ell" else "<mi>ℓ</mi>"
        return f"<mi>{_VARIANTS.get(name) or greek_unicode.get(name) or escape(name)}</mi>"

    def _font(self, name: str) -> str:
        """The text of a group as one identifier; of several letters it is upright in any font."""
        if self._character() != "{":
            return self._item()
        self.at += 1
        parts: list[str] = []
        while self.at < len(self.tokens) and self._character() != "}":
            command, space, character = self.tokens[self.at]
            parts.append(character or (" " if space else str(greek_unicode.get(str(command), ""))))
            self.at += 1
        self.at += 1
        text = escape("".join(parts))
        upright = " mathvariant='normal'" if name in _UPRIGHT and len(text) == 1 else ""
        return f"<mi{upright}>{text}</mi>"


def _atom(text: str) -> str:
    if text.isdigit():
        return f"<mn>{text}</mn>"
    return f"<mi>{escape(text)}</mi>" if text.isalnum() else f"<mo>{escape(text)}</mo>"
