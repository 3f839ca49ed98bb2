"""A file, or arguments, to the parts of a clinic's problem; every fault with its location, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.errors import Faults, InputError
from kinetics.files.documents import Document
from kinetics.files.library import path_from
from kinetics.files.rows import Reader, as_table
from kinetics.model import Model
from kinetics.patients.clinic.problem.covariates import CovariateEffect, read_covariates
from kinetics.patients.clinic.problem.occasions import read_occasions
from kinetics.patients.clinic.problem.parameters import EstimatedParameter, read_parameters
from kinetics.patients.clinic.problem.schema import AlgorithmRow, ClinicRow
from kinetics.patients.data.model_covariates import set_parameters
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.population.model_units import in_model_units
from kinetics.patients.population.observed import check_logarithms
from kinetics.patients.population.random_effects import correlated_blocks
from kinetics.patients.population.residual_errors import MeasurementErrors, measurement_errors
from kinetics.patients.reading import read_patients
from kinetics.text.suggestions import did_you_mean

TABLES = ("clinic", "parameters", "covariates", "errors", "algorithm")
LEAST_PATIENTS = 2


class ClinicReader(Reader):
    """What a problem says; data, model and cohort are the objects given, or those that the file names."""

    def __init__(
        self,
        document: Document,
        *,
        data: PatientData | None = None,
        model: Model | None = None,
        cohort: CohortParameters | None = None,
        allow_large: bool = False,
    ) -> None:
        super().__init__(document, Faults())
        self.check_tables(*TABLES)
        self.header: dict[str, Any] = self.fields(ClinicRow, document.data.get("clinic", {}), "clinic")
        self.algorithm = self.table(AlgorithmRow, "algorithm") or AlgorithmRow()
        self.model = model or self._model()
        self.data = self._data(allow_large) if data is None else self._in_units(data)
        self.cohort = self._without_known(cohort or self._cohort())
        self.patients, self.left_out = self._patients()
        self.parameters: tuple[EstimatedParameter, ...] = read_parameters(self, self.model, self.cohort)
        self._check_estimated()
        self.covariates: tuple[CovariateEffect, ...] = read_covariates(
            self, self.model, self.parameters, self.data, self.patients
        )
        self.occasions = read_occasions(
            self, self.header["occasions"], self.header["course_gap"], self.parameters, self.data, self.patients
        )
        self.errors = self._errors()
        self.blocks, self.occasion_blocks = self._blocks(), self._occasion_blocks()
        self._check_prior()
        if self.algorithm.standard_errors == "stochastic_approximation" and not self.algorithm.posterior:
            self.add("needs the samples that posterior = false leaves out", "algorithm", "standard_errors")

    def _model(self) -> Model | None:
        if self.header["model"] is None:
            return None
        return self.read(lambda: Model.load(path_from(self.document.path, self.header["model"])), "clinic", "model")

    def _data(self, allow_large: bool) -> PatientData | None:
        """The data in the units of the model; unread if the model is faulty, whose units they need."""
        folder, header = self.document.path.parent, self.header
        if header["data"] is None or self.model is None:
            return None
        doses, mapping = (None if header[key] is None else folder / header[key] for key in ("doses", "mapping"))
        return self.read(
            lambda: read_patients(folder / header["data"], doses, mapping, model=self.model, allow_large=allow_large),
            "clinic",
            "data",
        )

    def _in_units(self, data: PatientData) -> PatientData | None:
        """The data given, in the units of the model."""
        model = self.model
        return data if model is None else self.read(lambda: in_model_units(data, model), "data")

    def _cohort(self) -> CohortParameters | None:
        model = self.model
        return None if model is None else self.read(
            lambda: cohort_parameters(model, self.header["cohort"]), "clinic", "cohort"
        )  # fmt: skip

    @property
    def _known(self) -> dict[str, str]:
        """The covariate that sets a parameter of the model for each patient, by flat name."""
        return {} if self.data is None or self.model is None else set_parameters(self.data, self.model)

    def _without_known(self, cohort: CohortParameters | None) -> CohortParameters | None:
        """A cohort whose patients do not differ in what is known of each."""
        return None if cohort is None else cohort.without_spreads(self._known)

    def _check_estimated(self) -> None:
        """Note every parameter that is estimated, and set by a covariate."""
        for one in self.parameters:
            if (covariate := self._known.get(one.flat)) is not None:
                message = (
                    f"is set by the covariate '{covariate}' of the data, and cannot be estimated; leave it out here"
                )
                self.add(message, "parameters", *one.name.split("."))

    def _patients(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The ids of patients with counts, and of those without, who say nothing of the population."""
        if self.data is None:
            return (), ()
        counted = tuple(one.id for one in self.data if one.observations)
        if len(counted) < LEAST_PATIENTS:
            message = f"has {len(counted)} patients with counts; a population needs at least {LEAST_PATIENTS}"
            self.add(message, "clinic", "data")
        return counted, tuple(id for id in self.data.ids if id not in counted)

    def _errors(self) -> MeasurementErrors:
        """The residual error of each output that was measured."""
        model, stated = self.model, self.document.data.get("errors", {})
        if not isinstance(stated, Mapping):
            self.add("must be a table with a text for each output, such as 'proportional 0.15'", "errors")
        if model is None or self.data is None or not isinstance(stated, Mapping):
            return MeasurementErrors({}, {})
        rows = [row for patient in self.data for row in patient.observations]
        measured, kinds, values = sorted({row.output for row in rows}), dict[str, str](), dict[str, float]()
        for name in as_table(stated):
            if name not in measured:
                with self.at("errors", name):
                    model.output(name)
                    raise InputError(f"no count is of this output{did_you_mean(name, measured)}")
        for name in (one for one in measured if one in model.outputs):
            text = stated.get(name)
            with self.at("errors", name):
                if text is not None and not isinstance(text, str):
                    raise InputError(f"must be a text, such as 'proportional 0.15'; found {text!r:.40}")
                one = measurement_errors(model, [name], {} if text is None else {name: text}).of_outputs([name])
                kinds, values = {**kinds, **one.kinds}, {**values, **one.values}
            if all(row.is_censored for row in rows if row.output == name):
                self.add(f"every count of {name} is beyond its limit: its error cannot be estimated", "clinic", "data")
        with self.at("errors") as noted:
            check_logarithms(self.data, kinds, noted)
        return MeasurementErrors(kinds, values)

    def _blocks(self) -> tuple[tuple[str, ...], ...]:
        """The random effects in blocks: those stated, else as the cohort correlates them; others each alone."""
        varying = [one.flat for one in self.parameters if one.spread]
        if self.model is None or self.cohort is None:
            return ()
        if self.header["blocks"] is None:
            return correlated_blocks(varying, self.cohort)
        return self._stated_blocks("blocks", varying, "patients do not differ in '{}'; give it a spread")

    def _occasion_blocks(self) -> tuple[tuple[str, ...], ...]:
        """The random effects of occasions in blocks: those stated, others each alone."""
        varying = [one.flat for one in self.parameters if one.occasion_spread]
        differ = "occasions do not differ in '{}'; give it an occasion_spread"
        return () if self.model is None else self._stated_blocks("occasion_blocks", varying, differ)

    def _stated_blocks(self, key: str, varying: list[str], missing: str) -> tuple[tuple[str, ...], ...]:
        """The blocks of a key, and what they do not name, each alone."""
        stated = self.header[key] or []
        blocks = [[flat for name in block if (flat := self._effect(key, name, varying, missing))] for block in stated]
        named = [flat for block in blocks for flat in block]
        for flat in sorted({flat for flat in named if named.count(flat) > 1}):
            self.add(f"'{flat}' is named twice", "clinic", key)
        alone = [(flat,) for flat in varying if flat not in named]
        return (*(tuple(block) for block in blocks if block), *alone)

    def _effect(self, key: str, name: str, varying: list[str], missing: str) -> str | None:
        with self.at("clinic", key):
            assert self.model is not None
            flat = self.model.flat_name(name)
            if flat not in varying:
                raise InputError(f"{missing.format(name)}{did_you_mean(flat, varying)}")
            return flat
        return None

    def _check_prior(self) -> None:
        """A prior is the cohort's population, which must have one of every parameter that is estimated."""
        if self.header["prior"] is None or self.cohort is None:
            return
        for one in self.parameters:
            own = self.cohort.distributions.get(one.flat, "log_normal")
            if one.spread and (not self.cohort.spreads.get(one.flat) or own != one.distribution):
                message = f"the patients of the cohort do not differ in '{one.name}' so: it has no prior"
                self.add(message, "clinic", "prior")
