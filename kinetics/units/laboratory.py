"""Units as laboratories and spreadsheets write them: ``10*9/L``, ``G/L``, ``THOU/uL``, ``mcg/ml``, ``months``."""

from __future__ import annotations

import re
from functools import lru_cache

from kinetics.units.reader import Unit, parse_unit

_PREFIXES = {
    "k": 3,
    "thou": 3,
    "thousand": 3,
    "tsd": 3,
    "mio": 6,
    "mill": 6,
    "million": 6,
    "gi": 9,
    "giga": 9,
    "mrd": 9,
}
"""Words for a power of ten in front of a volume; a capital G or T, which is no gram or tonne, is read apart."""
_VOLUMES = {"l": 0, "dl": 1, "ml": 3, "ul": 6, "mcl": 6, "mm3": 6, "mm^3": 6, "cumm": 6, "cmm": 6, "nl": 9}
_POWERS = (0, 3, 6, 9, 12)
_COUNT = re.compile(
    r"(?:[x×*]?10(?:\^|\*\*?|e|exp)?([0-9]{1,2})|([a-z]+)|)(?:[.*·x×]?(?:cells?|\{cells?\}|#))?/([a-z]+\^?3?)"
)
_TIMES = ("minute", "hour", "day", "week", "month", "year")
_WORDS = {name + end: name for name in _TIMES for end in ("", "s")} | {
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "std": "hour",
    "d": "day",
    "wk": "week",
    "wks": "week",
    "mo": "month",
    "mos": "month",
    "mth": "month",
    "y": "year",
    "yr": "year",
    "yrs": "year",
}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹µμ", "0123456789uu")
_PERCENT = re.compile(r"(?:%|percent|pct)(?:\s*(?:of\s+)?(\S.*))?", re.IGNORECASE)


@lru_cache(maxsize=1024)
def laboratory_unit(text: str) -> Unit:
    """Read a unit as `kinetics.units.parse_unit`, or as a laboratory writes it.

    Parameters
    ----------
    text : str
        Such as ``10*9/L``, ``10⁹/L``, ``G/L``, ``GI/L``, ``THOU/uL``, ``K/µL``, ``cells/mm3``, ``mcg/mL``, ``wk``. A
        capital ``G`` in front of a volume is giga; ``g`` is gram.

    Raises
    ------
    UnitError
        If it is neither.

    Examples
    --------
    >>> from kinetics.units import unit_text
    >>> {unit_text(laboratory_unit(text)) for text in ("10*9/L", "G/L", "GI/L", "THOU/uL", "10^3/µL", "/nL", "1e9/L")}
    {'1/nL'}
    >>> unit_text(laboratory_unit("g/L")), unit_text(laboratory_unit("mcg/ml")), unit_text(laboratory_unit("months"))
    ('g/L', 'ug/mL', 'month')
    """
    plain = text.strip().translate(_SUPERSCRIPTS)
    if (power := _power_of_litre(plain)) is not None:
        return parse_unit(f"1e{power}/L" if power else "1/L")
    words = _WORDS.get(plain.casefold(), plain)
    return parse_unit(re.sub(r"\bmcg\b", "ug", words))


def _power_of_litre(text: str) -> int | None:
    """The power of ten of a number of things in a litre; None if the unit is none of such."""
    first, _, volume = "".join(text.split()).partition("/")
    if first in ("G", "T") and volume.casefold() == "l":
        return 9 if first == "G" else 12
    match = _COUNT.fullmatch("".join(text.split()).casefold())
    if match is None or match[3] not in _VOLUMES:
        return None
    if match[2] is not None and match[2] not in _PREFIXES and match[2] not in ("cell", "cells"):
        return None
    own = int(match[1]) if match[1] else _PREFIXES.get(match[2] or "", 0)
    power = own + _VOLUMES[match[3]]
    return power if power in _POWERS else None


def percent_of(text: str) -> str | None:
    """What a unit is a percentage of, empty if it does not say; None for a unit that is no percentage.

    Examples
    --------
    >>> percent_of("% of total"), percent_of("%"), percent_of("mg/L")
    ('total', '', None)
    """
    match = _PERCENT.fullmatch(text.strip())
    return None if match is None else (match[1] or "").strip()
