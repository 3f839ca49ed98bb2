"""The maximum of an objective over the population."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kinetics.errors import Fault, InputError
from kinetics.mixed_effects.likelihood.fisher_information import linearised_information
from kinetics.mixed_effects.likelihood.maximum_state import MaximumState
from kinetics.mixed_effects.likelihood.objectives import STEP, Method, Objective, objective, slopes
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues

MAX_ROUNDS = 20
"""Searches, each on the scale of the standard errors at its start."""
REACH, LEAST_REACH = 8.0, 1.0
"""How far a round may go along an axis: so many standard errors, or such a change of a coordinate, if that is more."""
ENOUGH = 1e-5
"""A round that lowers the objective by less was the last."""
LEAST_INFORMATION = 1e-3
"""Of an axis; one of which the data say less is searched as if its standard error were 30."""
NO_PREDICTION = 1e6
"""What half an objective is worse by, where a prediction is not a number."""
GRADIENT = 1e-4
"""The slope of the half objective along a standard error below which a round ends."""


@dataclass(frozen=True, eq=False)
class MaximumLikelihood:
    """The population at the maximum of a likelihood.

    Parameters
    ----------
    method : Method
        The approximation of the likelihood.
    values : PopulationValues
        The estimates.
    objective : Objective
        The objective there, with the conditional modes.
    trace : ndarray, (evaluation, value and 1)
        Every evaluation: the values as `Coordinates.natural` has them, and last the objective with all constants.
    converged : bool
        Whether the last round ended by its own criterion, and gained nothing.
    message : str
        The reason of the optimiser.
    """

    method: Method
    values: PopulationValues
    objective: Objective
    trace: np.ndarray
    converged: bool
    message: str


class _Search:
    """The half objective, as an optimiser needs it: along standard errors, from modes of the evaluation before."""

    def __init__(self, method: Method, model: MixedEffectsModel, state: MaximumState) -> None:
        self.method, self.model = method, model
        self.best = self.base = state.values
        self.best_objective = self.last = state.objective
        self.trace: list[np.ndarray] = [*state.trace]
        self.origin = self.directions = np.empty(0)

    def rescale(self) -> None:
        """Begin at the best values so far, on the scale of their standard errors."""
        self.base, self.last = self.best, self.best_objective
        information = linearised_information(self.model, self.base, self.last.random)
        sizes, axes = np.linalg.eigh(information)
        self.directions = axes / np.sqrt(np.maximum(sizes, LEAST_INFORMATION))
        self.origin = self.model.coordinates.pack(self.base)

    def values(self, scaled: np.ndarray) -> PopulationValues:
        return self.model.coordinates.unpack(self.origin + self.directions @ scaled, self.base)

    def __call__(self, scaled: np.ndarray) -> tuple[float, np.ndarray]:
        values = self.values(scaled)
        new = objective(self.method, self.model, values, self.last.random)
        if not np.isfinite(new.full):  # no prediction there: the line search takes a shorter step
            return 0.5 * self.best_objective.full + NO_PREDICTION, np.zeros_like(scaled)
        self.last = new
        self.trace.append(np.append(self.model.coordinates.natural(values), self.last.full))
        if self.last.full < self.best_objective.full:
            self.best, self.best_objective = values, self.last
        return 0.5 * self.last.full, 0.5 * self._gradient(values, scaled)

    def _gradient(self, values: PopulationValues, scaled: np.ndarray) -> np.ndarray:
        if self.method is not Method.LAPLACE:
            return slopes(self.method, self.model, values, self.last.random, self.directions).sum(axis=0)
        differences = []
        for one in STEP * np.eye(scaled.size):
            pair = (self.values(scaled + sign * one) for sign in (1, -1))
            above, below = (objective(self.method, self.model, at, self.last.random).full for at in pair)
            differences.append((above - below) / (2 * STEP))
        return np.array(differences)


def _check_start(model: MixedEffectsModel, begin: Objective) -> None:
    faults = [
        Fault("the objective is not a number at the start: start from other values", "individual", name)
        for name, value in zip(model.observations.ids, begin.individual, strict=True)
        if not np.isfinite(value)
    ]
    if faults:
        raise InputError(*faults)


def maximise(
    method: Method,
    model: MixedEffectsModel,
    start: PopulationValues,
    *,
    state: MaximumState | None = None,
    on_round: Callable[[MaximumState], None] | None = None,
) -> MaximumLikelihood:
    """Estimate the population by the maximum of an approximate likelihood, or of its product with the prior.

    Parameters
    ----------
    method : Method
        FO, FOCE, FOCEI or Laplace.
    model : MixedEffectsModel
        Data and model.
    start : PopulationValues
        Where the search begins; values that the model holds keep these numbers.
    state : MaximumState, optional
        Where another search of the same method and model stopped; this one goes on from there, to the same numbers.
    on_round : callable, optional
        Called with the state after each round, to store it or to report.

    Raises
    ------
    InputError
        If the objective of an individual is not a number at the start.

    Notes
    -----
    L-BFGS-B in coordinates in which the linearised Fisher information is the identity; it begins again from the best
    values, with the information there, until a round gains nothing.

    Examples
    --------
    >>> from kinetics.mixed_effects import ClosedForm, Identity, IndividualParameter, Observations
    >>> table = Observations.from_table(["1", "1", "2", "2", "3", "3"], [0, 1] * 3, [4.0, 6.0, 7.0, 9.0, 1.0, 3.0])
    >>> level = ClosedForm(("level",), lambda x, p: p["level"] + 0 * x["t"], {"t": table.times}, table.occasion)
    >>> model = MixedEffectsModel.of(
    ...     level, table, [IndividualParameter("level", Identity())],
    ...     residual={"y": "additive"}, between_individuals=["level"],
    ... )
    >>> start = model.values({"level": 4}, variances={"level": 5}, residual={"y:a": 1})
    >>> fit = maximise(Method.FOCEI, model, start)
    >>> {name: round(value, 2) for name, value in model.coordinates.named(fit.values).items()}  # 5, 6 - 1, sqrt(2)
    {'level': 5.0, 'var(level,level)': 5.0, 'y:a': 1.41}
    """
    current = state or _begin(method, model, start)
    search, message = _Search(method, model, current), "nothing to estimate"
    while not current.ended:
        current, message = _round(search, current)
        if on_round is not None:
            on_round(current)
    return MaximumLikelihood(method, current.values, current.objective, current.trace, current.converged, message)


def _round(search: _Search, state: MaximumState) -> tuple[MaximumState, str]:
    """One search from the best values so far, and the reason why it ended."""
    # slow to import, and a fit of individuals does not need it
    from scipy.optimize import minimize

    before = search.best_objective.full
    search.rescale()
    size = search.origin.size
    reach = np.maximum(REACH, LEAST_REACH / np.abs(search.directions).max(axis=0))
    result = minimize(
        search, np.zeros(size), jac=True, method="L-BFGS-B", bounds=np.column_stack([-reach, reach]),
        options={"gtol": GRADIENT, "ftol": 1e-13, "maxcor": max(10, size)},
    )  # fmt: skip
    gained_nothing, rounds = before - search.best_objective.full < ENOUGH, state.rounds + 1
    after = MaximumState(
        rounds, gained_nothing or rounds == MAX_ROUNDS, gained_nothing and bool(result.success),
        search.best, search.best_objective, np.array(search.trace).reshape(-1, size + 1),
    )  # fmt: skip
    return after, str(result.message)


def _begin(method: Method, model: MixedEffectsModel, start: PopulationValues) -> MaximumState:
    begin, size = objective(method, model, start), len(model.coordinates.names)
    _check_start(model, begin)
    return MaximumState(0, not size, not size, start, begin, np.zeros((0, size + 1)))
