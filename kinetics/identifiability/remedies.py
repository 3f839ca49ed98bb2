"""`what_would_help`: which further measurement would make a parameter identifiable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

import numpy as np

from kinetics.errors import InputError
from kinetics.identifiability.dual import ZERO
from kinetics.identifiability.elimination import null_space, reduced
from kinetics.identifiability.experiment import Arm
from kinetics.identifiability.measured import Measured
from kinetics.identifiability.question import Question, ask
from kinetics.identifiability.structure import STILL, Structure, with_enough_digits
from kinetics.model import Model

__all__ = ["what_would_help"]


def what_would_help(
    model: Model, found: Structure, arms: Sequence[Arm], *, unknown_initial: Iterable[str] = (), seed: int = 0
) -> dict[str, tuple[str, ...]]:
    """Try every other output and state of the model as one more measurement in all arms.

    Parameters
    ----------
    model, arms, unknown_initial, seed
        As for `structure`.
    found : Structure
        What `structure` told.

    Returns
    -------
    dict of str to tuple of str
        For each unknown that is not identifiable, the measurements any one of which makes it so; outputs first. A
        state that is an output stands under the output's name.
    """
    wanting = [name for name, known in found.identifiable.items() if not known]
    if not wanting:
        return {}
    initial = tuple(unknown_initial)
    parameters = [name for name in found.parameters if name not in {f"{state}(0)" for state in initial}]
    candidates = _candidates(model, arms)
    question = ask(model, parameters, arms, initial, also=candidates)
    return with_enough_digits(lambda: _helping(question, wanting, candidates, seed))


def _candidates(model: Model, arms: Sequence[Arm]) -> list[str]:
    """Outputs and states that some arm does not measure; a state that is also called by its output's name once."""
    measured = set.intersection(*(set(arm.outputs) for arm in arms))
    same = {row.value for row in model.outputs.values()}
    states = [name for name, row in model.states.items() if row.symbol not in same]
    return [name for name in (*model.outputs, *states) if name not in measured]


def _helping(question: Question, wanting: list[str], candidates: list[str], seed: int) -> dict[str, tuple[str, ...]]:
    points = [Measured(question, seed), Measured(question, seed + 1)]
    points[0].rows(question.size)
    order = question.size + 2 * points[0].latest + STILL
    own = [reduced(point.rows(order)).rows for point in points]
    helping: dict[str, list[str]] = {name: [] for name in wanting}
    for candidate in candidates:
        with suppress(InputError):  # it has no power series at the start
            found = [_identifiable(point.rows(order, candidate), rows) for point, rows in zip(points, own, strict=True)]
            for name, column in zip(question.names, np.logical_and(*found), strict=True):
                if column and name in helping:
                    helping[name].append(candidate)
    return {name: tuple(names) for name, names in helping.items()}


def _identifiable(further: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(unknown,): whether no null direction of all rows together moves it."""
    return ~(null_space(reduced(np.concatenate([rows, further]))) != ZERO).any(axis=0)
