"""Many patients one after the other, compiled: those with rules, and those with derivatives."""

from __future__ import annotations

import numpy as np

from kinetics.engines.batch.kernels.calls import address_of, floats, integers
from kinetics.engines.batch.kernels.integration import integrate
from kinetics.engines.batch.kernels.patients import erase, patient_of
from kinetics.engines.batch.kernels.problems import DONE, Patient, Rules, Tangent
from kinetics.engines.batch.kernels.step import copy
from kinetics.engines.batch.kernels.tangent import hold_start, start_derivatives
from kinetics.engines.batch.machine_code import entry, kernel


@entry
def integrate_with_rules(begin, end, ensemble, solution, rules, rule_state, step, progress, events):
    """Integrate patients to whom `Rules` give doses, one after the other: lanes would wait for one another."""
    for p in range(begin, end):
        if integers(ensemble.plan, p)[0] < 0:
            continue
        own = Rules(
            rules.columns, rules.levels[p], rules.slack[p], rules.signs, rules.most, rules.drugs, rules.apart,
            rules.scheduled, rules.windows, rules.doses, rules.every, rules.durations, rules.dose_amounts, rules.same,
            rules.times[p], rules.which[p], rules.capped[p],
        )  # fmt: skip
        patient = patient_of(ensemble, solution, p, own, rule_state)
        status, time = integrate(patient, step, progress, events)
        note_stop(p, status, time, ensemble, solution, step, progress)
        # a patient who failed half-way was given doses, of which nothing may remain
        if status != DONE:
            rules.times[p], rules.which[p], rules.capped[p] = np.nan, 0, False
            erase(patient)


@entry
def integrate_with_tangent(
    begin, end, ensemble, solution, effects, doses, tangent, derivatives, gradients, step, progress, events
):
    """Integrate patients and their derivatives, (patient, time, output, parameter), one after the other.

    ``doses`` are `DoseDerivatives`. ``effects`` has numbers of derivatives of constants by parameters in place of
    factors. The solution has all outputs, the gradients those of ``derivatives``.
    """
    for p in range(begin, end):
        if integers(ensemble.plan, p)[0] < 0:
            continue
        alone = patient_of(ensemble, solution, p, None, None)
        patient = Patient(
            alone.code, alone.constants, alone.start, alone.schedule, alone.limits, alone.thresholds, alone.samples,
            alone.threshold_times, None, tangent_of(p, doses, tangent), derivatives, None, None,
        )  # fmt: skip
        # parameters act through a patient's own constants, so the same arrays are filled anew for each
        start_derivatives(alone.constants, effects, tangent, derivatives)
        if doses.starts.shape[0] > 0:
            copy(tangent.sensitivities.size, address_of(doses.starts[p]), address_of(tangent.sensitivities))
        hold_start(tangent)
        status, time = integrate(patient, step, progress, events)
        note_stop(p, status, time, ensemble, solution, step, progress)
        if status != DONE:
            erase(alone)
            continue
        if doses.ends.shape[0] > 0:
            copy(tangent.sensitivities.size, address_of(tangent.sensitivities), address_of(doses.ends[p]))
        for sample in range(ensemble.n_times):
            for index in range(derivatives.outputs.size):
                for parameter in range(gradients.shape[3]):
                    gradients[p, sample, index, parameter] = derivatives.values[sample, index, parameter]


@kernel
def tangent_of(p, doses, tangent):
    """The tangent of a patient, with what parameters do to the patient's own doses."""
    row = p if doses.delays.shape[0] > 1 else 0
    return Tangent(
        tangent.code, tangent.sensitivities, doses.inflows[row], doses.boluses[row], doses.delays[row],
        tangent.constants, None, tangent.terms, tangent.steps, tangent.segments, tangent.stages,
    )  # fmt: skip


@kernel
def note_stop(p, status, time, ensemble, solution, step, progress):
    """Why, when and where an integration stopped, for the message."""
    integers(solution.status, p)[0], floats(solution.stop_time, p)[0] = status, time
    integers(solution.steps, p)[0] = integers(progress.steps, 0)[0]
    copy(ensemble.code.states, step.y, solution.stop_states + 8 * p * ensemble.code.states)
