"""`PatientFits`: the parameters of many patients, each by its id."""

# some methods of xarray have no complete types
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kinetics.mixed_effects import Modes, laplace_covariance
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.individual.patient_fit import PatientFit
from kinetics.patients.population.assembling import PatientsOfCohort
from kinetics.results import Drawable, provenance
from kinetics.text.tables import html_table

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False, repr=False)
class PatientFits(Drawable):
    """Fits of many patients under one population, each by its id. See `kinetics.fit_patients`.

    Parameters
    ----------
    patients : PatientsOfCohort
        The patients under the population.
    modes : Modes
        The most probable random effects of each, in the order of ``patients.model.observations.ids``.

    Examples
    --------
    >>> fits["P07"].report()  # doctest: +SKIP
    """

    patients: PatientsOfCohort
    modes: Modes

    @property
    def data(self) -> PatientData:
        """The patients, in the units of the model."""
        return self.patients.treated.data

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the patients, in order."""
        return self.data.ids

    @cached_property
    def covariances(self) -> np.ndarray:
        """Covariances of the random effects about the modes by Laplace's method, (patient, parameter, parameter).

        Without unit, on the scales on which parameters are normal, in the order of the modes. Made of everyone when one
        is first needed.
        """
        return laplace_covariance(self.patients.model, self.patients.values, self.modes.random)

    @cached_property
    def parameters(self) -> xr.Dataset:
        """`PatientFit.parameters` of each: on (patient, parameter), each in its ``unit``."""
        import xarray as xr

        tables = [fit.parameters for fit in self]
        patient = xr.Variable("patient", list(self.ids))
        own = ("estimate", "lower", "upper", "informed", "verdict")
        joined = xr.concat([table[list(own)] for table in tables], patient)
        return joined.assign({name: tables[0][name] for name in ("typical", "unit")})

    def tree(self, *, seed: int = 0) -> xr.DataTree:
        """Everything as datasets; ``seed`` is that of the simulated patients.

        Returns
        -------
        xarray.DataTree
            ``parameters`` on (patient, parameter); ``visits`` on (visit): every count with PRED, of the typical
            patient, and IPRED; ``individual_fits`` on (prediction, patient, point): both along time;
            ``population_prediction`` on (count, quantile, time): simulated patients of the population. Each variable
            has its ``units``.
        """
        import xarray as xr

        from kinetics.patients.population.individual_curves import individual_curves
        from kinetics.patients.population.population_prediction import population_prediction
        from kinetics.patients.population.visits import visit_table

        groups = {
            "parameters": self.parameters,
            "visits": visit_table(self.patients, self.modes.random),
            "individual_fits": individual_curves(self.patients, self.modes.random),
            "population_prediction": population_prediction(self.patients, seed),
        }
        tree, model, cohort = xr.DataTree.from_dict(groups), self.patients.treated.structure, self.patients.cohort
        tree.attrs |= provenance(
            model=model.reference, model_hash=model.content_hash, data_hash=self.data.content_hash,
            cohort=cohort.name or None, cohort_hash=cohort.content_hash,
        )  # fmt: skip
        return tree

    def drawn_from(self) -> xr.DataTree:
        """`tree`: counts on (visit,), each with its ``units``; `kinetics.draw` draws individual fits of it."""
        return self.tree()

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[PatientFit]:
        return (self[id] for id in self.ids)

    def __getitem__(self, id: str) -> PatientFit:
        return PatientFit(self, self.data.patient(id).id)

    def __repr__(self) -> str:
        cohort = self.patients.cohort.name or self.patients.treated.system.model.name
        return f"<PatientFits: {len(self)} patients under {cohort}>"

    def _repr_html_(self) -> str:
        table = self.parameters
        names, units = [str(name) for name in table["parameter"].values], table["unit"].values
        head = ["patient", *(f"{name} [{unit}]" for name, unit in zip(names, units, strict=True))]
        rows = [
            [id, *(f"{value:.4g}" for value in row)] for id, row in zip(self.ids, table["estimate"].values, strict=True)
        ]
        return html_table(repr(self).strip("<>"), head, rows)
