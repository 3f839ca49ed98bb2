"""Rules at work in the compiled loop: what `kinetics.engines.rule_monitor.RuleMonitor` does for the reference engine.

The engine copies this file. What `integrate` calls takes the rules first: if they are None, the compiler leaves it out.
"""

from __future__ import annotations

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import STATES, fill_outputs
from kinetics.engines.batch.kernels.dense import crossing, dense_terms, interpolate, output_at
from kinetics.engines.batch.kernels.step import take_step
from kinetics.engines.batch.kernels.workspaces import RuleState
from kinetics.engines.rule_monitor import ALLOWED, CAPPED, FORBIDDEN, PARTS

CORRECTIONS = 3
"""Newton steps onto a level. The first distance is the error of the dense output; each step squares it."""
NEAR = 1e-3  # share of a step over which the slope at a level is taken, and by which its end may move at most


def rule_state_arrays(rules, triggers):
    """The work arrays of so many rules, which give so many doses at most."""
    last, next_dose, beyond, crossings = np.zeros((4, rules))
    armed, due, acted = np.zeros((3, rules), np.bool_)
    actions, doses = np.zeros((2, rules), np.int64)
    ends, speeds, sources = np.zeros(triggers), np.zeros(triggers), np.zeros(triggers, np.int64)
    infusions, triggered = np.zeros((2, 1), np.int64)
    of_courses = (armed, actions, last, due, doses, next_dose, acted, beyond, crossings)
    return RuleState(*of_courses, ends, speeds, sources, infusions, triggered)


@njit(cache=True, error_model="numpy")
def find_distances(rules, state, c, y, outputs):
    """How far each output is beyond its level, negative before it."""
    fill_outputs(y, c, outputs)
    for r in range(rules.columns.size):
        state.beyond[r] = rules.signs[r] * (outputs[rules.columns[r]] - rules.levels[r])


@njit(cache=True, error_model="numpy")
def start_rules(rules, state, c, step):
    """Nothing given yet; a rule is armed if its output is before its level."""
    if rules is None:
        return
    find_distances(rules, state, c, step.y, step.outputs)
    for r in range(rules.columns.size):
        state.armed[r] = state.beyond[r] < -rules.slack[r]
        state.actions[r], state.doses[r], state.due[r], state.acted[r] = 0, 0, False, False
        state.last[r], state.next_dose[r] = -np.inf, np.inf
    state.infusions[0], state.triggered[0] = 0, 0


@njit(cache=True, error_model="numpy")
def permission(rules, state, r, time, end):
    """Whether a rule may act: ALLOWED, CAPPED if its cap alone forbids it, or FORBIDDEN."""
    windows, same = rules.windows, rules.same
    if state.next_dose[r] < np.inf:
        return FORBIDDEN
    if not windows[r, 0] <= time < windows[r, 1] or time >= end - same:
        return FORBIDDEN
    if time - state.last[r] < rules.apart[r] - same:
        return FORBIDDEN
    return ALLOWED if state.actions[r] < rules.most[r] else CAPPED


@njit(cache=True, error_model="numpy")
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
            any_due |= state.due[r]
    return any_due


@njit(cache=True, error_model="numpy")
def give_due(rules, state, y, time, edges):
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
        give_dose(rules, state, r, y, time, edges)


@njit(cache=True, error_model="numpy")
def give_dose(rules, state, r, y, time, edges):
    """Give one dose, a bolus into the states, and set the time of the next of its course."""
    rules.times[state.triggered[0]], rules.which[state.triggered[0]] = time, r + 1
    state.triggered[0] += 1
    state.doses[r] += 1
    # what a dose itself moves across the level is no crossing
    state.armed[r] = False
    state.acted[r] = True
    if rules.durations[r] <= rules.same:
        for i in range(STATES):
            y[i] += rules.dose_amounts[r, i]
    else:
        end, infusion = on_edge(rules, state, time + rules.durations[r], edges), state.infusions[0]
        state.ends[infusion], state.speeds[infusion], state.sources[infusion] = end, 1.0 / (end - time), r
        state.infusions[0] += 1
    state.next_dose[r] = np.inf
    if state.doses[r] < rules.doses[r]:
        # from the first dose, so that roundings do not add up; one at the end or later never comes
        state.next_dose[r] = on_edge(rules, state, state.last[r] + state.doses[r] * rules.every[r], edges)


@njit(cache=True, error_model="numpy")
def on_edge(rules, state, time, edges):
    """A time, or what it is too close to: an edge, the end of an infusion, a dose to come."""
    found = nearest(edges, time, rules.same)
    if found == time:
        found = nearest(state.ends[: state.infusions[0]], time, rules.same)
    if found == time:
        found = nearest(state.next_dose, time, rules.same)
    return found


