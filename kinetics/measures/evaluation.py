"""What every measure has, and how one is evaluated course by course."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, cast

import numpy as np

from kinetics.errors import InputError, UnitError
from kinetics.measures.curves import Curve, check_increasing
from kinetics.measures.windows import Window
from kinetics.units import Unit, parse_unit, unit_text


@dataclass(frozen=True)
class Measure(ABC):
    """One number a course, read off the curve of an ``output``, which may be a state or a variable of data too.

    A class says what stands behind the output in the name of the result (``suffix``), what it is, with its fields in
    braces (``description``), and its unit by those of the curve and its time (``measured_in``). Its docstring
    says when it is infinite, or NaN beyond an empty window and a curve that is not finite.
    """

    output: str
    suffix: ClassVar[str]
    description: ClassVar[str]
    measured_in: ClassVar[Literal["output", "time", "output * time", "1"]] = "output"

    @property
    def argument(self) -> str:
        """What it depends on beside the output, such as a level; empty for nothing."""
        return ""

    @property
    def name(self) -> str:
        """Name of its result variable, an identifier."""
        return "_".join(filter(None, (self.output, self.suffix, identifier(self.argument))))

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return self.description.format(**vars(self))

    def unit(self, unit: Unit, time_unit: Unit) -> Unit:
        """Unit of the result, a pint.Unit, given those of the curve and its time."""
        match self.measured_in:
            case "output":
                return unit
            case "time":
                return time_unit
            case "output * time":
                return cast(Unit, unit * time_unit)
            case "1":
                return parse_unit("1")

    @abstractmethod
    def of(self, window: Window) -> float:
        """The number, in `unit`."""

    def check(self, unit: Unit, time_unit: Unit) -> None:
        """Refuse, with a `UnitError`, a ``time_unit`` that is none, and a level of another dimension than ``unit``."""
        check_time_unit(time_unit)


def check_time_unit(unit: Unit) -> None:
    """Refuse a unit that is not one of time, with a `UnitError`."""
    if unit.dimensionality != parse_unit("day").dimensionality:
        raise UnitError(f"'{unit_text(unit)}' is not a unit of time")


def identifier(text: str) -> str:
    """The tail of an identifier from the text of a level or duration, such as ``0p4_1_per_nL`` from ``0.4 1/nL``."""
    for symbol, word in (("%", " percent"), ("/", " per "), ("-", " minus "), (".", "p")):
        text = text.replace(symbol, word)
    return re.sub(r"\W+", "_", text).strip("_")


def evaluate(
    measure: Measure, curve: Curve, starts: np.ndarray, until: float, unit: Unit, time_unit: Unit
) -> np.ndarray:
    """Take a measure of a curve in the window of each course.

    The window of a course reaches from its first dose up to the first dose of the next, or to ``until``, as far as the
    knots of the curve go.

    Parameters
    ----------
    measure : Measure
        What to read off.
    curve : Curve
        In ``unit`` over ``time_unit``.
    starts : ndarray, (course,)
        First dose of each course, increasing, in ``time_unit``; NaN for a course not given.
    until : float
        End of the last window, in ``time_unit``.
    unit, time_unit : pint.Unit or str
        Of the values of the curve, and of time.

    Returns
    -------
    ndarray, (course,)
        In ``measure.unit(unit, time_unit)``; NaN for an empty window, or one in which the curve is not finite.

    Raises
    ------
    UnitError
        If units do not fit.
    InputError
        If the courses are not in order.

    Examples
    --------
    >>> from kinetics.measures import Nadir
    >>> from kinetics.measures.curves import interpolated
    >>> curve = interpolated(np.array([0.0, 30.0, 360.0, 390.0]), np.array([1.0, 0.2, 0.9, 0.1]))
    >>> evaluate(Nadir("A"), curve, np.array([0.0, 360.0]), 390.0, "1/nL", "day")
    array([0.2, 0.1])
    """
    unit, time_unit = (parse_unit(u) if isinstance(u, str) else u for u in (unit, time_unit))
    return evaluate_all([measure], {measure.output: curve}, starts, until, {measure.output: unit}, time_unit)[0]


def evaluate_all(
    measures: Sequence[Measure],
    curves: Mapping[str, Curve],
    starts: np.ndarray,
    until: float,
    units: Mapping[str, Unit],
    time_unit: Unit,
    *,
    baselines: Mapping[str, float] | None = None,
) -> np.ndarray:
    """Take several measures of some curves; what measures of one window share is computed once.

    Courses come one after the other: a trajectory reads all outputs at some times together and keeps what it read last,
    and the windows of a course have the same times in all outputs.

    Parameters
    ----------
    measures : sequence of Measure
        What to read off.
    curves, units : mapping
        By output: its curve, over ``time_unit``, and the unit of that.
    starts, until, time_unit
        As of `evaluate`.
    baselines : mapping of str to float, optional
        By output, the value that a level is a share of; by default that of the curve at time 0.

    Returns
    -------
    ndarray, (measure, course)
        Rows as `evaluate` gives them.

    Raises
    ------
    UnitError, InputError
        As of `evaluate`.
    """
    for measure in measures:
        measure.check(units[measure.output], time_unit)
    starts, outputs = np.asarray(starts, dtype=float), dict.fromkeys(measure.output for measure in measures)
    own = baselines or {}
    windows = {name: _windows(curves[name], starts, until, units[name], time_unit, own.get(name)) for name in outputs}
    values = np.full((len(measures), starts.size), np.nan)
    for course in range(starts.size):
        of_course = {name: each[course] for name, each in windows.items()}
        finite = {name: window for name, window in of_course.items() if window and window.is_finite}
        for index, measure in enumerate(measures):
            if (window := finite.get(measure.output)) is not None:
                values[index, course] = measure.of(window)
    return values


def _windows(
    curve: Curve, starts: np.ndarray, until: float, unit: Unit, time_unit: Unit, baseline: float | None
) -> list[Window | None]:
    """The window of each course; None for one that was not given, or on which the curve does not lie."""
    courses = np.flatnonzero(~np.isnan(starts))
    try:
        check_increasing(starts[courses])
    except InputError as error:
        raise InputError(f"first doses of courses: {error}") from error
    windows: list[Window | None] = [None] * starts.size
    knots = curve.knots
    if knots.size == 0:
        return windows
    if baseline is None:
        covers_zero = knots[0] <= 0.0 <= knots[-1]
        baseline = float(curve(np.array([0.0]))[0]) if covers_zero else np.nan
    for i, following in zip(courses, np.append(starts[courses[1:]], np.inf), strict=True) if courses.size else ():
        start, stop = float(starts[i]), min(float(following), until)
        begin, end = max(start, float(knots[0])), min(stop, float(knots[-1]))
        if start < stop and begin <= end:
            windows[i] = Window(curve, start, begin, end, baseline, unit, time_unit)
    return windows
