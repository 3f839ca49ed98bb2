"""What many patients get in a stretch of time each, and what an engine makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kinetics.regimen import Segments


class DoseChanges(NamedTuple):
    """Derivatives of doses by parameters.

    Parameters
    ----------
    rates : ndarray, (row, segment, drug, name)
        Of rates.
    boluses : ndarray, (row, segment, drug, name)
        Of boluses, with the jumps of sensitivities where an infusion starts or ends at a time that depends on
        parameters: the rate before it less the rate after it, times the derivative of the time.
    delays : ndarray, (row, segment, name)
        Of the times of boluses.
    """

    rates: np.ndarray
    boluses: np.ndarray
    delays: np.ndarray


@dataclass(frozen=True, eq=False)
class Stretches:
    """Doses of many patients from time 0 on, each with edges of its own; arrays are as long as the longest needs.

    Parameters
    ----------
    drugs : tuple of str
        Those of the model.
    segments : ndarray of int, (row,)
        How many each has.
    edges : ndarray, (row, segment + 1)
        In model time.
    rates, boluses : ndarray, (row, segment, drug)
        As in `kinetics.regimen.Segments`.
    changes : DoseChanges, optional
        Their derivatives by parameters; None if no dose depends on any.
    """

    drugs: tuple[str, ...]
    segments: np.ndarray
    edges: np.ndarray
    rates: np.ndarray
    boluses: np.ndarray
    changes: DoseChanges | None = None

    def __len__(self) -> int:
        return len(self.segments)

    @property
    def largest(self) -> np.ndarray:
        """(row, drug), model dose unit: the most that is given in one segment."""
        given = np.diff(self.edges, axis=1)[:, :, None] * self.rates + self.boluses
        return given.max(axis=1, initial=0.0)

    def of(self, row: int) -> Segments:
        """Those of one patient."""
        size = self.segments[row]
        return Segments(self.drugs, self.edges[row, : size + 1], self.rates[row, :size], self.boluses[row, :size])


@dataclass(frozen=True, eq=False)
class Passage:
    """Many patients, integrated from the start of their stretch to its end.

    Parameters
    ----------
    outputs : ndarray, (row, time, output)
        In the units of the model; NaN for a row that failed.
    gradients : ndarray, (row, time, output, direction)
        Derivatives of the outputs, by parameters and then by other changes of the start.
    ends : ndarray, (row, state)
        The last states.
    end_changes : ndarray, (row, state, direction)
        Their derivatives, by parameters and then by other changes of the start.
    reasons : list of str
        Why a row failed; empty for one that did not.
    """

    outputs: np.ndarray
    gradients: np.ndarray
    ends: np.ndarray
    end_changes: np.ndarray
    reasons: list[str]
