"""The reference engine for stretches: patients one after the other, states and derivatives with LSODA."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.engines.guard import Guard
from kinetics.engines.scipy import StretchSolver
from kinetics.engines.sensitivity import augmented_jacobian, augmented_rate
from kinetics.engines.stretches import Passage, Stretches
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.errors import IntegrationError
from kinetics.regimen import Segments


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
    """What `kinetics.engines.batch.stretches.integrate_stretches` does, patient by patient."""
    rows, states, directions = start_changes.shape
    passage = Passage(
        np.full((*times.shape, len(outputs)), np.nan),
        np.full((*times.shape, len(outputs), directions), np.nan),
        np.full((rows, states), np.nan),
        np.full((rows, states, directions), np.nan),
        [system.impossible(own) for own in constants],
    )
    by = [system.parameters.index(name) for name in names]
    columns = [system.outputs.index(name) for name in outputs]
    for row in range(rows):
        if passage.reasons[row] or not np.isfinite(starts[row]).all():
            continue
        by_parameter = np.zeros((constants.shape[1], directions))
        own = constants[row, : len(system.parameters)]
        by_parameter[:, : len(names)] = system.functions.constants_by_parameter(own)[:, by]
        first = np.concatenate([starts[row], start_changes[row].T.ravel()])
        try:
            size = _scale(system, constants[row], stretches.of(row)) if scale is None else scale[row]
            pieces = _solve(system, constants[row], by_parameter, stretches, row, first, tolerances, size)
        except IntegrationError as error:
            passage.reasons[row] = str(error)
            continue
        values = _read(pieces, np.append(times[row], pieces[-1].t_max), first)
        passage.ends[row], passage.end_changes[row] = values[-1, :states], values[-1, states:].reshape(-1, states).T
        for time, z in enumerate(values[:-1]):
            y, changes = z[:states], z[states:].reshape(-1, states).T
            passage.outputs[row, time] = system.functions.outputs(y, constants[row])[columns]
            if directions:
                through_states = system.functions.outputs_by_state(y, constants[row]) @ changes
                direct = system.functions.outputs_by_constant(y, constants[row]) @ by_parameter
                passage.gradients[row, time] = (through_states + direct)[columns]
    return passage


def _solve(
    system: System,
    constants: np.ndarray,
    by_parameter: np.ndarray,
    stretches: Stretches,
    row: int,
    first: np.ndarray,
    tolerances: Tolerances,
    scale: np.ndarray,
) -> list[Any]:
    """The pieces of one patient: states, then their derivatives by each direction in turn."""
    functions, doses, n = system.functions, system.dose_matrix(), len(system.states)
    segments, directions = stretches.of(row), by_parameter.shape[1]
    absolute = tolerances.bounds(system, scale)
    atol = np.concatenate([absolute, *(absolute / size for size in _sizes(system, constants, by_parameter))])
    solver = StretchSolver(system, segments, "LSODA", tolerances.relative, atol, Guard(system, absolute))
    pieces, z = list[Any](), first
    for segment, span in enumerate(pairwise(segments.edges)):
        inflow, bolus = segments.rates[segment] @ doses, segments.boluses[segment] @ doses
        inflow_change = np.zeros((n, directions))
        before, z = z[:n], z.copy()
        z[:n] += bolus
        if (changes := stretches.changes) is not None:
            names = changes.delays.shape[2]
            inflow_change[:, :names] = doses.T @ changes.rates[row, segment]
            slower = functions.rate(before, constants, inflow) - functions.rate(z[:n], constants, inflow)
            jump = doses.T @ changes.boluses[row, segment] + np.outer(slower, changes.delays[row, segment])
            z[n : n + n * names] += jump.T.ravel()
        rate = partial(augmented_rate, functions, constants, by_parameter, inflow, inflow_change)
        jacobian = partial(augmented_jacobian, functions, constants, n)
        piece, z = solver.solve(rate, jacobian, segment, span, z, lband=n - 1, uband=n - 1)
        pieces.append(piece)
    return pieces


def _scale(system: System, constants: np.ndarray, segments: Segments) -> np.ndarray:
    """The size of each state, of the model's own start and of doses."""
    return state_scale(system, constants, system.functions.initial(constants), segments.largest)


def _read(pieces: Sequence[Any], times: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The vector at times, (time, component); at an edge that before it. Times differ from edges on purpose."""
    piece = np.searchsorted([piece.t_max for piece in pieces[:-1]], times, side="left")
    values = [first if time <= 0.0 else pieces[own](time) for own, time in zip(piece, times, strict=True)]
    return np.array(values)


def _sizes(system: System, constants: np.ndarray, by_parameter: np.ndarray) -> np.ndarray:
    """The size of what each direction is a derivative by, (direction,): of a parameter its value, else 1."""
    parameters = constants[: len(system.parameters)]
    values = np.abs(parameters @ by_parameter[: len(system.parameters)])
    return np.where(values > 0, values, 1.0)
