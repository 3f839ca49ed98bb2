"""A chunk of many patients, compiled: each has its own place in the results, so chunks may run in threads.

The engine copies this file last. Functions of Python make the work arrays of a chunk.
"""

from __future__ import annotations

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import LANES, OUTPUTS, STATES
from kinetics.engines.batch.kernels.derivatives import derivative_arrays, start_derivatives
from kinetics.engines.batch.kernels.integration import erase, integrate, patient_of
from kinetics.engines.batch.kernels.lane_step import lane_arrays, lane_step_arrays
from kinetics.engines.batch.kernels.problems import DONE, Patient, Rules, Samples
from kinetics.engines.batch.kernels.recovery_windows import window_arrays
from kinetics.engines.batch.kernels.rule_monitor import rule_state_arrays
from kinetics.engines.batch.kernels.scheduler import integrate_lanes
from kinetics.engines.batch.kernels.step import progress_arrays, step_arrays


def integrate_population(begin, end, ensemble, solution):
    """Integrate patients of an `Ensemble`, from one number up to another, into a `Solution`; lanes of them together."""
    windows = window_arrays(ensemble.thresholds.outputs.size, LANES)
    integrate_lanes(begin, end, ensemble, solution, lane_arrays(), lane_step_arrays(), windows, step_arrays())


def integrate_with_rules(begin, end, ensemble, solution, rules):
    """Integrate patients to whom `Rules` give doses, one after the other: lanes would wait for one another."""
    windows = window_arrays(ensemble.thresholds.outputs.size)
    state = rule_state_arrays(rules.columns.size, rules.times.shape[1])
    integrate_each(begin, end, ensemble, solution, rules, state, step_arrays(), progress_arrays(), windows)


def integrate_with_tangent(begin, end, ensemble, solution, effects, wanted, gradients):
    """Integrate patients of one plan and their derivatives, one after the other.

    Parameters
    ----------
    effects : ParameterEffects
        With numbers of derivatives among CONSTANTS_BY_PARAMETER in place of factors.
    wanted : (output,)
        Numbers of outputs. The solution has these alone.
    gradients : (patient, time, output, parameter)
        Filled unless the patient fails.
    """
    size, segments = ensemble.times.size, ensemble.schedules.edges.shape[1] - 1
    tangent, derivatives = derivative_arrays(effects, segments, max(1, -(-gradients.shape[3] // LANES)), wanted, size)
    samples = Samples(ensemble.times, np.empty((size, OUTPUTS)), np.empty((0, 0)), derivatives)
    work = (step_arrays(), progress_arrays(), window_arrays(0))
    differentiate_each(begin, end, ensemble, solution, effects, tangent, samples, gradients, *work)


@njit(cache=True, error_model="numpy", nogil=True)
def integrate_each(begin, end, ensemble, solution, rules, rule_state, step, progress, windows):
    """The loop of `integrate_with_rules`."""
    for p in range(begin, end):
        if ensemble.plan[p] < 0:
            continue
        own = Rules(
            rules.columns, rules.levels[p], rules.slack[p], rules.signs, rules.most, rules.apart, rules.windows,
            rules.doses, rules.every, rules.durations, rules.dose_amounts, rules.same,
            rules.times[p], rules.which[p], rules.capped[p],
        )  # fmt: skip
        patient = patient_of(ensemble, solution, p, own, rule_state)
        note_stop(p, integrate(patient, step, progress, windows), solution, step, progress)
        # a patient who failed half-way was given doses, of which nothing may remain
        if solution.status[p] != DONE:
            rules.times[p], rules.which[p], rules.capped[p] = np.nan, 0, False
            erase(p, solution)


@njit(cache=True, error_model="numpy", nogil=True)
def differentiate_each(begin, end, ensemble, solution, effects, tangent, samples, gradients, step, progress, windows):
    """The loop of `integrate_with_tangent`."""
    derivatives = samples.derivatives
    for p in range(begin, end):
        if ensemble.plan[p] < 0:
            continue
        alone = patient_of(ensemble, solution, p, None, None)
        patient = Patient(
            alone.constants, alone.schedule, alone.limits, alone.thresholds, samples, alone.threshold_times,
            None, tangent, None, None,
        )  # fmt: skip
        # parameters act through a patient's own constants, so the same arrays are filled anew for each
        start_derivatives(alone.constants, effects, tangent, derivatives)
        note_stop(p, integrate(patient, step, progress, windows), solution, step, progress)
        if solution.status[p] == DONE:
            for time in range(ensemble.times.size):
                for index in range(derivatives.outputs.size):
                    solution.outputs[p, time, index] = samples.outputs[time, derivatives.outputs[index]]
                    for parameter in range(gradients.shape[3]):
                        gradients[p, time, index, parameter] = derivatives.values[time, index, parameter]


@njit(cache=True, error_model="numpy")
def note_stop(p, stop, solution, step, progress):
    """Why, when and where an integration stopped, for the message."""
    solution.status[p], solution.stop_time[p] = stop
    solution.steps[p] = progress.steps[0]
    # a loop, because numba copies a whole array before it assigns it, in case the two overlap
    for i in range(STATES):
        solution.stop_states[p, i] = step.y[i]
