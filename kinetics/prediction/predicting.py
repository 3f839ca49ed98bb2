"""What is asked of a fit, and everything that is predicted, as one tree."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.estimate.draws import chain_of_fits, drawn_cohorts, estimated_cohort
from kinetics.estimate.estimates import Estimates
from kinetics.expressions.reserved import check_names
from kinetics.files.arguments import loaded, whole_number
from kinetics.files.capacity import check_memory, check_runs
from kinetics.measures import TimeToThreshold, recovery_measures
from kinetics.model import Model
from kinetics.population.seeds import checked_seed
from kinetics.prediction.datasets import over_parameters, over_patients, population_recovery, study_group
from kinetics.prediction.over_draws import over_draws
from kinetics.prediction.populations import PATIENTS, SAMPLING, TOLERANCES, Population
from kinetics.prediction.trial import FutureStudy
from kinetics.prediction.typical import drawn_interval, recovery_over_draws
from kinetics.regimen import Regimen
from kinetics.simulation.engine import choose_engine
from kinetics.simulation.planning import output_times
from kinetics.simulation.runs import Progress, Run
from kinetics.simulation.simulating import simulate
from kinetics.simulation.simulation import COPIES
from kinetics.units import to_unit

__all__ = ["predict"]


def predict(
    estimates: Estimates | str | Path,
    regimen: Regimen | str | Path,
    *,
    until: str,
    every: str,
    cohort: str | None = None,
    draws: int = 200,
    patients: int | None = None,
    study: int | None = None,
    seed: int = 0,
    states: bool = False,
    engine: str = "auto",
    progress: Progress | None = None,
) -> xr.DataTree:
    """Predict counts and recovery times of the typical patient, of a population, and of a future study.

    Parameters
    ----------
    estimates : Estimates, str or pathlib.Path
        A fit's, committed or fresh; or the name or path of a fit for its committed result, or of its NetCDF file.
    regimen : Regimen, str or pathlib.Path
        What is given, or its name or path; ``regimen + course.at("36 month")`` for a retreatment.
    until, every : str
        Quantities of time.
    cohort : str, optional
        The cohort; by default the one the fit estimates.
    draws : int
        Parameter sets drawn from the covariances of the fits behind the cohort: values, and spreads between patients
        where they were estimated.
    patients : int, optional
        Add so many virtual patients of the cohort, at the estimates, and a population at each draw.
    study : int, optional
        Add what a future study of so many patients will find; needs ``patients``.
    seed : int
        Of draws, patients and studies. What number k of each is depends on seed and k alone.
    states : bool
        Return every state beside the outputs.
    engine : {"auto", "scipy", "batch"}
        ``auto`` takes the batch engine for draws and patients.
    progress : callable, optional
        Called with (done, all).

    Returns
    -------
    xarray.DataTree
        The root: the typical patient at the estimates, outputs on (time). ``draws``: outputs on (draw, time).
        ``interval``: outputs on (quantile, time) at 2.5, 50 and 97.5 %. ``recovery``: time to the lower limit of normal
        after each course, on (output, course) and (quantile, output, course), and the share that recovers of the draws
        that fell below it.

        With patients, ``patients``: outputs on (patient, time), points of a Sobol sequence. ``over_patients``: outputs
        on (quantile, time), over patients at the estimates. ``over_parameters``: outputs on (patient_quantile,
        quantile, time): the 5th, 50th and 95th percentile over patients, each at 2.5, 50 and 97.5 % over draws.
        ``population_recovery``: ``median`` time to the lower limit over patients at risk, ``share_never`` of those at
        risk and ``share_not_at_risk`` of all on (output, course), and each with ``_quantiles`` behind its name on
        (quantile, output, course), over draws. ``study``, if asked: ``OUTPUT_mean``, ``OUTPUT_median`` and
        ``OUTPUT_share_below`` on (quantile, time), over parameters, patients and noise.

    Raises
    ------
    InputError
        If cohort and fit do not belong together, or names or units are wrong, or the regimen has no course, or what is
        asked for does not fit into memory.

    Warns
    -----
    UserWarning
        If the model has changed since the fit, or patients could not be integrated.
    """
    _check_numbers(draws, patients, study)
    seed = checked_seed(seed)
    estimates, regimen = loaded("estimates", estimates, Estimates), loaded("regimen", regimen, Regimen)
    if not regimen.courses:
        raise InputError("a prediction needs a regimen with a course: without one there is no recovery to predict")
    model = Model.load(estimates.model)
    check_names({**model.outputs, **(model.states if states else {})}, "predict")
    _check_capacity(model, until, every, draws, patients, study)
    if estimates.facts.get("model_hash", model.content_hash) != model.content_hash:
        message = f"model '{model.name}' has changed since fit '{estimates.fit}'; run 'kinetics fit' again"
        warnings.warn(message, stacklevel=2)
    name = cohort or estimates.cohort
    if not name:
        raise InputError(f"fit '{estimates.fit}' estimates several cohorts; name one")
    chain, system = chain_of_fits(model, estimates, name), compile_model(model)
    typical, cohorts = estimated_cohort(model, chain, name), drawn_cohorts(system, chain, name, draws, seed)
    measures = recovery_measures(model, typical.values)
    steps = _Steps(progress, 1 + draws + (0 if patients is None else patients + (1 + draws) * PATIENTS))
    common: dict[str, Any] = {"until": until, "every": every, "cohort": typical, "states": states}
    common |= {"measures": measures, "engine": engine}
    root = simulate(model, regimen, progress=steps.next(1), **common)
    values = [drawn.values for drawn in cohorts]
    drawn = simulate(model, regimen, parameters=values, progress=steps.next(draws), **common)
    groups = {
        "draws": drawn,
        "interval": drawn_interval(drawn),
        "recovery": recovery_over_draws(root, drawn, measures),
    }
    if patients is not None:
        people = {"patients": patients, "seed": seed, "sampling": SAMPLING}
        groups["patients"] = simulate(model, regimen, progress=steps.next(patients), **people, **common)
        solver = choose_engine(engine, None, PATIENTS, TOLERANCES)
        run = Run.under(regimen, system, root["time"].values, tuple(measures), solver, with_states=states)
        groups |= _populations(run, groups["patients"], typical, cohorts, measures, study, seed, steps)
    tree = xr.DataTree.from_dict({"/": root, **groups})
    tree.attrs |= {"fits": ", ".join(fit.fit for fit in chain), "seed": seed, "draws": draws}
    return tree


def _populations(
    run: Run,
    patients: xr.Dataset,
    typical: CohortParameters,
    cohorts: Sequence[CohortParameters],
    measures: Sequence[TimeToThreshold],
    study: int | None,
    seed: int,
    steps: _Steps,
) -> dict[str, xr.Dataset]:
    """The groups over patients and over draws of the parameters, from the patients at the estimates."""
    rows, outputs, time = run.quantities(), run.system.model.outputs, patients["time"]
    at_estimates = Population.of(patients, [row.name for row in rows], measures)
    limits = {each.output: each.threshold(outputs[each.output].unit, np.nan) for each in measures}
    future = None if study is None else FutureStudy(int(study), list(outputs.values()), limits)
    progress = steps.next((1 + len(cohorts)) * PATIENTS)
    drawn = over_draws(run, at_estimates, typical, cohorts, seed, study=future, progress=progress)
    unit, course = run.system.model.time, patients["course"]
    return {
        "over_patients": over_patients(at_estimates, rows, time),
        "over_parameters": over_parameters(drawn, rows, time),
        "population_recovery": population_recovery(at_estimates, drawn, list(limits), unit, course),
        **({} if future is None else {"study": study_group(drawn, future, time)}),
    }


def _check_numbers(draws: int, patients: int | None, study: int | None) -> None:
    whole_number("draws", draws, 2)
    if study is None:
        return
    if patients is None:
        raise InputError("a future study is of virtual patients; give patients too")
    whole_number("study", study, 1)


def _check_capacity(model: Model, until: str, every: str, draws: int, patients: int | None, study: int | None) -> None:
    """Refuse what does not fit into memory; states count whether they are asked for or not."""
    times = output_times(to_unit(until, model.time), to_unit(every, model.time)).size
    of_one = 8.0 * times * (len(model.outputs) + len(model.states)) + 200 * len(model.defaults)
    of_study = 16.0 * (times + len(model.outputs))
    needed = COPIES * of_one * (draws + (patients or 0)) + of_study * (study or 0)
    asked = {"draws": draws, "patients": patients, "patients of a study": study}
    what = f"{', '.join(f'{number} {name}' for name, number in asked.items() if number)} at {times} times"
    check_runs(draws if patients is None else draws + patients + (1 + draws) * PATIENTS, what)
    check_memory(needed, what, "ask for fewer draws, patients or times")


class _Steps:
    """Progress through simulations one after the other, counted together."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._begun = progress, total, 0

    def next(self, size: int) -> Progress:
        """What the next simulation, of so many runs, reports to."""
        before, self._begun = self._begun, self._begun + size

        def tell(done: int, _: int) -> None:
            if self._progress is not None:
                self._progress(before + done, self._total)

        return tell
