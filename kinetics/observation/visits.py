"""`VisitSchedule`: when patients are seen, and what is measured then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pint

from kinetics.errors import Faults, UnknownNameError
from kinetics.files.checksums import content_hash
from kinetics.files.library import find_file
from kinetics.model import Model
from kinetics.observation.reading import check_together, read_visits
from kinetics.observation.series import Series
from kinetics.regimen.times import DAY, SAME
from kinetics.text.tables import headline, paragraph
from kinetics.units import conversion

__all__ = ["VisitSchedule"]


@dataclass(frozen=True)
class VisitSchedule:
    """Series of visits. Two schedules are equal if these are, whatever they are called.

    Parameters
    ----------
    series : sequence of Series
        With names of their own; an output is in one of them at most.
    name, title, source, about : str
        What it is called, what it is, the key of its publication, and which parts are choices.

    Raises
    ------
    InputError
        If two series clash.

    Examples
    --------
    >>> from kinetics.units import parse_unit
    >>> monthly = VisitSchedule([Series(name="counts", every="1 month", until="2 month", after="last")])
    >>> monthly.times("A", parse_unit("month"), np.array([0.0, 3.0]), until=12.0)
    array([1., 2., 3., 4., 5.])
    """

    series: Sequence[Series]
    name: str = field(default="", compare=False)
    title: str = field(default="", compare=False)
    source: str = field(default="", compare=False)
    about: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "series", tuple(self.series))
        faults = Faults()
        check_together(dict(enumerate(self.series)), faults)
        faults.raise_if_any()

    @classmethod
    def load(cls, name: str | Path) -> VisitSchedule:
        """Read a file of visits: a path, or the name of a schedule that ships.

        Raises
        ------
        InputError
            With every fault of the file.
        """
        path = find_file(name, "models/visits")
        header, series = read_visits(path)
        return cls(series, path.stem, header.title, header.source, header.about)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of what is measured and when, to 1e-9 day; titles do not count."""
        return content_hash(sorted(row.fingerprint for row in self.series))

    def check_outputs(self, model: Model) -> None:
        """Refuse, with an `UnknownNameError`, a schedule that names outputs which a model does not have."""
        unknown = [name for row in self.series for name in row.outputs if name not in model.outputs]
        if unknown:
            raise UnknownNameError(
                f"model '{model.name}' has no output {', '.join(unknown)}, which visits '{self.name}' name; "
                f"there are {', '.join(model.outputs) or 'none'}"
            )

    def series_of(self, output: str) -> Series | None:
        """The series an output is measured in; None if it is in none."""
        own = (row for row in self.series if output in row.outputs)
        rest = (row for row in self.series if not row.outputs)
        return next(own, None) or next(rest, None)

    def times(self, output: str, unit: pint.Unit, starts: np.ndarray, until: float) -> np.ndarray:
        """When an output is measured, (visit,), increasing; none for an output that is in no series.

        First doses of courses, (course,), are increasing, NaN for one not given; without any, time zero is the first
        dose. Visits later than ``until`` are left out; those closer than 1e-9 day are one. All times are in ``unit``.

        Raises
        ------
        InputError
            If there are more than 10000.
        UnitError
            If ``unit`` is no unit of time.
        """
        series, per_day = self.series_of(output), float(conversion(DAY, unit))
        if series is None:
            return np.empty(0)
        starts = np.asarray(starts, dtype=float)
        days = series.days((starts[~np.isnan(starts)] / per_day).tolist())
        times = np.array(days, dtype=float) * per_day
        return np.minimum(times[times <= until + SAME * per_day], until)

    def __str__(self) -> str:
        head = headline(self.name, self.title, self.source)
        return "\n".join(filter(None, (head, paragraph(self.about), *map(str, self.series))))
