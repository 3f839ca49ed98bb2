"""A regimen as records of doses: where a model states a lag or more, how a dose arrives follows from parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kinetics.errors import Faults, InputError
from kinetics.regimen.dose import Dose
from kinetics.regimen.records import DoseRecord
from kinetics.regimen.regimen import Regimen
from kinetics.regimen.segments import dose_factors
from kinetics.regimen.times import rescale, units_per_day

if TYPE_CHECKING:
    from kinetics.model import Dose as ModelDose
    from kinetics.model import Model


def has_dose_expressions(regimen: Regimen, model: Model) -> bool:
    """Whether a regimen gives a drug of which the model states a lag, bioavailability, duration or rate."""
    return any(model.doses[drug].expressions for drug in regimen.drugs)


def dose_records(regimen: Regimen, model: Model) -> list[DoseRecord]:
    """The doses of a regimen as records, in the units of a model, in order of time; what rules give is not in them.

    A dose without a duration takes that of the model, or the rate of the model, if it states one.

    Raises
    ------
    UnknownNameError, UnitError
        If the model has no such drug, or an amount has another dimension.
    InputError
        If a dose is without a duration, and the model states both a duration and a rate.

    Examples
    --------
    >>> from kinetics.model import Dose, Model, State
    >>> from kinetics.regimen import Course
    >>> pool, drug = State(name="A", unit="mg", initial=0, rate=0), Dose(name="drug_a", unit="mg", into="A")
    >>> model = Model.from_symbols("pool", time="hour", states=[pool], doses=[drug])
    >>> regimen = Regimen([Course.of("drug_a", "1 g", "4 hour", every="1 day", count=2)])
    >>> [(record.time, record.amount, record.duration) for record in dose_records(regimen, model)]
    [(0.0, 1000.0, 4.0), (24.0, 1000.0, 4.0)]
    """
    factors = dose_factors(regimen, {name: dose.unit for name, dose in model.doses.items()})
    per_day, faults, records = units_per_day(model.time), Faults(), list[DoseRecord]()
    for dose in regimen.doses:
        with faults.gather(regimen.name, dose.drug):
            records.append(
                DoseRecord(
                    rescale(dose.start.magnitude, per_day),
                    dose.drug,
                    rescale(dose.amount.magnitude, factors[dose.drug, dose.amount.units]),
                    duration=rescale(dose.duration.magnitude, per_day),
                    modelled=_modelled(dose, model.doses[dose.drug]),
                )
            )
    faults.raise_if_any()
    return sorted(records, key=lambda record: record.time)


def _modelled(dose: Dose, of_model: ModelDose) -> Literal["", "rate", "duration"]:
    """What the model says of an infusion, in place of the dose."""
    stated = {"duration", "rate"} & of_model.expressions.keys()
    if dose.duration.magnitude or not stated:
        return ""
    if len(stated) > 1:
        raise InputError(f"the model states a duration and a rate of {dose.drug}: state the duration of the dose")
    return "rate" if "rate" in stated else "duration"
