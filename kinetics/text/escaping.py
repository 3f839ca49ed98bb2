"""Escape text of files for terminals, JSON, Markdown and figures; find the characters that no file may hold.

Equations in LaTeX need nothing here: only identifiers and symbols that `kinetics.model.latex.is_latex` accepts reach
them. SVG is escaped by matplotlib, which draws no text as mathematics within `kinetics.figures.base.style.style`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

# controls of ASCII but tab and line feed, DEL and C1, line separators, overrides of direction, and what is no character
_NONCHARACTERS = "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef" + _NONCHARACTERS + "]"
)
_FORBIDDEN_ON_A_LINE = re.compile(_FORBIDDEN.pattern.replace("[", "[\t\n", 1))
_DOUBTFUL = re.compile(r"[^ -~]")
# characters that begin a construct of Markdown; an underscore inside a word does not
_MARKDOWN = re.compile(r"[\\`*\[\]<>|~$#&]|(?<!\w)_|_(?!\w)")


def forbidden_character(text: str, *, lines: bool = False) -> str | None:
    r"""The first character of a text that no file may hold, or None.

    Forbidden are characters that act on a display, and code points that are no characters. Line feeds and tabs are
    allowed if there may be several ``lines``.

    Examples
    --------
    >>> forbidden_character("cells in 10⁹/L"), forbidden_character("a\nb", lines=True), forbidden_character("a\x1b[2J")
    (None, None, '\x1b')
    """
    match = (_FORBIDDEN if lines else _FORBIDDEN_ON_A_LINE).search(text)
    return match[0] if match else None


def forbidden_lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line of a file that holds a character no file may hold: its number from 1, and the first such character."""
    text, line, begin, last = text.replace("\r\n", "\n"), 1, 0, 0
    for match in _FORBIDDEN.finditer(text):
        line += text.count("\n", begin, match.start())
        begin = match.start()
        if line != last:
            yield line, match[0]
        last = line


def character_name(character: str) -> str:
    r"""A character in words that can be printed.

    Examples
    --------
    >>> character_name("\u202e"), character_name("\x1b")
    ('U+202E (right-to-left override)', 'U+001B (a control character)')
    """
    words = {"\t": "a tab", "\n": "a line feed", "Cc": "a control character", "Cn": "no character"}
    kind = unicodedata.category(character)
    name = words.get(character) or words.get(kind) or unicodedata.name(character, "a surrogate").lower()
    return f"U+{ord(character):04X} ({name})"


def one_line(text: str) -> str:
    r"""A text that can be printed on one line: whatever is not printable or a space is escaped as Python writes it.

    Examples
    --------
    >>> print(one_line("k\x1b[2J\nerror: none"))
    k\x1b[2J\nerror: none
    """
    return _DOUBTFUL.sub(lambda match: match[0] if _shows(match[0]) else _escape(match[0]), text)


def _shows(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def safe_lines(text: str) -> str:
    r"""A text of several lines, each as `one_line`.

    Examples
    --------
    >>> print(safe_lines("a\rb\nc"))
    a\rb
    c
    """
    return "\n".join(map(one_line, text.split("\n")))


def one_space(text: str) -> str:
    """A text without line feeds and tabs: each run of white space is one space."""
    return " ".join(text.split())


def json_text(content: Any) -> str:
    r"""Strict JSON that can be printed: what does not show is written as ``\u`` and four digits.

    Examples
    --------
    >>> print(json_text({"µ": "a\u202eb\x9b"}))
    {
      "µ": "a\u202eb\u009b"
    }
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    return _DOUBTFUL.sub(lambda match: match[0] if match[0] == "\n" or _shows(match[0]) else _in_json(match[0]), text)


def _in_json(character: str) -> str:
    return json.dumps(character)[1:-1]


def markdown_text(text: str) -> str:
    r"""A text as a part of a line, or a cell, of Markdown: it means itself, and nothing begins or ends in it.

    Examples
    --------
    >>> print(markdown_text("<b>|x_1| < *3*\n# _new_"))
    \<b\>\|x_1\| \< \*3\* \# \_new\_
    """
    return _MARKDOWN.sub(lambda match: f"\\{match[0]}", one_line(one_space(text)))


def markdown_code(text: str) -> str:
    """A text as code of Markdown, on one line; a backtick, which would end it, becomes an apostrophe.

    Examples
    --------
    >>> print(markdown_code("a`b.csv"))
    `a'b.csv`
    """
    return f"`{one_line(one_space(text)).replace('`', chr(39))}`"


_IN_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}", **{character: f"\\{character}" for character in "&%$#_"},
}  # fmt: skip


def latex_text(text: str, *, groups: bool = False) -> str:
    r"""A text as a part of a paragraph of LaTeX, or of a field of BibTeX: it means itself, and no command runs.

    With ``groups``, braces in pairs stay, which protect words from a style of BibTeX.

    Examples
    --------
    >>> print(latex_text(r"\input{a_b} & 5 %"))
    \textbackslash{}input\textbraceleft{}a\_b\textbraceright{} \& 5 \%
    >>> print(latex_text("{DNA} of a } b", groups=True), latex_text("the {DNA}", groups=True))
    \textbraceleft{}DNA\textbraceright{} of a \textbraceright{} b the {DNA}
    """
    plain = one_line(one_space(text))
    pairs = groups and _has_pairs(plain)
    return "".join(each if pairs and each in "{}" else _IN_LATEX.get(each, each) for each in plain)


def _has_pairs(text: str) -> bool:
    """Whether each brace of a text is one of a pair."""
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0


_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "'")
# a program that takes semicolons for separators begins a cell at one; signs of numbers begin no formula in a file
_IS_FORMULA = re.compile("[=@＝＠]|.*;\\s*[=@＝＠+-]", re.DOTALL)


def is_formula(text: str) -> bool:
    r"""Whether a text of a file begins a formula, or has one behind a semicolon, which may separate cells.

    Examples
    --------
    >>> is_formula("=1+1"), is_formula("a;-cmd|x"), is_formula("-0.5"), is_formula("A+;B+")
    (True, True, False, False)
    """
    return _IS_FORMULA.match(text) is not None


def spreadsheet_text(text: str) -> str:
    r"""A text as a cell of a CSV file that no spreadsheet takes for a formula: an apostrophe stands before it.

    Examples
    --------
    >>> print(spreadsheet_text("=1+1"), spreadsheet_text("P-07"), spreadsheet_text("'s"))
    '=1+1 P-07 ''s
    """
    plain = one_line(text)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


def unescaped_spreadsheet_text(text: str) -> str:
    """The text of a cell that `spreadsheet_text` wrote.

    Examples
    --------
    >>> unescaped_spreadsheet_text(spreadsheet_text("=1+1"))
    '=1+1'
    """
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
