"""Numbers and units as print has them."""

from __future__ import annotations

import re

from kinetics.text.escaping import safe_lines

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_COUNT = re.compile(r"(?<![\w.])1e(\d+)/")
_EXPONENT = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?)e([+-]?\d+)\b")
_POWER = re.compile(r"(?<=[A-Za-z])\^(-?\d)(?![\w.])")
_NEGATIVE = re.compile(r"(?<![\w.^⁻-])-(?=\d)")


def typeset(text: str) -> str:
    """A text whose powers of ten, units and negative numbers are as print has them.

    Examples
    --------
    >>> typeset("N (1e9/L)"), typeset("2.50e-07 mg/m^2"), typeset("-0.5 to 1.2"), typeset("P-07")
    ('N (10⁹/L)', '2.50 × 10⁻⁷ mg/m²', '−0.5 to 1.2', 'P-07')
    """
    text = _COUNT.sub(lambda match: f"10{match[1].translate(_RAISED)}/", safe_lines(text))
    text = _EXPONENT.sub(lambda match: f"{match[1]} × 10{str(int(match[2])).translate(_RAISED)}", text)
    text = _POWER.sub(lambda match: match[1].translate(_RAISED), text)
    return _NEGATIVE.sub("−", text)
