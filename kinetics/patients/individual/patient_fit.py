"""`PatientFit`: the parameters of one patient, under the population of a cohort."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kinetics.mixed_effects import Modes
from kinetics.model import Model
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.data.records import Patient
from kinetics.patients.individual.information import informed_by
from kinetics.patients.population.assembling import PatientsOfCohort
from kinetics.patients.population.treatment import first_time
from kinetics.regimen import Regimen
from kinetics.text.numbers import percent_text
from kinetics.text.tables import html_table

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False, repr=False)
class PatientFit:
    """The most probable parameters of a patient, given the counts and the population of a cohort. See `fit_patient`.

    Parameters
    ----------
    data : PatientData
        Where the counts come from.
    patients : PatientsOfCohort
        The patient, perhaps among others, under the population.
    index : int
        The number of the patient among these.
    modes : Modes
        Conditional modes of the random effects of all of these.
    covariance : ndarray, (random effect, random effect)
        Of the patient's random effects about the mode, by Laplace's method; on the normal scales.
    sample : ndarray, (draw, random effect), or None
        A posterior sample of the random effects, if one was asked for.
    """

    data: PatientData
    patients: PatientsOfCohort
    index: int
    modes: Modes
    covariance: np.ndarray
    sample: np.ndarray | None = None

    @property
    def id(self) -> str:
        """Of the patient."""
        return self.patients.model.observations.ids[self.index]

    @property
    def patient(self) -> Patient:
        """The counts and doses."""
        return self.data.patient(self.id)

    @property
    def model(self) -> Model:
        """The structural model."""
        return self.patients.system.model

    @property
    def regimen(self) -> Regimen:
        """What was given; its time zero is ``time_zero`` of the data."""
        return self.patients.treatments[self.id]

    @property
    def time_zero(self) -> float:
        """When the simulation of the patient begins, in the unit of time of the data."""
        return first_time(self.patient)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that differ between patients, in the order of the random effects."""
        return self.patients.model.coordinates.individuals.names

    @property
    def random(self) -> np.ndarray:
        """The mode of the random effects, (random effect,)."""
        return self.modes.random[self.index]

    def values(self, random: np.ndarray) -> list[dict[str, float]]:
        """Parameters by flat name, in the units of the model, at random effects (draw, random effect)."""
        mixed = self.patients.model
        lanes = np.full(len(random), self.index)
        normal = mixed.parameters.normal(self.patients.values.fixed, random, lanes)
        table = mixed.parameters.natural(normal)[:, 0]
        names = [one.name for one in mixed.parameters.parameters]
        return [dict(zip(names, row, strict=True)) for row in table.tolist()]

    def draws(self, size: int, seed: int) -> np.ndarray:
        """Random effects, (draw, random effect), of the posterior sample, or else by Laplace's method.

        What draw number k is depends on the seed and k alone.
        """
        if self.sample is not None:
            return self.sample[np.linspace(0, len(self.sample) - 1, size).round().astype(int)]
        root = np.linalg.cholesky(self.covariance)
        generators = (np.random.default_rng(np.random.SeedSequence((seed, number))) for number in range(size))
        deviates = np.array([generator.standard_normal(len(root)) for generator in generators])
        return self.random + deviates @ root.T

    @cached_property
    def parameters(self) -> xr.Dataset:
        """What the counts say about each parameter.

        Returns
        -------
        xarray.Dataset
            On (parameter): ``estimate``, ``lower`` and ``upper`` (95 %), ``typical`` of the population, each in its
            ``unit``; ``informed``, the share of the variance between patients that the counts take away; ``verdict``.
        """
        from kinetics.patients.individual.parameter_table import parameter_table

        return parameter_table(self)

    @property
    def converged(self) -> bool:
        """Whether the search found the mode."""
        return bool(self.modes.converged[self.index])

    def __repr__(self) -> str:
        share = informed_by(self.covariance, self.patients.values.individuals)
        best = f"; best informed: {self.names[share.argmax()]}, {percent_text(share.max())}" if share.size else ""
        return f"<PatientFit {self.id} under {self.patients.cohort.name or self.model.name}{best}>"

    def _repr_html_(self) -> str:
        table = self.parameters
        rows = [
            [str(name), f"{float(row['estimate']):.4g}", str(row["unit"].item()), str(row["verdict"].item())]
            for name, row in table.groupby("parameter", squeeze=True)
        ]
        return html_table(repr(self).strip("<>"), ["parameter", "estimate", "unit", "informed"], rows)
