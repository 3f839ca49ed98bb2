"""Rules as an engine sees them, numbers in the units of a model; and whether a model accepts a regimen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from kinetics.errors import Fault, InputError, UnitError, UnknownNameError
from kinetics.regimen.regimen import Regimen
from kinetics.regimen.rule import Rule
from kinetics.regimen.segments import check_fixed, dose_factors, segments
from kinetics.regimen.times import SAME, rescale, units_per_day
from kinetics.units import Unit
from kinetics.units.levels import SLACK

if TYPE_CHECKING:
    from kinetics.model import Model


@dataclass(frozen=True, eq=False)
class Triggers:
    """Rules in the units of a model, each array (rule,) unless said otherwise.

    The level is a share of the baseline, in ``shares``, or ``fixed``, in the unit of the output: one of them is zero.
    ``signs`` are 1 for an upward crossing, -1 for a downward one. ``dose_amounts``, (rule, drug), in the model's dose
    unit, are what each dose of a rule gives, over ``durations``, 0 for a bolus; ``drugs`` are their numbers. A rule
    acts ``most`` times at most, in ``windows``, (rule, 2), from when and up to when, and keeps ``apart`` from every
    course of its drug; those known beforehand are ``scheduled``, (rule, course), infinite behind the last. Each time it
    gives so many ``doses``, one ``every`` so long, 0 for a single one. Times are the model's, and one if they are no
    further apart than ``same``.
    """

    rules: tuple[Rule, ...]
    shares: np.ndarray
    fixed: np.ndarray
    signs: np.ndarray
    dose_amounts: np.ndarray
    durations: np.ndarray
    drugs: np.ndarray
    apart: np.ndarray
    scheduled: np.ndarray
    most: np.ndarray
    doses: np.ndarray
    every: np.ndarray
    windows: np.ndarray
    same: float

    def __len__(self) -> int:
        return len(self.rules)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The output that each watches."""
        return tuple(rule.output for rule in self.rules)

    @property
    def size(self) -> int:
        """How many doses the rules give at most."""
        return int((self.most * self.doses).sum())

    @property
    def amounts(self) -> np.ndarray:
        """What a dose of each is, (rule,), in the model's unit of its drug."""
        return self.dose_amounts.sum(axis=1)

    def levels(self, baselines: np.ndarray) -> np.ndarray:
        """The levels, (..., rule), in the units of the outputs, for their values before any drug, (..., rule)."""
        return self.shares * baselines + self.fixed

    def check(self, baselines: np.ndarray) -> None:
        """Refuse a level that an output cannot return to; ``baselines``, (patient, rule), are those before any drug.

        A fault is one of all patients: in a population some may lie beyond. A level of zero is wrong, and so is an
        upward crossing that cannot be a return because the level is not below a positive baseline. An output that
        starts at zero may rise to any level.
        """
        levels, faults = self.levels(baselines), list[Fault]()
        for number, rule in enumerate(self.rules):
            level, rest = levels[:, number], baselines[:, number]
            if (level <= 0).all():
                faults.append(Fault(f"is 0: {rule.output} is 0 before any drug", name=f"rule {number + 1}, level"))
            elif rule.direction == "up" and ((level >= (1 - SLACK) * rest) & (rest > 0)).all():
                message = f"{rule.level} is not below the baseline of {rule.output}, {rest[0]:.4g}"
                faults.append(Fault(f"{message}: it cannot rise back to it", name=f"rule {number + 1}, level"))
        if faults:
            raise InputError(*faults)


