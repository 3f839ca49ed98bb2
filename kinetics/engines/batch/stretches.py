"""Many patients with doses, starts and output times of their own, on every thread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinetics.compile import LANES, System
from kinetics.engines.batch.ensemble import integrate_side_by_side
from kinetics.engines.batch.gradients import Gradients, differentiate, doses_alike, leave_out_infinite
from kinetics.engines.batch.kernels.problems import DoseDerivatives, Ensemble, Limits, Schedule, Thresholds
from kinetics.engines.batch.plans import empty_solution, explain_failures
from kinetics.engines.batch.sensitivity_blocks import in_blocks
from kinetics.engines.batch.stopping import MOST_STEPS
from kinetics.engines.batch.thread_chunks import in_chunks
from kinetics.engines.batch.work import code_of_lanes, code_of_one
from kinetics.engines.stretches import Passage, Stretches
from kinetics.engines.tolerances import Tolerances, state_scale


def integrate_stretches(
    system: System,
    constants: np.ndarray,
    stretches: Stretches,
    times: np.ndarray,
    starts: np.ndarray,
    start_changes: np.ndarray,
    names: Sequence[str],
    outputs: Sequence[str],
    tolerances: Tolerances,
    *,
    scale: np.ndarray | None = None,
) -> Passage:
    """Integrate the stretches of many patients, with derivatives by parameters and by other changes of the start.

    Parameters
    ----------
    constants : ndarray, (row, constant)
        Parameters and derived constants.
    stretches : Stretches
        Doses.
    times : ndarray, (row, time)
        Output times in order, within each stretch; in model time.
    starts : ndarray, (row, state)
        The states at time 0, before any dose; a row that is not finite is left out.
    start_changes : ndarray, (row, state, direction)
        Their derivatives by ``names``, then by other directions.
    names, outputs : sequence of str
        Parameters to differentiate by, and outputs that are returned.
    tolerances : Tolerances
        Error bounds.
    scale : ndarray, (row, state), optional
        The size of each state; by default that of the model's own start and of doses.
    """
    ensemble, reasons = _ensemble(system, constants, stretches, times, starts, tolerances, scale)
    solution, directions = empty_solution(system, ensemble), start_changes.shape[2]
    columns = np.array([system.outputs.index(name) for name in outputs], dtype=np.int64)
    gradients = np.full((*times.shape, len(outputs), directions), np.nan)
    changes = np.zeros((len(stretches), len(system.states), directions))
    if directions:
        doses = _derivatives(system, stretches, start_changes)
        differentiate(system, ensemble, solution, names, doses, columns, gradients)
        lanes = np.moveaxis(doses.ends.reshape(len(stretches), -1, len(system.states), LANES), 1, 2)
        changes = lanes.reshape(len(stretches), len(system.states), -1)[..., :directions]
    else:
        in_chunks(integrate_side_by_side, len(stretches), LANES, ensemble, solution)
    explain_failures(system, ensemble, solution, stretches.of, reasons)
    result = Gradients(solution.outputs[:, :, columns], gradients, reasons)
    leave_out_infinite(system, result, [*names, *["its start"] * (directions - len(names))], times, outputs)
    return Passage(result.outputs, result.gradients, solution.stop_states, changes, reasons)


def _ensemble(
    system: System,
    constants: np.ndarray,
    stretches: Stretches,
    times: np.ndarray,
    starts: np.ndarray,
    tolerances: Tolerances,
    scale: np.ndarray | None,
) -> tuple[Ensemble, list[str]]:
    """Rows in arrays, each a plan of its own, and why one cannot be integrated."""
    size, doses, constants = len(stretches), system.dose_matrix(), np.ascontiguousarray(constants)
    admissible = system.admissible(constants)
    reasons = ["" if possible else system.impossible(constants[row]) for row, possible in enumerate(admissible)]
    able = admissible & np.isfinite(starts).all(axis=1)
    sizes = np.ones(starts.shape)
    if scale is None:
        rest = system.functions.initial_table(constants[able])
        sizes[able] = state_scale(system, constants[able], rest, stretches.largest[able])
    else:
        sizes[able] = scale[able]
    absolute = tolerances.bounds(system, sizes)
    inflows, boluses = (np.ascontiguousarray(amounts @ doses) for amounts in (stretches.rates, stretches.boluses))
    edges, no_course = np.ascontiguousarray(stretches.edges), np.empty((size, 0))
    schedule = Schedule(edges.shape[1] - 1, 0, edges, inflows, boluses, no_course)
    nothing = Thresholds(0, np.empty(0, np.int64), np.empty((size, 0)), np.empty((size, 0)))
    patients = constants, np.ascontiguousarray(starts), np.where(able, np.arange(size), -1)
    limits, codes = Limits(tolerances.relative, absolute, MOST_STEPS), (code_of_lanes(system), code_of_one(system))
    samples = times.shape[1], np.ascontiguousarray(times)
    return Ensemble(*codes, *patients, schedule, stretches.segments, limits, nothing, *samples), reasons


def _derivatives(system: System, stretches: Stretches, start_changes: np.ndarray) -> DoseDerivatives:
    """What parameters do to starts and doses, in blocks of lanes."""
    directions, n_segments = start_changes.shape[2], stretches.edges.shape[1] - 1
    alike, starts = doses_alike(system, n_segments, directions), in_blocks(start_changes, LANES)
    ends = np.zeros_like(starts)
    if (changes := stretches.changes) is None:
        return alike._replace(starts=starts, ends=ends)
    matrix = system.dose_matrix()
    inflows, boluses = (
        in_blocks(np.einsum("rsdn,dy->rsyn", of_drugs, matrix), LANES, directions)
        for of_drugs in (changes.rates, changes.boluses)
    )
    delays = np.zeros((len(stretches), n_segments, alike.delays.shape[2]))
    delays[..., : changes.delays.shape[2]] = changes.delays
    return DoseDerivatives(starts, inflows, boluses, delays, ends)
