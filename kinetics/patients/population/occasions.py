"""The occasions of patients, which the data name or the courses of treatment make: where each begins."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Literal

from kinetics.patients.data.records import Observation, Patient
from kinetics.patients.population.treatment import Treatment, first_time
from kinetics.units import Unit


@dataclass(frozen=True)
class OccasionRule:
    """What an occasion is.

    Parameters
    ----------
    source : {"column", "course"}
        What the data name, or a course of treatment with all that follows it; what is before the first course belongs
        to that.
    gap : float
        A dose that begins later than this after the one before begins a course, in the unit of time of the data.
    """

    source: Literal["column", "course"]
    gap: float


@dataclass(frozen=True)
class PatientOccasions:
    """The occasions of one patient, in order. Make them with `of`.

    Parameters
    ----------
    names : tuple of str
        What they are called; one at least.
    starts : tuple of (float, int)
        When the second and later ones begin, from ``begin`` on, in the unit of time of the data, and the number of the
        record with which they do.
    begin : float
        When the simulation of the patient begins.
    """

    names: tuple[str, ...]
    starts: tuple[tuple[float, int], ...]
    begin: float

    @classmethod
    def of(cls, patient: Patient, rule: OccasionRule, time: Unit) -> PatientOccasions:
        """Those of a patient."""
        begin = first_time(patient)
        if rule.source == "column":
            times = {record.sequence: record.time - begin for record in patient.records}
            starts = tuple((times[one.sequence], one.sequence) for one in patient.occasions[1:])
            return cls(tuple(one.name for one in patient.occasions) or ("",), starts, begin)
        courses = Treatment.of(patient, time, gap=rule.gap).courses
        starts = tuple((course[0].time, course[0].sequence) for course in courses[1:])
        return cls(tuple(f"course {number}" for number in range(1, len(starts) + 2)), starts, begin)

    def counted_from(self, begin: float, most: int) -> PatientOccasions:
        """The first occasions, of which ``most`` begin later, of a simulation that begins at another time."""
        moved = tuple((time + self.begin - begin, sequence) for time, sequence in self.starts[:most])
        return replace(self, names=self.names[: most + 1], starts=moved, begin=begin)

    def number(self, record: Observation) -> int:
        """The number of the occasion of a count, from 0."""
        return bisect_right(self.starts, (record.time - self.begin, record.sequence))
