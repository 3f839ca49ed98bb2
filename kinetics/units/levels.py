"""Levels: a quantity or a share of baseline, and when an output counts as below, at or beyond a level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kinetics.errors import UnitError
from kinetics.units import Unit, conversion, parse_quantity, unit_text

OF_BASELINE = " of baseline"

SLACK = 1e-8
"""An output closer to a level than this share of it counts as at it, however tight the tolerances."""


def slack(relative: float) -> float:
    """The share of a level within which an integrated output counts as at it.

    The one definition: rules of both engines, times to a level, times below it, and notes on both go by it. An output
    has reached a level where it goes beyond by more than this, and the time is that at which it met the level itself.

    Parameters
    ----------
    relative : float
        Relative tolerance of the integration. About a value at rest an integrator errs by less than a tenth of it.

    Examples
    --------
    >>> slack(1e-10), slack(1e-4)
    (1e-08, 1e-05)
    """
    return max(SLACK, relative / 10)


def stands_below(values: np.ndarray, level: float | np.ndarray, margin: float | np.ndarray) -> np.ndarray:
    """Whether an output is below a level, at each of successive times.

    Within the margin it stands where it stood before; at the beginning, where it stands first outside. What never
    leaves the margin is not below.

    Parameters
    ----------
    values : ndarray, (..., time)
        Successive values.
    level, margin : float or ndarray, (..., 1)
        In the unit of the values. Without a margin a value at the level is not below.

    Returns
    -------
    ndarray of bool, (..., time)

    Examples
    --------
    >>> stands_below(np.array([1.0, 0.2, 0.9999, 1.0001, 0.9999, 1.2, 1.0]), 1.0, 0.001)
    array([ True,  True,  True,  True,  True, False, False])
    """
    below, above = values < level - margin, values >= level + margin
    known, numbers = below | above, np.arange(values.shape[-1])
    first = np.where(known.any(axis=-1), known.argmax(axis=-1), 0)[..., None]
    latest = np.maximum.accumulate(np.where(known, numbers, 0), axis=-1)
    return np.take_along_axis(below, np.maximum(latest, first), axis=-1)


def visited_level(level: np.ndarray, *, reported: bool) -> tuple[np.ndarray, np.ndarray]:
    """A level as values of visits are compared with it, and the margin about it.

    Parameters
    ----------
    level : ndarray
        In the unit of the values.
    reported : bool
        Whether values are data, or rounded as a report is: one that is at the level, but for how it is written, is then
        back at it. What was integrated is not.

    Examples
    --------
    >>> level, margin = visited_level(np.array([0.3]), reported=True)
    >>> stands_below(np.array([0.2, 0.1 + 0.2, 0.3]), level, margin)
    array([ True, False, False])
    """
    margin = SLACK * np.abs(level)
    return (level - margin, np.zeros_like(margin)) if reported else (level, margin)


def earliest_lowest(values: np.ndarray, share: float = SLACK) -> np.ndarray:
    """Index of the first value, along the last axis, that counts as the lowest.

    Examples
    --------
    >>> int(earliest_lowest(np.array([3.0, 1.0000000000001, 2.0, 1.0])))
    1
    """
    lowest = values.min(axis=-1, keepdims=True)
    return (values <= lowest + share * np.abs(lowest)).argmax(axis=-1)


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
    unit: Unit | None

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

    def value(self, unit: Unit, baseline: float) -> float:
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
