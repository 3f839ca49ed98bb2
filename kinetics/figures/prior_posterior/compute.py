"""What was known of each parameter before a fit and after it: the groups of a fit's tree that a figure draws."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from kinetics.figures.base.labels import unit_label
from kinetics.units import unit_text

if TYPE_CHECKING:
    from kinetics.estimate import Estimates, FitProblem

GROUPS = {
    "estimates": ("parameter", "value", "unit", "log_se"),
    "prior": ("parameter", "center", "log_sd", "lower", "upper", "unit"),
}
"""Groups and variables of a fit's tree that are drawn; the group ``posterior`` is, if there is one."""

_SQRT_2PI = math.sqrt(2 * math.pi)
_BINS = 40


@dataclass(frozen=True, eq=False)
class Knowledge:
    """One parameter; densities are of its natural logarithm.

    ``log_se`` is the standard error of the logarithm, zero at a bound; ``center`` and ``log_sd`` are of the prior,
    ``log_sd`` being NaN for a flat one; ``lower`` and ``upper`` are the bounds; ``sample``, (draw,), is of the
    posterior, if it was sampled.
    """

    name: str
    unit: str
    value: float
    log_se: float
    center: float
    log_sd: float
    lower: float
    upper: float
    sample: np.ndarray | None

    @property
    def is_flat(self) -> bool:
        """Whether the prior is flat within the bounds."""
        return math.isnan(self.log_sd)

    def prior(self, x: np.ndarray) -> np.ndarray:
        """Density of the prior at logarithms, (point,)."""
        if not self.is_flat:
            return _normal(x, math.log(self.center), self.log_sd)
        inside = (x >= math.log(self.lower)) & (x <= math.log(self.upper))
        return np.where(inside, 1 / math.log(self.upper / self.lower), 0.0)

    def posterior(self, x: np.ndarray) -> np.ndarray:
        """Density of the normal approximation at logarithms, (point,)."""
        return _normal(x, math.log(self.value), self.log_se)

    def span(self) -> tuple[float, float]:
        """Logarithms between which there is something to see, within the bounds."""
        ends = [math.log(self.value) + side * max(4 * self.log_se, 0.05) for side in (-1, 1)]
        if not self.is_flat:
            ends += [math.log(self.center) + side * 2.5 * self.log_sd for side in (-1, 1)]
        if self.sample is not None:
            ends += np.log(np.quantile(self.sample, [0.001, 0.999])).tolist()
        low, high = max(min(ends), math.log(self.lower)), min(max(ends), math.log(self.upper))
        margin = 0.03 * (high - low)
        return low - margin, high + margin

    def histogram(self) -> tuple[np.ndarray, np.ndarray]:
        """Density of the sample's logarithms, (bin,), and the edges, (bin + 1,)."""
        assert self.sample is not None
        return np.histogram(np.log(self.sample), bins=_BINS, density=True)


def knowledge_tree(problem: FitProblem, estimates: Estimates) -> xr.DataTree:
    """The groups `GROUPS` of a problem and its estimates, as a fit's own tree has them."""
    free, values, rows = problem.free, estimates.by_flat_name(problem.model), estimates.by_name
    before: dict[str, list[Any]] = {"center": [each.start for each in free]}
    before["log_sd"] = [math.nan if each.log_sd is None else each.log_sd for each in free]
    before |= {"lower": [each.lower for each in free], "upper": [each.upper for each in free]}
    after = {"value": [values[each.flat] for each in free], "log_se": [rows[each.name].log_se for each in free]}
    texts = {"parameter": [each.name for each in free], "unit": [unit_text(each.unit) for each in free]}
    shared = {name: ("parameter", np.array(cells, dtype=object)) for name, cells in texts.items()}
    groups = {"estimates": after, "prior": before}
    tree = xr.DataTree.from_dict(
        {
            group: xr.Dataset(shared | {name: ("parameter", cells) for name, cells in columns.items()})
            for group, columns in groups.items()
        }
    )
    tree.attrs.update(fit=problem.name, builds_on=", ".join(estimates.builds_on))
    return tree


def knowledge(tree: xr.DataTree) -> list[Knowledge]:
    """What a tree says of each parameter, in its order."""
    after = tree["estimates"].to_dataset()
    before = tree["prior"].to_dataset().set_index(parameter="parameter").sel(parameter=after["parameter"].values)
    samples = tree["posterior"].to_dataset() if "posterior" in tree.children else None
    columns = [after["value"], after["log_se"], *(before[key] for key in ("center", "log_sd", "lower", "upper"))]
    numbers = np.array([column.values for column in columns], dtype=float).T.tolist()
    names, units = map(str, after["parameter"].values), map(str, after["unit"].values)
    return [
        Knowledge(name, unit_label(unit), *own, sample=None if samples is None else _sample(samples, name))
        for name, unit, own in zip(names, units, numbers, strict=True)
    ]


def _sample(samples: xr.Dataset, name: Hashable) -> np.ndarray | None:
    """Draws of a parameter: the variable of its name, over whatever chains and draws."""
    if name not in samples:
        return None
    drawn = samples[name].values.astype(float).ravel()
    return drawn[np.isfinite(drawn) & (drawn > 0)]


def _normal(x: np.ndarray, mean: float, sd: float) -> np.ndarray:
    if sd == 0:
        return np.zeros_like(x)
    return np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * _SQRT_2PI)
