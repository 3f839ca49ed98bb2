"""Derivatives by the parameters of each occasion, for engines that know the parameters of one."""

from __future__ import annotations

from functools import cached_property

import numpy as np


class Directions:
    """What derivatives are by, on a last axis: the parameters of the first occasion, those of the second, and so on.

    An engine differentiates a row by parameters, which are those of the row's own occasion, and by other changes of
    its start. The parameters of earlier occasions act on a row in this way alone, through the state that they left: a
    sensitivity with no term of its own in the equations. Cutting time where an occasion begins is therefore exact, and
    the compiled loops need to know nothing of occasions.

    Parameters
    ----------
    names : int
        The number of parameters to differentiate by.
    occasions : int
        The number of occasions.

    Examples
    --------
    >>> directions = Directions(names=1, occasions=3)
    >>> directions.in_order(np.array([[7.0]]), np.array([1]))  # of a row of the second occasion
    array([[0., 7., 0.]])
    >>> directions.own_first(np.array([[5.0, 7.0, 0.0]]), np.array([1]))
    array([[7., 5.]])
    """

    def __init__(self, names: int, occasions: int) -> None:
        self.names, self.occasions = names, occasions

    @cached_property
    def _order(self) -> np.ndarray:
        """The directions of a row of each occasion, its own first, (occasion, direction)."""
        every = range(self.occasions)
        blocks = np.array([[own, *(other for other in every if other != own)] for own in every], dtype=int)
        return (blocks[:, :, None] * self.names + np.arange(self.names)).reshape(self.occasions, -1)

    def own_first(self, changes: np.ndarray, occasion: np.ndarray, latest: int | None = None) -> np.ndarray:
        """Those of each row's own occasion, then of the others up to the latest of any row, (row, ..., direction)."""
        if self.occasions == 1:
            return changes
        latest = int(occasion.max(initial=0)) if latest is None else latest
        chosen = self._order[occasion, : self.names * (latest + 1)]  # a later occasion has changed nothing yet
        return np.take_along_axis(changes, _aligned(chosen, changes.ndim), axis=-1)

    def in_order(self, changes: np.ndarray, occasion: np.ndarray) -> np.ndarray:
        """The inverse, (row, ..., direction); zeros for directions that are left out."""
        if self.occasions == 1:
            return changes
        result = np.zeros((*changes.shape[:-1], self.names * self.occasions))
        chosen = self._order[occasion, : changes.shape[-1]]
        np.put_along_axis(result, _aligned(chosen, changes.ndim), changes, axis=-1)
        return result


def _aligned(rows: np.ndarray, dims: int) -> np.ndarray:
    """(row, direction) with axes of length one between, so that there are as many as ``dims``."""
    return rows.reshape(len(rows), *[1] * (dims - 2), rows.shape[1])
