"""`ClinicProblem`: the patients of a clinic, a model, and what of its population is estimated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from kinetics.cohorts.cohort import CohortParameters
from kinetics.errors import InputError, UnknownNameError, warn
from kinetics.files.arguments import loaded
from kinetics.files.checksums import content_hash
from kinetics.files.documents import read_document
from kinetics.mixed_effects import IndividualParameter
from kinetics.mixed_effects.model.population_values import Coordinates
from kinetics.mixed_effects.model.random_effects import CovarianceBlocks
from kinetics.mixed_effects.model.residual_error import ResidualErrors
from kinetics.model import Model
from kinetics.patients.clinic.problem.arguments import Arguments, parameter_rows
from kinetics.patients.clinic.problem.covariates import CovariateEffect
from kinetics.patients.clinic.problem.parameters import EstimatedParameter
from kinetics.patients.clinic.problem.reading import ClinicReader
from kinetics.patients.clinic.problem.schema import METHODS, AlgorithmRow
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.population.occasions import OccasionRule
from kinetics.patients.population.residual_errors import MeasurementErrors
from kinetics.text.lists import listed
from kinetics.text.numbers import count_text
from kinetics.text.suggestions import did_you_mean


@dataclass(frozen=True, eq=False, repr=False)
class ClinicProblem:
    """A checked problem of a population. Make it with `load` or `of`.

    Parameters
    ----------
    name, title, about : str
        What it is called, and what it assumes.
    data : PatientData
        Counts, doses and covariates.
    patients : tuple of str
        The ids of patients with counts.
    model : Model
        The structural model.
    cohort : CohortParameters
        Where the search starts, what is not estimated, and the centre of the prior.
    parameters : tuple of EstimatedParameter
        Those whose typical values are estimated.
    blocks, occasion_blocks : tuple of tuple of str
        The random effects of patients, and of their occasions, by flat name; those of a block are correlated.
    covariates : tuple of CovariateEffect
        What changes parameters.
    errors : MeasurementErrors
        The residual error of each output, and where its parameters start.
    occasions : OccasionRule or None
        What an occasion is; None if no parameter differs between occasions.
    hold : tuple of str
        Values that keep their start, by the names of the result.
    prior : float or None
        The number of patients that the cohort's population counts for.
    method : str
        ``"SAEM"``, ``"FO"``, ``"FOCE"``, ``"FOCEI"`` or ``"Laplace"``.
    algorithm : AlgorithmRow
        Lengths of runs and sizes of samples.
    seed : int
        Of all random numbers.

    Examples
    --------
    >>> problem = ClinicProblem.of(data, "my_model", cohort="adults")  # doctest: +SKIP
    """

    name: str
    title: str
    about: str
    data: PatientData
    patients: tuple[str, ...]
    model: Model
    cohort: CohortParameters
    parameters: tuple[EstimatedParameter, ...]
    blocks: tuple[tuple[str, ...], ...]
    covariates: tuple[CovariateEffect, ...]
    errors: MeasurementErrors
    occasions: OccasionRule | None = None
    occasion_blocks: tuple[tuple[str, ...], ...] = ()
    hold: tuple[str, ...] = ()
    prior: float | None = None
    method: str = "SAEM"
    algorithm: AlgorithmRow = field(default_factory=AlgorithmRow)
    seed: int = 0

    @classmethod
    def load(cls, path: str | Path, *, allow_large: bool = False) -> ClinicProblem:
        """Read the file of a clinic, and the model and the data that it names, of more than 50 MB too if allowed.

        Raises
        ------
        InputError
            With every fault of all of them.
        """
        document = read_document(path)
        return cls._of_reader(ClinicReader(document, allow_large=allow_large), document.path.stem)

    @classmethod
    def of(
        cls,
        data: PatientData,
        model: Model | str | Path,
        *,
        cohort: str | CohortParameters | None = None,
        parameters: Mapping[str, Mapping[str, Any]] | Iterable[str] | None = None,
        blocks: Iterable[Sequence[str]] | None = None,
        covariates: Mapping[str, Mapping[str, Any]] | None = None,
        errors: Mapping[str, str] | None = None,
        prior: float | None = None,
        occasions: str | None = None,
        course_gap: str | None = None,
        occasion_blocks: Iterable[Sequence[str]] | None = None,
        hold: Iterable[str] = (),
        algorithm: Mapping[str, Any] | None = None,
    ) -> ClinicProblem:
        """The problem of data that have been read. Tables are those of the file, with the same keys.

        Parameters
        ----------
        data : PatientData
            Counts and doses, of `read_patients`.
        model : Model, str or pathlib.Path
            The structural model, or its name or path.
        cohort : str or CohortParameters, optional
            Where the search starts, and the centre of a prior; the model's own values by default.
        parameters : mapping of str to mapping, or iterable of str, optional
            What is estimated; by default the parameters in which the patients of the cohort differ.
        blocks, occasion_blocks : iterable of sequence of str, optional
            Parameters that are correlated between patients, by default as in the cohort, and between occasions.
        covariates : mapping of str to mapping, optional
            Such as ``{"weight": {"on": ["CL"], "form": "logarithm"}}``.
        errors : mapping of str to str, optional
            Such as ``{"A": "combined 0.01 1e9/L, 0.15"}``; by default log-normal with the ``noise`` of the output.
        prior : float, optional
            The number of patients that the cohort's population counts for.
        occasions : {"column", "course"}, optional
            What an occasion is, if a parameter has an ``occasion_spread``: what the data name, or a course.
        course_gap : str, optional
            A dose that begins later than this after the one before begins a course; ``"60 day"`` by default.
        hold : iterable of str, optional
            Values that are not estimated, by the names of the result.
        algorithm : mapping, optional
            Lengths of runs and sizes of samples.

        Raises
        ------
        InputError
            With every fault of the arguments.
        """
        structure = loaded("model", model, Model)
        named, given = (cohort, None) if isinstance(cohort, str) else (None, cohort)
        header = {"model": structure.name or "model", "data": "data", "cohort": named, "prior": prior}
        header |= {"occasions": occasions, "course_gap": course_gap, "hold": list(hold)}
        header |= {"blocks": blocks, "occasion_blocks": occasion_blocks}
        tables = {"covariates": covariates, "errors": errors, "algorithm": algorithm}
        document = Arguments.of(clinic=header, parameters=parameter_rows(parameters), **tables)
        return cls._of_reader(ClinicReader(document, data=data, model=structure, cohort=given), structure.name)

    @classmethod
    def _of_reader(cls, read: ClinicReader, name: str) -> ClinicProblem:
        read.faults.raise_if_any()
        assert read.data is not None
        assert read.model is not None
        assert read.cohort is not None
        if read.left_out:
            warn(f"{count_text(len(read.left_out), 'patient')} without counts left out: {listed(read.left_out)}")
        header = {key: read.header[key] for key in ("title", "about", "prior", "method", "seed")}
        problem = cls(
            name=name, data=read.data, patients=read.patients, model=read.model, cohort=read.cohort,
            parameters=read.parameters, blocks=read.blocks, covariates=read.covariates, errors=read.errors,
            occasions=read.occasions, occasion_blocks=read.occasion_blocks, hold=tuple(read.header["hold"]),
            algorithm=read.algorithm, **header,
        )  # fmt: skip
        with read.at("clinic", "hold"):
            problem.check_held()
        read.faults.raise_if_any()
        return problem

    @property
    def value_names(self) -> tuple[str, ...]:
        """The names of all values of the population, as the result has them."""
        return self._coordinates.all_names

    @property
    def _coordinates(self) -> Coordinates:
        """All values of the population, none held."""
        kinds = self.errors.kinds
        fixed = tuple(name for one in self.parameters for name in self.individual(one).fixed)
        errors = ResidualErrors({output: kinds[output] for output in sorted(kinds)})
        levels = CovarianceBlocks.of(self.blocks), CovarianceBlocks.of(self.occasion_blocks)
        return Coordinates(fixed, *levels, errors.names)

    @property
    def between_occasions(self) -> tuple[str, ...]:
        """The parameters that differ between occasions, by flat name, in the order of their random effects."""
        return tuple(flat for block in self.occasion_blocks for flat in block)

    def individual(self, parameter: EstimatedParameter) -> IndividualParameter:
        """A parameter of a mixed effects model, with the covariates that change it."""
        flat = parameter.flat
        return parameter.individual(tuple(effect.name for effect in self.covariates if flat in effect.parameters))

    def check_held(self) -> None:
        """Note every name of ``hold`` that is no value of the population, and every block that is held in part."""
        known = self.value_names
        unknown = f"is no value of the population; there are {', '.join(known)}"
        if faults := [f"'{name}' {unknown}{did_you_mean(name, known)}" for name in self.hold if name not in known]:
            raise InputError(*faults)
        try:
            replace(self._coordinates, held=self.hold)
        except InputError as error:
            raise InputError(*(fault.message for fault in error.faults)) from None

    def with_settings(self, *, method: str | None = None, seed: int | None = None) -> ClinicProblem:
        """The same problem with other settings than the file's, where they are not None.

        Raises
        ------
        UnknownNameError
            If there is no such method.
        """
        if method is not None and method not in METHODS:
            hint = did_you_mean(method, METHODS)
            raise UnknownNameError(f"no method '{method}'; there are {', '.join(METHODS)}{hint}")
        return replace(self, method=method or self.method, seed=self.seed if seed is None else seed)

    @property
    def content_hash(self) -> str:
        """SHA-256 of everything that the numbers of the result follow from."""
        effects = [[one.name, one.parameters, one.values.tolist(), one.start] for one in self.covariates]
        keys = attrgetter("flat", "start", "distribution", "bounds", "spread", "occasion_spread")
        parameters = [keys(one) for one in self.parameters]
        errors = [dict(self.errors.kinds), dict(self.errors.values)]
        settings = [self.blocks, self.hold, self.prior, self.method, self.algorithm.model_dump(), self.seed]
        settings += [None] if self.occasions is None else [astuple(self.occasions), self.occasion_blocks]
        hashes = [self.data.content_hash, self.model.content_hash, self.cohort.content_hash, self.patients]
        return content_hash(hashes, parameters, effects, errors, settings)

    def __repr__(self) -> str:
        what = ", ".join(one.name for one in self.parameters)
        return f"<ClinicProblem '{self.name}': {count_text(len(self.patients), 'patient')}, {what} by {self.method}>"
