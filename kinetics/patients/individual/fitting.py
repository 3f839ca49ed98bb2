"""`fit_patient` and `fit_patients`: the most probable parameters of patients, under the population of a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.errors import Faults, InputError, warn
from kinetics.files.arguments import all_of, whole_number
from kinetics.mixed_effects import conditional_distribution, conditional_modes
from kinetics.model import Model
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.individual.arguments import patient_data, structural_model
from kinetics.patients.individual.patient_fit import PatientFit
from kinetics.patients.individual.patient_fits import PatientFits
from kinetics.patients.population.assembling import PatientsOfCohort
from kinetics.population.seeds import checked_seed

CHAINS = 4
PRECISION = 1e-6
"""Of the log density of a patient: the mode is found to a thousandth of its standard deviation. More is the noise of
the integrator, and less would be seen in no count."""


def fit_patient(
    data: PatientData | str | Path,
    patient: str,
    *,
    model: Model | str | Path | None = None,
    cohort: str | CohortParameters | None = None,
    seed: int = 0,
    errors: Mapping[str, str] | None = None,
    posterior: int | None = None,
) -> PatientFit:
    """Fit the counts of one patient, under the population of a cohort.

    The most probable parameters, given the counts and how the patients of the cohort differ (maximum a posteriori,
    empirical Bayes). Counts below a limit of quantification count with their probability (M3). Derivatives are exact.

    Parameters
    ----------
    data, model, cohort, errors
        As of `fit_patients`.
    patient : str
        The id.
    seed : int
        Of the posterior sample.
    posterior : int, optional
        Also sample the posterior, with so many draws; without it, draws are normal, by Laplace's method.

    Returns
    -------
    PatientFit
        With ``parameters``, ``predict``, ``report`` and ``plot``.

    Raises
    ------
    UnknownNameError, InputError
        As `fit_patients`; for an unknown patient with the nearest ids.

    Warns
    -----
    UserWarning
        If there are no counts, or censored ones alone, or the search did not end.

    Examples
    --------
    >>> fit = fit_patient("clinic.toml", "P07", cohort="adults")  # doctest: +SKIP
    >>> fit.predict(retreat="30 month")["recovery"]  # doctest: +SKIP
    """
    faults = Faults()
    draws = faults.attempt("", lambda: None if posterior is None else whole_number("posterior", posterior, 2))
    checked = faults.attempt("", lambda: checked_seed(seed))
    fits = faults.attempt("", lambda: fit_patients(data, [patient], model=model, cohort=cohort, errors=errors))
    faults.raise_if_any()
    assert fits is not None
    assert checked is not None
    fit = next(iter(fits))
    return fit if draws is None else replace(fit, sample=_posterior_sample(fits, draws, checked))


def fit_patients(
    data: PatientData | str | Path,
    patients: Sequence[str] | None = None,
    *,
    model: Model | str | Path | None = None,
    cohort: str | CohortParameters | None = None,
    errors: Mapping[str, str] | None = None,
) -> PatientFits:
    """Fit the counts of each patient, under the population of a cohort; everyone at once, side by side.

    Parameters
    ----------
    data : PatientData, str or pathlib.Path
        Counts and doses: of `read_patients`, or the path of a mapping or of a table that it reads.
    patients : sequence of str, optional
        Their ids; all by default.
    model : Model, str or pathlib.Path, optional
        The structural model, or its name or path; by default the one that the mapping names.
    cohort : str or CohortParameters, optional
        The population: typical values, spreads and correlations of parameters; the model's own by default.
    errors : mapping of str to str, optional
        The error of a measurement by output, such as ``"proportional 0.15"``, ``"additive 0.01 1e9/L"``, ``"combined
        0.01 1e9/L, 0.15"`` or ``"lognormal 0.15"``; by default log-normal with the ``noise`` of the model's output.

    Returns
    -------
    PatientFits
        A `PatientFit` by id, the same as of that patient alone.

    Raises
    ------
    UnknownNameError, InputError
        With every unknown patient, with the nearest ids; every analyte, drug or dose that the model cannot have, every
        output without an error, and every count that its error cannot give.

    Warns
    -----
    UserWarning
        For patients without counts, whose result is what the population says; for those with censored counts alone, or
        whose search did not end.

    Examples
    --------
    >>> fits = fit_patients("clinic.toml", cohort="adults")  # doctest: +SKIP
    >>> fits.parameters["estimate"].sel(patient="P07")  # doctest: +SKIP
    """
    faults = Faults()
    structure = faults.attempt("model", lambda: structural_model(data, model))
    population = None if structure is None else faults.attempt("cohort", lambda: _cohort(structure, cohort))
    chosen = None if structure is None else faults.attempt("", lambda: _chosen(patient_data(data, structure), patients))
    faults.raise_if_any()
    assert structure is not None
    assert population is not None
    assert chosen is not None
    assembled = PatientsOfCohort.of(chosen, structure, population, errors)
    modes = conditional_modes(assembled.model, assembled.values, decrement=PRECISION)
    fits = PatientFits(assembled, modes)
    _warn_of(fits)
    return fits


def _posterior_sample(fits: PatientFits, draws: int, seed: int) -> np.ndarray:
    """Draws of the random effects of the only patient of some fits, (draw, parameter)."""
    population = fits.patients
    chains = conditional_distribution(
        population.model, population.values, seed=seed, start=fits.modes.random, n_draws=-(-draws // CHAINS),
        n_chains=CHAINS,
    )  # fmt: skip
    return chains.of(0)[:draws]


def _chosen(data: PatientData, patients: Sequence[str] | None) -> PatientData:
    """The data of some patients; `InputError` with every id that there is not."""
    if patients is None:
        ids = data.ids
    else:
        faults, known = Faults(), all_of("patients", patients, str, "['P1', 'P2']")
        for id in known:
            faults.attempt("", lambda id=id: data.patient(id))
        faults.raise_if_any()
        ids = tuple(dict.fromkeys(data.patient(id).id for id in known))
    if not ids:
        raise InputError("there is no patient to be fitted")
    return data.select(*ids)


def _cohort(model: Model, cohort: str | CohortParameters | None) -> CohortParameters:
    values = cohort if isinstance(cohort, CohortParameters) else cohort_parameters(model, cohort)
    if not any(values.spreads.values()):
        name = f"cohort '{values.name}'" if values.name else f"model '{model.name}'"
        raise InputError(f"{name} states no spread: its patients do not differ, and counts can say nothing of them")
    return values


def _warn_of(fits: PatientFits) -> None:
    """Warn of patients whose counts say nothing or little, and of searches that did not end."""
    observations = fits.patients.model.observations
    n_counts, n_censored = observations.present.sum(axis=1), observations.censored.sum(axis=1)
    numbers = zip(observations.ids, n_counts.tolist(), n_censored.tolist(), fits.modes.converged.tolist(), strict=True)
    for id, counts, censored, converged in numbers:
        if not counts:
            warn(f"patient {id} has no counts: the result is what the population says")
        elif censored == counts:
            warn(f"all counts of patient {id} are beyond their limits of quantification")
        if not converged:
            warn(f"the search for the parameters of patient {id} did not end; what it found last is returned")
