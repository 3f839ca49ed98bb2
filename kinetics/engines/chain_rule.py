"""The chain rule around an engine: derivatives by anything that parameters and start are functions of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinetics.compile import System
from kinetics.engines.stretches import Passage, Stretches
from kinetics.engines.tolerances import Tolerances

SMALL = 1e-3
"""Singular values of scaled derivatives, over the largest, that have a direction of their own; any share is right."""

Integrate = Callable[..., Passage]
"""`kinetics.engines.batch.stretches.integrate_stretches` or what `kinetics.engines.one_by_one` does."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows with constants of their own, which are functions of what is estimated.

    Parameters
    ----------
    system : System
        The compiled model.
    parameters : ndarray, (row, parameter)
        All parameters, in the model's units.
    changes : ndarray, (row, parameter, direction)
        Their derivatives.
    constants : ndarray, (row, constant)
        Parameters and derived constants.
    by_direction : ndarray, (row, constant, direction)
        Their derivatives.
    scale : ndarray, (row, state)
        The size of each state, from which absolute tolerances count.
    infusions : ndarray, (row, drug)
        Rates of infusions that do not change, dose unit per time.
    """

    system: System
    parameters: np.ndarray
    changes: np.ndarray
    constants: np.ndarray
    by_direction: np.ndarray
    scale: np.ndarray
    infusions: np.ndarray

    @classmethod
    def of(
        cls,
        system: System,
        parameters: np.ndarray,
        changes: np.ndarray,
        scale: np.ndarray,
        infusions: np.ndarray | None = None,
    ) -> Rows:
        """Rows with the constants that follow; nothing is infused by default."""
        used = np.flatnonzero(changes.any(axis=(0, 2))).tolist()
        by_parameter = system.functions.constants_by_parameter_table(parameters, used)
        if infusions is None:
            infusions = np.zeros((len(parameters), len(system.model.doses)))
        constants = system.constants_table(parameters)
        return cls(system, parameters, changes, constants, by_parameter @ changes[:, used], scale, infusions)

    def take(self, rows: np.ndarray) -> Rows:
        """Those of some numbers, in order and each once."""
        if len(rows) == len(self.parameters):
            return self
        tables = ("parameters", "changes", "constants", "by_direction", "scale", "infusions")
        return replace(self, **{name: getattr(self, name)[rows] for name in tables})

    def without_derivatives(self) -> Rows:
        """The same rows without directions."""
        return replace(self, changes=self.changes[..., :0], by_direction=self.by_direction[..., :0])


def integrate_rows(
    integrate: Integrate,
    rows: Rows,
    lengths: np.ndarray,
    times: np.ndarray,
    starts: np.ndarray,
    start_changes: np.ndarray,
    outputs: Sequence[str],
    tolerances: Tolerances,
) -> Passage:
    """Integrate rows, with derivatives by directions.

    An engine differentiates by parameters, and by changes of the start. With the derivatives D of parameters by
    directions, and Q of the parameters' columns of the start, the result S = P D + R N' has P(0) = S(0) D^+ and
    R(0) = S(0) N, where N spans what D leaves out: no direction is integrated twice.

    Parameters
    ----------
    integrate : callable
        The engine, see `Integrate`.
    rows : Rows
        What is integrated.
    lengths : ndarray, (row,)
        How long each is integrated; positive.
    times : ndarray, (row, time)
        Output times in order, from 0 to the length.
    starts : ndarray, (row, state)
        The states at 0; a row that is not finite is left out.
    start_changes : ndarray, (row, state, direction)
        Their derivatives.
    outputs : sequence of str
        The outputs that are returned.
    tolerances : Tolerances
        Error bounds.
    """
    system, size = rows.system, len(lengths)
    used = np.flatnonzero(rows.changes.any(axis=(0, 2)))
    names, changes = [system.parameters[number] for number in used], rows.changes[:, used]
    first, rest = _split(changes, start_changes)
    edges = np.stack([np.zeros(size), np.asarray(lengths, dtype=float)], axis=1)
    none = np.zeros((size, 1, len(system.model.doses)))
    stretches = Stretches(
        tuple(system.model.doses), np.ones(size, dtype=np.int64), edges, rows.infusions[:, None], none
    )
    of_engine = np.concatenate([first, start_changes @ rest], axis=2)
    passage = integrate(
        system, rows.constants, stretches, times, starts, of_engine, names, outputs, tolerances, scale=rows.scale
    )
    back = np.concatenate([changes, np.swapaxes(rest, 1, 2)], axis=1)
    return replace(passage, gradients=passage.gradients @ back[:, None], end_changes=passage.end_changes @ back)


def _split(changes: np.ndarray, start_changes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What parameters do to the start, (row, state, parameter), and directions that are left, (row, direction, n)."""
    size, used, directions = changes.shape
    if not directions:
        return np.zeros((size, start_changes.shape[1], used)), np.zeros((size, 0, 0))
    largest = np.abs(changes).max(axis=2, initial=0.0)[..., None]
    largest = np.where(largest > 0, largest, 1.0)
    if not used or not start_changes.any():
        nothing = np.zeros((size, start_changes.shape[1], used))
        rest = np.broadcast_to(np.eye(directions), (size, directions, directions))
        return nothing, rest if start_changes.any() else rest[..., :0]
    u, values, vt = np.linalg.svd(changes / largest, full_matrices=True)
    inside = values > SMALL * values[:, :1]
    inverse = np.where(inside, 1.0 / np.where(inside, values, 1.0), 0.0)
    v, held = np.swapaxes(vt, 1, 2), values.shape[1]
    first = start_changes @ (v[..., :held] * inverse[:, None]) @ np.swapaxes(u[..., :held], 1, 2)
    left_out = np.ones((size, directions), dtype=bool)
    left_out[:, :held] = ~inside
    rest = np.where(left_out[:, None], v, 0.0)
    return first / np.swapaxes(largest, 1, 2), rest[..., (start_changes @ rest).any(axis=(0, 1))]
