"""A model with a regimen in it: doses and rules as events, so that a program without regimens can run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from kinetics.errors import Faults
from kinetics.model import Derived, Model, State
from kinetics.model.events import Event
from kinetics.regimen import Regimen, Segments, Triggers, check_rules_accepted, segments, triggers
from kinetics.regimen.segments import check_fixed
from kinetics.regimen.times import DAY
from kinetics.units import conversion

TIME = sp.Symbol("time", real=True)
BEFORE = sp.Integer(-(10**9))
"""A time before every other: the last action of a rule that has not acted."""
FIRST, SECOND = sp.Integer(2), sp.Integer(1)
"""Priorities: what is scheduled goes before what a rule gives."""


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
    >>> from kinetics.model import Dose
    >>> from kinetics.regimen import Course
    >>> pool = State(name="A", unit="mg", initial=0, rate=0)
    >>> model = Model.from_symbols(
    ...     "pool", time="day", states=[pool], doses=[Dose(name="drug_a", unit="mg", into="A")]
    ... )
    >>> dosed = dosed_model(model, {}, Course.of("drug_a", "1 g").alone)
    >>> {name: str(event.trigger) for name, event in dosed.events.items()}
    {'dosing_1': 'clock >= 0'}
    """
    check_rules_accepted(regimen, model)
    check_fixed(regimen, regimen.doses, model, "events give a dose at once and whole")
    units = {name: dose.unit for name, dose in model.doses.items()}
    outputs = {name: output.unit for name, output in model.outputs.items()}
    per_day = float(conversion(DAY, model.time))
    end = max((dose.end.magnitude for dose in regimen.doses), default=0.0) + 1.0
    parts = _Parts(model)
    parts.schedule(segments(regimen, units, model.time, end * per_day))
    rules = triggers(regimen, outputs, units, model.time)
    for number in range(0 if rules is None else len(rules)):
        parts.add_rule(rules, number)  # type: ignore[arg-type]
    return Model.from_symbols(
        model.name,
        time=str(model.time),
        title=model.title,
        parameters=[replace(p, value=values.get(p.name, p.value)) for p in model.parameters.values()],
        inputs=[replace(i, rest=values.get(i.name, i.rest)) for i in model.inputs.values()],
        derived=[*model.derived.values(), *parts.derived],
        states=parts.states(),
        outputs=model.outputs.values(),
        events=[*model.events.values(), *parts.events],
    )


@dataclass(frozen=True)
class _Target:
    """Where a drug goes: the state, and how much of it a unit of the drug is."""

    state: str
    factor: Any


