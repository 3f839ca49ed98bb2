"""A fit problem file to its parts: the fit, its rows, their cohorts and targets; every fault with file and line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, StrictBool, StrictFloat, StrictInt

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.cohorts.lineage import fits_behind
from kinetics.compile import compile_model
from kinetics.errors import Faults, InputError
from kinetics.estimate.problem.facts import fact_targets, facts_of, read_fact_rows, read_facts_row
from kinetics.estimate.problem.free import FreeParameter, read_free
from kinetics.estimate.problem.study_checks import check_moments, check_study_effects
from kinetics.files.documents import Document
from kinetics.files.library import path_from
from kinetics.files.rows import Reader, Row, Text
from kinetics.files.tables import PlacedRow, read_table
from kinetics.model import Model
from kinetics.model.events import check_no_events
from kinetics.observation import VisitSchedule
from kinetics.published import PublishedRow, RowInFit, Target, moment_target, population_target, typical_target
from kinetics.published.settings import read_settings
from kinetics.regimen import Regimen, check_differentiable, check_row_accepted
from kinetics.units import to_unit

TABLES = ("fit", "facts", "population", "free", "spreads", "between_studies", "errors")


class FitRow(Row):
    """``[fit]``: what is fitted, to which tables."""

    title: Text
    model: Text
    tables: Annotated[list[Text], Field(min_length=1)] | None = None
    about: str = ""
    discrepancy: Annotated[StrictFloat, Field(ge=0, le=2, allow_inf_nan=False)] = 0.0
    horizon: Text = "20 year"
    starts: Annotated[StrictInt, Field(ge=1, le=1000)] = 3
    seed: Annotated[StrictInt, Field(ge=0)] = 0
    builds_on: list[Text] | None = None
    extends: Text | None = None
    without: list[Text] = Field(default_factory=list[str])
    calibrate: StrictBool = False


class PopulationRow(Row):
    """``[population]``: the virtual patients that stand for those of the published studies.

    ``likelihood``: whether each statistic has its own, or measurements are ``normal``, with means and covariances by
    quadrature of at most so many nodes as ``patients``. ``correlation``: whether rows of one study have the covariance
    of the simulated population, or are independent.
    """

    patients: Annotated[StrictInt, Field(ge=16, le=100_000)] = 512
    likelihood: Literal["statistics", "normal"] = "statistics"
    sampling: Literal["quasi", "random"] = "quasi"
    correlation: Literal["simulated", "none"] = "simulated"


class ProblemReader(Reader):
    """What a fit problem file says. Without a model only what the file and its tables say of themselves is checked."""

    def __init__(self, document: Document, extends: tuple[Path, ...] = ()) -> None:
        super().__init__(document, Faults())
        self.name, self.extends = document.path.stem, extends
        for key in sorted(document.data.keys() - set(TABLES)):
            self.add(f"unknown table; there are {', '.join(TABLES)}", key)
        self.header: dict[str, Any] = self.fields(FitRow, document.data.get("fit", {}), "fit")
        if self.header["without"] and self.header["extends"] is None:
            self.add("leaves out parameters of the fit that 'extends' names; there is none", "fit", "without")
        self.builds_on = None if self.header["builds_on"] is None else tuple(self.header["builds_on"])
        self.facts = read_facts_row(self)
        self.population = self._population()
        self.model: Model | None = None
        with self.at("fit", "model"):
            if self.header["model"] is not None:
                self.model = Model.load(path_from(document.file("fit", "model"), self.header["model"]))
                if self.population is not None:
                    missing = "its patients are integrated side by side, and events one patient after the other"
                    check_no_events(self.model, "a population fit", missing)
        self.rows = self._published_rows()
        self.cohorts: dict[str, CohortParameters] = {}
        self._read_cohorts()
        self.fact_rows = () if self.facts is None else read_fact_rows(self, self.facts)
        facts = facts_of(self)
        self.free = self._free()
        self._baselines: dict[Any, np.ndarray] = {}
        self._load_visits = cache(VisitSchedule.load)
        self.targets = self._targets() if self.facts is None else fact_targets(self, facts)
        if not len(self.faults):
            check_study_effects(self, self.free, self.targets)
            check_moments(self, self.targets, {item.row.name: item.where for item in self.rows})

    def _population(self) -> PopulationRow | None:
        """The table of a population fit, or None; what only such a fit has, and has not, is checked."""
        data = self.document.data
        if "population" not in data:
            if "spreads" in data and self.facts is None:
                message = "needs a table [population]: a typical patient has no spread"
                self.faults.add(message, self.document.where("spreads"))
            if "errors" in data:
                self.add('needs a table [population] with likelihood = "normal"', "errors")
            return None
        if self.header["discrepancy"]:
            message = "a population fit has none: the errors of its rows are those of sampling patients"
            self.add(message, "fit", "discrepancy")
        row = self.row(PopulationRow, data["population"], "population")
        if row is not None and row.likelihood == "normal":
            for key in ("sampling", "correlation"):
                if key in data["population"]:
                    self.add('is of likelihood = "statistics"; normal measurements need none', "population", key)
        return row

    def _published_rows(self) -> list[PlacedRow[PublishedRow]]:
        """The rows of all tables; where the fit calibrates, the rows for calibration are fitted too."""
        rows: list[PlacedRow[PublishedRow]] = []
        for table in self.header["tables"] or ():
            with self.at("fit", "tables") as noted:
                rows += read_table(self.document.file("fit", "tables").parent / table, PublishedRow, noted)
        if not self.header["calibrate"]:
            return rows
        return [
            replace(item, row=item.row.model_copy(update={"use": "fit"})) if item.row.use == "calibrate" else item
            for item in rows
        ]

    def cohort(self, model: Model, name: str | None) -> CohortParameters:
        """A cohort with the estimates of the fits before."""
        key = name or ""
        if key not in self.cohorts:
            fits = fits_before((self.name, *stems(self.extends)), self.builds_on, model, key)
            self.cohorts[key] = cohort_parameters(model, name or None, fits=fits)
        return self.cohorts[key]

    def _read_cohorts(self) -> None:
        """Read the cohorts that rows name; those that cannot be had are left out."""
        for item in self.rows if self.model is not None else ():
            assert self.model is not None
            with self.faults.gather(item.where, f"{item.row.name}.cohort"):
                self.cohort(self.model, item.row.cohort)

    def _free(self) -> tuple[FreeParameter, ...]:
        """The free parameters, which start from the cohort of the first fitted row."""
        fitted = [item.row.cohort for item in self.rows if item.row.use == "fit"]
        fitted += [item.row.cohort for item in self.fact_rows]
        return read_free(self, self.model, self.cohorts.get((fitted[0] if fitted else None) or ""))

    def _targets(self) -> tuple[Target, ...]:
        """The targets of the rows that are right.

        A fit of the typical patient leaves out shares of patients that are not for fitting.
        """
        if not any(item.row.use == "fit" for item in self.rows) and not len(self.faults):
            self.add("no row is for fitting (use = fit)", "fit", "tables")
        regimens, model = self._regimens(), self.model
        if model is None:
            return ()
        horizon = math.inf
        with self.at("fit", "horizon"):
            text = self.header["horizon"]
            if text is not None and (horizon := to_unit(text, model.time)) <= 0:
                raise InputError("must be a positive duration")
        targets: list[Target] = []
        first: dict[str, str] = {}
        for item in self.rows:
            row, regimen = item.row, regimens.get(item)
            if first.setdefault(row.name, item.where) != item.where:
                self.faults.add(f"duplicate name: also at {first[row.name]}", item.where, row.name)
            with self.faults.gather(item.where, row.name):
                if regimen is not None and row.cohort in self.cohorts:
                    targets += self._target(item, model, regimen, horizon)
        return tuple(targets)

    def _target(self, item: PlacedRow[PublishedRow], model: Model, regimen: Regimen, horizon: float) -> list[Target]:
        """The target of a row; none for a share that a typical patient does not have and that is not fitted."""
        row = item.row
        if regimen.rules:
            raise InputError(f"regimen '{regimen.name}' has rules; a fit needs doses at times known beforehand")
        if not row.regimen and model.doses:
            raise InputError(f"needs a 'regimen': model '{model.name}' takes {', '.join(model.doses)}")
        check_row_accepted(regimen, model)
        check_differentiable(regimen, model)
        visits = None if row.visits is None else self._load_visits(path_from(item.path, row.visits))
        if visits is not None:
            visits.check_outputs(model)
        entry = RowInFit(row, model, regimen, horizon, visits, settings=self._settings(row, model))
        if self.population is None:
            if not row.of_patients:
                entry = replace(entry, baseline=self._baseline(model, row.cohort, entry.settings))
                return [typical_target(entry, float(self.header["discrepancy"] or 0))]
            if row.use == "fit":
                raise InputError("a share of patients needs a population; give the fit a table [population]")
            return []
        if self.population.likelihood == "normal":
            return [moment_target(entry)]
        return [population_target(entry)]

    def _settings(self, row: PublishedRow, model: Model) -> dict[str, float]:
        """What the arm of a row sets, by flat name; what is free cannot be set."""
        settings = read_settings(row.set, model)
        if wrong := [one.name for one in self.free if one.is_typical and one.flat in settings]:
            raise InputError(f"set: {', '.join(wrong)} is free; an arm sets what is known of it")
        return settings

    def _baseline(self, model: Model, cohort: str, settings: Mapping[str, float]) -> np.ndarray:
        """The outputs before treatment, (output,), in the model's units."""
        key = cohort, *settings.items()
        if key not in self._baselines:
            system = compile_model(model, drugs=())
            constants = system.constants(system.parameter_array(self.cohorts[cohort].values | dict(settings)))
            self._baselines[key] = system.functions.outputs(system.functions.initial(constants), constants)
        return self._baselines[key]

    def _regimens(self) -> dict[PlacedRow[PublishedRow], Regimen]:
        """The regimen of every row, each file read once."""
        load = cache(Regimen.load)
        regimens: dict[PlacedRow[PublishedRow], Regimen] = {}
        for item in self.rows:
            with self.faults.gather(item.where, f"{item.row.name}.regimen"):
                name = item.row.regimen
                regimens[item] = load(path_from(item.path, name)) if name else Regimen.none()
        return regimens


def stems(paths: Iterable[Path]) -> tuple[str, ...]:
    """The names of the fits in these files."""
    return tuple(path.stem for path in paths)


def fits_before(own: Sequence[str], builds_on: Sequence[str] | None, model: Model, cohort: str) -> tuple[str, ...]:
    """The fits whose estimates a fit holds in a cohort, earlier first: those it builds on, or else the cohort's.

    ``own`` are its name and those of the fits that it extends, whose estimates are not held.
    """
    behind = fits_behind(model, cohort) if builds_on is None else builds_on
    return tuple(name for name in behind if name not in own)