@njit(cache=True, error_model="numpy")
def nearest(edges, time, same):
    """A time, or the edge it is too close to."""
    for edge in edges:
        if abs(edge - time) <= same:
            return edge
    return time


@njit(cache=True, error_model="numpy")
def begin_stretch_of_rules(rules, state, c, time, end, edges, step):
    """Courses go on, and rules that a jump has set off act at once; returns the end of the stretch."""
    if rules is None:
        return end
    for r in range(state.armed.size):
        while state.next_dose[r] <= time + rules.same:
            give_dose(rules, state, r, step.y, time, edges)
    # a dose may set off another rule; each acts once at an instant, so this ends
    again = True
    while again:
        again = False
        find_distances(rules, state, c, step.y, step.outputs)
        for r in range(state.armed.size):
            crossed = state.armed[r] and not state.acted[r] and state.beyond[r] >= rules.slack[r]
            state.crossings[r] = time if crossed else np.inf
            again |= crossed
        if again:
            pass_crossings(rules, state, time, edges[-1])
            give_due(rules, state, step.y, time, edges)
    for r in range(state.armed.size):
        state.armed[r] |= state.beyond[r] < -rules.slack[r]
        state.acted[r] = False
    return add_infusions(rules, state, time, end, step.inflow)


@njit(cache=True, error_model="numpy")
def add_infusions(rules, state, time, end, inflow):
    """Add the infusions that run; returns the end of the stretch, at the latest where the next dose comes."""
    ends, speeds, sources = state.ends, state.speeds, state.sources
    running = 0
    for infusion in range(state.infusions[0]):
        if ends[infusion] <= time:
            continue
        ends[running], speeds[running], sources[running] = ends[infusion], speeds[infusion], sources[infusion]
        for i in range(STATES):
            inflow[i] += rules.dose_amounts[sources[running], i] * speeds[running]
        end = min(end, ends[running])
        running += 1
    state.infusions[0] = running
    for r in range(state.next_dose.size):
        end = min(end, state.next_dose[r])
    return end


@njit(cache=True, error_model="numpy")
def stop_at_rule(rules, state, c, time, h, after, stop, end, step):
    """Shorten a step to where a rule acts; returns its length, its end, and whether one does."""
    if rules is None:
        return h, after, False
    dense_terms(step)
    theta, rule = first_action(rules, state, c, time, h, end, step)
    if rule < 0:
        return h, after, False
    if stop - (time + theta * h) <= rules.same:
        take_step(c, stop - time, step)
        return stop - time, stop, True
    h = step_to_level(c, h, theta, rules.columns[rule], rules.levels[rule], step)
    return h, time + h, True


@njit(cache=True, error_model="numpy")
def first_action(rules, state, c, time, h, end, step):
    """The fraction of a step at which the first rule acts, and that rule; 2 and -1 if none does."""
    columns, levels, signs, crossings = rules.columns, rules.levels, rules.signs, state.crossings
    for part in range(PARTS):
        left, right = part / PARTS, (part + 1) / PARTS
        interpolate(right, step)
        find_distances(rules, state, c, step.state, step.outputs)
        first, theta, rule = np.inf, 2.0, -1
        for r in range(columns.size):
            crossings[r] = np.inf
            if state.armed[r] and state.beyond[r] >= rules.slack[r]:
                root = crossing(c, columns[r], levels[r], signs[r], left, right, step)
                if root == left:  # within the slack there already: it met the level before, in this step or in the last
                    root = crossing(c, columns[r], levels[r], signs[r], 0.0, right, step)
                crossings[r] = time + h * root
                if crossings[r] < first and permission(rules, state, r, crossings[r], end) == ALLOWED:
                    first, theta, rule = crossings[r], root, r
        if pass_crossings(rules, state, first + rules.same, end):
            return theta, rule
        for r in range(columns.size):
            state.armed[r] |= state.beyond[r] < -rules.slack[r]
    return 2.0, -1


@njit(cache=True, error_model="numpy")
def step_to_level(c, h, theta, column, level, step):
    """Take the step that ends where an output meets the level of a rule; returns its length.

    The dense output is of one order less than the step. So its crossing is where this starts, and its slope there what
    a Newton iteration goes by.
    """
    near = NEAR * theta
    slope = (output_at(theta, c, column, step) - output_at(theta - near, c, column, step)) / (near * h)
    length = theta * h
    if not length > 0.0:
        for i in range(STATES):
            step.y_new[i] = step.y[i]
        return 0.0
    for _ in range(CORRECTIONS):
        take_step(c, length, step)
        fill_outputs(step.y_new, c, step.outputs)
        move = (step.outputs[column] - level) / slope
        # a level that is only touched has no slope to go by
        if not abs(move) <= NEAR * length:
            break
        length -= move
    take_step(c, length, step)
    return length
