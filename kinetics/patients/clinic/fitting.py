"""`fit_population`: the population of a clinic's patients."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.errors import Fault, Faults, InputError, warn
from kinetics.files.arguments import Progress, loaded
from kinetics.model import Model
from kinetics.patients.clinic.checkpoint import checkpoint_of
from kinetics.patients.clinic.conclusions import conclude
from kinetics.patients.clinic.estimation import estimate_population
from kinetics.patients.clinic.problem.assembling import Clinic
from kinetics.patients.clinic.problem.clinic_problem import ClinicProblem
from kinetics.patients.clinic.result.clinic_fit import ClinicFit
from kinetics.patients.data.patient_data import PatientData
from kinetics.population.seeds import checked_seed
from kinetics.results import write_result


def fit_population(
    data: PatientData | ClinicProblem | str | Path,
    model: Model | str | Path | None = None,
    *,
    method: str | None = None,
    cohort: str | CohortParameters | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    **problem: Any,
) -> ClinicFit:
    """Estimate the population of a clinic's patients: typical values, how patients differ, errors of measurement.

    Nonlinear mixed effects, with exact derivatives of the model. Counts below a limit count with their probability
    (M3). What is done is kept in the user's cache until the fit is finished. Ctrl-C raises
    `kinetics.estimate.FitInterrupted`; the same call with ``resume=True`` goes on from there to the same numbers.

    Parameters
    ----------
    data : PatientData, ClinicProblem, str or pathlib.Path
        Counts and doses, of `read_patients`; or a whole problem, or its file, which say everything but ``method``,
        ``seed`` and what follows.
    model : Model, str or pathlib.Path, optional
        The structural model of the counts, or its name or path.
    method : str, optional
        ``"SAEM"``, the default, ``"FO"``, ``"FOCE"``, ``"FOCEI"`` or ``"Laplace"``.
    cohort : str or CohortParameters, optional
        Where the search starts, and the centre of a prior; the model's own values by default.
    seed : int, optional
        Of all random numbers; 0 by default.
    out, resume : optional
        A NetCDF file, NAME.nc, that the result is written to; whether to go on from what an interrupted call kept.
    progress : callable, optional
        Called with (done, all), of iterations, then of the parts that follow.
    **problem
        ``parameters``, ``blocks``, ``covariates``, ``errors``, ``prior``, ``occasions``, ``course_gap``, ``hold``,
        ``algorithm``: see `ClinicProblem.of`.

    Raises
    ------
    InputError
        With every fault of the arguments, or of the file.

    Warns
    -----
    UserWarning
        If patients without counts are left out, all counts of one are censored, or a search did not converge.

    Examples
    --------
    >>> fit = fit_population(data, "my_model", cohort="adults", prior=20)  # doctest: +SKIP
    """
    chosen = _problem(data, model, {"cohort": cohort, **problem}, method, seed)
    if out is not None and Path(out).suffix.lower() != ".nc":
        raise InputError(Fault(f"a result is written as NetCDF; end the name in .nc; found '{out}'", name="out"))
    return _fit(chosen, out, progress or (lambda done, total: None), resume=resume)


def _problem(
    data: PatientData | ClinicProblem | str | Path,
    model: Model | str | Path | None,
    further: Mapping[str, Any],
    method: str | None,
    seed: int | None,
) -> ClinicProblem:
    """The problem of data, or a problem with other settings."""
    faults = Faults()
    checked = None if seed is None else faults.attempt("seed", lambda: checked_seed(seed))
    if isinstance(data, PatientData):
        if model is None:
            faults.add("give the structural model of the counts", name="model")
            faults.raise_if_any()
        assert model is not None
        found = faults.attempt("", lambda: ClinicProblem.of(data, model, **further))
    else:
        for name, value in {"model": model, **further}.items():
            if value is not None:
                faults.add("the problem says it; leave it out here", name=name)
        found = faults.attempt("data", lambda: loaded("data", data, ClinicProblem))
    changed = None if found is None else faults.attempt("method", lambda: found.with_settings(method=method))
    faults.raise_if_any()
    assert changed is not None
    return changed.with_settings(seed=checked)


def _fit(problem: ClinicProblem, out: str | Path | None, progress: Progress, *, resume: bool) -> ClinicFit:
    clinic = Clinic.of(problem)
    with checkpoint_of(problem, resume=resume) as checkpoint:
        try:
            estimate = estimate_population(clinic, checkpoint, progress)
            fit = ClinicFit(clinic, estimate, conclude(clinic, estimate.values, progress))
        except np.linalg.LinAlgError as error:
            how = "start from spreads and errors of the size that is to be expected"
            raise InputError(f"nothing can be estimated from this start ({error}): {how}") from error
        for line in fit.warnings:
            warn(line)
        if out is not None:
            write_result(fit.tree(), out)
    return fit