class _Parts:
    """What a regimen adds to a model: states, derived quantities, events, and inflows into its states."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._taken = {*model.defaults, *model.definitions, *model.states, *model.events}
        self.derived: list[Derived] = []
        self.events: list[Event] = []
        self._added: list[State] = []
        self._inflows: dict[str, Any] = {}

    def states(self) -> Iterator[State]:
        """Those of the model, with their inflows, and the added ones."""
        for name, row in self._model.states.items():
            if name != "clock":
                yield replace(row, rate=row.rate + self._inflows.get(name, 0))
        yield from self._added

    def schedule(self, plan: Segments) -> None:
        """One event where anything of a schedule changes."""
        running = dict.fromkeys(plan.drugs, 0.0)
        inflows: dict[str, sp.Symbol] = {}
        for number, time in enumerate(plan.edges[:-1].tolist()):
            changes: dict[str, Any] = {}
            for drug, rate, bolus in zip(plan.drugs, plan.rates[number], plan.boluses[number], strict=True):
                if rate != running[drug]:
                    if drug not in inflows:
                        inflows[drug] = self._add_inflow(f"inflow_{drug}", drug)
                    changes[inflows[drug].name] = _number(rate)
                    running[drug] = rate
                if bolus:
                    target = self._target(drug)
                    changes[target.state] = _symbol(target.state) + target.factor * _number(bolus)
            if changes:
                self._add_event(f"dosing_{len(self.events) + 1}", _number(time) <= TIME, changes, FIRST, initial=False)

    def add_rule(self, rules: Triggers, number: int) -> None:
        """A rule: an event at the crossing, others for the later doses of its course and for the ends of infusions."""
        rule, prefix = rules.rules[number], f"rule_{number + 1}"
        length = float(rules.durations[number])
        every, doses = float(rules.every[number]), int(rules.doses[number])
        _check_apart(rules, number, (doses - 1) * every + length)
        given, last = (self._add_state(f"{prefix}_{what}", unit, first) for what, unit, first in (
            ("given", "1", sp.S.Zero), ("last", str(self._model.time), BEFORE)
        ))  # fmt: skip
        drug = rule.drug
        allowed = self._allowed(rules, number, given, last)
        crossing = _symbol(rule.output) >= self._level(rules, number)
        if rule.direction == "down":
            crossing = _symbol(rule.output) <= self._level(rules, number)
        target = self._target(drug)
        infused = length > rules.same
        into = self._add_inflow(f"{prefix}_inflow", drug) if infused else _symbol(target.state)
        amount = _number(rules.amounts[number]) / (_number(length) if infused else 1)
        amount = amount if infused else target.factor * amount
        choose = lambda yes, no: sp.Piecewise((yes, allowed), (no, True))  # noqa: E731
        changes = {given.name: given + choose(1, 0), last.name: choose(TIME, last), into.name: into + choose(amount, 0)}
        self._add_event(prefix, crossing, changes, SECOND, initial=True)
        for dose in range(doses):
            begin = last + _number(dose * every)
            if dose:
                later = sp.And(given > 0, begin <= TIME)
                self._add_event(f"{prefix}_dose_{dose + 1}", later, {into.name: into + amount}, SECOND, initial=True)
            if infused:
                over = sp.And(given > 0, begin + _number(length) <= TIME)
                self._add_event(f"{prefix}_end_{dose + 1}", over, {into.name: into - amount}, FIRST, initial=True)

    def _allowed(self, rules: Triggers, number: int, given: Any, last: Any) -> Any:
        """Whether a rule may act where its output crosses: see `kinetics.engines.rule_monitor`."""
        apart, same = float(rules.apart[number]), rules.same
        begin, end = rules.windows[number].tolist()
        conditions = [given < int(rules.most[number])]
        if begin > 0:
            conditions.append(_number(begin) <= TIME)
        if end < float("inf"):
            conditions.append(_number(end) > TIME)
        conditions.append(TIME - last >= _number((rules.doses[number] - 1) * rules.every[number] - same))
        if apart > same:
            others = [i for i in range(len(rules)) if rules.drugs[i] == rules.drugs[number]]
            names = [_symbol(self._name_of_last(i)) for i in others]
            conditions += [TIME - other >= _number(apart - same) for other in names]
            known = [t for t in rules.scheduled[number].tolist() if t < float("inf")]
            conditions += [sp.Abs(TIME - _number(time)) >= _number(apart - same) for time in known]
        return sp.And(*conditions)

    @staticmethod
    def _name_of_last(number: int) -> str:
        return f"rule_{number + 1}_last"

    def _level(self, rules: Triggers, number: int) -> Any:
        """The level of a rule, a derived quantity of parameters alone."""
        model, rule = self._model, rules.rules[number]
        output = model.outputs[rule.output]
        start = {row.symbol: row.initial for row in model.states.values()}
        rest = model.written_out(output.value).xreplace(start)
        value = _number(rules.shares[number]) * model.written_out(rest) + _number(rules.fixed[number])
        about = f"level at which rule {number + 1} acts"
        self.derived.append(Derived(name=f"rule_{number + 1}_level", unit=output.unit, value=value, about=about))
        return _symbol(f"rule_{number + 1}_level")

    def _target(self, drug: str) -> _Target:
        dose = self._model.doses[drug]
        factor = conversion(dose.unit, self._model.states[dose.into].unit)
        return _Target(dose.into, sp.Rational(factor))

    def _add_inflow(self, name: str, drug: str) -> sp.Symbol:
        """A state that holds an infusion rate, and flows into the state of the drug."""
        dose, target = self._model.doses[drug], self._target(drug)
        inflow = self._add_state(name, dose.unit / self._model.time, sp.S.Zero)
        self._inflows[target.state] = self._inflows.get(target.state, 0) + target.factor * inflow
        return inflow

    def _add_state(self, name: str, unit: Any, initial: Any) -> sp.Symbol:
        self._added.append(State(name=name, unit=unit, initial=initial, rate=sp.S.Zero))
        return _symbol(name)

    def _add_event(
        self, name: str, trigger: Any, assignments: Mapping[str, Any], priority: Any, *, initial: bool
    ) -> None:
        self.events.append(
            Event(name=name, trigger=trigger, assignments=dict(assignments), priority=priority, initial=initial)
        )


def _check_apart(rules: Triggers, number: int, length: float) -> None:
    faults = Faults()
    if rules.most[number] > 1 and rules.apart[number] < length - rules.same:
        faults.add(
            "its doses may overlap with those of its next action; give it a larger 'apart'", "", f"rule {number + 1}"
        )
    faults.raise_if_any()


def _symbol(name: str) -> sp.Symbol:
    return sp.Symbol(name, real=True)


def _number(value: float) -> Any:
    """A float, exactly, as expressions have numbers."""
    return sp.Rational(repr(float(value)))
