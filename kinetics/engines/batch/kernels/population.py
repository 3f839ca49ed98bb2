"""A stretch of many patients, compiled: each has a place of its own in the results, so stretches may run in threads.

The engine copies this file last.
"""

from __future__ import annotations

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import LANES, OUTPUTS
from kinetics.engines.batch.kernels.derivatives import begin_tangent, tangent_room
from kinetics.engines.batch.kernels.integration import integrate
from kinetics.engines.batch.kernels.scheduler import integrate_crowd, make_room
from kinetics.engines.batch.kernels.workspaces import Rules, Task


def integrate_population(begin, end, constants, plans, which, limits, events, times, rows, reached, states, told):
    """Integrate the patients from one number up to another, lanes of them together.

    Parameters
    ----------
    begin, end : int
        The stretch.
    constants : (patient, constant)
        Parameters and derived constants.
    plans : (edges, counts, forcings, jumps, starts)
        (plan, segment + 1), (plan,) segments in use, (plan, segment, state), (plan, segment, state), (plan, course).
    which : (patient,)
        The plan of each patient; -1 for one that is not integrated.
    limits : (rtol, atol, most)
        Relative tolerance, absolute ones (patient, state), most steps.
    events : (watched, levels, margins)
        (event,) outputs, (patient, event) levels and the slack about them.
    times : (time,)
        Output times.
    rows, reached, states : (patient, time, output), (patient, event, course), (patient, time, state)
        Filled; states of size 0 are not.
    told : (patient, 3 + state)
        Filled: status, steps, time and states where it stopped.
    """
    edges, counts, forcings, jumps, starts = plans
    rtol, atol, most = limits
    watched, levels, margins = events
    task = Task(
        constants, edges, counts, forcings, jumps, starts, which, rtol, atol, most, watched, levels, margins, times,
        rows, reached, states, told,
    )  # fmt: skip
    integrate_crowd(begin, end, task, *make_room(watched.size))


@njit(cache=True, error_model="numpy", nogil=True)
def integrate_with_rules(
    begin, end, constants, plans, which, limits, events, times, rows, reached, states, told, rules
):
    """Integrate patients to whom rules give doses, one after the other.

    Parameters
    ----------
    rules : Rules
        Of all patients. All else as above.
    """
    edges, counts, forcings, jumps, starts = plans
    rtol, atol, most = limits
    watched, levels, margins = events
    for p in range(begin, end):
        g = which[p]
        if g < 0:
            continue
        n = counts[g]
        plan = (edges[g, : n + 1], forcings[g, :n], jumps[g, :n], starts[g])
        when = (rules.signs, rules.most, rules.apart, rules.windows)
        what = (rules.doses, rules.every, rules.durations, rules.dose_amounts, rules.same)
        filled = (rules.times[p], rules.which[p], rules.capped[p])
        own = Rules(rules.columns, rules.levels[p], rules.slack[p], *when, *what, *filled)
        limit, event = (rtol, atol[p], most), (watched, levels[p], margins[p])
        sample = (times, rows[p], states[p], None)
        stopped = integrate(constants[p], plan, limit, event, sample, reached[p], None, None, own, told[p, 3:])
        told[p, 0], told[p, 1], told[p, 2] = stopped
        if told[p, 0] != 0.0:
            rules.times[p], rules.which[p], rules.capped[p] = np.nan, 0, False
            rows[p] = np.nan
            reached[p] = np.nan
            states[p] = np.nan


@njit(cache=True, error_model="numpy", nogil=True)
def integrate_with_tangent(begin, end, constants, plan, admitted, limits, times, moved, wanted, rows, gradients, told):
    """Integrate patients and their derivatives, one after the other.

    Parameters
    ----------
    plan : (edges, forcings, jumps, starts)
        Of all patients, as `kernel.integrate` takes it.
    admitted : (patient,)
        False for one that is not integrated.
    moved : (start, direct, curved, outputs)
        Of START_BY_CONSTANT, RATE_BY_CONSTANT, CURVATURE_BY_CONSTANT and OUTPUTS_BY_CONSTANT the entries by constants
        that some parameter moves: places (3, entry), see `blocks.moved`, and (entry,) which of
        CONSTANTS_BY_PARAMETER moves it.
    wanted : (output,)
        Outputs.
    rows, gradients : (patient, time, output), (patient, time, output, parameter)
        Filled unless the patient fails. All else as above.
    """
    rtol, atol, most = limits
    nothing, names = np.empty((0, 0)), gradients.shape[3]
    no_events = (np.empty(0, np.int64), np.empty(0), np.empty(0))
    blocks, of_all = max(1, -(-names // LANES)), np.empty((times.size, OUTPUTS))
    tangent, asked = tangent_room(moved, plan[0].size - 1, blocks, wanted, times.size)
    sample = (times, of_all, nothing, asked)
    for p in range(begin, end):
        if not admitted[p]:
            continue
        c, limit, last = constants[p], (rtol, atol[p], most), told[p, 3:]
        begin_tangent(c, moved, tangent, asked)
        stopped = integrate(c, plan, limit, no_events, sample, nothing, None, tangent, None, last)
        told[p, 0], told[p, 1], told[p, 2] = stopped
        if told[p, 0] == 0.0:
            for place in range(times.size):
                for index in range(wanted.size):
                    rows[p, place, index] = of_all[place, wanted[index]]
                    for name in range(names):
                        gradients[p, place, index, name] = asked.rows[place, index, name]
