"""A series of visits: which outputs are measured, or which tests are done, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Literal

import numpy as np

from kinetics.errors import Fault, Faults, InputError
from kinetics.expressions import is_name
from kinetics.regimen.times import MAX_COUNT, SAME, Amount, apart, as_tuple, in_days, time_text


@dataclass(frozen=True, kw_only=True)
class Series:
    """Visits at which the same outputs are measured, in time from the first dose of the first course.

    Parameters
    ----------
    name : str
        An identifier; in results the visits are the dim ``visit_NAME``.
    outputs : sequence of str
        What is measured; empty for all outputs that no other series of the schedule names.
    tests : sequence of str
        What is done at these visits that no model has an output for, in words; such a series measures no outputs.
    at : sequence of str or pint.Quantity
        Visits at these times, zero or later.
    every : str or pint.Quantity, optional
        Regular visits so far apart.
    begin : str or pint.Quantity, optional
        The first of the regular ones; ``every`` by default.
    until : str or pint.Quantity, optional
        No regular visit is later; needed with ``every``.
    after : {"first", "last"}
        What ``until`` counts from: the first dose of the first course; or that of the last course, or the last dose
        that a rule has given, whichever is later.
    window : str or pint.Quantity, optional
        How far the day of a visit may be from its scheduled time, on either side; no visit is nearer to the time of
        another than to its own. Without it, that is all that is known. Likelihoods of times assume that days are
        uniform within their windows.

    Raises
    ------
    InputError
        With every fault, each named by its key.

    Examples
    --------
    >>> series = Series(name="counts", at=["0 month"], every="3 month", until="1 year")
    >>> print(series)
    counts: all other outputs; at 0 day; every 3 month from 3 month to 12 month
    >>> series.days([0.0])
    [0.0, 91.3125, 182.625, 273.9375, 365.25]
    """

    name: str
    outputs: Sequence[str] = ()
    tests: Sequence[str] = ()
    at: Sequence[Amount] = ()
    every: Amount | None = None
    begin: Amount | None = None
    until: Amount | None = None
    after: Literal["first", "last"] = "first"
    window: Amount | None = None

    def __post_init__(self) -> None:
        faults = Faults()
        for key in ("outputs", "tests", "at"):
            value = getattr(self, key)
            object.__setattr__(self, key, as_tuple(value))
        if not is_name(self.name):
            faults.add(f"'{self.name!s:.70}' is reserved or no identifier; rename it", name="name")
        for output in self.outputs:
            if not is_name(output):
                faults.add(f"'{output!s:.70}' is no name of an output", name="outputs")
        for test in self.tests:
            if not isinstance(test, str) or not test.strip():
                faults.add(f"must be words, found {test!r:.40}", name="tests")
        if self.outputs and self.tests:
            faults.add("a series measures 'outputs' or has 'tests'; make two series", name="tests")
        for text in self.at:
            _time(text, "at", faults, least=0.0)
        if self.window is not None and (window := _time(self.window, "window", faults)) is not None and window <= 0:
            faults.add(f"must be positive, found '{self.window}'", name="window")
        self._check_regular(faults)
        faults.raise_if_any()

    def _check_regular(self, faults: Faults) -> None:
        if self.after not in ("first", "last"):
            faults.add(f"must be 'first' or 'last', found {self.after!r:.40}", name="after")
        if self.every is None:
            if not self.at:
                faults.add("has no visits; give 'at' or 'every'", name="name")
            for key in ("begin", "until"):
                if getattr(self, key) is not None:
                    faults.add("is of regular visits; give 'every' too", name=key)
            return
        every = _time(self.every, "every", faults)
        begin = every if self.begin is None else _time(self.begin, "begin", faults, least=0.0)
        if every is not None and every <= 0:
            faults.add(f"must be positive, found '{self.every}'", name="every")
            every = None
        if self.until is None:
            faults.add("regular visits need 'until', when they end", name="every")
            return
        until = _time(self.until, "until", faults)
        if until is None or begin is None or every is None:
            return
        if until < begin - SAME and self.after == "first":
            faults.add(f"is before the first regular visit at {time_text(begin)}", name="until")
        elif (until - begin) / every >= MAX_COUNT:
            faults.add(f"more than {MAX_COUNT} visits until '{self.until}'", name="every")

    @cached_property
    def _regular(self) -> tuple[float, float, float]:
        """Step, first and end of the regular visits, day; the end is none without any."""
        if self.every is None or self.until is None:
            return 1.0, 0.0, -np.inf
        every = in_days(self.every)
        return every, every if self.begin is None else in_days(self.begin), in_days(self.until)

    @property
    def fingerprint(self) -> list[Any]:
        """What it is, to 1e-9 day, as JSON has it."""
        at = sorted(round(in_days(text), 9) for text in self.at)
        regular = None if self.every is None else [*(round(time, 9) for time in self._regular), self.after]
        window = [] if self.window is None else [round(in_days(self.window), 9)]
        # a series without tests has none, so that results made before there were tests keep their hash
        return [self.name, sorted(self.outputs), at, regular, *([sorted(self.tests)] if self.tests else []), *window]

    def is_over(self, days: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Whether visits are later than the last course of each patient asks for, (patient, visit), dimensionless.

        Parameters
        ----------
        days : numpy.ndarray, (visit,)
            The visits, in days from the first dose.
        last : numpy.ndarray, (patient,)
            The first dose of the last course, or the last dose that a rule has given, in days from the first dose.
        """
        if self.after == "first":
            return np.zeros((last.size, days.size), dtype=bool)
        fixed = np.array([in_days(text) for text in self.at])
        regular = (np.abs(days[:, None] - fixed) > SAME).all(axis=1)
        return regular & (days > last[:, None] + self._regular[2] + SAME)

    def days(self, starts: Sequence[float]) -> list[float]:
        """Times of the visits in days, increasing, from time zero; those closer than 1e-9 day are one.

        ``starts`` are the first doses of the courses in days, increasing; without any, time zero is the first dose.
        `InputError` if the last course is so late that there are too many.
        """
        first, last = (starts[0], starts[-1]) if len(starts) else (0.0, 0.0)
        every, begin, until = self._regular
        end = until + (last - first if self.after == "last" else 0.0)
        if (end - begin) / every >= MAX_COUNT:
            raise InputError(
                Fault(f"more than {MAX_COUNT} visits, the last course being at {time_text(last)}", self.name)
            )
        count = int(np.floor((end - begin) / every + SAME)) + 1 if end >= begin - SAME else 0
        regular = (begin + number * every for number in range(count))
        return [first + time for time in apart(chain(map(in_days, self.at), regular), SAME)]

    def __str__(self) -> str:
        outputs = f"tests of {', '.join(self.tests)}" if self.tests else ", ".join(self.outputs) or "all other outputs"
        parts = [f"at {', '.join(time_text(in_days(text)) for text in self.at)}"] if self.at else []
        if self.every is not None:
            every, begin, until = map(time_text, self._regular)
            after = " after the last course" if self.after == "last" else ""
            parts.append(f"every {every} from {begin} to {until}{after}")
        if self.window is not None:
            parts.append(f"within {time_text(in_days(self.window))} of the schedule")
        return f"{self.name}: {'; '.join([outputs, *parts])}"


def _time(text: Amount, key: str, faults: Faults, least: float = -np.inf) -> float | None:
    """A time in days; None, and a fault, if it is none or too early."""
    with faults.gather(name=key):
        time = in_days(text)
        if time < least:
            raise InputError(f"is before the first dose, found '{text}'")
        return time
    return None
