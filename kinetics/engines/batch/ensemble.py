"""Any number of patients at given times, sixteen side by side on every thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.compile import System
from kinetics.engines.batch.plans import Plan, absolute_tolerances, admitted, output_times, stacked
from kinetics.engines.batch.program import load_program
from kinetics.engines.batch.stopping import MOST_STEPS, TOLERANCES, rule_arrays, why_stopped
from kinetics.engines.batch.thread_chunks import in_stretches
from kinetics.engines.rule_monitor import TriggeredDoses, levels_of
from kinetics.engines.tolerances import Tolerances
from kinetics.regimen import Triggers
from kinetics.units.levels import slack

__all__ = ["Batch", "integrate_many"]


@dataclass(frozen=True, eq=False)
class Batch:
    """What is known of many patients.

    Parameters
    ----------
    outputs : ndarray, (patient, time, output)
        In the units of the model; NaN for a patient that failed.
    states : ndarray, (patient, time, state), or None
        If asked for.
    reached : ndarray, (patient, event, course)
        Model time of the first upward crossing after the nadir; infinite if none, NaN if never below.
    steps : ndarray, (patient,)
        Steps taken, rejected ones included.
    reasons : list of str
        Why a patient failed; empty for one that did not.
    fired : Fired, (patient, ...), or None
        What rules did, if there are any.
    """

    outputs: np.ndarray
    states: np.ndarray | None
    reached: np.ndarray
    steps: np.ndarray
    reasons: list[str]
    fired: TriggeredDoses | None = None


def integrate_many(
    system: System,
    constants: np.ndarray,
    plans: Sequence[Plan],
    which: np.ndarray,
    times: np.ndarray,
    *,
    events: tuple[Sequence[str], np.ndarray] | None = None,
    states: bool = False,
    tolerances: Tolerances | None = None,
    triggers: Triggers | None = None,
) -> Batch:
    """Integrate many patients on all threads; the same numbers whatever their count.

    Parameters
    ----------
    system : System
        The compiled model.
    constants : ndarray, (patient, constant)
        Parameters and derived constants.
    plans : sequence of (Segments, ndarray)
        Dose edges with the starts of the courses, (course,); crossings are NaN in the courses a plan does not have.
    which : ndarray of int, (patient,)
        The plan of each patient.
    times : ndarray, (time,)
        Output times, in order.
    events : (sequence of str, ndarray), optional
        Outputs, and levels (patient, event) whose upward crossing after each course's nadir is found.
    states : bool
        Return the states as well.
    tolerances : Tolerances, optional
        Error bounds.
    triggers : Triggers, optional
        Rules that give doses, those of all plans.

    Returns
    -------
    Batch
        A patient that fails, or whose constants are not admissible, is NaN with its reason.

    Raises
    ------
    InputError
        If the output times are not in order, or not between 0 and the end of every plan.
    """
    tolerances, program = tolerances or TOLERANCES, load_program(system)
    size, courses = len(constants), max(begins.size for _, begins in plans)
    names, levels = events if events is not None else ((), np.empty((size, 0)))
    levels = np.ascontiguousarray(levels, dtype=float)
    watched = np.array([system.outputs.index(name) for name in names], dtype=np.int64)
    reasons, which = admitted(system, constants, which)
    absolute = absolute_tolerances(system, constants, plans, which, tolerances, triggers)
    asked = (
        np.ascontiguousarray(constants),
        stacked(system, plans),
        which,
        (tolerances.relative, absolute, MOST_STEPS),
        (watched, levels, slack(tolerances.relative) * np.abs(levels)),
        output_times(times, plans),
    )
    rows = np.full((size, times.size, len(system.outputs)), np.nan)
    kept = np.full((size, times.size, len(system.states)) if states else (size, 0, 0), np.nan)
    reached = np.full((size, watched.size, courses), np.nan)
    told, fired = np.zeros((size, 3 + len(system.states))), None
    filled = (rows, reached, kept, told)
    if triggers is None:
        in_stretches(program.integrate_population, size, system.functions.LANES, (*asked, *filled))
    else:
        fired, thresholds = TriggeredDoses.none(triggers, size), np.full((size, len(triggers)), np.nan)
        thresholds[which >= 0] = levels_of(system, constants[which >= 0], triggers)
        rules = rule_arrays(system, triggers, thresholds, slack(tolerances.relative), fired)
        in_stretches(program.integrate_with_rules, size, 1, (*asked, *filled, rules))
    for patient in np.flatnonzero(told[:, 0]):
        plan, own = plans[which[patient]][0], absolute[patient]
        reasons[patient] = why_stopped(system, constants[patient], plan, told[patient], own)
    return Batch(rows, kept if states else None, reached, told[:, 1].astype(np.int64), reasons, fired)
