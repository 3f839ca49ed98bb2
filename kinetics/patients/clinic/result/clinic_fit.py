"""`ClinicFit`: the population of a clinic, as it was estimated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.mixed_effects import (
    PopulationValues,
    occasion_effect_shrinkage,
    random_effect_shrinkage,
    residual_shrinkage,
)
from kinetics.patients.clinic.conclusions import Conclusions
from kinetics.patients.clinic.estimation import Estimate
from kinetics.patients.clinic.problem.assembling import Clinic
from kinetics.patients.clinic.problem.clinic_problem import ClinicProblem
from kinetics.patients.clinic.result.population_table import POSITIVE, PopulationRow, population_rows
from kinetics.results import Drawable, write_result
from kinetics.text.lists import listed
from kinetics.text.numbers import count_text, number_text
from kinetics.text.tables import html_table
from kinetics.units import display_unit, written_unit

if TYPE_CHECKING:
    import xarray as xr

    from kinetics.patients.individual.patient_fit import PatientFit
    from kinetics.patients.individual.patient_fits import PatientFits


@dataclass(frozen=True, eq=False, repr=False)
class ClinicFit(Drawable):
    """The population of a clinic's patients, and what is known of each. See `kinetics.fit_population`.

    Parameters
    ----------
    clinic : Clinic
        The problem as a mixed effects model.
    estimate : Estimate
        The estimates, and how the search went.
    conclusions : Conclusions
        Their uncertainty, likelihoods, and what is known of each patient.

    Examples
    --------
    >>> fit = fit_population("my/clinic.toml")  # doctest: +SKIP
    >>> fit.typical["CL"], fit.cohort, fit.patient("P07")  # doctest: +SKIP
    """

    clinic: Clinic
    estimate: Estimate
    conclusions: Conclusions

    @property
    def problem(self) -> ClinicProblem:
        """What was fitted."""
        return self.clinic.problem

    @property
    def values(self) -> PopulationValues:
        """The estimates as arrays."""
        return self.estimate.values

    @property
    def converged(self) -> bool:
        """Whether the search ended by its own criterion."""
        return self.estimate.converged

    @property
    def effects(self) -> tuple[str, ...]:
        """The parameters in which patients differ, in the order of the random effects."""
        return self.clinic.model.coordinates.individuals.names

    @property
    def occasion_effects(self) -> tuple[str, ...]:
        """The parameters that differ between the occasions of a patient, in the order of the random effects."""
        return self.problem.between_occasions

    @cached_property
    def rows(self) -> tuple[PopulationRow, ...]:
        """Every value of the population with its standard error and interval."""
        return population_rows(self.clinic, self.values, self.conclusions.uncertainty)

    @cached_property
    def typical(self) -> dict[str, float]:
        """Typical values by flat name, in the units of the model."""
        return self.clinic.model.typical(self.values)

    @cached_property
    def cohort(self) -> CohortParameters:
        """The estimated population as a cohort, of patients whose covariates are at their centres.

        `kinetics.simulate` and `fit_patient` take it; what was not estimated is as in the cohort of the problem, and
        does not differ between patients. Variability between occasions is no part of it.
        """
        covariance = self.values.individuals
        deviations = np.sqrt(np.diag(covariance))
        pairs = [(i, j) for i in range(len(deviations)) for j in range(i) if covariance[i, j]]
        correlations = {
            _in_order(self.effects[i], self.effects[j]): float(covariance[i, j] / (deviations[i] * deviations[j]))
            for i, j in pairs
        }
        kinds = {one.flat: one.distribution for one in self.problem.parameters if one.distribution != "log_normal"}
        return replace(
            self.problem.cohort,
            name=self.problem.name,
            values=self.problem.cohort.values | self.typical,
            spreads=dict(zip(self.effects, deviations.tolist(), strict=True)),
            distributions=kinds,
            shares={},
            correlations=correlations,
        )

    def patient(self, id: str) -> PatientFit:
        """What is known of one patient, under this population and with its covariates; `predict_patient` takes it.

        `UnknownNameError`, with the nearest ids, if there is no such patient.
        """
        from kinetics.patients.individual.patient_fit import PatientFit

        found, known = self.problem.data.patient(id).id, self.conclusions.conditional
        index = self.clinic.model.observations.ids.index(found)
        draws = None if known is None else known.of(index)
        return PatientFit(self.patients, found, draws)

    @cached_property
    def patients(self) -> PatientFits:
        """What is known of each patient under this population, by id."""
        from kinetics.patients.individual.patient_fits import PatientFits
        from kinetics.patients.population.assembling import PatientsOfCohort
        from kinetics.patients.population.residual_errors import MeasurementErrors

        model, numbers = self.clinic.model, self.values.residual.tolist()
        errors = MeasurementErrors(self.problem.errors.kinds, dict(zip(model.errors.names, numbers, strict=True)))
        patients = PatientsOfCohort(self.clinic.treated, self.cohort, errors, model, self.values)
        return PatientFits(patients, self.conclusions.modes)

    @cached_property
    def shrinkage(self) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
        """Of the random effects of patients and of occasions by parameter, and of the residuals by output."""
        at = self.clinic.model, self.values, self.conclusions.modes.random
        return random_effect_shrinkage(*at), occasion_effect_shrinkage(*at), residual_shrinkage(*at)

    @property
    def objectives(self) -> Iterator[tuple[str, tuple[float, str]]]:
        """Minus twice the log likelihood in several ways, by name, each with what it is."""
        found, size = self.conclusions, len(self.clinic.model.coordinates.names)
        counts = int(self.clinic.model.observations.present.sum())
        sampled, constant = found.importance, found.importance.full - found.importance.nonmem
        yield "importance_sampling", (sampled.full, "minus twice the log likelihood by importance sampling")
        yield "importance_sampling_error", (sampled.standard_error, "standard error of that, of the sample")
        yield "linearisation", (found.linearised, "minus twice the log likelihood by linearisation; NaN with censoring")
        if self.problem.method != "SAEM":
            best = float(np.min(self.estimate.objective)) if self.estimate.objective.size else np.nan
            yield "objective", (best, f"minus twice the log likelihood by {self.problem.method}, with the prior's part")
            yield "objective_nonmem", (best - constant, "the same as NONMEM states it, without the constant n log 2 pi")
        yield "AIC", (sampled.full + 2 * size, "Akaike's criterion, of importance sampling")
        yield "BIC", (sampled.full + np.log(counts) * size, "Bayesian criterion, of importance sampling and all counts")

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What to know before the result is used."""
        observations, found = self.clinic.model.observations, self.conclusions
        lines = [] if self.converged else [f"the search did not converge: {self.estimate.message}"]
        number = observations.present.sum(axis=1)
        for index in np.flatnonzero(observations.censored.sum(axis=1) == number):
            lines.append(f"all counts of patient {observations.ids[index]} are beyond their limits of quantification")
        for index in np.flatnonzero(~found.modes.converged):
            lines.append(f"the search for the parameters of patient {observations.ids[index]} did not end")
        for row in self.rows:
            is_positive = row.kind in ("typical", *POSITIVE)
            if is_positive and not row.held and not row.standard_error < abs(row.estimate):
                lines.append(f"the counts hardly determine {row.name}: its standard error is beyond its size")
        return tuple(lines)

    def summary(self) -> dict[str, Any]:
        """Everything for a report or JSON, in plain numbers and texts."""
        effects, of_occasions, residuals = self.shrinkage
        return {
            "clinic": self.problem.name, "model": self.problem.model.reference, "cohort": self.problem.cohort.name,
            "method": self.problem.method, "seed": self.problem.seed, "patients": len(self.problem.patients),
            "counts": int(self.clinic.model.observations.present.sum()),
            "censored": int(self.clinic.model.observations.censored.sum()),
            "prior_patients": self.problem.prior, "converged": self.converged, "message": self.estimate.message,
            "standard_errors": self.problem.algorithm.standard_errors,
            "population": {
                row.name: {
                    "kind": row.kind, "value": row.estimate, "se": row.standard_error, "lower": row.lower,
                    "upper": row.upper, "start": row.start, "unit": written_unit(row.unit), "held": row.held,
                }
                for row in self.rows
            },
            "errors": dict(self.problem.errors.kinds),
            "objectives": {name: value for name, (value, _) in self.objectives},
            "shrinkage": {"random_effects": effects, "occasion_effects": of_occasions, "residuals": residuals},
            "warnings": [*self.warnings],
        }  # fmt: skip

    def tree(self) -> xr.DataTree:
        """Everything as datasets.

        Returns
        -------
        xarray.DataTree
            ``population`` on (value): estimates, standard errors, intervals, each in its ``unit``; ``covariance`` of
            the estimates; ``between_patients``; ``individuals`` on (patient); if a parameter differs between occasions,
            ``between_occasions``, and ``occasions`` on (patient, occasion); ``visits`` on (visit): counts, PRED,
            IPRED, CWRES, IWRES, NPDE; ``individual_fits`` on (prediction, patient, point): PRED and IPRED along time;
            ``population_prediction`` on (count, quantile, time): simulated patients with the same doses;
            ``visual_predictive_check`` on (bin, percentile, quantile); ``trace``, ``objective``, ``shrinkage``. ArviZ
            reads ``posterior`` on (chain, draw, patient), the conditional distributions, ``observed_data`` and
            ``log_likelihood``.
        """
        from kinetics.patients.clinic.result.tree import fit_tree

        return fit_tree(self)

    def drawn_from(self) -> xr.DataTree:
        """`tree`: counts on (visit,), each with its ``units``; `kinetics.draw` draws the goodness of fit of it."""
        return self.tree()

    def save(self, path: str | Path) -> None:
        """Write `tree` to NAME.nc; `InputError` if it cannot be written."""
        write_result(self.tree(), path)

    def __repr__(self) -> str:
        typical = listed((f"{name} {number_text(value)}" for name, value in self.typical.items()), 4)
        patients = count_text(len(self.problem.patients), "patient")
        return f"<ClinicFit of {patients} by {self.problem.method}: {typical}>"

    def _repr_html_(self) -> str:
        rows = [
            [row.name, number_text(row.estimate), number_text(row.standard_error), display_unit(row.unit)]
            for row in self.rows
        ]
        return html_table(repr(self).strip("<>"), ["value", "estimate", "standard error", "unit"], rows)


def _in_order(one: str, other: str) -> tuple[str, str]:
    first, second = sorted((one, other))
    return first, second
