"""The file of a figure of a group: whose counts, and the population that they are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from kinetics.figures.base.outputs_figure import OutputsHeaderRow, OutputsSpec
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import Seed
from kinetics.figures.patient.spec import read_clinic
from kinetics.files.documents import Document
from kinetics.files.rows import Line
from kinetics.model import Model
from kinetics.patients import PatientData


class GroupHeaderRow(OutputsHeaderRow):
    """``[figure]`` of a group; with ``data``, a mapping that names its tables, it needs no result."""

    data: Line | None = None
    model: Line | None = None
    cohort: Line | None = None
    seed: Seed = 0


@dataclass(frozen=True, eq=False)
class GroupSpec(OutputsSpec):
    """A figure of a group that is computed from its file."""

    data: PatientData | None = None
    model: Model | None = None

    def predicted(self) -> xr.DataTree:
        """The counts, and what the cohort says of them; an `InputError` if the model cannot be of these patients."""
        from kinetics.cohorts.cohort import cohort_parameters
        from kinetics.patients.population.assembling import PatientsOfCohort
        from kinetics.patients.population.population_prediction import population_prediction
        from kinetics.patients.population.visits import visit_table

        assert self.data is not None
        assert self.model is not None
        cohort = cohort_parameters(self.model, self.header.cohort)
        patients = PatientsOfCohort.of(self.data, self.model, cohort)
        typical = np.zeros((len(self.data), patients.model.n_random))
        tree = xr.DataTree.from_dict(
            {
                "visits": visit_table(patients, typical),
                "population_prediction": population_prediction(patients, self.header.seed),
            }
        )
        tree.attrs = {"model": self.model.reference, "cohort": cohort.name}
        return tree


def read_group_figure(document: Document) -> OutputsSpec:
    """Check the file of a figure of a group; an `InputError` has every fault of it, and of what it names."""
    reader = SpecReader(document)
    header, page = reader.table(GroupHeaderRow, "figure"), reader.page()
    if header is None:
        reader.refuse()
    if header.data is None:
        for key in ("model", "cohort"):
            if getattr(header, key) is not None:
                reader.add("is for a figure that names its data", "figure", key)
        if reader.faults:
            reader.refuse()
        return OutputsSpec(header, page, document.path)
    data, model = read_clinic(reader, header.data, header.model, header.cohort)
    if data is None or model is None or reader.faults:
        reader.refuse()
    return GroupSpec(header, page, document.path, data, model)
