"""Stretches of many patients, one after the other, by an engine that differentiates a single patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from kinetics.compile import System
from kinetics.engines.sensitivity import Directions, SensitiveTrajectory
from kinetics.engines.stretches import Passage, Stretches
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.errors import IntegrationError

Differentiate: TypeAlias = Callable[..., SensitiveTrajectory]
"""`kinetics.engines.sensitivity.differentiate`, that of `kinetics.engines.batch.single`, or one that follows events."""


def integrate_stretches(
    differentiate: Differentiate,
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
    columns, functions = [system.outputs.index(name) for name in outputs], system.functions
    for row in range(rows):
        if passage.reasons[row] or not np.isfinite(starts[row]).all():
            continue
        own, segments = constants[row], stretches.of(row)
        size = state_scale(system, own, functions.initial(own), segments.largest) if scale is None else scale[row]
        by = _directions(system, own, stretches, row, start_changes[row], names)
        try:
            found = differentiate(system, own, segments, starts[row], by, tolerances=tolerances, scale=size)
            found.check_read(times[row])
        except IntegrationError as error:
            passage.reasons[row] = str(error)
            continue
        values = _read(found.with_tangent, np.append(times[row], found.with_tangent[-1].t_max), found.start)
        passage.ends[row], passage.end_changes[row] = values[-1, :states], values[-1, states:].reshape(-1, states).T
        for time, z in enumerate(values[:-1]):
            y, changes = z[:states], z[states:].reshape(-1, states).T
            passage.outputs[row, time] = functions.outputs(y, own)[columns]
            if directions:
                direct = functions.outputs_by_constant(y, own) @ by.constants
                passage.gradients[row, time] = (functions.outputs_by_state(y, own) @ changes + direct)[columns]
    return passage


def _directions(
    system: System,
    constants: np.ndarray,
    stretches: Stretches,
    row: int,
    start_changes: np.ndarray,
    names: Sequence[str],
) -> Directions:
    """Parameters of some names, and then other changes of the start."""
    parameters, segments, doses = constants[: len(system.parameters)], stretches.of(row), system.dose_matrix()
    of_names, count = Directions.of(system, parameters, names, segments), len(names)
    size = start_changes.shape[1]
    by_constant, delays = np.zeros((constants.size, size)), np.zeros((len(segments), size))
    by_constant[:, :count] = of_names.constants
    inflows, boluses = np.zeros((2, len(segments), len(system.states), size))
    if (changes := stretches.changes) is not None:
        chosen, known = slice(len(segments)), slice(changes.rates.shape[-1])  # of doses by names, or by all directions
        inflows[:, :, known] = np.einsum("sdn,dy->syn", changes.rates[row, chosen], doses)
        boluses[:, :, known] = np.einsum("sdn,dy->syn", changes.boluses[row, chosen], doses)
        delays[:, known] = changes.delays[row, chosen]
    return Directions(start_changes, by_constant, of_names.entered, inflows, boluses, delays)


def _read(pieces: Sequence[Any], times: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The vector at times, (time, component); at an edge that before it. Times differ from edges on purpose."""
    piece = np.searchsorted([piece.t_max for piece in pieces[:-1]], times, side="left")
    pairs = zip(piece, times, strict=True)
    return np.array([first if time <= 0.0 else pieces[own](np.array([time]))[:, 0] for own, time in pairs])
