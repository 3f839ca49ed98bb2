"""A model with a regimen in it: doses and rules as events, so that a program without regimens can run it."""

from __future__ import annotations

from collections.abc import Mapping

from kinetics.exports.dosing.additions import Additions
from kinetics.exports.dosing.events import rule_events, schedule_events
from kinetics.model import Model
from kinetics.regimen import Regimen, check_rules_accepted, segments, triggers
from kinetics.regimen.segments import check_fixed
from kinetics.regimen.times import units_per_day


def dosed_model(model: Model, values: Mapping[str, float], regimen: Regimen) -> Model:
    """A model with the parameter values of a cohort, in which events give the doses of a regimen.

    Parameters
    ----------
    model : Model
        A checked model.
    values : mapping of str to float
        Parameter values by flat name, in the units of the model.
    regimen : Regimen
        Doses and rules; with none the model accepts no dose.

    Raises
    ------
    InputError
        If the model does not accept the regimen, states a lag or more of one of its drugs, or doses of a rule may
        overlap with those of its next action.

    Examples
    --------
    >>> from kinetics.model import Dose, State
    >>> from kinetics.regimen import Course
    >>> pool = State(name="A", unit="mg", initial=0, rate=0)
    >>> model = Model.from_symbols(
    ...     "pool", time="day", states=[pool], doses=[Dose(name="drug_a", unit="mg", into="A")]
    ... )
    >>> dosed = dosed_model(model, {}, Course.of("drug_a", "1 g").alone)
    >>> {name: str(event.trigger) for name, event in dosed.events.items()}
    {'dosing_1': 'clock >= dosing_1_time'}
    """
    check_rules_accepted(regimen, model)
    check_fixed(regimen, regimen.doses, model, "events give a dose at once and whole")
    units = {name: dose.unit for name, dose in model.doses.items()}
    outputs = {name: output.unit for name, output in model.outputs.items()}
    per_day = float(units_per_day(model.time))
    end = max((dose.end.magnitude for dose in regimen.doses), default=0.0) + 1.0
    parts = Additions(model)
    schedule_events(parts, segments(regimen, units, model.time, end * per_day))
    if (rules := triggers(regimen, outputs, units, model.time)) is not None:
        rule_events(parts, rules)
    return parts.built(values)
