"""Observations of individuals: ragged rows, padded to one rectangle, in an order that rows of a table cannot change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.errors import Fault, Faults, InputError


@dataclass(frozen=True, eq=False)
class Observations:
    """Observations of all individuals, each array (individual, observation); padded where ``present`` is False.

    Make them with `from_table`.

    Parameters
    ----------
    ids : tuple of str
        The individuals, in their order.
    analytes : tuple of str
        What is observed.
    rows : ndarray of int
        The row of the table; -1 for padding.
    times, lower, upper : ndarray
        Time, and the interval in which the value is: one number twice for a value that was quantified, minus infinity
        to the limit for one below it, the limit to infinity for one above it.
    analyte, occasion : ndarray of int
        Indices.
    """

    ids: tuple[str, ...]
    analytes: tuple[str, ...]
    rows: np.ndarray
    times: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    analyte: np.ndarray
    occasion: np.ndarray

    @classmethod
    def from_table(
        cls,
        ids: Sequence[object],
        times: Sequence[float] | np.ndarray,
        values: Sequence[float] | np.ndarray,
        *,
        upper: Sequence[float] | np.ndarray | None = None,
        analytes: Sequence[str] | None = None,
        occasions: Sequence[int] | np.ndarray | None = None,
        individuals: Sequence[object] = (),
    ) -> Observations:
        """Observations of a long table, one row each.

        Parameters
        ----------
        ids : sequence
            The individual of each row; its text is the id.
        times, values : sequence of float
            Time and value. A value below a limit of quantification is ``-inf``, with the limit as its ``upper``.
        upper : sequence of float, optional
            The end of the interval in which the value is; where equal to the value, it was quantified.
        analytes : sequence of str, optional
            What was observed; one analyte, ``y``, if left out.
        occasions : sequence of int, optional
            The number of the occasion, from 0; one occasion if left out.
        individuals : sequence, optional
            Further individuals, who may have no row: what is said of them is what the population says.

        Raises
        ------
        InputError
            For a table without rows, columns of different lengths, a time or interval that is no number, or an interval
            that is reversed.

        Examples
        --------
        >>> table = Observations.from_table(["b", "a", "a"], [0, 2, 1], [5.0, 3.0, -np.inf], upper=[5.0, 3.0, 0.5])
        >>> table.ids, table.rows.tolist(), table.censored.tolist()
        (('a', 'b'), [[2, 1], [0, -1]], [[True, False], [False, False]])
        """
        names = np.array([str(one) for one in ids])
        lower = np.asarray(values, dtype=float)
        top = lower if upper is None else np.asarray(upper, dtype=float)
        kinds = np.array(["y"] * names.size if analytes is None else [str(one) for one in analytes])
        visit = np.zeros(names.size, dtype=int) if occasions is None else np.asarray(occasions, dtype=int)
        when = np.asarray(times, dtype=float)
        _check(names, when, lower, top, kinds, visit)
        unique_kinds = tuple(sorted(set(kinds.tolist())))
        unique_ids = tuple(sorted({*names.tolist(), *(str(one) for one in individuals)}, key=_natural))
        rank = {name: index for index, name in enumerate(unique_ids)}
        individual = np.array([rank[name] for name in names.tolist()], dtype=int)
        kind = np.searchsorted(unique_kinds, kinds)
        order = np.lexsort((top, lower, kind, when, visit, individual))
        counts = np.bincount(individual, minlength=len(unique_ids))
        rows = np.full((len(unique_ids), max(counts.max(initial=0), 1)), -1)
        rows[np.arange(rows.shape[1]) < counts[:, None]] = order
        return cls(
            unique_ids, unique_kinds, rows,
            *(_padded(column, rows) for column in (when, lower, top, kind, visit)),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def present(self) -> np.ndarray:
        """Whether there is an observation, (individual, observation)."""
        return self.rows >= 0

    @cached_property
    def censored(self) -> np.ndarray:
        """Whether only an interval is known, (individual, observation)."""
        return self.present & (self.lower != self.upper)

    @property
    def n_quantified(self) -> int:
        """The number of values that were quantified."""
        return int((self.present & ~self.censored).sum())

    @cached_property
    def n_occasions(self) -> int:
        """The number of occasions, of the individual that has most."""
        return int(self.occasion.max(initial=0)) + 1

    def pad(self, column: Sequence[float] | np.ndarray) -> np.ndarray:
        """Arrange another column of the table as these are, (individual, observation); padding repeats a row."""
        return _padded(np.asarray(column), self.rows)

    def first(self, column: Sequence[float] | np.ndarray) -> np.ndarray:
        """The value of a column at the first observation of each individual, (individual,): a constant covariate.

        `InputError` for individuals without an observation.
        """
        missing = [Fault("has no observation", "individual", self.ids[i]) for i in np.flatnonzero(self.rows[:, 0] < 0)]
        if missing:
            raise InputError(*missing)
        return np.asarray(column)[self.rows[:, 0]]


def _padded(column: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """A column by individual; padding repeats a row, so that any formula stays within its domain."""
    return column[np.where(rows >= 0, rows, np.maximum(rows[:, :1], 0))]


def _natural(name: str) -> tuple[bool, float, str]:
    """Numbers in numerical order, before names."""
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name


def _check(names: np.ndarray, times: np.ndarray, lower: np.ndarray, upper: np.ndarray, *others: np.ndarray) -> None:
    faults = Faults()
    if {column.shape for column in (times, lower, upper, *others)} != {names.shape}:
        faults.add("the columns of a table must have one length", "observations")
    elif not names.size:
        faults.add("there are no observations", "observations")
    faults.raise_if_any()
    for row in np.flatnonzero(~np.isfinite(times)):
        faults.add(f"the time is {times[row]}; it must be a number", f"observation {row}", names[row])
    for row in np.flatnonzero(~(lower <= upper) | np.isposinf(lower) | np.isneginf(upper)):
        faults.add(
            f"the value is from {lower[row]} to {upper[row]}; it must be a number, or an interval with a limit",
            f"observation {row}", names[row],
        )  # fmt: skip
    faults.raise_if_any()
