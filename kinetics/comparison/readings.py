"""What may be read off a treatment, and how it is named, computed and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from kinetics.errors import InputError
from kinetics.measures import (
    AreaUnderCurve,
    Final,
    Length,
    Measure,
    Nadir,
    Overshoot,
    Peak,
    TimeAbove,
    TimeBelow,
    TimeOfNadir,
    TimeOfOvershoot,
    TimeOfPeak,
    TimeToThreshold,
    ValueAt,
)
from kinetics.measures.evaluation import identifier
from kinetics.measures.over_courses import (
    Courses,
    after_first,
    after_last,
    highest,
    highest_percent,
    lowest,
    lowest_percent,
    mean,
    time_of_highest,
    time_of_lowest,
    total,
)
from kinetics.units import Unit, conversion, parse_unit, to_unit

MEASURES = (
    "nadir",
    "time_of_nadir",
    "time_to_limit",
    "time_to LEVEL",
    "overshoot",
    "time_of_overshoot",
    "time_below_limit",
    "time_below LEVEL",
    "time_above LEVEL",
    "peak",
    "time_of_peak",
    "value TIME",
    "final",
    "area",
    "mean",
)
"""What may be read off a treatment; a level is a quantity, ``baseline`` or a share of baseline."""

_PERCENT = parse_unit("percent")


@dataclass(frozen=True)
class Reading:
    """A number of a whole treatment.

    ``name`` is an identifier, such as ``nadir_percent``, ``label`` what it is in the words of a table. ``measures`` are
    taken course by course; ``over_courses`` makes the number, (...), of `Courses` and these measures. ``percent``: it
    is in percent of baseline.
    """

    name: str
    label: str
    measures: tuple[Measure, ...]
    over_courses: Callable[[Courses, tuple[Measure, ...]], np.ndarray]
    percent: bool = False

    def units(self, unit: Unit, time: Unit, shown: Unit) -> tuple[Unit, float]:
        """The unit it is shown in, and the factor to it, by the units of output, model time, and times shown."""
        if self.percent:
            return _PERCENT, 1.0
        if self.over_courses is mean:
            return unit, 1.0
        own = self.measures[0].unit(unit, time)
        if own.dimensionality == time.dimensionality:
            return shown, float(conversion(own, shown))
        if isinstance(self.measures[0], AreaUnderCurve):
            return unit * shown, float(conversion(time, shown))
        return own, 1.0

    def check(self, unit: Unit, time: Unit) -> None:
        """Refuse units of an output and the model's time that do not fit, with a `UnitError`."""
        for measure in self.measures:
            measure.check(unit, time)

    def heading(self, unit: str) -> str:
        """What stands over its numbers: the label and a unit as it is printed, nothing for a plain number.

        Examples
        --------
        >>> [one.heading("mg/L") for one in readings("nadir", "A")]
        ['nadir (mg/L)', 'nadir (% of baseline)']
        """
        text = "% of baseline" if self.percent else unit
        return f"{self.label} ({text})" if text else self.label

    @property
    def is_recovery(self) -> bool:
        """Whether it is a time that may not come, infinite then, and NaN if the output was never below the level."""
        return isinstance(self.measures[0], TimeToThreshold)

    def of(self, courses: Courses) -> np.ndarray:
        """The number, (...), in the units of the model, a share in percent."""
        return self.over_courses(courses, self.measures)


def measures_of(taken: Iterable[Reading]) -> list[Measure]:
    """What a simulation must measure for some readings; two measures of one name are the same."""
    return list({measure.name: measure for reading in taken for measure in reading.measures}.values())


def courses_of(result: xr.Dataset, output: str, taken: Iterable[Reading]) -> Courses:
    """What readings of an output need of a simulation with their measures."""
    values = {measure.name: result[measure.name].values for measure in measures_of(taken)}
    return Courses(values, result["course_start"].values, result[output].transpose(..., "time").values[..., 0])


