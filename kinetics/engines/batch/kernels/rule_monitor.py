"""Rules at work in the compiled loop: what `kinetics.engines.rule_monitor.RuleMonitor` does for the reference engine.

The engine copies this file before `kernel.py`. `Rules` and `RuleState` go round.
"""

from __future__ import annotations

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import STATES, fill_outputs
from kinetics.engines.batch.kernels.dense import between, crossing
from kinetics.engines.batch.kernels.workspaces import RuleState
from kinetics.engines.rule_monitor import PARTS


@njit(cache=True, error_model="numpy")
def fill_sides(rules, alert, c, y, row):
    """How far each output is beyond its level, negative before it."""
    fill_outputs(y, c, row)
    for r in range(rules.columns.size):
        alert.sides[r] = rules.signs[r] * (row[rules.columns[r]] - rules.levels[r])


@njit(cache=True, error_model="numpy")
def start_rules(rules, y, c, row):
    """Nothing given yet; a rule is armed if its output is before its level."""
    size, most = rules.columns.size, rules.times.size
    of_rules = np.zeros(size, np.bool_), np.zeros(size, np.int64), np.full(size, -np.inf), np.zeros(size, np.bool_)
    of_courses = np.zeros(size, np.int64), np.full(size, np.inf)
    at_once = np.zeros(size, np.bool_), np.empty(size), np.empty(size)
    infusions = np.empty(most), np.empty(most), np.zeros(most, np.int64)
    alert = RuleState(*of_rules, *of_courses, *at_once, *infusions, np.zeros(2, np.int64))
    fill_sides(rules, alert, c, y, row)
    for r in range(size):
        alert.armed[r] = alert.sides[r] < -rules.slack[r]
    return alert


@njit(cache=True, error_model="numpy")
def may(rules, alert, r, time, final):
    """1 if a rule may act, 0 if only its cap forbids it, else -1."""
    windows, same = rules.windows, rules.same
    if alert.upcoming[r] < np.inf:
        return -1
    if not windows[r, 0] <= time < windows[r, 1] or time >= final - same:
        return -1
    if time - alert.last[r] < rules.apart[r] - same:
        return -1
    return 1 if alert.counts[r] < rules.most[r] else 0


@njit(cache=True, error_model="numpy")
def pass_crossings(rules, alert, until, final):
    """Disarm the rules whose crossing lies before a time; whether any is due."""
    found = False
    for r in range(alert.due.size):
        root = alert.roots[r]
        alert.due[r] = False
        if root < np.inf and root <= until:
            alert.armed[r] = False
            verdict = may(rules, alert, r, root, final)
            if verdict == 0:
                rules.capped[r] = True
            alert.due[r] = verdict > 0
            found |= alert.due[r]
    return found


@njit(cache=True, error_model="numpy")
def act(rules, alert, y, time, edges):
    """Give what is due, of a course the first dose."""
    for r in range(alert.due.size):
        if not alert.due[r]:
            continue
        alert.due[r] = False
        alert.counts[r] += 1
        alert.last[r] = time
        alert.given[r] = 0
        give(rules, alert, r, y, time, edges)


@njit(cache=True, error_model="numpy")
def give(rules, alert, r, y, time, edges):
    """Give one dose, a bolus into the states, and set the time of the next of its course."""
    ends, tally = alert.ends, alert.tally
    rules.times[tally[0]] = time
    rules.which[tally[0]] = r + 1
    tally[0] += 1
    alert.given[r] += 1
    # what a dose itself moves across the level is no crossing
    alert.armed[r] = False
    alert.acted[r] = True
    if rules.durations[r] <= rules.same:
        for i in range(STATES):
            y[i] += rules.dose_amounts[r, i]
    else:
        end = on_edge(rules, alert, time + rules.durations[r], edges)
        ends[tally[1]], alert.speeds[tally[1]], alert.whose[tally[1]] = end, 1.0 / (end - time), r
        tally[1] += 1
    alert.upcoming[r] = np.inf
    if alert.given[r] < rules.doses[r]:
        # from the first dose, so that roundings do not add up; one at the end or later never comes
        alert.upcoming[r] = on_edge(rules, alert, alert.last[r] + alert.given[r] * rules.every[r], edges)


