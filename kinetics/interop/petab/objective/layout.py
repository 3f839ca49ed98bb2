"""Where measurements are read: the period of an experiment, its time there, and what replaces placeholders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from kinetics.errors import Faults
from kinetics.interop.petab.objective.assembling import PetabModel
from kinetics.interop.petab.objective.plan import PlannedExperiment
from kinetics.interop.petab.problem.problem import PetabProblem
from kinetics.text.suggestions import did_you_mean
from kinetics.units import read_number

_Replacement: TypeAlias = tuple[int, int, float | None]
"""Numbers of a placeholder and of the parameter that replaces it, and the number that does so instead."""


@dataclass(frozen=True, eq=False)
class Overrides:
    """Lists of replacements, as arrays: a list that is shorter than others repeats its last one.

    Parameters
    ----------
    of_measurement : ndarray of int, (measurement,)
        The list of each measurement.
    placeholders : ndarray of int, (list, replacement)
        Numbers of parameters of the model.
    sources : ndarray of int, (list, replacement)
        Numbers of the parameters that replace them.
    values : ndarray, (list, replacement)
        The numbers that replace them; NaN where a parameter does.
    """

    of_measurement: np.ndarray
    placeholders: np.ndarray
    sources: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, problem: PetabProblem, assembled: PetabModel) -> Overrides:
        """Those of a problem.

        Raises
        ------
        InputError
            With every measurement that names a parameter that there is not.
        """
        numbers = list(assembled.model.defaults).index
        known = {name: numbers(own) for name, own in assembled.parameters.items()}
        known |= {
            name: numbers(entity.target)
            for name, entity in assembled.entities.items()
            if entity.target in assembled.model.parameters and name not in known
        }
        faults, kinds, of_measurement = Faults(), dict[tuple[_Replacement, ...], int](), list[int]()
        for row in problem.measurements:
            observable, own = problem.observables[row.observable], list[_Replacement]()
            names = (*observable.placeholders, *observable.noise_placeholders)
            for name, text in zip(names, (*row.overrides, *row.noise_overrides), strict=True):
                number = read_number(text)
                if number is None and text not in known:
                    faults.add(f"there is no parameter '{text:.40}'{did_you_mean(text, known)}", row.where, name)
                own.append((known[name], known.get(text, 0), number))
            of_measurement.append(kinds.setdefault(tuple(own), len(kinds)))
        faults.raise_if_any()
        nothing = (0, 0, None)  # the first parameter stays what it is
        longest = max((len(own) for own in kinds), default=0)
        padded = [[*own, *[(own or (nothing,))[-1]] * (longest - len(own))] for own in kinds]
        table = np.array(padded, dtype=float).reshape(len(kinds), longest, 3)
        placeholders, sources = table[..., 0].astype(int), table[..., 1].astype(int)
        return cls(np.array(of_measurement, dtype=int), placeholders, sources, table[..., 2])

    def replace(self, kinds: np.ndarray, parameters: np.ndarray, changes: np.ndarray) -> None:
        """Replace the placeholders of the lists ``kinds``, (row,), in place.

        Parameters are (row, parameter), their derivatives (row, parameter, estimated).
        """
        rows, placeholders, sources = np.arange(len(kinds))[:, None], self.placeholders[kinds], self.sources[kinds]
        by_parameter = np.isnan(values := self.values[kinds])
        parameters[rows, placeholders] = np.where(by_parameter, parameters[rows, sources], values)
        changes[rows, placeholders] = np.where(by_parameter[..., None], changes[rows, sources], 0.0)


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