def readings(text: str, output: str, limit: str | None = None) -> tuple[Reading, ...]:
    """Read what a file wants of an output.

    Parameters
    ----------
    text : str
        One of `MEASURES`.
    output : str
        Of the model.
    limit : str, optional
        Its lower limit of normal, as a level.

    Returns
    -------
    tuple of Reading
        A nadir in the output's unit and in percent of baseline; a time to a level after the first course and after the
        last, each from its first dose; else one.

    Raises
    ------
    InputError
        If there is no such measure, or its level or time cannot be read.

    Examples
    --------
    >>> [one.name for one in readings("nadir", "A")]
    ['nadir', 'nadir_percent']
    >>> [one.label for one in readings("time_to 40 % of baseline", "A")]
    ['back at 40 % of baseline, first course', 'back at 40 % of baseline, last course']
    >>> readings("lowest", "A")
    Traceback (most recent call last):
    kinetics.errors.InputError: unknown measure 'lowest'; there are nadir, time_of_nadir, time_to_limit, ...
    """
    name, _, argument = " ".join(text.split()).partition(" ")
    if name in ("time_to_limit", "time_below_limit") and not argument:
        if limit is None:
            raise InputError(f"'{name}' needs an output with a 'lower_limit'; '{output}' has none")
        return tuple(_at_level(name, output, limit, "lower limit"))
    if name in ("time_to", "time_below", "time_above"):
        if not argument:
            raise InputError(f"'{name}' needs a level, such as '{name} 40 % of baseline'")
        return tuple(_at_level(f"{name}_{identifier(argument)}", output, argument, argument))
    if name == "value":
        if to_unit(argument, "day") < 0:
            raise InputError(f"'{text}' is before the first dose")
        return (Reading(f"at_{identifier(argument)}", f"at {argument}", (ValueAt(output, argument),), highest),)
    if name not in _PLAIN or argument:
        raise InputError(f"unknown measure '{text[:60]}'; there are {', '.join(MEASURES)}")
    return tuple(
        Reading(key, label, tuple(kind(output) for kind in kinds), over, percent)
        for key, label, kinds, over, percent in _PLAIN[name]
    )


def _at_level(name: str, output: str, level: str, words: str) -> Iterator[Reading]:
    if name.startswith("time_to"):
        measure = (TimeToThreshold(output, level),)
        yield Reading(f"{name}_first", f"back at {words}, first course", measure, after_first)
        yield Reading(f"{name}_last", f"back at {words}, last course", measure, after_last)
    elif name.startswith("time_below"):
        yield Reading(name, f"time below {words}", (TimeBelow(output, level),), total)
    else:
        yield Reading(name, f"time above {words}", (TimeAbove(output, level),), total)


_PLAIN: dict[str, list[tuple[str, str, tuple[Any, ...], Callable[..., np.ndarray], bool]]] = {
    "nadir": [
        ("nadir", "nadir", (Nadir,), lowest, False),
        ("nadir_percent", "nadir", (Nadir,), lowest_percent, True),
    ],
    "time_of_nadir": [("time_of_nadir", "time of nadir", (TimeOfNadir, Nadir), time_of_lowest, False)],
    "overshoot": [("overshoot", "highest after nadir", (Overshoot,), highest_percent, True)],
    "time_of_overshoot": [
        ("time_of_overshoot", "time of highest after nadir", (TimeOfOvershoot, Overshoot), time_of_highest, False)
    ],
    "peak": [("peak", "peak", (Peak,), highest, False)],
    "time_of_peak": [("time_of_peak", "time of peak", (TimeOfPeak, Peak), time_of_highest, False)],
    "final": [("final", "at the end", (Final,), after_last, False)],
    "area": [("area", "area under the curve", (AreaUnderCurve,), total, False)],
    "mean": [("mean", "mean over time", (AreaUnderCurve, Length), mean, False)],
}
"""Name, label, measures, how courses are joined, and whether in percent of baseline."""
