"""Rules at work in the compiled loop: what `kinetics.engines.firing.Watch` does for the reference engine.

The engine copies this file before `kernel.py`. Two tuples go round:

    rules : (columns, levels, signs, most, apart, windows, durations, gifts, same, times, which, capped)
        (rule,) outputs; (rule,) levels; (rule,) 1 for a rise, -1 for a fall; (rule,) actions at most, and time between
        two; (rule, 2) times; (rule,) length of an infusion, 0 for a bolus; (rule, state) what is given; times no
        further apart than this are one; filled: what `kinetics.engines.firing.Fired` has.
    alert : (armed, counts, last, due, acted, sides, roots, ends, speeds, whose, tally)
        (rule,) the output has been before its level; actions, and time of the last; whether to act now; whether it has
        acted at this instant; how far the output is beyond its level; when it meets it; (infusion,) end, share a unit
        of time, and rule; number of actions and of infusions.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinetics.compile.decay import STATES, fill_outputs
from kinetics.engines.batch.dense import between, crossing
from kinetics.engines.firing import PARTS, SLACK


@njit(cache=True, error_model="numpy")
def fill_sides(rules, alert, c, y, row):
    """How far each output is beyond its level, negative before it."""
    columns, levels, signs = rules[0], rules[1], rules[2]
    fill_outputs(y, c, row)
    for r in range(columns.size):
        alert[5][r] = signs[r] * (row[columns[r]] - levels[r])


@njit(cache=True, error_model="numpy")
def start_rules(rules, y, c, row):
    """Nothing given yet; a rule is armed if its output is before its level."""
    size, most = rules[0].size, rules[9].size
    alert = (
        np.zeros(size, np.bool_),
        np.zeros(size, np.int64),
        np.full(size, -np.inf),
        np.zeros(size, np.bool_),
        np.zeros(size, np.bool_),
        np.empty(size),
        np.empty(size),
        np.empty(most),
        np.empty(most),
        np.zeros(most, np.int64),
        np.zeros(2, np.int64),
    )
    fill_sides(rules, alert, c, y, row)
    for r in range(size):
        alert[0][r] = alert[5][r] < 0.0
    return alert


@njit(cache=True, error_model="numpy")
def may(rules, alert, r, time, final):
    """1 if a rule may act, 0 if only its cap forbids it, else -1."""
    most, apart, windows, same = rules[3], rules[4], rules[5], rules[8]
    if not windows[r, 0] <= time < windows[r, 1] or time >= final - same or time - alert[2][r] < apart[r] - same:
        return -1
    return 1 if alert[1][r] < most[r] else 0


@njit(cache=True, error_model="numpy")
def pass_crossings(rules, alert, until, final):
    """Disarm the rules whose crossing lies before a time; whether any is due."""
    armed, due, roots, capped = alert[0], alert[3], alert[6], rules[11]
    found = False
    for r in range(armed.size):
        due[r] = False
        if roots[r] < np.inf and roots[r] <= until:
            armed[r] = False
            verdict = may(rules, alert, r, roots[r], final)
            if verdict == 0:
                capped[r] = True
            due[r] = verdict > 0
            found |= due[r]
    return found


@njit(cache=True, error_model="numpy")
def act(rules, alert, y, time, edges):
    """Give what is due, boluses into the states."""
    durations, gifts, same, times, which = rules[6], rules[7], rules[8], rules[9], rules[10]
    counts, last, due, acted, ends, speeds, whose, tally = alert[1], alert[2], alert[3], alert[4], *alert[7:]
    for r in range(due.size):
        if not due[r]:
            continue
        due[r] = False
        times[tally[0]] = time
        which[tally[0]] = r + 1
        tally[0] += 1
        counts[r] += 1
        last[r] = time
        acted[r] = True
        if durations[r] <= same:
            for i in range(STATES):
                y[i] += gifts[r, i]
            continue
        end = nearest(edges, time + durations[r], same)
        end = nearest(ends[: tally[1]], end, same)
        ends[tally[1]], speeds[tally[1]], whose[tally[1]] = end, 1.0 / (end - time), r
        tally[1] += 1


@njit(cache=True, error_model="numpy")
def nearest(edges, time, same):
    """A time, or the edge it is too close to."""
    for edge in edges:
        if abs(edge - time) <= same:
            return edge
    return time


@njit(cache=True, error_model="numpy")
def settle(rules, alert, y, c, time, edges, row):
    """At the start of a stretch, rules that a jump has set off act at once; what lies before its level is armed."""
    levels, armed, acted, sides, roots = rules[1], alert[0], alert[4], alert[5], alert[6]
    again = True
    while again:
        again = False
        fill_sides(rules, alert, c, y, row)
        for r in range(armed.size):
            crossed = armed[r] and not acted[r] and sides[r] >= 0.0
            roots[r] = time if crossed else np.inf
            again |= crossed
        if again:
            pass_crossings(rules, alert, time, edges[-1])
            act(rules, alert, y, time, edges)
    for r in range(armed.size):
        # an output that has just met its level is before it again only beyond its rounding
        armed[r] |= sides[r] < (-SLACK * abs(levels[r]) if acted[r] else 0.0)
        acted[r] = False


@njit(cache=True, error_model="numpy")
def add_inflow(rules, alert, time, end, flow):
    """Add the infusions that run; returns the end of the stretch."""
    gifts, ends, speeds, whose, tally = rules[7], alert[7], alert[8], alert[9], alert[10]
    kept = 0
    for infusion in range(tally[1]):
        if ends[infusion] <= time:
            continue
        ends[kept], speeds[kept], whose[kept] = ends[infusion], speeds[infusion], whose[infusion]
        for i in range(STATES):
            flow[i] += gifts[whose[kept], i] * speeds[kept]
        end = min(end, ends[kept])
        kept += 1
    tally[1] = kept
    return end


@njit(cache=True, error_model="numpy")
def look(rules, alert, y, u, terms, c, t, h, final, state, row):
    """The fraction of a step at which the first rule acts, and that rule; 2 and -1 if none does."""
    columns, levels, signs, same = rules[0], rules[1], rules[2], rules[8]
    armed, sides, roots = alert[0], alert[5], alert[6]
    for part in range(PARTS):
        left, right = part / PARTS, (part + 1) / PARTS
        between(y, u, terms, right, state)
        fill_sides(rules, alert, c, state, row)
        first, theta, rule = np.inf, 2.0, -1
        for r in range(columns.size):
            roots[r] = np.inf
            if armed[r] and sides[r] >= 0.0:
                root = crossing(y, u, terms, c, columns[r], levels[r], signs[r], left, right, state, row)
                roots[r] = t + h * root
                if roots[r] < first and may(rules, alert, r, roots[r], final) > 0:
                    first, theta, rule = roots[r], root, r
        if pass_crossings(rules, alert, first + same, final):
            return theta, rule
        for r in range(columns.size):
            armed[r] |= sides[r] < 0.0
    return 2.0, -1
