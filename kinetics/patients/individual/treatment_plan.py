"""The treatment of a patient with further courses: what was given, and what is planned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.errors import Faults, InputError, warn
from kinetics.files.arguments import loaded
from kinetics.regimen import Course, Regimen, only_course
from kinetics.regimen.times import Amount, Amounts, as_tuple, in_days
from kinetics.units import Unit, parse_unit, to_unit, unit_text

if TYPE_CHECKING:
    from kinetics.patients.individual.patient_fit import PatientFit

MONTH = parse_unit("month")


def planned_treatment(
    fit: PatientFit, retreat: Amounts | None, course: Course | Regimen | str | Path | None
) -> Regimen:
    """What was given, and a course that begins at each ``retreat``, counted from time zero of the data.

    It is the patient's last one unless another is named. `InputError` if there is none, if the model has no dose of its
    drugs, and for every time before the last dose is given; a warning for those before the last count.
    """
    if retreat is None:
        if course is not None:
            raise InputError("is for a further course; say when it begins with retreat")
        return fit.regimen
    treatment, unit = fit.regimen, fit.model.time
    further, faults, times = _further_course(fit, course), Faults(), sorted(as_tuple(retreat), key=in_days)
    for time in times:
        begin = to_unit(time, unit) - fit.time_zero
        end = max((to_unit(other.end, unit) for other in treatment.courses), default=-math.inf)
        if begin < 0 or begin <= end:
            last = max(end, 0.0) + fit.time_zero
            before = f"the last dose of patient {fit.id} is given" if end >= 0 else f"the records of patient {fit.id}"
            faults.add(f"{time} is before {before}, at {_months(last, unit)}; plan a later course")
            continue
        treatment += further.at(f"{begin!r} {unit_text(unit)}")
    faults.raise_if_any()
    _warn_of_counts(fit, times)
    return replace(treatment, name=f"{fit.regimen.name}, further at {', '.join(map(str, times))}")


def _warn_of_counts(fit: PatientFit, times: Sequence[Amount]) -> None:
    """Warn of courses that are planned before the last count."""
    unit = fit.model.time
    last = max((count.time for count in fit.patient.observations), default=-math.inf)
    if early := [str(time) for time in times if to_unit(time, unit) < last]:
        courses, are, them = ("a course", "is", "it") if len(early) == 1 else ("courses", "are", "them")
        warn(
            f"{courses} at {', '.join(early)} {are} planned before the last count of patient {fit.id}, at "
            f"{_months(last, unit)}: the later counts were measured without {them}"
        )


def _months(time: float, unit: Unit) -> str:
    """A time of the data, in months."""
    return f"{to_unit(f'{time!r} {unit_text(unit)}', MONTH):.4g} month"


def _further_course(fit: PatientFit, course: Course | Regimen | str | Path | None) -> Course:
    if course is None:
        if not fit.regimen.courses:
            raise InputError(f"patient {fit.id} has no course to be given again; name one with retreat_with")
        return fit.regimen.courses[-1]
    chosen = course if isinstance(course, Course) else only_course(loaded("retreat_with", course, Regimen))
    if unknown := sorted({dose.drug for dose in chosen.doses} - fit.model.doses.keys()):
        doses = ", ".join(fit.model.doses) or "none"
        raise InputError(f"model '{fit.model.name}' has no dose of {', '.join(unknown)}; there are {doses}")
    return chosen
