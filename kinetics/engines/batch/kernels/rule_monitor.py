"""Rules at work in the compiled loop: what `kinetics.engines.rule_monitor.RuleMonitor` does for the reference engine.

What `integrate` calls takes the rules first: if they are None, the compiler leaves it out.
"""

from __future__ import annotations

import numpy as np

from kinetics.engines.batch.kernels.calls import address_of, call, floats
from kinetics.engines.batch.kernels.roots import crossing, step_to_level
from kinetics.engines.batch.kernels.step import dense_terms, interpolate, take_step
from kinetics.engines.batch.machine_code import kernel
from kinetics.engines.rule_monitor import ALLOWED, CAPPED, FORBIDDEN, PARTS


@kernel
def find_distances(rules, state, code, y, step):
    """How far each output is beyond its level, negative before it."""
    call(code.read_outputs, (y, step.constants, step.outputs))
    outputs = floats(step.outputs, 0)
    for r in range(rules.columns.size):
        state.beyond[r] = rules.signs[r] * (outputs[rules.columns[r]] - rules.levels[r])


@kernel
def start_rules(rules, state, code, step):
    """Nothing given yet; a rule is armed if its output is before its level."""
    if rules is None:
        return
    find_distances(rules, state, code, step.y, step)
    for r in range(rules.columns.size):
        state.armed[r] = state.beyond[r] < -rules.slack[r]
        state.actions[r], state.doses[r], state.due[r], state.acted[r] = 0, 0, False, False
        state.last[r], state.next_dose[r] = -np.inf, np.inf
    state.infusions[0], state.triggered[0] = 0, 0


@kernel
def permission(rules, state, r, time, end):
    """Whether a rule may act: ALLOWED, CAPPED if its cap alone forbids it, or FORBIDDEN."""
    windows, same = rules.windows, rules.same
    if state.next_dose[r] < np.inf:
        return FORBIDDEN
    if not windows[r, 0] <= time < windows[r, 1] or time >= end - same:
        return FORBIDDEN
    if not far_enough(rules, state, r, time):
        return FORBIDDEN
    return ALLOWED if state.actions[r] < rules.most[r] else CAPPED


@kernel
def far_enough(rules, state, r, time):
    """Whether a time is apart from every course of the rule's drug, scheduled or given."""
    least = rules.apart[r] - rules.same
    near = False
    for other in range(rules.drugs.size):
        near |= rules.drugs[other] == rules.drugs[r] and time - state.last[other] < least
    for course in range(rules.scheduled.shape[1]):
        near |= abs(time - rules.scheduled[r, course]) < least
    return not near


@kernel
def pass_crossings(rules, state, until, end):
    """Disarm the rules whose crossing lies before a time; whether any is due."""
    any_due = False
    for r in range(state.due.size):
        time = state.crossings[r]
        state.due[r] = False
        if time < np.inf and time <= until:
            state.armed[r] = False
            allowed = permission(rules, state, r, time, end)
            if allowed == CAPPED:
                rules.capped[r] = True
            state.due[r] = allowed == ALLOWED
            if state.due[r]:
                # at once, so that of two rules that cross together the second keeps apart from the first
                state.last[r] = time
                any_due = True
    return any_due


@kernel
def give_due(rules, state, y, time, schedule):
    """Give what is due, of a course the first dose."""
    if rules is None:
        return
    for r in range(state.due.size):
        if not state.due[r]:
            continue
        state.due[r] = False
        state.actions[r] += 1
        state.last[r] = time
        state.doses[r] = 0
        give_dose(rules, state, r, y, time, schedule)


@kernel
def give_dose(rules, state, r, y, time, schedule):
    """Give one dose, a bolus into the states, and set the time of the next of its course."""
    rules.times[state.triggered[0]], rules.which[state.triggered[0]] = time, r + 1
    state.triggered[0] += 1
    state.doses[r] += 1
    # what a dose itself moves across the level is no crossing
    state.armed[r] = False
    state.acted[r] = True
    if rules.durations[r] <= rules.same:
        states = floats(y, 0)
        for i in range(rules.dose_amounts.shape[1]):
            states[i] += rules.dose_amounts[r, i]
    else:
        end, infusion = on_edge(rules, state, time + rules.durations[r], schedule), state.infusions[0]
        state.ends[infusion], state.speeds[infusion], state.sources[infusion] = end, 1.0 / (end - time), r
        state.infusions[0] += 1
    state.next_dose[r] = np.inf
    if state.doses[r] < rules.doses[r]:
        # from the first dose, so that roundings do not add up; one at the end or later never comes
        state.next_dose[r] = on_edge(rules, state, state.last[r] + state.doses[r] * rules.every[r], schedule)


