"""Error bounds of a step, and the size of each state that they count from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.compile import System
from kinetics.regimen import Segments, Triggers

__all__ = ["Tolerances", "state_scale"]


@dataclass(frozen=True)
class Tolerances:
    """Error bounds of a step.

    Parameters
    ----------
    relative : float
        Relative tolerance of every state.
    absolute : float
        Absolute tolerance as a fraction of each state's scale: its value at rest, or the largest dose into it. The
        nadir lies four orders of magnitude below rest, so this one decides the error there.
    """

    relative: float
    absolute: float


def state_scale(system: System, start: np.ndarray, segments: Segments, triggers: Triggers | None = None) -> np.ndarray:
    """The size of each state: its start, or the largest dose into it, or that of a state of its unit, or 1.

    Doses of rules count too. ``start`` is (..., state), of one patient or of many, and so is the result.
    """
    given = segments.largest if triggers is None else np.maximum(segments.largest, triggers.gifts.max(axis=0))
    scale = np.maximum(np.abs(start), given @ system.dose_matrix())
    alike = np.stack([scale[..., same].max(axis=-1) for same in system.states_alike], axis=-1)
    return np.where(scale > 0, scale, np.where(alike > 0, alike, 1.0))
