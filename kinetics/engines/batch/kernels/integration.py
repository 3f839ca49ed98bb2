"""One patient, compiled: Rodas5P with adaptive steps, restarts at dose edges, dense output and root-found crossings.

The engine copies this file, and what it imports of this folder before it, behind the functions of a model.
"""

# a branch on None is compiled or left out, and what it binds with it
# pyright: reportPossiblyUnboundVariable=false

from __future__ import annotations

import math

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import FACTORS, KINKS, OUTPUTS, STATES, factor, fill_outputs, fill_rate, fill_start, solve
from kinetics.engines.batch.kernels.dense import between, dense_terms
from kinetics.engines.batch.kernels.derivatives import write_derivatives
from kinetics.engines.batch.kernels.guard import fault_of_step, fault_of_stretch, mark_high
from kinetics.engines.batch.kernels.kinks import CAUTION, allowed, first_kink, passes_kink
from kinetics.engines.batch.kernels.recovery_windows import SAMPLES, after_jump, begin_course, watch
from kinetics.engines.batch.kernels.rodas5p import GAMMA, STAGES, A, C
from kinetics.engines.batch.kernels.rule_monitor import act, add_inflow, look, settle, start_rules
from kinetics.engines.batch.kernels.tangent import advance_tangent, start_tangent

DONE, TOO_MANY_STEPS, STEP_TOO_SMALL, NOT_FINITE = 0, 1, 2, 3
SAFETY, SHRINK, GROW = 0.9, 0.2, 6.0
CLOSER = 3


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def step(y, c, forcing, h, lu, k, u, points):
    """The eight stages of a step: slopes ``k``, the ``points`` where rates were taken, new states ``u``."""
    pace = 1.0 / h  # a product takes a fraction of the time of a quotient
    factor(y, c, pace / GAMMA, lu)
    for s in range(STAGES):
        for i in range(STATES):
            total = y[i]
            inflow = 0.0
            for j in range(s):
                total += A[s, j] * k[j, i]
                inflow += C[s, j] * k[j, i]
            points[s, i] = total
            u[i] = forcing[i] + inflow * pace
        fill_rate(points[s], c, k[s])
        for i in range(STATES):
            k[s, i] += u[i]
        solve(lu, k[s])
    for i in range(STATES):
        u[i] = points[STAGES - 1, i] + k[STAGES - 1, i]


@njit(cache=True, error_model="numpy")
def error_norm(y, u, k, rtol, atol):
    """Root mean square of the error estimate over its tolerance."""
    total = 0.0
    for i in range(STATES):
        ratio = k[STAGES - 1, i] / (atol[i] + rtol * max(abs(y[i]), abs(u[i])))
        total += ratio * ratio
    return math.sqrt(total / STATES)


@njit(cache=True, error_model="numpy")
def first_step(y, c, forcing, rtol, atol, span, f):
    """A first step that moves no state by more than a hundredth of itself."""
    fill_rate(y, c, f)
    speed = 0.0
    for i in range(STATES):
        speed = max(speed, abs(f[i] + forcing[i]) / (atol[i] / rtol + abs(y[i])))
    return span if speed == 0.0 else min(span, 0.01 / speed)


@njit(cache=True, error_model="numpy")
def close_in(y, c, flow, h, theta, lu, k, u, points, terms, rules, rule, state, row):
    """Take the step that ends where an output meets the level of a rule; returns its length.

    The crossing of the dense output is where it starts, its slope there what it goes by.
    """
    column, level = rules.columns[rule], rules.levels[rule]
    near = 1e-3 * theta
    between(y, u, terms, theta, state)
    fill_outputs(state, c, row)
    slope = row[column]
    between(y, u, terms, theta - near, state)
    fill_outputs(state, c, row)
    slope = (slope - row[column]) / (near * h)
    length = theta * h
    if not length > 0.0:
        for i in range(STATES):
            u[i] = y[i]
        return 0.0
    for _ in range(CLOSER):
        step(y, c, flow, length, lu, k, u, points)
        fill_outputs(u, c, row)
        move = (row[column] - level) / slope
        # a level that is only touched has no slope to go by
        if not abs(move) <= 1e-3 * length:
            break
        length -= move
    step(y, c, flow, length, lu, k, u, points)
    return length


