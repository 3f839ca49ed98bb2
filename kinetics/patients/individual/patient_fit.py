"""`PatientFit`: the parameters of one patient, under the population of a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.model import Model
from kinetics.patients.data.model_covariates import last_values, last_values_text
from kinetics.patients.data.records import Patient
from kinetics.patients.individual.draws import admissible_draws
from kinetics.patients.individual.information import informed_by
from kinetics.patients.population.assembling import PatientsOfCohort
from kinetics.patients.population.treatment import Treatment, first_time
from kinetics.text.numbers import percent_text
from kinetics.text.tables import html_table

if TYPE_CHECKING:
    import xarray as xr

    from kinetics.patients.individual.patient_fits import PatientFits


@dataclass(frozen=True, eq=False, repr=False)
class PatientFit:
    """The most probable parameters of a patient, given the counts and the population. See `kinetics.fit_patient`.

    Parameters
    ----------
    fits : PatientFits
        The fits that it is one of.
    id : str
        The patient.
    sample : ndarray, (draw, effect), or None
        A posterior sample of the random effects, on the scales on which parameters are normal and without unit, if one
        was asked for.

    Examples
    --------
    >>> fit.predict(retreat="30 month")["recovery"]  # doctest: +SKIP
    """

    fits: PatientFits
    id: str
    sample: np.ndarray | None = None

    @property
    def patients(self) -> PatientsOfCohort:
        """The patient, perhaps among others, under the population."""
        return self.fits.patients

    @cached_property
    def index(self) -> int:
        """The number of the patient among these."""
        return self.patients.model.observations.ids.index(self.id)

    @property
    def patient(self) -> Patient:
        """The counts and doses, in the units of the model."""
        return self.fits.data.patient(self.id)

    @property
    def model(self) -> Model:
        """The structural model."""
        return self.patients.treated.system.model

    @cached_property
    def treatment(self) -> Treatment:
        """What was given, in courses, with occasions; its time zero is ``time_zero`` of the data."""
        rule, occasions = self.patients.treated.rule, self.patients.treated.occasions
        treatment = Treatment.of(self.patient, self.fits.data.time, gap=None if rule is None else rule.gap)
        if rule is None:
            return treatment
        return replace(treatment, occasions=tuple(time for time, _ in occasions[self.id].starts))

    @property
    def time_zero(self) -> float:
        """When the simulation of the patient begins, in the model's unit of time, from time zero of the data."""
        return first_time(self.patient)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that differ between patients, in the order of the random effects; occasions stand behind."""
        return self.patients.model.coordinates.individuals.names

    @property
    def random(self) -> np.ndarray:
        """The most probable random effects of `names`, then of each occasion, (parameter,), without unit."""
        return self.fits.modes.random[self.index]

    @property
    def converged(self) -> bool:
        """Whether the search found the mode."""
        return bool(self.fits.modes.converged[self.index])

    @cached_property
    def covariance(self) -> np.ndarray:
        """Of the random effects, given the counts, (parameter, parameter), without unit.

        That of the posterior sample, or else by Laplace's method.
        """
        if self.sample is not None:
            return np.atleast_2d(np.cov(self.sample, rowvar=False))
        return self.fits.covariances[self.index]

    def values(self, random: np.ndarray) -> np.ndarray:
        """Parameters at random effects, whatever the occasion.

        Parameters
        ----------
        random : ndarray, (draw, effect)
            Random effects, without unit; those of occasions do not count.

        Returns
        -------
        ndarray, (draw, parameter)
            Values of `names`, in the units of the model.
        """
        order = [one.name for one in self.patients.model.parameters.parameters]
        return self._natural(random, 0.0)[:, [order.index(name) for name in self.names]]

    def _natural(self, random: np.ndarray, of_occasion: np.ndarray | float) -> np.ndarray:
        """All parameters of the mixed effects model at random effects of the patient and of an occasion."""
        mixed, own, lanes = self.patients.model, len(self.names), np.full(len(random), self.index)
        at = np.zeros((len(random), mixed.n_random))
        at[:, :own] = random[:, :own]
        # the first of the occasions stands for any
        at[:, own : own + len(mixed.coordinates.occasions.names)] = of_occasion
        return mixed.parameters.natural(mixed.parameters.normal(self.patients.values.fixed, at, lanes))[:, 0]

    def draws(self, size: int, seed: int) -> np.ndarray:
        """Random effects that the counts leave possible, (draw, effect), without unit.

        Of the posterior sample, evenly spaced; or else by Laplace's method, where draw number k depends on the seed and
        k alone, and a draw that the model does not admit is drawn again; `InputError` after a thousand in a row.
        """
        if self.sample is not None:
            return self.sample[np.linspace(0, len(self.sample) - 1, size).round().astype(int)]
        return admissible_draws(self.random, self.covariance, self._admits, size, seed, whose=f"patient {self.id}")

    def _admits(self, random: np.ndarray) -> np.ndarray:
        """Whether the model admits random effects, (draw,)."""
        table, system = self.table(random), self.patients.treated.system
        admitted = system.admissible(system.constants_table(table.reshape(-1, table.shape[-1])))
        return np.array(admitted.reshape(len(random), -1).all(axis=1))

    def table(self, random: np.ndarray) -> np.ndarray:
        """All parameters of the model at random effects.

        Parameters
        ----------
        random : ndarray, (draw, effect)
            Random effects, without unit.

        Returns
        -------
        ndarray, (draw, parameter), or (draw, occasion, parameter)
            In the order of the compiled model, and in its units; of each occasion, if a parameter differs between them.
        """
        system, mixed = self.patients.treated.system, self.patients.model
        size, of_occasions = len(mixed.coordinates.occasions.names), random[:, len(self.names) :]
        occasions = np.split(of_occasions, of_occasions.shape[1] // size, axis=1) if size else [0.0]
        table = np.tile(system.parameter_array(self.patients.cohort.values), (len(random), len(occasions), 1))
        columns = [system.parameters.index(one.name) for one in mixed.parameters.parameters]
        table[..., columns] = np.stack([self._natural(random, effects) for effects in occasions], axis=1)
        for name, value in self.known.items():
            table[..., system.parameters.index(name)] = value
        return table if size else table[:, 0]

    @property
    def informed(self) -> np.ndarray:
        """How much the counts say about each of `names`, (parameter,), without unit; see `informed_by`."""
        own = slice(len(self.names))
        return informed_by(self.covariance[own, own], self.patients.values.individuals)

    @property
    def known(self) -> dict[str, float]:
        """The last values of the parameters that covariates set, in the units of the model."""
        return last_values(self.patients.treated.covariates[self.id])

    @property
    def known_text(self) -> str:
        """The same in words; empty if covariates set none."""
        return last_values_text(self.patients.treated.covariates[self.id], self.fits.data, self.model)

    @cached_property
    def parameters(self) -> xr.Dataset:
        """What the counts say about each parameter.

        Returns
        -------
        xarray.Dataset
            On (parameter,): ``estimate``, ``lower`` and ``upper`` (95 %), ``typical`` of the population, each in its
            ``unit``; ``informed``, the share of the variance between patients that the counts take away; ``verdict``,
            the same in words.
        """
        from kinetics.patients.individual.parameter_table import parameter_table

        return parameter_table(self)

    def predict(self, **options: Any) -> xr.DataTree:
        """Counts and recovery under the doses given and, if planned, a further course; `kinetics.draw` draws them.

        Arguments and result, on (time,) and (draw, time) with units, are those of `kinetics.predict_patient`.
        """
        from kinetics.patients.individual.forecasting import predict_patient

        return predict_patient(self, **options)

    def report(self, *, width: int | None = None) -> str:
        """The parameters as text, each with how much the counts inform it; of a prediction, `kinetics.report`."""
        import kinetics  # a chained verb is that of the flat namespace, which stands above the rooms

        return kinetics.report(self) if width is None else kinetics.report(self, width=width)

    def plot(self, out: str | Path | Sequence[str | Path] | None = None, **options: Any) -> Any:
        """Draw counts, fitted curve and prediction, and write the figure if ``out`` says where to.

        Options are those of `kinetics.predict_patient`; what comes back is the drawing of `kinetics.draw`.
        """
        import kinetics

        return kinetics.draw(self.predict(**options), out)

    def __repr__(self) -> str:
        share = self.informed
        best = f"; best informed: {self.names[share.argmax()]}, {percent_text(share.max())}" if share.size else ""
        return f"<PatientFit {self.id} under {self.patients.cohort.name or self.model.name}{best}>"

    def _repr_html_(self) -> str:
        table = self.parameters
        columns = (table[name].values for name in ("parameter", "estimate", "lower", "upper", "unit", "verdict"))
        rows = [
            [str(name), f"{value:.4g}", f"{lower:.4g} to {upper:.4g}", str(unit), str(verdict)]
            for name, value, lower, upper, unit, verdict in zip(*columns, strict=True)
        ]
        head = ["parameter", "estimate", "95 % interval", "unit", "informed"]
        return html_table(repr(self).strip("<>"), head, rows)
