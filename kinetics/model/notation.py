"""Names as LaTeX: which text a model file may give as a symbol, and the symbol made from a name without one."""

from __future__ import annotations

import re

__all__ = ["is_latex", "latex_name"]

MAX_LENGTH = 60
_LETTERS = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
_PRINTING = """
    varepsilon vartheta varrho varsigma varphi ell infty ast circ prime cdot max min
    hat bar tilde dot vec mathrm mathit mathbf mathcal text
"""
_GREEK = frozenset(_LETTERS.split())
_COMMANDS = _GREEK | frozenset(_PRINTING.split())
_PIECE = re.compile(r"\\([A-Za-z]+)|\\[,;: ]|[A-Za-z0-9 _^{}()+*/.,'-]")


def is_latex(text: str) -> bool:
    r"""Whether a text is a symbol in LaTeX that can do nothing but print: letters, scripts, accents, closed braces.

    Examples
    --------
    >>> is_latex(r"\varphi_4"), is_latex(r"k_{M4}"), is_latex(r"\input{secrets}"), is_latex("k_{4")
    (True, True, False, False)
    """
    position, open_braces = 0, 0
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None or (piece[1] is not None and piece[1] not in _COMMANDS):
            return False
        open_braces += {"{": 1, "}": -1}.get(piece[0], 0)
        if open_braces < 0:
            return False
        position = piece.end()
    return 0 < len(text) <= MAX_LENGTH and open_braces == 0 and text[-1] not in "_^"


def latex_name(name: str) -> str:
    r"""The LaTeX of an identifier: what follows the first underscore becomes a subscript.

    Examples
    --------
    >>> latex_name("k_A4"), latex_name("alpha_0"), latex_name("pk_A_c"), latex_name("clearance")
    ('k_{A4}', '\\alpha_{0}', 'pk_{A,c}', '\\mathrm{clearance}')
    """
    head, *rest = [_word(word) for word in name.split("_") if word]
    return f"{head}_{{{','.join(rest)}}}" if rest else head


def _word(word: str) -> str:
    if word in _GREEK:
        return f"\\{word}"
    return word if len(word) <= 2 else f"\\mathrm{{{word}}}"
