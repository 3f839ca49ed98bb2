"""Any number of patients at given times, eight side by side on every thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.compile import LANES, System
from kinetics.engines.batch.kernels.patients import empty_lanes
from kinetics.engines.batch.kernels.population import integrate_with_rules
from kinetics.engines.batch.kernels.problems import Ensemble, Rules, Solution
from kinetics.engines.batch.kernels.recovery_windows import EVENT
from kinetics.engines.batch.kernels.scheduler import integrate_lanes
from kinetics.engines.batch.plans import Plan, empty_solution, explain_failures, prepare
from kinetics.engines.batch.stopping import TOLERANCES, rule_arrays
from kinetics.engines.batch.thread_chunks import in_chunks
from kinetics.engines.batch.work import addressed, progress_arrays, rule_state_arrays, step_addresses
from kinetics.engines.rule_monitor import TriggeredDoses, levels_of
from kinetics.engines.tolerances import Tolerances
from kinetics.regimen import Triggers
from kinetics.units.levels import slack


@dataclass(frozen=True, eq=False)
class Batch:
    """Many patients, integrated.

    Parameters
    ----------
    outputs : ndarray, (patient, time, output)
        In the units of the model; NaN for a patient that failed.
    states : ndarray, (patient, time, state), or None
        If asked for.
    threshold_times : ndarray, (patient, event, course)
        Model time of the first upward crossing after the nadir; infinite if none, NaN if never below.
    steps : ndarray, (patient,)
        Steps taken, rejected ones included.
    reasons : list of str
        Why a patient failed; empty for one that did not.
    triggered_doses : TriggeredDoses, (patient, ...), or None
        What rules did, if there are any.
    """

    outputs: np.ndarray
    states: np.ndarray | None
    threshold_times: np.ndarray
    steps: np.ndarray
    reasons: list[str]
    triggered_doses: TriggeredDoses | None = None


def integrate_many(
    system: System,
    constants: np.ndarray,
    plans: Sequence[Plan],
    which: np.ndarray,
    times: np.ndarray,
    *,
    events: tuple[Sequence[str], np.ndarray] | None = None,
    starts: np.ndarray | None = None,
    states: bool = False,
    tolerances: Tolerances | None = None,
    triggers: Triggers | None = None,
) -> Batch:
    """Integrate many patients on all threads; the same numbers whatever their count.

    Parameters
    ----------
    constants : ndarray, (patient, constant)
        Parameters and derived constants.
    plans : sequence of (Segments, ndarray)
        Dose edges with the starts of the courses, (course,); crossings are NaN in the courses a plan does not have.
    which : ndarray of int, (patient,)
        The plan of each patient.
    times : ndarray, (time,) or (plan, time)
        Output times, in order, of all plans or of each.
    events : (sequence of str, ndarray), optional
        Outputs, and levels (patient, event) whose upward crossing after each course's nadir is found.
    starts : ndarray, (patient, state), optional
        States at time 0, before any dose; the model's own by default. A patient whose start is not finite is NaN.
    states : bool
        Return the states as well.
    tolerances : Tolerances, optional
        Error bounds.
    triggers : Triggers, optional
        Rules that give doses, those of all plans.

    Returns
    -------
    Batch
        A patient that fails, or whose constants are impossible, is NaN with its reason.

    Raises
    ------
    InputError
        If the output times are not in order, or not between 0 and the end of their plan.
    """
    tolerances, size = tolerances or TOLERANCES, len(constants)
    events = events or ((), np.empty((size, 0)))
    ensemble, reasons = prepare(system, constants, plans, which, times, events, tolerances, triggers, starts)
    solution = empty_solution(system, ensemble, states=states)
    triggered = None
    if triggers is None:
        in_chunks(integrate_side_by_side, size, LANES, ensemble, solution)
    else:
        triggered = TriggeredDoses.none(triggers, size)
        rules = _rules(system, constants, ensemble, triggers, tolerances, triggered)
        in_chunks(_integrate_by_rules, size, 1, ensemble, solution, rules)
    explain_failures(system, ensemble, solution, lambda plan: plans[plan][0], reasons)
    table = _all_states(system, ensemble, solution, reasons) if states else None
    return Batch(solution.outputs, table, solution.threshold_times, solution.steps, reasons, triggered)


def _rules(
    system: System,
    constants: np.ndarray,
    ensemble: Ensemble,
    triggers: Triggers,
    tolerances: Tolerances,
    triggered: TriggeredDoses,
) -> Rules:
    """The rules with the levels of each patient."""
    levels = np.full((len(constants), len(triggers)), np.nan)
    # a patient who cannot be has no baseline to take a share of
    admitted = ensemble.plan >= 0
    levels[admitted] = levels_of(system, constants[admitted], triggers)
    return rule_arrays(system, triggers, levels, slack(tolerances.relative), triggered)


def _all_states(system: System, ensemble: Ensemble, solution: Solution, reasons: Sequence[str]) -> np.ndarray:
    """The states of the model, (patient, time, state)."""
    table = system.all_states(solution.states, ensemble.constants[:, None])
    # what rests is known of a patient who failed, but nobody should take it for a result
    table[[bool(reason) for reason in reasons]] = np.nan
    return table


def integrate_side_by_side(begin: int, end: int, ensemble: Ensemble, solution: Solution) -> None:
    """A chunk of patients, from one number up to another, in lanes."""
    events = np.zeros((LANES, ensemble.thresholds.events), EVENT)
    wide, step = (step_addresses(code, ensemble.limits.relative) for code in (ensemble.code, ensemble.alone))
    integrate_lanes(begin, end, addressed(ensemble), addressed(solution), empty_lanes(LANES), wide, events, step)


def _integrate_by_rules(begin: int, end: int, ensemble: Ensemble, solution: Solution, rules: Rules) -> None:
    """A chunk of patients to whom rules give doses."""
    events, progress = np.zeros(ensemble.thresholds.events, EVENT), progress_arrays()
    state = rule_state_arrays(rules.columns.size, rules.times.shape[1])
    step = step_addresses(ensemble.alone, ensemble.limits.relative)
    arguments = (addressed(ensemble), addressed(solution), rules, state, step, addressed(progress))
    integrate_with_rules(begin, end, *arguments, events)
