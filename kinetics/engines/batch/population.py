"""Many patients, compiled: a loop over patients on all threads, each with its own place in the results.

The engine copies this file behind `kernel.py`.
"""

# a branch on None is compiled or left out, and what it binds with it
# pyright: reportPossiblyUnboundVariable=false

from __future__ import annotations

import numpy as np
from numba import njit, prange

from kinetics.engines.batch.kernel import integrate


@njit(cache=True, error_model="numpy", parallel=True)
def integrate_population(constants, plans, which, limits, events, times, rows, reached, states, told, rules):
    """Integrate many patients.

    Parameters
    ----------
    constants : (patient, constant)
        Parameters and derived constants.
    plans : (edges, counts, forcings, jumps, starts)
        (plan, segment + 1), (plan,) segments in use, (plan, segment, state), (plan, segment, state), (plan, course).
    which : (patient,)
        The plan of each patient; -1 for one that is not integrated.
    limits : (rtol, atol, most)
        Relative tolerance, absolute ones (patient, state), most steps.
    events : (watched, levels)
        (event,) outputs and (patient, event) levels.
    times : (time,)
        Output times.
    rows, reached, states : (patient, time, output), (patient, event, course), None or (patient, time, state)
        Filled.
    told : (patient, 4)
        Filled: status, steps, time and state where it stopped.
    rules : None or tuple
        See `triggered`; levels, and what is filled, have a leading axis (patient,).
    """
    edges, counts, forcings, jumps, starts = plans
    rtol, atol, most = limits
    watched, levels = events
    if rules is not None:
        columns, thresholds, signs, caps, apart, windows, durations, gifts, same, acted_at, acted_by, capped = rules
    for p in prange(which.size):
        g = which[p]
        if g < 0:
            continue
        n = counts[g]
        plan = (edges[g, : n + 1], forcings[g, :n], jumps[g, :n], starts[g])
        samples, event = (times, rows[p]), (watched, levels[p])
        limit = (rtol, atol[p], most)
        if rules is None:
            if states is None:
                status, steps, time, state = integrate(
                    constants[p], plan, limit, event, samples, reached[p], None, None, None, None
                )
            else:
                status, steps, time, state = integrate(
                    constants[p], plan, limit, event, samples, reached[p], states[p], None, None, None
                )
        else:
            shared = (signs, caps, apart, windows, durations, gifts, same)
            own = (columns, thresholds[p], *shared, acted_at[p], acted_by[p], capped[p])
            if states is None:
                status, steps, time, state = integrate(
                    constants[p], plan, limit, event, samples, reached[p], None, None, None, own
                )
            else:
                status, steps, time, state = integrate(
                    constants[p], plan, limit, event, samples, reached[p], states[p], None, None, own
                )
            if status != 0:
                acted_at[p], acted_by[p], capped[p] = np.nan, 0, False
        told[p, 0], told[p, 1], told[p, 2], told[p, 3] = status, steps, time, state
        if status != 0:
            rows[p] = np.nan
            reached[p] = np.nan
            if states is not None:
                states[p] = np.nan
