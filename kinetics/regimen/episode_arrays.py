"""`Histories`: doses, covariates and output times of many patients in arrays, cut into episodes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kinetics.regimen.scheduled_doses import ScheduledDoses


@dataclass(frozen=True, eq=False)
class Histories:
    """The histories of many patients in arrays: cut into episodes, in each of which constants are the same.

    Parameters
    ----------
    drugs : tuple of str
        Those of the model.
    n_times : tuple of int, (patient,)
        How many output times each has.
    covariates : tuple of str
        The parameters that follow a covariate in any patient.
    values : ndarray, (episode, covariate)
        Their values, in the units of the model. NaN where a patient has that of its parameters.
    occasion : ndarray of int, (episode,)
        The number of the occasion, from 0.
    patient : ndarray of int, (episode,)
        Whose episode it is; those of a patient follow each other.
    begin, end : ndarray, (episode,)
        In model time.
    is_new : ndarray of bool, (episode,)
        Whether it starts afresh, and not from where the episode before it ends.
    is_reset : ndarray of bool, (episode,)
        Whether the initial states are part of its start.
    times, index : ndarray, (episode, time)
        Output times since its begin, padded with the last, and their numbers among the patient's, padded with -1.
    doses : ScheduledDoses
        All doses; ``episode`` is the one of their time, whose constants they have.
    dose, into : ndarray of int, (pair,)
        Doses and the episodes in which they may act.
    trains : ScheduledDoses
        Endless repetitions; the steady state of each is part of the start of episode ``starts``, (train,).
    starts : ndarray of int, (train,)
        See ``trains``.
    train, follows : ndarray of int, (pair,)
        Endless repetitions and the episodes in which what is left of them may act.
    same : float
        Times closer than this are one, in model time.
    """

    drugs: tuple[str, ...]
    n_times: tuple[int, ...]
    covariates: tuple[str, ...]
    values: np.ndarray
    occasion: np.ndarray
    patient: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    is_new: np.ndarray
    is_reset: np.ndarray
    times: np.ndarray
    index: np.ndarray
    doses: ScheduledDoses
    dose: np.ndarray
    into: np.ndarray
    trains: ScheduledDoses
    starts: np.ndarray
    train: np.ndarray
    follows: np.ndarray
    same: float

    def __len__(self) -> int:
        return len(self.n_times)

    def take(self, patients: np.ndarray) -> Histories:
        """The histories of some patients, by number, (lane,): in that order, and as often as they are named."""
        size = len(self)
        episodes = _Copies(self.patient, patients, size)
        doses, trains = (_Copies(self.patient[of.episode], patients, size) for of in (self.doses, self.trains))
        pairs, follows = (_Copies(self.patient[into], patients, size) for into in (self.into, self.follows))

        def moved(episode: np.ndarray, copies: _Copies) -> np.ndarray:
            """Numbers of episodes among those of the copies."""
            return episodes.moved(episode[copies.rows], copies.lane)

        of_episodes = ("values", "occasion", "begin", "end", "is_new", "is_reset", "times", "index")
        return replace(
            self,
            n_times=tuple(np.array(self.n_times, dtype=int)[patients].tolist()),
            patient=episodes.lane,
            **{key: getattr(self, key)[episodes.rows] for key in of_episodes},
            doses=replace(self.doses.take(doses.rows), episode=moved(self.doses.episode, doses)),
            dose=doses.moved(self.dose[pairs.rows], pairs.lane),
            into=moved(self.into, pairs),
            trains=replace(self.trains.take(trains.rows), episode=moved(self.trains.episode, trains)),
            starts=moved(self.starts, trains),
            train=trains.moved(self.train[follows.rows], follows.lane),
            follows=moved(self.follows, follows),
        )


class _Copies:
    """The rows of a table that belong to some patients, (lane,), where those of a patient follow each other.

    ``rows`` are their numbers in the table, ``lane`` whose copy each is.
    """

    def __init__(self, owner: np.ndarray, patients: np.ndarray, size: int) -> None:
        counts = np.bincount(owner, minlength=size)
        self._first: np.ndarray = (np.cumsum(counts) - counts)[patients]
        own = counts[patients]
        self._begin: np.ndarray = np.cumsum(own) - own
        self.lane: np.ndarray = np.repeat(np.arange(len(patients)), own)
        self.rows: np.ndarray = np.arange(own.sum()) + (self._first - self._begin)[self.lane]

    def moved(self, rows: np.ndarray, lane: np.ndarray) -> np.ndarray:
        """The numbers, among the copies, of rows of the table, each in the copy of its lane."""
        return rows + (self._begin - self._first)[lane]
