"""The estimate of a clinic's population: SAEM, or the maximum of an approximate likelihood; each resumes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.errors import Fault, InputError, warn
from kinetics.files.arguments import Progress
from kinetics.mixed_effects import (
    Kernels,
    MaximumState,
    Method,
    PopulationValues,
    SaemSettings,
    SaemState,
    maximise,
    saem,
)
from kinetics.mixed_effects.likelihood.maximum import MAX_ROUNDS
from kinetics.patients.clinic.checkpoint import ClinicCheckpoint
from kinetics.patients.clinic.problem.assembling import Clinic
from kinetics.text.numbers import count_text

KERNELS = Kernels(prior=1, component=0, joint=1, mode=2)
"""Four predictions a sweep: a compiled model is slow beside the proposals."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """The population as it was estimated.

    Parameters
    ----------
    values : PopulationValues
        The estimates.
    trace : ndarray, (step, value)
        The values after each iteration of SAEM, or at each evaluation of an objective, as `Coordinates.natural` has
        them.
    objective : ndarray, (step,)
        The objective there, with all constants; NaN for SAEM, which has none.
    converged : bool
        Whether the search ended by its own criterion; SAEM ends after its iterations.
    message : str
        How it ended.
    """

    values: PopulationValues
    trace: np.ndarray
    objective: np.ndarray
    converged: bool
    message: str


def estimate_population(clinic: Clinic, checkpoint: ClinicCheckpoint, progress: Progress) -> Estimate:
    """Estimate by the method of the problem, and keep the state on the way.

    `InputError` if the counts of a patient have no likelihood at the start.
    """
    _check_start(clinic)
    if clinic.problem.method == "SAEM":
        return _saem(clinic, checkpoint, progress)
    return _maximum(clinic, checkpoint, progress, Method(clinic.problem.method))


def _check_start(clinic: Clinic) -> None:
    model, start = clinic.model, clinic.start
    predictions = model.predict(start.fixed, np.zeros((len(model.everyone), model.n_random)), model.everyone)
    log = model.density(predictions, start.residual, model.everyone).log.sum(axis=1)
    faults = [
        Fault("the counts have no likelihood at the start: look at the doses, or start elsewhere", name=f"patient {id}")
        for id, value in zip(model.observations.ids, log, strict=True)
        if not np.isfinite(value)
    ]
    if faults:
        raise InputError(*faults)


def _saem(clinic: Clinic, checkpoint: ClinicCheckpoint, progress: Progress) -> Estimate:
    rows = clinic.problem.algorithm
    settings = SaemSettings(explore=rows.explore, smooth=rows.smooth, n_chains=rows.chains, kernels=KERNELS)

    def on_iteration(state: SaemState) -> None:
        ended = state.iteration == settings.iterations
        checkpoint.keep(state.arrays(), f"{state.iteration} of {settings.iterations} iterations are", now=ended)
        progress(state.iteration, settings.iterations)

    arrays, state = checkpoint.read(), None
    if arrays is not None:
        try:
            state = SaemState.from_arrays(arrays)
        except InputError as error:
            warn(f"the estimate begins anew: {error}")
    found = saem(
        clinic.model, clinic.start, seed=clinic.problem.seed, settings=settings, state=state, on_iteration=on_iteration
    )
    message = f"{settings.explore} iterations of exploration, {settings.smooth} of averaging"
    return Estimate(found.values, found.trace, np.full(len(found.trace), np.nan), True, message)


def _maximum(clinic: Clinic, checkpoint: ClinicCheckpoint, progress: Progress, method: Method) -> Estimate:
    def on_round(state: MaximumState) -> None:
        are = "is" if state.rounds == 1 else "are"
        checkpoint.keep(state.arrays(), f"{count_text(state.rounds, 'round')} of the search {are}", now=True)
        progress(MAX_ROUNDS if state.ended else state.rounds, MAX_ROUNDS)

    arrays, state = checkpoint.read(), None
    if arrays is not None:
        try:
            state = MaximumState.from_arrays(arrays)
        except InputError as error:
            warn(f"the estimate begins anew: {error}")
    found = maximise(method, clinic.model, clinic.start, state=state, on_round=on_round)
    if not clinic.model.coordinates.names:
        evaluated = np.array([found.objective.full])
        return Estimate(found.values, np.empty((1, 0)), evaluated, True, "every value is held")
    how = "a further round gained nothing" if found.converged else "the search did not converge"
    return Estimate(found.values, found.trace[:, :-1], found.trace[:, -1], found.converged, how)
