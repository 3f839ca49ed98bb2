"""`fit_population`: the population of a clinic's patients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

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
    parameters: Mapping[str, Mapping[str, Any]] | Iterable[str] | None = None,
    blocks: Iterable[Sequence[str]] | None = None,
    covariates: Mapping[str, Mapping[str, Any]] | None = None,
    errors: Mapping[str, str] | None = None,
    prior: float | None = None,
    hold: Iterable[str] | None = None,
    method: str | None = None,
    algorithm: Mapping[str, Any] | None = None,
    cohort: str | CohortParameters | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> ClinicFit:
    """Estimate the population of a clinic's patients: typical values, how patients differ, and errors of measurement.

    Nonlinear mixed effects, with exact derivatives of the model. Counts below a limit of quantification count with
    their probability (M3). What is done is kept in the user's cache until the fit is finished. Ctrl-C raises
    `kinetics.estimate.FitInterrupted`, and the same call with ``resume=True`` goes on from there to the same numbers.

    Parameters
    ----------
    data : PatientData, ClinicProblem, str or pathlib.Path
        Counts and doses, of `read_patients`; or a whole problem or its file, beside which only ``method``, ``seed`` and
        what follows may be given.
    model : Model, str or pathlib.Path, optional
        The structural model, or its name or path.
    parameters : mapping of str to mapping, or iterable of str, optional
        What is estimated, with ``start``, ``spread`` and ``distribution`` as a file has them; by default the parameters
        in which the patients of the cohort differ. All others are the cohort's.
    blocks : iterable of sequence of str, optional
        Parameters that are correlated between patients; by default those that the cohort correlates.
    covariates : mapping of str to mapping, optional
        Covariates with the parameters that each changes: ``{"weight": {"on": ["CL"], "form": "logarithm"}}``.
    errors : mapping of str to str, optional
        The error of a measurement by output and where its estimate starts, such as ``"proportional 0.15"`` or
        ``"combined 0.01 1e9/L, 0.15"``; by default log-normal with the ``noise`` of the model's output.
    prior : float, optional
        The number of patients that the cohort's population counts for.
    hold : iterable of str, optional
        Values that are not estimated, by the names of the result.
    method : str, optional
        ``"SAEM"``, the default, ``"FO"``, ``"FOCE"``, ``"FOCEI"`` or ``"Laplace"``.
    algorithm : mapping, optional
        ``explore``, ``smooth`` and ``chains`` of SAEM; ``draws``, ``importance`` and ``replicates`` of what follows.
    cohort : str or CohortParameters, optional
        Where the search starts, and the centre of the prior; the model's own values by default.
    seed : int, optional
        Of all random numbers; 0 by default.
    out, resume : optional
        A NetCDF file, NAME.nc, that the result is written to; whether to go on from what an interrupted call kept.
    progress : callable, optional
        Called with (done, all), of iterations, then of the parts that follow.

    Returns
    -------
    ClinicFit

    Raises
    ------
    InputError
        With every fault of the arguments, or of the file.

    Warns
    -----
    UserWarning
        If patients without counts are left out, a patient's counts are all censored, or a search did not converge.

    Examples
    --------
    >>> fit = fit_population(data, "reconstitution", cohort="relapsing", prior=20)  # doctest: +SKIP
    """
    if isinstance(data, PatientData):
        if model is None:
            raise InputError(Fault("give the structural model of the counts", name="model"))
        problem = ClinicProblem.of(
            data, model, cohort=cohort, parameters=parameters, blocks=blocks, covariates=covariates, errors=errors,
            prior=prior, hold=None if hold is None else list(hold), method=method, algorithm=algorithm, seed=seed,
        )  # fmt: skip
    else:
        further = {"model": model, "parameters": parameters, "blocks": blocks, "covariates": covariates}
        further |= {"errors": errors, "prior": prior, "hold": hold, "algorithm": algorithm, "cohort": cohort}
        problem = _of_file(data, further, method, seed)
    _check_out(out)
    return _fit(problem, out, resume, progress or (lambda done, total: None))


def _of_file(
    data: ClinicProblem | str | Path, further: Mapping[str, Any], method: str | None, seed: int | None
) -> ClinicProblem:
    faults = Faults()
    for name, value in further.items():
        if value is not None:
            faults.add("the file of a clinic says it; leave it out here", name=name)
    problem = faults.attempt("data", lambda: loaded("data", data, ClinicProblem))
    checked = None if seed is None else faults.attempt("seed", lambda: checked_seed(seed))
    changed = None if problem is None else faults.attempt("method", lambda: problem.with_settings(method=method))
    faults.raise_if_any()
    assert changed is not None
    return changed.with_settings(seed=checked)


def _check_out(out: str | Path | None) -> None:
    if out is not None and Path(out).suffix.lower() != ".nc":
        raise InputError(Fault(f"a result is written as NetCDF; end the name in .nc; found '{out}'", name="out"))


def _fit(problem: ClinicProblem, out: str | Path | None, resume: bool, progress: Progress) -> ClinicFit:
    clinic = Clinic.of(problem)
    with checkpoint_of(problem, resume=resume) as checkpoint:
        estimate = estimate_population(clinic, checkpoint, progress)
        fit = ClinicFit(clinic, estimate, conclude(clinic, estimate.values, progress))
        for line in fit.warnings:
            warn(line)
        if out is not None:
            write_result(fit.tree(), out)
    return fit
