"""A model with a regimen in it: doses and rules as events, so that a program without regimens can run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from kinetics.errors import Faults
from kinetics.model import Derived, Model, State
from kinetics.model.events import Event
from kinetics.model.timing.clock import CLOCK, clock
from kinetics.regimen import Regimen, Segments, Triggers, check_rules_accepted, segments, triggers
from kinetics.regimen.segments import check_fixed
from kinetics.regimen.times import DAY
from kinetics.units import conversion, parse_unit

TIME = sp.Symbol(CLOCK, real=True)
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
    {'dosing_1': '0 <= clock'}
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
    if rules is not None:
        parts.add_rules(rules)
    states = parts.states()
    if parts.events:
        states.setdefault(CLOCK, clock(model.time))
    # what is added is in the units of the model already, so nothing is checked anew
    return replace(
        model,
        parameters={n: replace(row, value=values.get(n, row.value)) for n, row in model.parameters.items()},
        inputs={n: replace(row, rest=values.get(n, row.rest)) for n, row in model.inputs.items()},
        derived={**model.derived, **parts.derived},
        order=(*parts.derived, *model.order),
        constants=(*model.constants, *parts.derived),
        doses={},
        states=states,
        events={**model.events, **parts.events},
        path=None,
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
        self.derived: dict[str, Derived] = {}
        self.events: dict[str, Event] = {}
        self._added: dict[str, State] = {}
        self._given: list[sp.Symbol] = []
        self._last: list[sp.Symbol] = []
        self._inflows: dict[str, Any] = {}

    def states(self) -> dict[str, State]:
        """Those of the model, with their inflows, and the added ones."""
        with_inflows = {
            name: replace(row, rate=row.rate + self._inflows.get(name, 0)) for name, row in self._model.states.items()
        }
        return {**with_inflows, **self._added}

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

    def add_rules(self, rules: Triggers) -> None:
        """What each rule has done so far, which the others look at too; then its events."""
        time, one = self._model.time, parse_unit("1")
        for number in range(1, len(rules) + 1):
            self._given.append(self._add_state(f"rule_{number}_given", one, sp.S.Zero))
            self._last.append(self._add_state(f"rule_{number}_last", time, BEFORE))
        for number in range(len(rules)):
            self._add_rule(rules, number)

    def _add_rule(self, rules: Triggers, number: int) -> None:
        """An event at the crossing, others for the later doses of its course and for the ends of infusions."""
        rule, prefix = rules.rules[number], f"rule_{number + 1}"
        given, last, target = self._given[number], self._last[number], self._target(rule.drug)
        length, every, doses = float(rules.durations[number]), float(rules.every[number]), int(rules.doses[number])
        _check_apart(rules, number, (doses - 1) * every + length)
        amount, into = _number(rules.amounts[number]), _symbol(target.state)
        is_infused = length > rules.same
        if is_infused:
            into, amount = self._add_inflow(f"{prefix}_inflow", rule.drug), amount / _number(length)
        else:
            amount = target.factor * amount
        allowed, level = self._allowed(rules, number), self._level(rules, number)
        crossed = _symbol(rule.output) >= level if rule.direction == "up" else _symbol(rule.output) <= level
        changes = {
            given.name: given + sp.Piecewise((1, allowed), (0, True)),
            last.name: sp.Piecewise((TIME, allowed), (last, True)),
            into.name: into + sp.Piecewise((amount, allowed), (0, True)),
        }
        self._add_event(prefix, crossed, changes, SECOND, initial=True)
        for dose in range(doses):
            begin = last + _number(dose * every)
            if dose:
                later = sp.And(given > 0, begin <= TIME)
                self._add_event(f"{prefix}_dose_{dose + 1}", later, {into.name: into + amount}, SECOND, initial=True)
            if is_infused:
                over = sp.And(given > 0, begin + _number(length) <= TIME)
                self._add_event(f"{prefix}_end_{dose + 1}", over, {into.name: into - amount}, FIRST, initial=True)

    def _allowed(self, rules: Triggers, number: int) -> Any:
        """Whether a rule may act where its output crosses: see `kinetics.engines.rule_monitor`."""
        apart, same = float(rules.apart[number]), rules.same
        begin, end = rules.windows[number].tolist()
        conditions = [self._given[number] < int(rules.most[number])]
        if begin > 0:
            conditions.append(_number(begin) <= TIME)
        if end < float("inf"):
            conditions.append(_number(end) > TIME)
        conditions.append(TIME - self._last[number] >= _number((rules.doses[number] - 1) * rules.every[number] - same))
        if apart > same:
            others = [i for i in range(len(rules)) if rules.drugs[i] == rules.drugs[number]]
            conditions += [TIME - self._last[i] >= _number(apart - same) for i in others]
            known = [t for t in rules.scheduled[number].tolist() if t < float("inf")]
            conditions += [sp.Abs(TIME - _number(time)) >= _number(apart - same) for time in known]
        return sp.And(*conditions)

    def _level(self, rules: Triggers, number: int) -> Any:
        """The level of a rule, a derived quantity of parameters alone."""
        model, rule = self._model, rules.rules[number]
        output = model.outputs[rule.output]
        start = {row.symbol: row.initial for row in model.states.values()}
        rest = model.written_out(output.value).xreplace(start)
        value = _number(rules.shares[number]) * model.written_out(rest) + _number(rules.fixed[number])
        name, about = self._free(f"rule_{number + 1}_level"), f"level at which rule {number + 1} acts"
        self.derived[name] = Derived(name=name, unit=output.unit, value=value, about=about)
        return _symbol(name)

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
        name = self._free(name)
        self._added[name] = State(name=name, unit=unit, initial=initial, rate=sp.S.Zero)
        return _symbol(name)

    def _free(self, name: str) -> str:
        """A name that nothing else has."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def _add_event(
        self, name: str, trigger: Any, assignments: Mapping[str, Any], priority: Any, *, initial: bool
    ) -> None:
        name = self._free(name)
        self.events[name] = Event(
            name=name, trigger=trigger, assignments=dict(assignments), priority=priority, initial=initial
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
