"""The result of a fit of a PEtab problem: estimates, their uncertainty, and its file."""

# pandas has no complete types
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from kinetics.estimate.petab.keeping import checkpoint_of_petab
from kinetics.estimate.petab.profiling import indices_of, run_petab_profiles
from kinetics.estimate.petab.summary import petab_summary
from kinetics.estimate.petab.tree import petab_tree
from kinetics.estimate.uncertainty.profile import Profile
from kinetics.files.arguments import Progress
from kinetics.interop.petab.fitting import PetabFitProblem
from kinetics.interop.petab.fitting.search import PetabSearch
from kinetics.interop.petab.objective.objective import PetabValues
from kinetics.results import Drawable, write_result
from kinetics.text.lists import listed
from kinetics.text.numbers import count_text

if TYPE_CHECKING:
    import pandas as pd

FLAT = 1e-14
"""Eigenvalues of the information, over the largest, that rounding alone leaves: nothing is known along them."""
HALF = 1.959964
"""Standard errors on each side of an estimate in its 95 % interval."""
SAME = 0.1
"""How far below the best a search may end and count as having found the same."""


@dataclass(frozen=True, eq=False, repr=False)
class PetabFit(Drawable):
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
    profiles : tuple of Profile
        Of those parameters that were profiled, on the scales of the problem.

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
    profiles: tuple[Profile, ...] = ()

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
        errors, (lower, upper) = np.sqrt(variances), self.problem.bounds
        # such an interval reaches beyond both bounds from anywhere between them
        return np.where(free | (HALF * errors > upper - lower), np.nan, errors)

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

        half = HALF * self.standard_errors
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

    def interval(self, profile: Profile) -> tuple[float, float]:
        """The ends of the 95 % interval of a profile, not transformed; where one is open, the bound."""
        return tuple(float(self._at(profile, end.at)[profile.index]) for end in (profile.lower, profile.upper))  # pyright: ignore[reportReturnType]

    def _at(self, profile: Profile, value: float) -> np.ndarray:
        point = self.best.end.copy()
        point[profile.index] = value
        return self.problem.unscaled(point)

    def profile(
        self, names: str | Sequence[str] = "all", *, resume: bool = False, progress: Progress | None = None
    ) -> PetabFit:
        """The same fit with the profile likelihood of some parameters.

        Parameters
        ----------
        names : str or sequence of str
            Of estimated parameters, or ``"all"``.
        resume, progress : optional
            Whether to go on from the profiles that an interrupted call finished; as of `kinetics.fit`.

        Raises
        ------
        InputError
            If a parameter is not estimated.
        FitInterrupted
            If it is interrupted: finished profiles are kept for ``resume``.
        """
        indices = indices_of(self.problem, names)
        with checkpoint_of_petab(self.problem, resume=resume) as checkpoint:
            return replace(self, profiles=run_petab_profiles(self, indices, checkpoint, progress))

    def summary(self) -> dict[str, Any]:
        """Everything as plain numbers, for JSON."""
        return petab_summary(self.tree())

    def tree(self) -> xr.DataTree:
        """Everything that was found, with hashes and provenance as attributes.

        Returns
        -------
        xarray.DataTree
            Groups ``parameters`` on (parameter,), ``measurements`` on (measurement,), ``curves`` on (point,),
            ``searches`` on (search,) and, of what was profiled, ``profiles`` on (parameter, point); numbers are in the
            units of the problem.
        """
        return petab_tree(self)

    def drawn_from(self) -> xr.DataTree:
        """`tree`: measurements on (measurement,) and curves on (point,), in the units of the problem, are drawn."""
        return self.tree()

    def save(self, path: str | Path) -> Path:
        """Write `tree` to a NetCDF file, NAME.nc."""
        write_result(self.tree(), path)
        return Path(path)
