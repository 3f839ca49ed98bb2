"""The treatment of a patient with further courses: what was given, and what is planned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.errors import Faults, InputError, warn
from kinetics.files.arguments import loaded
from kinetics.patients.individual.time_scale import printed_time
from kinetics.patients.population.treatment import Treatment
from kinetics.regimen import Course, DoseRecord, Regimen, dose_records, only_course
from kinetics.regimen.times import Amount, Amounts, as_tuple, in_days
from kinetics.units import to_unit

if TYPE_CHECKING:
    from kinetics.patients.individual.patient_fit import PatientFit


def planned_treatment(
    fit: PatientFit, retreat: Amounts | None, course: Course | Regimen | str | Path | None
) -> Treatment:
    """What was given, and a course that begins at each ``retreat``, counted from time zero of the data.

    It is the patient's last one unless another is named. `InputError` if there is none, if it comes from a steady
    state, if the model cannot be given its doses, and for every time before the last dose is given; a warning for those
    before the last count.
    """
    if retreat is None:
        if course is not None:
            raise InputError("is for a further course; say when it begins with retreat")
        return fit.treatment
    treatment, unit = fit.treatment, fit.model.time
    further, faults, times = _further_course(fit, course), Faults(), sorted(as_tuple(retreat), key=in_days)
    for time in times:
        begin, end = to_unit(time, unit) - fit.time_zero, treatment.end
        if treatment.occasions and begin <= treatment.occasions[-1]:
            latest = printed_time(treatment.occasions[-1] + fit.time_zero, unit)
            faults.add(f"{time} is before an occasion of patient {fit.id} begins, at {latest}; plan a later course")
            continue
        if begin < 0 or (end is not None and begin <= end):
            last = (end or 0.0) + fit.time_zero
            before = (
                f"the records of patient {fit.id}" if end is None else f"the last dose of patient {fit.id} is given"
            )
            faults.add(f"{time} is before {before}, at {printed_time(last, unit)}; plan a later course")
            continue
        treatment = treatment.followed_by(further, begin)
    faults.raise_if_any()
    _warn_of_counts(fit, times)
    return replace(treatment, name=f"{treatment.name}, further at {', '.join(map(str, times))}")


def _warn_of_counts(fit: PatientFit, times: Sequence[Amount]) -> None:
    """Warn of courses that are planned before the last count."""
    unit = fit.model.time
    last = max((count.time for count in fit.patient.observations), default=-math.inf)
    if early := [str(time) for time in times if to_unit(time, unit) < last]:
        courses, are, them = ("a course", "is", "it") if len(early) == 1 else ("courses", "are", "them")
        warn(
            f"{courses} at {', '.join(early)} {are} planned before the last count of patient {fit.id}, at "
            f"{printed_time(last, unit)}: the later counts were measured without {them}"
        )


def _further_course(fit: PatientFit, course: Course | Regimen | str | Path | None) -> Sequence[DoseRecord]:
    """The doses of a further course, each alone, in the units of the model."""
    if course is None:
        return _last_course(fit)
    chosen = course if isinstance(course, Course) else only_course(loaded("retreat_with", course, Regimen))
    if unknown := sorted({dose.drug for dose in chosen.doses} - fit.model.doses.keys()):
        doses = ", ".join(fit.model.doses) or "none"
        raise InputError(f"model '{fit.model.name}' has no dose of {', '.join(unknown)}; there are {doses}")
    return dose_records(Regimen([chosen]), fit.model)


def _last_course(fit: PatientFit) -> Sequence[DoseRecord]:
    """The last course that was given."""
    if not fit.treatment.courses:
        raise InputError(f"patient {fit.id} has no course to be given again; name one with retreat_with")
    last = fit.treatment.courses[-1]
    if any(dose.steady_state for dose in last):
        raise InputError(
            f"the last course of patient {fit.id} comes from a steady state, which is not given again; name a course "
            "with retreat_with"
        )
    return [replace(dose, reset=False, sequence=0) for dose in last]
