"""One history at many sets of parameters: how each episode starts, and what is given in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from kinetics.compile import System
from kinetics.engines.dosing.integrating import ENGINES
from kinetics.engines.dosing.run import Run
from kinetics.engines.tolerances import Tolerances
from kinetics.errors import InputError
from kinetics.regimen import Segments
from kinetics.regimen.episode_arrays import Histories


class EpisodePlans:
    """The episodes of one history at many sets of parameters; for an engine that integrates one after the other.

    Parameters
    ----------
    system : System
        The compiled model.
    history : Histories
        Of one patient.
    parameters : ndarray, (set, parameter), or (set, occasion, parameter)
        All parameters of each set, in the model's units; or of each occasion, if it has its own.
    until : float
        Where the last episode ends, in the model's time.
    engine : {"batch", "scipy"}
        Which finds steady states.
    tolerances : Tolerances
        Error bounds of these.

    Attributes
    ----------
    begin, end : ndarray, (episode,)
        In the model's time.
    reasons : list of str, (set,)
        Why a set has no steady state; empty for one that has.

    Raises
    ------
    InputError
        If there are more patients.
    """

    def __init__(
        self,
        system: System,
        history: Histories,
        parameters: np.ndarray,
        until: float,
        engine: Literal["batch", "scipy"],
        tolerances: Tolerances,
    ) -> None:
        if len(history) != 1:
            raise InputError(f"needs the history of one patient, found {len(history)}")
        inside = history.begin < until - history.same
        self.begin = history.begin
        self.end = np.where(inside, np.minimum(history.end, until), history.end)
        copies = replace(history, end=self.end).take(np.zeros(len(parameters), dtype=int))
        self._run = Run(system, copies, parameters, (), (), ENGINES[engine][0], tolerances)
        self._steady, self._leftover = self._run.steady_states(), self._run.leftover()
        self._ends = np.full_like(self._run.rest, np.nan)
        self._is_new, self._parameters, self._occasion = history.is_new, parameters, history.occasion
        self.reasons = [""] * len(parameters)
        for train, reason in enumerate(self._steady.reasons):
            index = copies.patient[copies.starts[train]]
            self.reasons[index] = self.reasons[index] or reason

    def __len__(self) -> int:
        return len(self.begin)

    def goes_on(self, episode: int) -> bool:
        """Whether an episode starts from the state at the end of the one before it."""
        return episode < len(self) and not self._is_new[episode]

    def starts(self, episode: int, before: np.ndarray | None = None) -> np.ndarray:
        """The states at the start of an episode, before any dose of it.

        Parameters
        ----------
        episode : int
            Its number.
        before : ndarray, (set, state), optional
            The states at the end of the episode before it; needed if it `goes_on`.

        Returns
        -------
        ndarray, (set, state)
            NaN for a set that has none.
        """
        if before is not None:
            self._ends[self._rows(episode - 1)] = before
        return self._run.starts(self._rows(episode), self._steady, self._ends, np.zeros((*self._ends.shape, 0)))[0]

    def constants(self, episode: int) -> np.ndarray:
        """Parameters and derived constants in an episode, (set, constant)."""
        return self._run.constants[self._rows(episode)]

    def parameters(self, episode: int) -> np.ndarray:
        """Those in an episode, (set, parameter)."""
        return self._parameters if self._parameters.ndim == 2 else self._parameters[:, self._occasion[episode]]

    def segments(self, episode: int) -> list[Segments]:
        """What is given in an episode, by set; times count from its begin."""
        stretches = self._run.stretches(self._rows(episode), self._leftover)
        return [stretches.of(row) for row in range(len(stretches))]

    def _rows(self, episode: int) -> np.ndarray:
        """The episode in the copies of the history, which stand one after the other."""
        return episode + len(self) * np.arange(len(self.reasons))
