"""The treatment of a patient: its records of doses, and the courses that they make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np

from kinetics.files.checksums import content_hash
from kinetics.patients.data.records import Patient
from kinetics.regimen import DoseRecord
from kinetics.units import Unit, to_unit

COURSE_GAP = "60 day"
"""A dose that begins later than this after the one before begins a course."""


@dataclass(frozen=True)
class Treatment:
    """What a patient is given, in the units of the data. Make it with `of`.

    Parameters
    ----------
    records : tuple of DoseRecord
        Of doses and resets. Time zero is the patient's `first_time`.
    courses : tuple of tuple of DoseRecord
        The doses course by course, each alone: repetitions are written out. A reset and a steady state begin a course.
    name : str
        What it is called.
    planned : int
        How many courses are planned: the last ones.
    occasions : tuple of float, or None
        When the second and later occasions begin, likewise; a planned course is one. None if nothing differs between
        occasions.
    """

    records: tuple[DoseRecord, ...]
    courses: tuple[tuple[DoseRecord, ...], ...]
    name: str
    planned: int = 0
    occasions: tuple[float, ...] | None = None

    @classmethod
    def of(cls, patient: Patient, time: Unit, *, gap: float | None = None) -> Treatment:
        """What a patient was given.

        Parameters
        ----------
        patient : Patient
            Whose doses they are.
        time : pint.Unit
            The unit of time of the data.
        gap : float, optional
            A dose that begins later than this after the one before begins a new course, in that unit; `COURSE_GAP` by
            default.
        """
        gap = to_unit(COURSE_GAP, time) if gap is None else gap
        records = simulated_records(patient)
        courses: list[list[DoseRecord]] = []
        for dose, is_set_anew in _doses(records):
            is_later = bool(courses) and dose.time > courses[-1][0].time
            if not courses or (is_set_anew and is_later) or dose.time - courses[-1][-1].time > gap:
                courses.append([])
            courses[-1].append(dose)
        return cls(records, tuple(map(tuple, courses)), f"doses of {patient.id}")

    @property
    def starts(self) -> np.ndarray:
        """When courses begin, (course,), increasing, in the unit of time of the data."""
        return np.array([course[0].time for course in self.courses])

    @property
    def end(self) -> float | None:
        """When the last dose has been given, as far as its record says; None if there is none."""
        return max((dose.time + length(dose) for course in self.courses for dose in course), default=None)

    @property
    def content_hash(self) -> str:
        """SHA-256 of what is given and when, and of the courses; names do not count."""
        facts = [astuple(record) for record in self.records], self.starts.tolist()
        return content_hash(*facts) if self.occasions is None else content_hash(*facts, self.occasions)

    @property
    def drugs(self) -> list[str]:
        """The drugs that are given, sorted."""
        return sorted({record.drug for record in self.records if record.drug})

    def followed_by(self, course: Sequence[DoseRecord], begin: float) -> Treatment:
        """The same with a planned course, whose first dose is at ``begin``."""
        first = course[0].time
        doses = tuple(replace(dose, time=begin + (dose.time - first)) for dose in course)
        occasions = None if self.occasions is None else (*self.occasions, begin)
        return Treatment((*self.records, *doses), (*self.courses, doses), self.name, self.planned + 1, occasions)


def first_time(patient: Patient) -> float:
    """When the simulation of a patient begins, in the unit of the data: at the first record, if before time zero."""
    return min([0.0, *(record.time for record in patient.records)])


def simulated_records(patient: Patient) -> tuple[DoseRecord, ...]:
    """The records of doses and resets, from the time at which the simulation of the patient begins."""
    begin = first_time(patient)
    return tuple(replace(record, time=record.time - begin) for record in patient.doses)


def length(dose: DoseRecord) -> float:
    """How long a dose is given, in the unit of time of the data; zero for a bolus, and where the model says it."""
    return dose.amount / dose.rate if dose.rate else dose.duration


def _doses(records: Sequence[DoseRecord]) -> Iterator[tuple[DoseRecord, bool]]:
    """Each dose alone, in order of time, and whether the state is set anew right before it."""
    doses: list[tuple[DoseRecord, bool]] = []
    is_set_anew = False
    for record in sorted(records, key=lambda record: (record.time, record.sequence)):
        is_set_anew = is_set_anew or record.reset or record.steady_state > 0
        if record.reset or record.steady_state == 1:
            # what was given before is over, and so are its additional doses
            doses = [(dose, anew) for dose, anew in doses if dose.time < record.time]
        if record.drug:
            times = record.time + record.interval * np.arange(record.additional + 1)
            single = replace(record, interval=0.0, additional=0)
            doses += [(replace(single, time=time), is_set_anew and not n) for n, time in enumerate(times.tolist())]
            is_set_anew = False
    yield from sorted(doses, key=lambda dose: (dose[0].time, dose[0].sequence))