@njit(cache=True, error_model="numpy")
def integrate(c, plan, limits, events, samples, reached, record, tangent, rules, y):
    """Integrate one patient.

    Parameters
    ----------
    c : (constant,)
        Parameters and derived constants.
    plan : (edges, forcings, jumps, starts)
        (segment + 1,), (segment, state) inflow, (segment, state) what is added at the start of each, (course,).
    limits : (rtol, atol, most)
        Relative tolerance, absolute ones (state,), most steps.
    events : (watched, levels, margins)
        Outputs (event,), and levels (event,) whose upward crossing after the nadir of each course is found, with the
        slack about them.
    samples : (times, rows, states, wanted)
        (time,), and filled: outputs (time, output), and states (time, state) unless of size 0; None or, with a
        tangent, Wanted derivatives.
    reached : (event, course)
        Filled: time of the crossing; infinite if none, NaN if never below.
    record : None or (knots, values)
        Filled: the end of each step, (step,), and its left and right states and dense terms, (step, 5, state).
    tangent : None or tuple
        See `tangent.start_tangent`; without rules.
    rules : None or Rules
        Of this patient.
    y : (state,)
        Filled: the states where it stopped. An array that is returned would be made by Python code, where a Ctrl-C
        cannot be passed on.

    Returns
    -------
    (status, steps, time)
        Where it stopped.
    """
    edges, forcings, jumps, starts = plan
    rtol, atol, most = limits
    times = samples[0]
    watched = events[0]
    u, f = np.zeros(STATES), np.zeros(STATES)
    k, points, terms = np.zeros((STAGES, STATES)), np.empty((STAGES, STATES)), np.zeros((3, STATES))
    state, lu, row = np.empty(STATES), np.empty(FACTORS), np.empty(OUTPUTS)
    lowest, values_of_step = np.empty((watched.size, 2)), np.empty((watched.size, SAMPLES + 1))
    sides, phase = np.empty((3, KINKS)), np.zeros(STATES)
    fill_start(c, y)
    flow = np.empty(STATES)
    if rules is not None:
        alert = start_rules(rules, y, c, row)
    if tangent is not None:
        room = start_tangent(tangent, c)
        full = 0.0
    steps, course = 0, -1
    # a bare 0 would be a type of its own, and compiled for it
    place = write_passed(np.int64(0), 0.0, y, y, terms, c, 0.0, 1.0, samples, state)
    for segment in range(edges.size - 1):
        t, end = edges[segment], edges[segment + 1]
        if course + 1 < starts.size and starts[course + 1] <= t:
            course += 1
            begin_course(y, c, events, lowest, reached, row, course)
        for i in range(STATES):
            y[i] += jumps[segment, i]
        # without rules one stretch; what a rule gives, and the end of its infusion, start another
        while t < end:
            stop = end
            for i in range(STATES):
                flow[i] = forcings[segment, i]
            if rules is not None:
                settle(rules, alert, y, c, t, edges, row)
                stop = add_inflow(rules, alert, t, end, flow)
            if watched.size > 0:
                after_jump(y, c, t, events, lowest, values_of_step, reached, row, course)
            mark_high(y, atol, phase)
            h = first_step(y, c, flow, rtol, atol, stop - t, f)
            rejected, acting, longest = False, False, 0.0
            while t < stop and not acting:
                last = t + h * 1.0000001 >= stop
                if last:
                    h = stop - t
                if steps >= most:
                    return TOO_MANY_STEPS, steps, t
                if not h > max(1e-15 * t, 1e-30 * end):
                    finite = h > 0.0 and math.isfinite(error_norm(y, u, k, rtol, atol))
                    return (STEP_TOO_SMALL if finite else NOT_FINITE), steps, t
                step(y, c, flow, h, lu, k, u, points)
                error = error_norm(y, u, k, rtol, atol)
                if KINKS > 0 and passes_kink(y, u, c, sides):
                    error *= CAUTION
                steps += 1
                if not error <= 1.0:
                    h *= max(SHRINK, SAFETY * error**-0.2) if math.isfinite(error) else 0.1
                    rejected = True
                    continue
                if tangent is not None and KINKS > 0:
                    dense_terms(k, terms)
                    share = first_kink(y, u, terms, c, state, sides)
                    if share <= 1.0:
                        full = max(full, h)
                        shorter = allowed(h, share, full)
                        if shorter < 0.99 * h:
                            h = shorter
                            continue
                after = stop if last else t + h
                if rules is not None:
                    dense_terms(k, terms)
                    theta, rule = look(rules, alert, y, u, terms, c, t, h, edges[-1], state, row)
                    if rule >= 0:
                        acting = True
                        if stop - (t + theta * h) <= rules.same:
                            h, after = stop - t, stop
                            step(y, c, flow, h, lu, k, u, points)
                        else:
                            h = close_in(y, c, flow, h, theta, lu, k, u, points, terms, rules, rule, state, row)
                            after = t + h
                longest = max(longest, h)
                fault = fault_of_step(y, u, c, flow, atol, phase, f, state)
                if fault > 0:
                    for i in range(STATES):
                        y[i] = u[i]
                    return fault, steps, after
                if watched.size > 0 or record is not None or (place < times.size and times[place] <= after):
                    dense_terms(k, terms)
                if record is not None and after > t and not keep(record, after, y, u, terms):
                    return TOO_MANY_STEPS, steps, t
                if tangent is not None:
                    advance_tangent(tangent, room, y, c, h, lu, k, points, segment)
                place = write_passed(place, after, y, u, terms, c, t, h, samples, state)
                if watched.size > 0 and course >= 0 and after > t:
                    watch(y, u, terms, c, t, h, events, lowest, values_of_step, reached, state, row, course)
                for i in range(STATES):
                    y[i] = u[i]
                t = after
                growth = GROW if error < 1e-6 else min(GROW, SAFETY * error**-0.2)
                h *= min(1.0, growth) if rejected else growth
                rejected = False
                if tangent is not None and KINKS > 0 and share <= 1.0:
                    h, full = full, 0.0
            fault = fault_of_stretch(y, c, flow, atol, phase, longest, f, state)
            if fault > 0:
                return fault, steps, t
            if rules is not None:
                act(rules, alert, y, t, edges)
    return DONE, steps, edges[-1]


@njit(cache=True, error_model="numpy")
def write_passed(place, after, y, u, terms, c, t, h, samples, state):
    """Write what is asked for at the output times that a step passes; returns the number of the next."""
    times, rows, states, wanted = samples
    while place < times.size and times[place] <= after:
        theta = (times[place] - t) / h
        between(y, u, terms, theta, state)
        fill_outputs(state, c, rows[place])
        if states.size > 0:
            for i in range(STATES):
                states[place, i] = state[i]
        write_derivatives(wanted, place, theta, state, c)
        place += 1
    return place


@njit(cache=True, error_model="numpy")
def keep(record, after, y, u, terms):
    """Add a step to a record, whose first knot counts them; False if it is full."""
    knots, values = record
    index = int(knots[0])
    if index >= knots.size - 1:
        return False
    for i in range(STATES):
        values[index, 0, i] = y[i]
        values[index, 1, i] = u[i]
        for m in range(3):
            values[index, 2 + m, i] = terms[m, i]
    knots[0] = index + 1
    knots[index + 1] = after
    return True
