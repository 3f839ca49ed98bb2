"""Estimates with their covariance, as kept in ``NAME.result.toml`` and in a fit's NetCDF file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics.documents import read_document
from kinetics.errors import InputError
from kinetics.results import write_atomically

__all__ = ["Estimates"]


@dataclass(frozen=True, eq=False)
class Estimates:
    r"""What a fit found, enough to draw from.

    With :math:`\theta` the free parameters and :math:`\eta` those fixed at another fit's estimates, the estimate follows a change of :math:`\eta` as
    :math:`\ln\theta = \ln\hat\theta + B(\ln\eta - \ln\hat\eta)`.

    Parameters
    ----------
    fit, model, cohort : str
        The fit problem, its model, and the cohort its rows are of.
    names, units, verdicts : tuple of str
        Of each parameter: dotted name, unit, what the data say of it.
    values : ndarray, (parameter,)
        Estimates, each in its unit.
    covariance : ndarray, (parameter, parameter)
        Of the natural logarithms.
    given : tuple of str
        Names of the parameters :math:`\eta` estimated by earlier fits.
    response : ndarray, (parameter, given)
        The matrix :math:`B`.
    facts : dict
        Provenance and summary numbers.
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
    response: np.ndarray
    facts: dict[str, Any]

    @property
    def log_se(self) -> np.ndarray:
        """Standard errors of the natural logarithms, (parameter,)."""
        return np.sqrt(np.diag(self.covariance))

    @classmethod
    def read(cls, path: str | Path) -> Estimates:
        """Read a committed result.

        Raises
        ------
        InputError
            If it is missing or not of the form `write` gives it.
        """
        document = read_document(path)
        try:
            data = document.data
            rows = data["estimates"]
            size, given = len(rows), tuple(data["response"]["given"])
            return cls(
                **{key: str(data["result"][key]) for key in ("fit", "model", "cohort")},
                names=tuple(rows),
                units=tuple(row["unit"] for row in rows.values()),
                verdicts=tuple(row["verdict"] for row in rows.values()),
                values=np.array([float(row["value"]) for row in rows.values()]),
                covariance=np.array(data["covariance"]["log"], dtype=float).reshape(size, size),
                given=given,
                response=np.array(data["response"]["log"], dtype=float).reshape(size, len(given)),
                facts={key: value for key, value in data["result"].items() if key not in ("fit", "model", "cohort")},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"{path}: not a committed fit result: {error}") from error

    def write(self, path: str | Path) -> None:
        """Write the committed result, atomically; numbers keep ten digits, the same on every machine that agrees to that many."""
        lines = [
            f"# Written by 'kinetics fit {self.fit} --save'; the only place of these estimates.",
            "[result]",
            *(f"{key} = {_toml(getattr(self, key))}" for key in ("fit", "model", "cohort")),
            *(f"{key} = {_toml(value)}" for key, value in self.facts.items()),
            "",
            "[estimates]",
        ]
        for name, value, unit, log_se, verdict in zip(
            self.names, self.values, self.units, self.log_se, self.verdicts, strict=True
        ):
            lines.append(
                f'"{name}" = {{ value = {_toml(value)}, unit = {_toml(unit)}, log_se = {_toml(log_se)}, verdict = {_toml(verdict)} }}'
            )
        lines += ["", "# of the natural logarithms, in the order above", "[covariance]", f"log = {_matrix(self.covariance)}"]
        lines += [
            "",
            "# how the logarithms of the estimates follow those of parameters that another fit estimated",
            "[response]",
            f"given = {_toml(list(self.given))}",
            f"log = {_matrix(self.response)}",
        ]
        write_atomically(path, lambda temporary: temporary.write_text("\n".join(lines) + "\n", encoding="utf-8"))

    @classmethod
    def from_tree(cls, tree: xr.DataTree) -> Estimates:
        """Take the estimates out of a fit's tree.

        Raises
        ------
        InputError
            If the tree is not that of a fit.
        """
        try:
            estimates, covariance = tree["estimates"], tree["covariance"]
            return cls(
                **{key: str(tree.attrs[key]) for key in ("fit", "model", "cohort")},
                names=tuple(map(str, estimates["parameter"].values)),
                units=tuple(map(str, estimates["unit"].values)),
                verdicts=tuple(map(str, estimates["verdict"].values)),
                values=np.asarray(estimates["value"].values, dtype=float),
                covariance=np.asarray(covariance["log_covariance"].values, dtype=float),
                given=tuple(map(str, covariance["given"].values)),
                response=np.asarray(covariance["log_response"].values, dtype=float),
                facts=dict(tree.attrs),
            )
        except KeyError as error:
            raise InputError(f"not the result of a fit: it has no {error}") from error


def _toml(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{float(value):.10g}" if float(value) % 1 or abs(value) > 1e15 else f"{float(value):.1f}"
    return json.dumps(value.item() if isinstance(value, np.generic) else value, ensure_ascii=True)


def _matrix(matrix: np.ndarray) -> str:
    rows = ["  [" + ", ".join(f"{value:.9e}" for value in row) + "]," for row in matrix]
    return "[\n" + "\n".join(rows) + "\n]" if rows else "[]"
