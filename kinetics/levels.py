"""Levels: a quantity, or a share of baseline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kinetics.errors import UnitError
from kinetics.units import conversion, parse_quantity, unit_text

__all__ = ["Level", "read_level"]

OF_BASELINE = " of baseline"


@dataclass(frozen=True)
class Level:
    """A threshold.

    Parameters
    ----------
    number : float
        In ``unit``, or the share of baseline.
    unit : pint.Unit, optional
        Its unit; None for a share of baseline.
    """

    number: float
    unit: Any | None

    @property
    def text(self) -> str:
        """The same text for every way to write the level in its unit.

        Examples
        --------
        >>> read_level("0.40 1e9/L").text, read_level("0.4 1/nL").text, read_level("40 % of baseline").text
        ('0.4 1/nL', '0.4 1/nL', '40 percent of baseline')
        """
        if self.unit is not None:
            return f"{self.number:.10g} {unit_text(self.unit)}"
        return "baseline" if self.number == 1 else f"{100 * self.number:.10g} percent of baseline"

    def value(self, unit: Any, baseline: float) -> float:
        """The level in the unit of a curve.

        Parameters
        ----------
        unit : pint.Unit
            Of the curve.
        baseline : float
            The curve at time 0, in ``unit``.

        Raises
        ------
        UnitError
            If the level has another dimension.
        """
        if self.unit is None:
            return self.number * baseline
        return self.number * float(conversion(self.unit, unit))


@lru_cache(maxsize=256)
def read_level(text: str) -> Level:
    """Read a level.

    Parameters
    ----------
    text : str
        A quantity such as ``"0.4 1e9/L"``, ``"baseline"``, or a share such as ``"40 % of baseline"``.

    Returns
    -------
    Level

    Raises
    ------
    UnitError
        If it is neither, or a share that is not positive.

    Examples
    --------
    >>> read_level("40 % of baseline")
    Level(number=0.4, unit=None)
    >>> from kinetics.units import parse_unit
    >>> read_level("400 cells/uL").value(parse_unit("1e9/L"), baseline=1.0)
    0.4
    """
    plain = " ".join(text.split()) if isinstance(text, str) else str(text)
    if plain == "baseline":
        return Level(1.0, None)
    try:
        if not plain.endswith(OF_BASELINE):
            return Level(*parse_quantity(plain, example="mg/L"))
        share = parse_quantity(plain.removesuffix(OF_BASELINE).replace("%", " percent"), "1")[0]
    except UnitError as error:
        raise UnitError(
            f"level '{plain[:60]}': {error}; a level reads '0.4 mg/L', 'baseline' or '40 % of baseline'"
        ) from error
    if share <= 0:
        raise UnitError(f"level '{plain}': a share of baseline is positive")
    return Level(share, None)