@kernel
def on_edge(rules, state, time, schedule):
    """A time, or what it is too close to: an edge, the end of an infusion, a dose to come."""
    found = nearest(schedule.edges, schedule.segments + 1, time, rules.same)
    if found == time:
        found = nearest(address_of(state.ends), state.infusions[0], time, rules.same)
    if found == time:
        found = nearest(address_of(state.next_dose), state.next_dose.size, time, rules.same)
    return found


@kernel
def nearest(edges, size, time, same):
    """A time, or the first of so many edges that it is too close to."""
    for edge in range(size):
        found = floats(edges, edge)[0]
        if abs(found - time) <= same:
            return found
    return time


@kernel
def begin_stretch_of_rules(rules, state, code, time, end, schedule, step):
    """Courses go on, and rules that a jump has set off act at once; returns the end of the stretch."""
    if rules is None:
        return end
    for r in range(state.armed.size):
        while state.next_dose[r] <= time + rules.same:
            give_dose(rules, state, r, step.y, time, schedule)
    # a dose may set off another rule; each acts once at an instant, so this ends
    again = True
    while again:
        again = False
        find_distances(rules, state, code, step.y, step)
        for r in range(state.armed.size):
            crossed = state.armed[r] and not state.acted[r] and state.beyond[r] >= rules.slack[r]
            state.crossings[r] = time if crossed else np.inf
            again |= crossed
        if again:
            pass_crossings(rules, state, time, floats(schedule.edges, schedule.segments)[0])
            give_due(rules, state, step.y, time, schedule)
    for r in range(state.armed.size):
        state.armed[r] |= state.beyond[r] < -rules.slack[r]
        state.acted[r] = False
    return add_infusions(rules, state, time, end, floats(step.inflow, 0))


@kernel
def add_infusions(rules, state, time, end, inflow):
    """Add the infusions that run; returns the end of the stretch, at the latest where the next dose comes."""
    ends, speeds, sources = state.ends, state.speeds, state.sources
    running = 0
    for infusion in range(state.infusions[0]):
        if ends[infusion] <= time:
            continue
        ends[running], speeds[running], sources[running] = ends[infusion], speeds[infusion], sources[infusion]
        for i in range(rules.dose_amounts.shape[1]):
            inflow[i] += rules.dose_amounts[sources[running], i] * speeds[running]
        end = min(end, ends[running])
        running += 1
    state.infusions[0] = running
    for r in range(state.next_dose.size):
        end = min(end, state.next_dose[r])
    return end


@kernel
def stop_at_rule(rules, state, code, time, h, after, stop, end, step):
    """Shorten a step to where a rule acts; returns its length, its end, and whether one does."""
    if rules is None:
        return h, after, False
    dense_terms(code, step.k, step.terms)
    theta, rule = first_action(rules, state, code, time, h, end, step)
    if rule < 0:
        return h, after, False
    if stop - (time + theta * h) <= rules.same:
        floats(step.h, 0)[0] = stop - time
        take_step(code, step)
        return stop - time, stop, True
    h = step_to_level(code, h, theta, rules.columns[rule], rules.levels[rule], step)
    return h, time + h, True


@kernel
def first_action(rules, state, code, time, h, end, step):
    """The fraction of a step at which the first rule acts, and that rule; 2 and -1 if none does."""
    columns, levels, signs, crossings = rules.columns, rules.levels, rules.signs, state.crossings
    for part in range(PARTS):
        left, right = part / PARTS, (part + 1) / PARTS
        interpolate(code, right, step)
        find_distances(rules, state, code, step.state, step)
        first, theta, rule = np.inf, 2.0, -1
        for r in range(columns.size):
            crossings[r] = np.inf
            if state.armed[r] and state.beyond[r] >= rules.slack[r]:
                root = crossing(code, columns[r], levels[r], signs[r], left, right, step)
                if root == left:  # within the slack there already: it met the level before, in this step or in the last
                    root = crossing(code, columns[r], levels[r], signs[r], 0.0, right, step)
                crossings[r] = time + h * root
                if crossings[r] < first and permission(rules, state, r, crossings[r], end) == ALLOWED:
                    first, theta, rule = crossings[r], root, r
        if pass_crossings(rules, state, first + rules.same, end):
            return theta, rule
        for r in range(columns.size):
            state.armed[r] |= state.beyond[r] < -rules.slack[r]
    return 2.0, -1
