"""`fit_patient` and `fit_patients`: the most probable parameters of patients, under the population of a cohort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.errors import Faults, warn
from kinetics.files.arguments import loaded, whole_number
from kinetics.mixed_effects import Modes, conditional_distribution, conditional_modes, laplace_covariance
from kinetics.model import Model
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.individual.patient_fit import PatientFit
from kinetics.patients.population.assembling import PatientsOfCohort
from kinetics.population.seeds import checked_seed

CHAINS = 4


@dataclass(frozen=True, eq=False, repr=False)
class PatientFits:
    """Fits of many patients under one population, each by its id. See `fit_patients`."""

    data: PatientData
    patients: PatientsOfCohort
    modes: Modes
    covariances: np.ndarray

    @property
    def ids(self) -> tuple[str, ...]:
        """Of the patients, in order."""
        return self.patients.model.observations.ids

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[PatientFit]:
        return (self[id] for id in self.ids)

    def __getitem__(self, id: str) -> PatientFit:
        index = self.ids.index(self.data.patient(id).id)
        return PatientFit(self.data, self.patients, index, self.modes, self.covariances[index])

    def __repr__(self) -> str:
        cohort = self.patients.cohort.name or self.patients.system.model.name
        return f"<PatientFits: {len(self)} patients under {cohort}>"


def fit_patient(
    data: PatientData,
    patient: str,
    *,
    model: Model | str | Path,
    cohort: str | CohortParameters | None = None,
    errors: Mapping[str, str] | None = None,
    posterior: int | None = None,
    seed: int = 0,
) -> PatientFit:
    """Fit the counts of one patient, under the population of a cohort.

    The most probable parameters, given the counts and how the patients of the cohort differ (maximum a posteriori,
    empirical Bayes). Counts below a limit of quantification count with their probability (M3). Derivatives are exact.

    Parameters
    ----------
    data : PatientData
        Counts and doses, of `read_patients`.
    patient : str
        The id.
    model : Model, str or pathlib.Path
        The structural model, or its name or path.
    cohort : str or CohortParameters, optional
        The population: typical values, spreads and correlations of parameters; the model's own by default.
    errors : mapping of str to str, optional
        The error of a measurement by output, such as ``"proportional 0.15"``, ``"additive 0.01 1e9/L"``, ``"combined
        0.01 1e9/L, 0.15"`` or ``"lognormal 0.15"``; by default log-normal with the ``noise`` of the model's output.
    posterior : int, optional
        Also sample the posterior, with so many draws; without it, draws are normal, by Laplace's method.
    seed : int, optional
        Of that sample.

    Returns
    -------
    PatientFit
        With ``parameters``, and `kinetics.predict_patient` for counts after further courses.

    Raises
    ------
    UnknownNameError
        If there is no such patient, with the nearest ids; no such model or cohort.
    InputError
        If an output has no error, or a dose is one that no regimen has.

    Warns
    -----
    UserWarning
        If the patient has no counts: the result is then what the population says.

    Examples
    --------
    >>> fit = fit_patient(data, "P07", model="reconstitution", cohort="relapsing")  # doctest: +SKIP
    """
    faults = Faults()
    draws = faults.attempt("", lambda: None if posterior is None else whole_number("posterior", posterior, 2))
    checked = faults.attempt("seed", lambda: checked_seed(seed))
    fits = faults.attempt("", lambda: fit_patients(data, [patient], model=model, cohort=cohort, errors=errors))
    faults.raise_if_any()
    assert fits is not None
    assert checked is not None
    fit = fits[patient]
    if draws is None:
        return fit
    population = fits.patients
    chains = conditional_distribution(
        population.model, population.values, seed=checked, start=fits.modes.random, n_draws=-(-draws // CHAINS),
        n_chains=CHAINS,
    )  # fmt: skip
    sample = chains.samples[fit.index].transpose(1, 0, 2).reshape(-1, fit.random.size)
    return PatientFit(data, population, fit.index, fits.modes, fit.covariance, sample)


def fit_patients(
    data: PatientData,
    patients: Sequence[str] | None = None,
    *,
    model: Model | str | Path,
    cohort: str | CohortParameters | None = None,
    errors: Mapping[str, str] | None = None,
) -> PatientFits:
    """Fit the counts of each patient, under the population of a cohort; everyone at once, side by side.

    Parameters
    ----------
    data : PatientData
        Counts and doses, of `read_patients`.
    patients : sequence of str, optional
        Their ids; all by default.
    model, cohort, errors
        As of `fit_patient`.

    Returns
    -------
    PatientFits
        A `PatientFit` by id.

    Raises
    ------
    UnknownNameError, InputError
        As `fit_patient`, for all patients at once.

    Warns
    -----
    UserWarning
        For patients without counts, and for those whose search did not end.

    Examples
    --------
    >>> fits = fit_patients(data, model="reconstitution", cohort="relapsing")  # doctest: +SKIP
    """
    faults = Faults()
    structure = faults.attempt("model", lambda: loaded("model", model, Model))
    ids = faults.attempt(
        "patient", lambda: [data.patient(id).id for id in (data.ids if patients is None else patients)]
    )
    if structure is None or ids is None:
        faults.raise_if_any()
    assert structure is not None
    assert ids is not None
    population = faults.attempt("cohort", lambda: _cohort(structure, cohort))
    faults.raise_if_any()
    assert population is not None
    assembled = PatientsOfCohort.of(data, ids, structure, population, errors)
    modes = conditional_modes(assembled.model, assembled.values)
    covariances = laplace_covariance(assembled.model, assembled.values, modes.random)
    fits = PatientFits(data, assembled, modes, covariances)
    for line in _warnings(fits):
        warn(line)
    return fits


def _cohort(model: Model, cohort: str | CohortParameters | None) -> CohortParameters:
    return cohort if isinstance(cohort, CohortParameters) else cohort_parameters(model, cohort)


def _warnings(fits: PatientFits) -> Iterator[str]:
    present = fits.patients.model.observations.present.any(axis=1)
    censored = fits.patients.model.observations.censored
    for index, id in enumerate(fits.ids):
        if not present[index]:
            yield f"patient {id} has no counts: the result is what the population says"
        elif censored[index].sum() == fits.patients.model.observations.present[index].sum():
            yield f"all counts of patient {id} are beyond their limits of quantification"
        if not fits.modes.converged[index]:
            yield f"the search for the parameters of patient {id} did not end; what it found last is returned"