def triggers(regimen: Regimen, outputs: Mapping[str, Unit], doses: Mapping[str, Unit], time: Unit) -> Triggers | None:
    """The rules of a regimen in the units of a model, its outputs, its drugs and its time; None if it has none.

    `UnknownNameError` if the model has no such output or drug, `UnitError` if a level or an amount has another
    dimension.

    >>> from kinetics.units import parse_unit
    >>> rule = Rule("N", "400 cells/uL", "drug_a", "1 g", "4 hour")
    >>> units = {"N": parse_unit("1e9/L")}, {"drug_a": parse_unit("mg")}
    >>> rules = triggers(Regimen(rules=[rule]), *units, parse_unit("hour"))
    >>> rules.levels(np.array([1.0])), rules.dose_amounts[0], rules.durations, rules.windows[0]
    (array([0.4]), array([1000.]), array([4.]), array([ 0., inf]))
    """
    if not regimen.rules:
        return None
    rules = tuple(regimen.rules)
    _check_outputs(regimen, outputs)
    factors, per_day = dose_factors(regimen, doses), units_per_day(time)
    dose_amounts = np.zeros((len(rules), len(doses)))
    drugs = np.array([list(doses).index(rule.drug) for rule in rules], dtype=np.int64)
    for row, drug, rule in zip(dose_amounts, drugs, rules, strict=True):
        row[drug] = rescale(rule.amount.magnitude, factors[rule.drug, rule.amount.units])
    starts = [*(rescale(start, per_day) for start in regimen.starts), np.inf]
    return Triggers(
        rules,
        np.array([rule.threshold.number if rule.threshold.unit is None else 0.0 for rule in rules]),
        # a share of a baseline of 0
        np.array([rule.threshold.value(outputs[rule.output], 0.0) for rule in rules]),
        np.array([1.0 if rule.direction == "up" else -1.0 for rule in rules]),
        dose_amounts,
        np.array([rescale(rule.duration.magnitude, per_day) for rule in rules]),
        drugs,
        np.array([rescale(rule.apart.magnitude, per_day) for rule in rules]),
        _scheduled(regimen, per_day),
        np.array([rule.most for rule in rules], dtype=np.int64),
        np.array([rule.count for rule in rules], dtype=np.int64),
        np.array([0.0 if rule.every is None else rescale(rule.every.magnitude, per_day) for rule in rules]),
        np.array([starts[k - 1 : k + 1] if (k := rule.after_course) else (0.0, np.inf) for rule in rules]),
        SAME * float(per_day),
    )


def _scheduled(regimen: Regimen, per_day: Fraction | float) -> np.ndarray:
    """First doses of the courses that give the drug of each rule, (rule, course), infinite behind the last."""
    starts = np.full((len(regimen.rules), len(regimen.courses)), np.inf)
    for row, rule in zip(starts, regimen.rules, strict=True):
        given = [[dose.start for dose in course.doses if dose.drug == rule.drug] for course in regimen.courses]
        own = [rescale(min(times).magnitude, per_day) for times in given if times]
        row[: len(own)] = own
    return starts


def _check_outputs(regimen: Regimen, outputs: Mapping[str, Unit]) -> None:
    """Refuse outputs that the model has not, and levels of another dimension."""
    faults, unknown = list[Fault](), False
    for number, rule in enumerate(regimen.rules, 1):
        where = f"rule {number}"
        if rule.output not in outputs:
            unknown = True
            message = f"the model has no output '{rule.output}'; outputs are {', '.join(outputs) or 'none'}"
            faults.append(Fault(message, regimen.name, f"{where}, output"))
            continue
        try:
            rule.threshold.value(outputs[rule.output], 1.0)
        except UnitError as error:
            faults.append(Fault(str(error), regimen.name, f"{where}, level"))
    if faults:
        raise (UnknownNameError if unknown else UnitError)(*faults)


def check_rules_accepted(regimen: Regimen, model: Model) -> None:
    """Refuse rules that give a drug whose lag, bioavailability, duration or rate the model states; `InputError`."""
    check_fixed(regimen, regimen.rules, model, "a rule gives its dose at once and whole; plan the doses in courses")


def check_accepted(regimen: Regimen, model: Model, until: float = 1.0) -> None:
    """Refuse a regimen whose doses or rules a model does not accept until a time, in the model's unit.

    `UnknownNameError` for a drug or an output that the model has not, `UnitError` for an amount or a level of another
    dimension than the model's, `InputError` if ``until`` is not positive and finite, or a rule gives a drug with a lag
    or more.
    """
    doses = {name: dose.unit for name, dose in model.doses.items()}
    outputs = {name: output.unit for name, output in model.outputs.items()}
    segments(regimen, doses, model.time, until)
    check_rules_accepted(regimen, model)
    triggers(regimen, outputs, doses, model.time)


def check_row_accepted(regimen: Regimen, model: Model) -> None:
    """Refuse what `check_accepted` refuses, with one fault that names both, for the row that asks for them."""
    try:
        check_accepted(regimen, model)
    except InputError as error:
        raise InputError(f"regimen '{regimen.name}' cannot be given to model '{model.name}': {error}") from error
