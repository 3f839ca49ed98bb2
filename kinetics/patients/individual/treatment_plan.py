"""The treatment of a patient with further courses: what was given, and what is planned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.errors import Faults, InputError
from kinetics.files.arguments import loaded
from kinetics.regimen import Course, Regimen, only_course
from kinetics.regimen.times import Amounts, as_tuple, in_days
from kinetics.units import to_unit, unit_text

if TYPE_CHECKING:
    from kinetics.patients.individual.patient_fit import PatientFit


def planned_treatment(
    fit: PatientFit, retreat: Amounts | None, course: Course | Regimen | str | Path | None
) -> Regimen:
    """What was given, and a course that begins at each ``retreat``, counted from time zero of the data.

    It is the patient's last one unless another is named. `InputError` if there is none, if the model has no dose of its
    drugs, and for every time before the last dose is given.
    """
    if retreat is None:
        if course is not None:
            raise InputError("is for a further course; say when it begins with retreat")
        return fit.regimen
    treatment, model = fit.regimen, fit.model
    further, faults = _further_course(fit, course), Faults()
    for time in sorted(as_tuple(retreat), key=in_days):
        begin = to_unit(time, model.time) - fit.time_zero
        if begin < 0 or any(begin <= to_unit(other.end, model.time) for other in treatment.courses):
            faults.add(f"{time} is before the last dose of patient {fit.id} is given; plan a later course")
            continue
        treatment += further.at(f"{begin!r} {unit_text(model.time)}")
    faults.raise_if_any()
    return treatment


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
