"""Numbers as a file writes them, looked at before libsbml, which reads 1 where ``1,5`` stands, and 0 for ``0x1F``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

ATTRIBUTES = frozenset(
    ("value", "size", "initialAmount", "initialConcentration", "stoichiometry", "multiplier", "exponent", "scale")
)
"""Of elements of SBML, those that are numbers."""
SEPARATOR = "\0"
"""Between the parts of a number, as ``sep`` is."""
_REAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_PARTS = {"real": (_REAL,), "integer": (_INTEGER,), "e-notation": (_REAL, _INTEGER), "rational": (_INTEGER, _INTEGER)}


def attribute_fault(name: str, text: str) -> str:
    """What is wrong with the value of an attribute, if it is to be a number; empty if nothing is.

    >>> attribute_fault("value", "0,5"), attribute_fault("value", " 1e-3"), attribute_fault("name", "0,5")
    ("value '0,5' is no number; write it as 1.5 or 1.5e3", '', '')
    """
    text = text.strip()
    if name not in ATTRIBUTES or text in ("", "INF", "-INF", "NaN"):  # whether it may have no value is checked later
        return ""
    return f"{name} {fault}" if (fault := _fault(text, _REAL)) else ""


def number_fault(text: str, attributes: Mapping[str, str]) -> str:
    """What is wrong with a number of MathML, from its text and the attributes of its element; empty if nothing is.

    Examples
    --------
    >>> number_fault("1,5", {}), number_fault(f"6.022{SEPARATOR}23", {"type": "e-notation"})
    ("'1,5' is no number; write it as 1.5 or 1.5e3", '')
    """
    kind = attributes.get("type", "real")
    if attributes.get("base", "10") != "10":
        return f"a number of base {attributes['base'][:9]}; SBML has those of base 10 alone"
    if kind not in _PARTS:
        return f"a number of type {kind[:20]}; SBML has {', '.join(_PARTS)}"
    parts, forms = [part.strip() for part in text.split(SEPARATOR)], _PARTS[kind]
    if len(parts) != len(forms):
        return f"a number of type {kind} has {len(forms)} parts, with <sep/> between them, and here are {len(parts)}"
    faults = [_fault(part, form) for part, form in zip(parts, forms, strict=True)]
    return next(filter(None, faults), "")


def _fault(text: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(text):
        example = "15" if form is _INTEGER else "1.5 or 1.5e3"
        return f"'{text[:40]}' is no {'whole ' if form is _INTEGER else ''}number; write it as {example}"
    return "" if math.isfinite(float(text)) else f"'{text[:40]}' is larger than any double"
