"""Estimates with their covariance, as kept in ``NAME.result.toml`` and in a fit's NetCDF file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import xarray as xr
from pydantic import Field, StrictStr

from kinetics.cohorts.fit_results import in_model_units, read_estimates, result_path, warn_if_edited
from kinetics.errors import Fault, Faults, InputError
from kinetics.estimate.problem.currency import warn_of_problem
from kinetics.files.documents import Document, read_document
from kinetics.files.library import find_file, names_a_file
from kinetics.files.rows import Row, read_row
from kinetics.model import Model
from kinetics.results import read_result

__all__ = ["FACTS", "Estimates"]

FACTS = ("package_version", "model_hash", "data_hash", "seed", "cost", "condition_number", "about")
"""The keys of `Estimates.facts`."""

Number = Annotated[float, Field(allow_inf_nan=False)]
Matrix = Annotated[list[Annotated[list[Number], Field(max_length=1000)]], Field(max_length=1000)]


class ResultRow(Row):
    """``[result]``."""

    fit: StrictStr
    model: StrictStr
    cohort: StrictStr
    builds_on: tuple[str, ...] = ()
    package_version: StrictStr = ""
    model_hash: StrictStr = ""
    data_hash: StrictStr = ""
    seed: int = 0
    cost: float = np.nan
    condition_number: float = np.nan
    about: StrictStr = ""
    checksum: StrictStr = ""


class CovarianceRow(Row):
    """``[covariance]``."""

    log: Matrix


class ResponseRow(Row):
    """``[response]``."""

    given: list[StrictStr]
    at: list[Annotated[float, Field(gt=0, allow_inf_nan=False)]]
    log: Matrix


@dataclass(frozen=True, eq=False)
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
    given : tuple of str
        Names of the parameters :math:`\eta` estimated by earlier fits.
    given_values : ndarray, (given,)
        The values :math:`\hat\eta` at which they were fixed, in the model's units.
    response : ndarray, (parameter, given)
        The matrix :math:`B`.
    facts : dict
        Provenance and summary numbers; see `FACTS`.
    builds_on : tuple of str
        The fits that estimated :math:`\eta`, earlier first.

    Raises
    ------
    InputError
        If shapes do not agree, a number is not finite, an estimate is not positive, or the covariance is none.
    """

    fit: str
    model: str
    cohort: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    verdicts: tuple[str, ...]
    values: np.ndarray
    covariance: np.ndarray
    given: tuple[str, ...]
    given_values: np.ndarray
    response: np.ndarray
    facts: dict[str, Any]
    builds_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults, size, given = Faults(), len(self.names), len(self.given)
        if not size:
            faults.add("there are no estimates", name="estimates")
        for values, name in ((self.values, "estimates"), (self.given_values, "response.at")):
            if not (np.isfinite(values).all() and (values > 0).all()):
                faults.add("must be positive and finite", name=name)
        if self.given_values.shape != (given,):
            faults.add(f"needs {given} values, one for each name in 'given'", name="response.at")
        if self.response.shape != (size, given) or not np.isfinite(self.response).all():
            faults.add(f"must be {size} rows of {given} finite numbers", name="response.log")
        if self.covariance.shape != (size, size) or not np.isfinite(self.covariance).all():
            faults.add(f"must be {size} rows of {size} finite numbers", name="covariance.log")
        elif not _is_covariance(self.covariance):
            faults.add("is no covariance: not symmetric, or with a negative variance", name="covariance.log")
        faults.raise_if_any()

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
    def rows(self) -> dict[str, tuple[float, str]]:
        """Value and unit by dotted name."""
        rows = zip(self.names, self.values, self.units, strict=True)
        return {name: (float(value), unit) for name, value, unit in rows}

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
            If the result was edited by hand or has no checksum, is older than the data of its problem, or outside its
            bounds.
        """
        text = str(name)
        if text.endswith(".nc"):
            return cls.from_tree(read_result(name))
        is_result = text.endswith(".result.toml")
        committed = Path(text) if is_result else result_path(find_file(name, "fits"))
        problem = committed.with_name(committed.name.replace(".result.toml", ".toml"))
        if problem.is_file() and not committed.is_file():
            raise InputError(f"fit '{name}' has no committed result; run 'kinetics fit {name} --save', or --out FIT.nc")
        estimates = cls.read(committed)
        if problem.is_file():
            warn_of_problem(estimates.rows, estimates.facts, committed, problem)
        return estimates

    @classmethod
    def read(cls, path: str | Path) -> Estimates:
        """Read a committed result.

        Raises
        ------
        InputError
            If it is missing or not of the form `write_estimates` gives it; every fault of the file.

        Warns
        -----
        ChecksumWarning
            If it was edited by hand since it was written, or has no checksum.
        """
        document = read_document(path)
        faults = Faults()
        rows = read_estimates(document, faults)
        result = read_row(ResultRow, document.data.get("result"), document, ("result",), faults)
        covariance = read_row(CovarianceRow, document.data.get("covariance"), document, ("covariance",), faults)
        response = read_row(ResponseRow, document.data.get("response"), document, ("response",), faults)
        if result is None or covariance is None or response is None or len(faults):
            raise InputError(*faults)
        try:
            found = cls(
                fit=result.fit,
                model=_moved(result.model, document.path.parent),
                cohort=result.cohort,
                names=tuple(rows),
                units=tuple(row.unit for row in rows.values()),
                verdicts=tuple(row.verdict for row in rows.values()),
                values=np.array([row.value for row in rows.values()]),
                covariance=_array(covariance.log, len(rows)),
                given=tuple(response.given),
                given_values=np.array(response.at, dtype=float),
                response=_array(response.log, len(response.given)),
                facts={key: getattr(result, key) for key in FACTS},
                builds_on=tuple(result.builds_on),
            )
        except InputError as error:
            raise _placed(error, document) from error
        warn_if_edited(document)
        return found

    @classmethod
    def from_tree(cls, tree: xr.DataTree) -> Estimates:
        """Take the estimates out of a fit's tree.

        Raises
        ------
        InputError
            If the tree is not that of a fit.
        """
        for group in ("estimates", "covariance"):
            if group not in tree.children:
                raise InputError(f"not the result of a fit: it has no group '{group}'")
        try:
            estimates, covariance = tree["estimates"].to_dataset(), tree["covariance"].to_dataset()
            facts = {key: tree.attrs[key] for key in FACTS}
            return cls(
                **{key: str(tree.attrs[key]) for key in ("fit", "model", "cohort")},
                names=_texts(estimates["parameter"]),
                units=_texts(estimates["unit"]),
                verdicts=_texts(estimates["verdict"]),
                values=np.asarray(estimates["value"].values, dtype=float),
                covariance=np.asarray(covariance["log_covariance"].values, dtype=float),
                given=_texts(covariance["given"]),
                given_values=np.asarray(covariance["given_value"].values, dtype=float),
                response=np.asarray(covariance["log_response"].values, dtype=float),
                facts={key: fact.item() if isinstance(fact, np.generic) else fact for key, fact in facts.items()},
                builds_on=tuple(filter(None, str(tree.attrs["builds_on"]).split(", "))),
            )
        except InputError:
            raise
        except (KeyError, AttributeError) as error:
            raise InputError(f"not the result of a fit: it has no {error}") from error
        except (TypeError, ValueError) as error:  # shapes and types of another program's file
            raise InputError(f"not the result of a fit: {error}") from error


def _is_covariance(matrix: np.ndarray) -> bool:
    size = float(np.abs(matrix).max(initial=0.0))
    return np.allclose(matrix, matrix.T, rtol=0, atol=1e-8 * size) and np.linalg.eigvalsh(matrix)[0] >= -1e-6 * size


def _array(rows: list[list[float]], columns: int) -> np.ndarray:
    """Rows as a matrix; an odd one, which no fit accepts, if their lengths differ."""
    if len({len(row) for row in rows}) > 1:
        return np.empty((len(rows), 0))
    return np.array(rows, dtype=float).reshape(len(rows), len(rows[0]) if rows else columns)


def _placed(error: InputError, document: Document) -> InputError:
    return InputError(*(Fault(f.message, document.where(*f.name.split(".")), f.name) for f in error.faults))


def _texts(values: xr.DataArray) -> tuple[str, ...]:
    return tuple(map(str, values.values))


def _moved(model: str, folder: Path) -> str:
    return str((folder / model).resolve()) if names_a_file(model) else model
