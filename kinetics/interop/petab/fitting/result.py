"""The result of a fit of a PEtab problem: estimates, their uncertainty, and its file."""

# pandas has no complete types
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from kinetics.interop.petab.fitting.fit_problem import PetabFitProblem
from kinetics.interop.petab.fitting.search import PetabSearch
from kinetics.interop.petab.objective.objective import PetabValues
from kinetics.results import provenance, variable, write_result
from kinetics.text.lists import listed
from kinetics.text.numbers import count_text
from kinetics.units import parse_unit

if TYPE_CHECKING:
    import pandas as pd

ONE = parse_unit("1")
FLAT = 1e-10
"""Eigenvalues of the information, over the largest, of directions that the measurements say nothing of."""
SAME = 0.1
"""How far below the best a search may end and count as having found the same."""


@dataclass(frozen=True, eq=False, repr=False)
class PetabFit:
    """A finished fit of a PEtab problem. See `kinetics.fit`.

    Parameters
    ----------
    problem : PetabFitProblem
        What was fitted.
    searches : tuple of PetabSearch
        Every search, in order.
    best : PetabSearch
        The one that ended highest.
    values : PetabValues
        The objective there, with gradients.
    information : ndarray, (parameter, parameter)
        Expected information of the measurements there, in one over the squared units of the scales of the problem.

    Examples
    --------
    >>> fitted = fit(FitProblem.from_petab("my_problem.yaml"))  # doctest: +SKIP
    >>> fitted.table()  # doctest: +SKIP
    """

    problem: PetabFitProblem
    searches: tuple[PetabSearch, ...]
    best: PetabSearch
    values: PetabValues
    information: np.ndarray

    @classmethod
    def of(cls, problem: PetabFitProblem, searches: tuple[PetabSearch, ...], best: PetabSearch) -> PetabFit:
        """The result of searches."""
        values = problem.unscaled(best.end)
        at = problem.objective.residuals(values)
        # of normal noise; of Laplace noise 1/b^2 for the location and for the scale, which weighs a residual as 1
        weight = np.where(problem.objective.noise.laplace, 1.0, 2.0)[:, None]
        location = at.residual_changes + at.residuals[:, None] * at.log_noise_changes
        location, width = location * problem.by_scaled(values), at.log_noise_changes * problem.by_scaled(values)
        information = location.T @ location + (weight * width).T @ width
        return cls(problem, searches, best, problem.objective.at(values, gradient=True), information)

    def __repr__(self) -> str:
        parts = f"{count_text(len(self.problem.names), 'estimate')}, log-likelihood {self.values.llh:.6g}"
        return f"<PetabFit of '{self.problem.name}': {parts}, {count_text(len(self.warnings), 'warning')}>"

    @property
    def estimates(self) -> dict[str, float]:
        """Values by name, not transformed."""
        return dict(zip(self.problem.names, self.problem.unscaled(self.best.end).tolist(), strict=True))

    @property
    def standard_errors(self) -> np.ndarray:
        """In the units of the scales of the problem, (parameter,), from `information`; NaN where that says nothing."""
        values, vectors = np.linalg.eigh(self.information)
        known = values > FLAT * max(values.max(initial=0.0), 0.0)
        variances = (vectors[:, known] ** 2 / values[known]).sum(axis=1)
        free = (vectors[:, ~known] ** 2).sum(axis=1) > 1e-6
        return np.where(free, np.nan, np.sqrt(variances))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know, in plain words."""
        names, (lower, upper) = self.problem.names, self.problem.bounds
        warnings: list[str] = []
        if not self.best.converged:
            warnings.append(f"the best search did not converge: {self.best.message}")
        unknown = [name for name, error in zip(names, self.standard_errors, strict=True) if np.isnan(error)]
        if unknown:
            warnings.append(f"the measurements do not determine {listed(unknown)}")
        width = np.where(np.isfinite(upper - lower), upper - lower, np.inf)
        at_bound = np.minimum(self.best.end - lower, upper - self.best.end) < 1e-3 * width
        if at_bound.any():
            warnings.append(f"at a bound: {listed([n for n, at in zip(names, at_bound, strict=True) if at])}")
        if len(self.searches) > 1 and self.agreeing == 1:
            warnings.append("one search alone found the best; more starts may find a better one")
        return tuple(warnings)

    @property
    def agreeing(self) -> int:
        """How many searches ended as high as the best."""
        return sum(one.log_posterior > self.best.log_posterior - SAME for one in self.searches)

    def table(self) -> pd.DataFrame:
        """Estimates by name: value, 95 % interval from the expected information, scale, bounds."""
        import pandas as pd

        half = 1.959964 * self.standard_errors
        lower, upper = self.problem.bounds
        columns = {
            "value": self.problem.unscaled(self.best.end),
            "lower": self.problem.unscaled(self.best.end - half),
            "upper": self.problem.unscaled(self.best.end + half),
            "scale": self.problem.scales,
            "lower_bound": self.problem.unscaled(lower),
            "upper_bound": self.problem.unscaled(upper),
        }
        return pd.DataFrame(columns, index=pd.Index(self.problem.names, name="parameter"))

    def summary(self) -> dict[str, Any]:
        """Everything as plain numbers, for JSON."""
        table = self.table()
        numbers = {
            name: {column: float(table[column].iloc[row]) for column in ("value", "lower", "upper")}
            for row, name in enumerate(self.problem.names)
        }
        return {
            "problem": self.problem.name,
            "petab_version": self.problem.tables.version,
            "estimates": numbers,
            "log_likelihood": self.values.llh,
            "chi2": self.values.chi2,
            "log_prior": self.values.log_prior,
            "measurements": len(self.problem.tables.measurements),
            "searches": len(self.searches),
            "searches_that_agree": self.agreeing,
            "converged": self.best.converged,
            "warnings": list(self.warnings),
        }

    def tree(self) -> xr.DataTree:
        """Everything that was found, with hashes and provenance as attributes.

        Returns
        -------
        xarray.DataTree
            Groups ``parameters`` on (parameter,), ``measurements`` on (measurement,) and ``searches`` on (search,);
            numbers are in the units of the problem.
        """
        tree = xr.DataTree.from_dict(
            {"parameters": self._parameters(), "measurements": self._measurements(), "searches": self._searches()}
        )
        problem = self.problem
        tree.attrs |= provenance(
            petab=problem.name,
            petab_version=problem.tables.version,
            model=problem.plan.assembled.model.name,
            model_hash=problem.plan.assembled.model.content_hash,
            data_hash=problem.data_hash,
            seed=problem.seed,
            engine=problem.objective.engine,
            log_likelihood=self.values.llh,
            chi2=self.values.chi2,
            log_prior=self.values.log_prior,
            converged=int(self.best.converged),
            warnings="; ".join(self.warnings),
        )
        return tree

    def save(self, path: str | Path) -> None:
        """Write `tree` to a NetCDF file, NAME.nc."""
        write_result(self.tree(), path)

    def _parameters(self) -> xr.Dataset:
        table = self.table()
        columns = {
            name: variable(("parameter",), table[name].to_numpy(dtype=float), ONE, f"{about}, not transformed")
            for name, about in {
                "value": "estimate",
                "lower": "lower end of the 95 % interval",
                "upper": "upper end of the 95 % interval",
                "lower_bound": "lower bound",
                "upper_bound": "upper bound",
            }.items()
        }
        columns["scale"] = xr.Variable("parameter", np.array(self.problem.scales, dtype=object))
        columns["gradient"] = variable(
            ("parameter",), self.values.gradient, ONE, "derivative of the log-likelihood at the estimate"
        )
        return xr.Dataset(columns, {"parameter": np.array(self.problem.names, dtype=object)})

    def _measurements(self) -> xr.Dataset:
        rows, dims = self.problem.tables.measurements, ("measurement",)
        texts = {
            "observable": np.array([row.observable for row in rows], dtype=object),
            "experiment": np.array([row.experiment for row in rows], dtype=object),
        }
        return xr.Dataset(
            {
                "measured": variable(dims, [row.value for row in rows], ONE, "measured value"),
                "simulated": variable(dims, self.values.simulations, ONE, "observable at the estimates"),
                "noise": variable(dims, self.values.noise, ONE, "scale of the noise at the estimates"),
                "at": variable(dims, [row.time for row in rows], ONE, "time of the measurement, in that of the model"),
                **{name: xr.Variable(dims, values) for name, values in texts.items()},
            }
        )

    def _searches(self) -> xr.Dataset:
        both, dims = ("search", "parameter"), ("search",)
        return xr.Dataset(
            {
                "start": xr.Variable(both, np.array([one.start for one in self.searches])),
                "end": xr.Variable(both, np.array([one.end for one in self.searches])),
                "log_posterior": variable(dims, [one.log_posterior for one in self.searches], ONE, "at the end"),
                "evaluations": variable(dims, [one.evaluations for one in self.searches], ONE, "of the objective"),
                "converged": variable(dims, [int(one.converged) for one in self.searches], ONE, "by its criterion"),
            },
            {"parameter": np.array(self.problem.names, dtype=object)},
        )