@njit(cache=True, error_model="numpy")
def on_edge(rules, alert, time, edges):
    """A time, or what it is too close to: an edge, the end of an infusion, a dose to come."""
    found = nearest(edges, time, rules.same)
    if found == time:
        found = nearest(alert.ends[: alert.tally[1]], time, rules.same)
    if found == time:
        found = nearest(alert.upcoming, time, rules.same)
    return found


@njit(cache=True, error_model="numpy")
def nearest(edges, time, same):
    """A time, or the edge it is too close to."""
    for edge in edges:
        if abs(edge - time) <= same:
            return edge
    return time


@njit(cache=True, error_model="numpy")
def settle(rules, alert, y, c, time, edges, row):
    """At the start of a stretch courses go on, and rules that a jump has set off act at once.

    What then lies before its level is armed.
    """
    armed, acted, sides = alert.armed, alert.acted, alert.sides
    for r in range(armed.size):
        while alert.upcoming[r] <= time + rules.same:
            give(rules, alert, r, y, time, edges)
    again = True
    while again:
        again = False
        fill_sides(rules, alert, c, y, row)
        for r in range(armed.size):
            crossed = armed[r] and not acted[r] and sides[r] >= rules.slack[r]
            alert.roots[r] = time if crossed else np.inf
            again |= crossed
        if again:
            pass_crossings(rules, alert, time, edges[-1])
            act(rules, alert, y, time, edges)
    for r in range(armed.size):
        armed[r] |= sides[r] < -rules.slack[r]
        acted[r] = False


@njit(cache=True, error_model="numpy")
def add_inflow(rules, alert, time, end, flow):
    """Add the infusions that run; returns the end of the stretch, at the latest where the next dose comes."""
    ends, speeds, whose, tally = alert.ends, alert.speeds, alert.whose, alert.tally
    kept = 0
    for infusion in range(tally[1]):
        if ends[infusion] <= time:
            continue
        ends[kept], speeds[kept], whose[kept] = ends[infusion], speeds[infusion], whose[infusion]
        for i in range(STATES):
            flow[i] += rules.dose_amounts[whose[kept], i] * speeds[kept]
        end = min(end, ends[kept])
        kept += 1
    tally[1] = kept
    for r in range(alert.upcoming.size):
        end = min(end, alert.upcoming[r])
    return end


@njit(cache=True, error_model="numpy")
def look(rules, alert, y, u, terms, c, t, h, final, state, row):
    """The fraction of a step at which the first rule acts, and that rule; 2 and -1 if none does."""
    columns, levels, signs, roots = rules.columns, rules.levels, rules.signs, alert.roots
    for part in range(PARTS):
        left, right = part / PARTS, (part + 1) / PARTS
        between(y, u, terms, right, state)
        fill_sides(rules, alert, c, state, row)
        first, theta, rule = np.inf, 2.0, -1
        for r in range(columns.size):
            roots[r] = np.inf
            if alert.armed[r] and alert.sides[r] >= rules.slack[r]:
                root = crossing(y, u, terms, c, columns[r], levels[r], signs[r], left, right, state, row)
                if root == left:  # within the slack there already: it met the level before, in this step or in the last
                    root = crossing(y, u, terms, c, columns[r], levels[r], signs[r], 0.0, right, state, row)
                roots[r] = t + h * root
                if roots[r] < first and may(rules, alert, r, roots[r], final) > 0:
                    first, theta, rule = roots[r], root, r
        if pass_crossings(rules, alert, first + rules.same, final):
            return theta, rule
        for r in range(columns.size):
            alert.armed[r] |= alert.sides[r] < -rules.slack[r]
    return 2.0, -1
