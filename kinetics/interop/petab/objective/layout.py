"""Where measurements are read: the period of an experiment, its time there, and what replaces placeholders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.interop.petab.objective.overrides import Overrides
from kinetics.interop.petab.objective.plan import PlannedExperiment

Piece = tuple[tuple[int, int], np.ndarray, np.ndarray]
"""Numbers of an experiment and of a period in it; the measurements there, and the numbers of their times."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Measurements by period, and as rows that share their constants.

    Parameters
    ----------
    pieces : list of Piece
        Each measurement is in one of them.
    row : ndarray of int, (measurement,)
        The row of each.
    settings, overrides : ndarray of int, (row,)
        The piece that has its settings, and its list of replacements.
    """

    pieces: list[Piece]
    row: np.ndarray
    settings: np.ndarray
    overrides: np.ndarray

    @classmethod
    def of(
        cls,
        planned: Sequence[PlannedExperiment],
        measured: Sequence[tuple[np.ndarray, np.ndarray]],
        overrides: Overrides,
    ) -> Layout:
        """That of experiments, with numbers and times of the measurements of each."""
        pieces = [
            ((experiment, number), rows[own], order)
            for experiment, (one, (rows, times)) in enumerate(zip(planned, measured, strict=True))
            for number, own, order in one.places(times)
        ]
        piece = np.empty(len(overrides.of_measurement), dtype=int)
        for number, (_, rows, _) in enumerate(pieces):
            piece[rows] = number
        lists = len(overrides.placeholders)
        different, row = np.unique(piece * lists + overrides.of_measurement, return_inverse=True)
        return cls(pieces, row, *np.divmod(different, lists))
