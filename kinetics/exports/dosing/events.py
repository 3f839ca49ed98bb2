"""Doses at known times, and doses that rules give, as events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from kinetics.errors import Fault, InputError
from kinetics.exports.dosing.additions import Additions, symbol
from kinetics.model.timing.clock import CLOCK
from kinetics.regimen import Segments, Triggers
from kinetics.units import parse_unit

TIME = symbol(CLOCK)
LONG_AGO = -1e9
"""The last action of a rule that has not acted."""
FIRST, SECOND = 2, 1
"""Priorities: what is scheduled goes before what a rule gives."""


def schedule_events(parts: Additions, plan: Segments) -> None:
    """One event where anything of a schedule changes."""
    running, inflows = dict.fromkeys(plan.drugs, 0.0), dict[str, sp.Symbol]()
    for number, time in enumerate(plan.edges[:-1].tolist()):
        name, changes = f"dosing_{len(parts.events) + 1}", dict[Any, Any]()
        for drug, rate, bolus in zip(plan.drugs, plan.rates[number], plan.boluses[number], strict=True):
            if rate != running[drug]:
                if drug not in inflows:
                    inflows[drug] = parts.inflow(f"inflow_{drug}", drug)
                changes[inflows[drug]] = parts.rate(f"{name}_rate_of_{drug}", drug, rate)
                running[drug] = rate
            if bolus:
                changes[parts.into(drug)] = parts.into(drug) + parts.amount(f"{name}_amount_of_{drug}", drug, bolus)
        if changes:
            parts.event(name, sp.Ge(TIME, parts.time(f"{name}_time", time)), changes, FIRST, initial=False)


def rule_events(parts: Additions, rules: Triggers) -> None:
    """The events of all rules; each looks at what the others have done.

    Raises
    ------
    InputError
        If doses of a rule may overlap with those of its next action.
    """
    lengths = (rules.doses - 1) * rules.every + rules.durations
    overlapping = (rules.most > 1) & (rules.apart < lengths - rules.same)
    message = "its doses may overlap with those of its next action; give it a larger 'apart'"
    if faults := [Fault(message, "", f"rule {i + 1}") for i, wrong in enumerate(overlapping) if wrong]:
        raise InputError(*faults)
    one, long_ago = parse_unit("1"), parts.time("before_all_doses", LONG_AGO)
    given = [parts.state(f"rule_{i + 1}_given", one, sp.S.Zero) for i in range(len(rules))]
    last = [parts.state(f"rule_{i + 1}_last", parts.model.time, long_ago) for i in range(len(rules))]
    for number in range(len(rules)):
        _add_rule(parts, rules, number, given[number], last)


def _add_rule(parts: Additions, rules: Triggers, number: int, given: sp.Symbol, last: Sequence[sp.Symbol]) -> None:
    """An event at the crossing, others for the later doses of its course and for the ends of infusions."""
    rule, name, own = rules.rules[number], f"rule_{number + 1}", last[number]
    length, amount = float(rules.durations[number]), float(rules.amounts[number])
    is_infused = length > rules.same
    if is_infused:
        into, added = parts.inflow(f"{name}_inflow", rule.drug), parts.rate(f"{name}_rate", rule.drug, amount / length)
    else:
        into, added = parts.into(rule.drug), parts.amount(f"{name}_amount", rule.drug, amount)
    output, level = symbol(rule.output), _level(parts, rules, number)
    changes = _where(_allowed(parts, rules, number, given, last), {given: given + 1, own: TIME, into: into + added})
    crossed = sp.Ge(output, level) if rule.direction == "up" else sp.Le(output, level)
    parts.event(name, crossed, changes, SECOND, initial=True)
    for dose in range(int(rules.doses[number])):
        begin = dose * float(rules.every[number])
        if dose:
            wait = parts.time(f"{name}_wait_{dose + 1}", begin)
            trigger = sp.And(given > 0, sp.Ge(TIME, own + wait))
            parts.event(f"{name}_dose_{dose + 1}", trigger, {into: into + added}, SECOND, initial=True)
        if is_infused:
            wait = parts.time(f"{name}_run_{dose + 1}", begin + length)
            trigger = sp.And(given > 0, sp.Ge(TIME, own + wait))
            parts.event(f"{name}_end_{dose + 1}", trigger, {into: into - added}, FIRST, initial=True)


def _where(condition: Any, values: dict[Any, Any]) -> dict[Any, Any]:
    """New values of states where a condition holds, else those that they have."""
    return {state: sp.Piecewise((value, condition), (state, True)) for state, value in values.items()}


def _allowed(parts: Additions, rules: Triggers, number: int, given: sp.Symbol, last: Sequence[sp.Symbol]) -> Any:
    """Whether a rule may act where its output crosses: see `kinetics.engines.rule_monitor`."""
    name, same, apart = f"rule_{number + 1}", rules.same, float(rules.apart[number])
    begin, end = rules.windows[number].tolist()
    course = (rules.doses[number] - 1) * rules.every[number] - same
    conditions = [given < int(rules.most[number])]
    conditions.append(sp.Ge(TIME - last[number], parts.time(f"{name}_course", course)))
    if begin > 0:
        conditions.append(sp.Ge(TIME, parts.time(f"{name}_from", begin)))
    if end < float("inf"):
        conditions.append(sp.Lt(TIME, parts.time(f"{name}_until", end)))
    if apart > same:
        least = parts.time(f"{name}_apart", apart - same)
        others = [i for i in range(len(rules)) if rules.drugs[i] == rules.drugs[number]]
        conditions += [sp.Ge(TIME - last[i], least) for i in others]
        known = [time for time in rules.scheduled[number].tolist() if time < float("inf")]
        courses = [parts.time(f"{name}_course_{i}", time) for i, time in enumerate(known, 1)]
        conditions += [sp.Ge(sp.Abs(TIME - time), least) for time in courses]
    return sp.And(*conditions)


def _level(parts: Additions, rules: Triggers, number: int) -> sp.Symbol:
    """The level of a rule, a derived quantity of parameters alone."""
    output = parts.model.outputs[rules.rules[number].output]
    name, share, fixed = f"rule_{number + 1}_level", float(rules.shares[number]), float(rules.fixed[number])
    about = f"level at which rule {number + 1} acts"
    if share:
        rest = parts.before_treatment(output.name)
        return parts.define(name, output.unit, parts.number(f"{name}_share", parse_unit("1"), share) * rest, about)
    return parts.number(name, output.unit, fixed)
