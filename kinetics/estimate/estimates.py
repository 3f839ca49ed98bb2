"""Estimates with their covariance, as kept in ``NAME.result.toml`` and in a fit's NetCDF file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics.cohorts.fit_results import EstimateRow, in_model_units, result_path, warn_if_edited, warn_of_result
from kinetics.cohorts.result_toml import read_result_file, write_result_file
from kinetics.errors import Fault, InputError, UnknownNameError
from kinetics.estimate.estimate_checks import check_estimates
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.tree import FACTS, fields_in_file, fields_in_tree
from kinetics.files.foreign import check_not_foreign
from kinetics.files.library import find_file
from kinetics.model import Model
from kinetics.text.lists import listed
from kinetics.text.suggestions import did_you_mean
from kinetics.text.tables import html_table
from kinetics.units import display_unit, parse_unit


@dataclass(frozen=True, eq=False, repr=False)
class Estimates:
    r"""What a fit found, enough to draw from.

    With :math:`\theta` the free parameters and :math:`\eta` those fixed at another fit's estimates, the estimate
    follows a change of :math:`\eta` as :math:`\ln\theta = \ln\hat\theta + B(\ln\eta - \ln\hat\eta)`.

    Parameters
    ----------
    fit, model, cohort : str
        The fit problem, its model (a name of the library, or a path), and the cohort its rows are of.
    names, units, verdicts : tuple of str
        Of each parameter: dotted name, unit, what the data say of it. The name of a spread ends in ``.spread``.
    values : ndarray, (parameter,)
        Estimates, each in its unit.
    covariance : ndarray, (parameter, parameter)
        Of the natural logarithms.
    earlier : tuple of str
        Names of the parameters :math:`\eta` that earlier fits estimated, or that rest on a prior.
    earlier_values : ndarray, (earlier,)
        The values :math:`\hat\eta` at which they were fixed, in the model's units.
    response : ndarray, (parameter, earlier)
        The matrix :math:`B`, dimensionless.
    facts : dict
        Provenance and summary numbers: ``package_version``, ``model_hash``, ``data_hash``, ``seed``, ``cost``,
        ``condition_number`` and ``about``.
    builds_on : tuple of str
        The fits that estimated them, earlier first.

    Raises
    ------
    InputError
        If shapes do not agree, a number is not finite, an estimate is not positive, or the covariance is none.

    Examples
    --------
    >>> from kinetics.files.library import library_names
    >>> estimates = Estimates.load(library_names("fits")[0])
    >>> estimates.covariance.shape == 2 * estimates.values.shape
    True
    """

    fit: str
    model: str
    cohort: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    verdicts: tuple[str, ...]
    values: np.ndarray
    covariance: np.ndarray
    earlier: tuple[str, ...]
    earlier_values: np.ndarray
    response: np.ndarray
    facts: dict[str, Any]
    builds_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_estimates(self)

    def __repr__(self) -> str:
        values = (f"{name}={value:.4g}" for name, value in zip(self.names, self.values, strict=True))
        return f"<Estimates of '{self.fit}': {listed(values, 4)}>"

    def _repr_html_(self) -> str:
        numbers = ((name, row, display_unit(parse_unit(row.unit))) for name, row in self.by_name.items())
        rows = [[name, f"{row.value:.4g}", unit, f"{row.log_se:.3g}", row.verdict] for name, row, unit in numbers]
        head = ["name", "estimate", "unit", "standard error of the logarithm", "verdict"]
        return html_table(f"Estimates of '{self.fit}'", head, rows)

    def __getitem__(self, name: str) -> EstimateRow:
        """Value, unit, log_se and verdict of one parameter."""
        if name not in self.names:
            hint = did_you_mean(str(name), self.names) or f"; there are {', '.join(self.names)}"
            raise UnknownNameError(f"fit '{self.fit}' has no estimate '{name}'{hint}")
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    @property
    def log_se(self) -> np.ndarray:
        """Standard errors of the natural logarithms, (parameter,)."""
        return np.sqrt(np.diag(self.covariance))

    def by_flat_name(self, model: Model) -> dict[str, float]:
        """The estimates by flat name, in the order of `names`, in the units of a model.

        Raises
        ------
        InputError
            If they do not belong to the model.
        """
        return in_model_units(model, self.rows)

    @property
    def by_name(self) -> dict[str, EstimateRow]:
        """Value, unit, log_se and verdict by dotted name."""
        columns = zip(self.names, self.values, self.units, self.log_se, self.verdicts, strict=True)
        return {
            name: EstimateRow(value=float(value), unit=unit, log_se=float(log_se), verdict=verdict)
            for name, value, unit, log_se, verdict in columns
        }

    @property
    def rows(self) -> dict[str, tuple[float, str]]:
        """Value and unit by dotted name."""
        return {name: (row.value, row.unit) for name, row in self.by_name.items()}

    @classmethod
    def load(cls, name: str | Path) -> Estimates:
        """Read the estimates that a name or a path leads to.

        Parameters
        ----------
        name : str or pathlib.Path
            A fit that ships or the file of a fit problem, for its committed result; such a result itself, or the NetCDF
            file of a fit.

        Raises
        ------
        InputError
            If there are none.

        Warns
        -----
        UserWarning
            If the result was edited by hand, has no checksum, is older than the data of its problem, or out of bounds.
        """
        text = str(name)
        if Path(text).suffix.lower() in (".nc", ".zarr"):
            return cls(**fields_in_file(Path(text)))
        check_not_foreign(Path(text), "the result of a fit")
        committed = Path(text) if text.endswith(".result.toml") else result_path(find_file(name, "fits"))
        problem = committed.with_name(committed.name.replace(".result.toml", ".toml"))
        if problem.is_file() and not committed.is_file():
            raise InputError(f"fit '{name}' has no committed result; run 'kinetics fit {name} --save', or --out FIT.nc")
        estimates = cls.read(committed)
        if problem.is_file():
            estimates.warn_of_problem(committed, problem)
        return estimates

    @classmethod
    def read(cls, path: str | Path) -> Estimates:
        """Read a committed result.

        Raises
        ------
        InputError
            If it is missing or not of the form that `save` gives it; every fault of the file.

        Warns
        -----
        ChecksumWarning
            If it was edited by hand since it was written, or has no checksum.
        """
        file = read_result_file(path)
        result, rows = file.result, file.estimates.values()
        try:
            estimates = cls(
                fit=result.fit,
                model=file.model,
                cohort=result.cohort,
                names=tuple(file.estimates),
                units=tuple(row.unit for row in rows),
                verdicts=tuple(row.verdict for row in rows),
                values=np.array([row.value for row in rows]),
                covariance=file.covariance,
                earlier=file.earlier,
                earlier_values=file.earlier_values,
                response=file.response,
                facts={key: getattr(result, key) for key in FACTS},
                builds_on=tuple(result.builds_on),
            )
        except InputError as error:
            where = file.document.where
            raise InputError(*(Fault(f.message, where(*f.name.split(".")), f.name) for f in error.faults)) from error
        warn_if_edited(file.document)
        return estimates

    def warn_of_problem(self, committed: Path, problem: FitProblem | Path) -> None:
        """Warn if they, from a committed result, are older than the data of their problem, or outside its bounds."""
        try:
            problem = problem if isinstance(problem, FitProblem) else FitProblem.load(problem)
            outside = problem.outside_bounds(self.by_flat_name(problem.model))
        except InputError as error:
            warn_of_result(committed, f"not compared with its problem: {error.faults[0]}")
            return
        for name, message in outside.items():
            warn_of_result(committed, f"{name}: {message}")
        if self.facts["data_hash"] not in ("", problem.data_hash):
            warn_of_result(committed, "older than its problem or tables", again=True)

    def save(self, path: str | Path) -> None:
        """Write them as the committed result of their fit, atomically.

        Raises
        ------
        InputError, StorageError
            If the file cannot be written.
        """
        write_result_file(
            path,
            {"fit": self.fit, "model": self.model, "cohort": self.cohort, "builds_on": self.builds_on, **self.facts},
            self.by_name,
            self.covariance,
            {"given": self.earlier, "at": self.earlier_values, "log": self.response},
        )

    @classmethod
    def from_tree(cls, tree: xr.DataTree) -> Estimates:
        """Take the estimates out of a fit's tree.

        Parameters
        ----------
        tree : xarray.DataTree
            What `Fit.tree` gives, or `read_result` of its file: on (parameter,), with the unit of each as ``unit``.

        Raises
        ------
        InputError
            If the tree is not that of a fit.
        """
        return cls(**fields_in_tree(tree))
