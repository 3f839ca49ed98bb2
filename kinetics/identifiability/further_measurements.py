"""`further_measurements`: which further measurement would make a parameter identifiable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

import numpy as np

from kinetics.errors import InputError
from kinetics.identifiability.elimination import null_space, reduced
from kinetics.identifiability.experiment import Experiment, MeasuredArm, design_experiment
from kinetics.identifiability.measured import Measured
from kinetics.identifiability.program import start_name
from kinetics.identifiability.series import ZERO
from kinetics.identifiability.structure import STILL, Structure, with_enough_digits
from kinetics.model import Model


def further_measurements(
    model: Model, known: Structure, arms: Sequence[MeasuredArm], *, unknown_initial: Iterable[str] = (), seed: int = 0
) -> dict[str, tuple[str, ...]]:
    """Try every other output and state of the model as one more measurement in all arms; arguments as for `structure`.

    For each unknown that is not identifiable by its answer ``known``, the measurements any one of which makes it so;
    outputs first. A state that is an output stands under the output's name.
    """
    unknown = [name for name, identifiable in known.identifiable.items() if not identifiable]
    if not unknown:
        return {}
    initial = tuple(unknown_initial)
    parameters = [name for name in known.parameters if name not in map(start_name, initial)]
    candidates = _candidates(model, arms)
    experiment = design_experiment(model, parameters, arms, initial, also=candidates)
    return with_enough_digits(lambda: _helping(experiment, unknown, candidates, seed))


def _candidates(model: Model, arms: Sequence[MeasuredArm]) -> list[str]:
    """Outputs and states that some arm does not measure; a state that is also called by its output's name once."""
    measured = set.intersection(*(set(arm.outputs) for arm in arms))
    same = {row.value for row in model.outputs.values()}
    states = [name for name, row in model.states.items() if row.symbol not in same]
    return [name for name in (*model.outputs, *states) if name not in measured]


def _helping(
    experiment: Experiment, unknown: list[str], candidates: list[str], seed: int
) -> dict[str, tuple[str, ...]]:
    points = [Measured(experiment, seed), Measured(experiment, seed + 1)]
    points[0].rows(experiment.size)
    order = experiment.size + 2 * points[0].latest + STILL
    own = [reduced(point.rows(order)).rows for point in points]
    helping: dict[str, list[str]] = {name: [] for name in unknown}
    for candidate in candidates:
        with suppress(InputError):  # it has no power series at the start
            at_points = [
                _identifiable(point.rows(order, candidate), rows) for point, rows in zip(points, own, strict=True)
            ]
            for name, identifiable in zip(experiment.names, np.logical_and(*at_points), strict=True):
                if identifiable and name in helping:
                    helping[name].append(candidate)
    return {name: tuple(names) for name, names in helping.items()}


def _identifiable(further: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(unknown,): whether no null direction of all rows together moves it."""
    return ~(null_space(reduced(np.concatenate([rows, further]))) != ZERO).any(axis=0)
