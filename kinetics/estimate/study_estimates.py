"""What each study of a fit with random effects says of a parameter by itself: the lines of a forest plot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from kinetics.estimate.objective.studies import StudyEffectsObjective
from kinetics.mixed_effects.likelihood.marginal_normal import MarginalNormal, marginal_normal
from kinetics.published import NORMAL_95
from kinetics.units import unit_text

LEAST_INFORMATION = 1e-8
"""About a random effect, in units of its variance between studies: of less a study says nothing."""


def study_estimates(objective: StudyEffectsObjective, log_parameters: np.ndarray, log_se: np.ndarray) -> xr.Dataset:
    r"""Estimates of each study, of all together, and how much studies differ.

    With the rows of a study expanded about its conditional mode, :math:`r = j\eta + \varepsilon`, where
    :math:`\varepsilon` has the covariance :math:`V` of sampling and of the other random effects, the study's own
    estimate is :math:`j^TV^{-1}r/j^TV^{-1}j` with variance :math:`s^2 = 1/j^TV^{-1}j`. Its weight is the share of
    :math:`1/(s^2 + \tau^2)` in the sum over studies. The share of variance between studies is :math:`I^2 = \tau^2/(
    \tau^2 + \tilde s^2)`, with :math:`\tilde s^2` the typical variance within (doi 10.1002/sim.1186).

    Parameters
    ----------
    log_parameters, log_se : ndarray, (parameter,)
        Logarithms of the free parameters and their standard errors.

    Returns
    -------
    xarray.Dataset
        On (parameter, study): ``estimate`` with ``lower`` and ``upper``, its own 95 % interval; ``conditional``, the
        estimate by all studies; ``weight``, a share. On (parameter,): ``pooled``, ``pooled_lower``, ``pooled_upper``,
        ``tau``, ``i_squared`` and ``unit``. ``tau`` is of the logarithm if ``logarithmic`` is 1. A study that says
        nothing of a parameter is NaN with weight 0.
    """
    at = objective.modes(log_parameters)
    normal = marginal_normal(objective.studies.model, at.values, at.random)
    ids = objective.studies.model.observations.ids
    in_table = list(dict.fromkeys(target.row.trial for target in objective.problem.fitted))
    order = [ids.index(study) for study in in_table]
    of_parameters = []
    for number, effect in enumerate(objective.problem.study_effects):
        index = objective.names.index(effect.of)
        tau = float(np.exp(log_parameters[objective.names.index(effect.flat)]))
        effects, se = _own_effects(normal, number, tau)
        center, spread = float(log_parameters[index]), float(log_se[index])
        studies = _Studies(effects[order], se[order], at.random[order, number], tau, is_log=effect.kind != "normal")
        of_parameters.append(studies.dataset(center, spread).assign_coords(study=np.array(in_table, dtype=object)))
    names = [objective.problem.free[objective.names.index(one.of)] for one in objective.problem.study_effects]
    together = xr.concat(of_parameters, "parameter", coords="minimal", compat="override")
    units = "parameter", np.array([unit_text(one.unit) for one in names], dtype=object)
    return together.assign(unit=units).assign_coords(parameter=np.array([one.name for one in names], dtype=object))


def _own_effects(normal: MarginalNormal, number: int, tau: float) -> tuple[np.ndarray, np.ndarray]:
    """The random effect of each study by its own rows, and its standard error, (study,); NaN where they say nothing."""
    loading = normal.by_random[..., number]
    others = normal.covariance - tau**2 * loading[:, :, None] * loading[:, None, :]
    solved = np.linalg.solve(others, np.stack([loading, normal.residual], axis=2))
    information, score = np.einsum("si,sic->cs", loading, solved)
    precision = np.where(information * tau**2 > LEAST_INFORMATION, information, np.nan)
    return score / precision, 1 / np.sqrt(precision)


@dataclass(frozen=True, eq=False)
class _Studies:
    """Effects on one parameter: each study's own, its standard error, and that by all studies, (study,)."""

    effects: np.ndarray
    se: np.ndarray
    conditional: np.ndarray
    tau: float
    is_log: bool

    def dataset(self, log_typical: float, log_se: float) -> xr.Dataset:
        """On (study,), at a typical value."""
        weight = np.nan_to_num(1 / (self.se**2 + self.tau**2))
        lower, upper = (self._value(self.effects + side * NORMAL_95 * self.se, log_typical) for side in (-1, 1))
        own = {"comment": "in the unit of the parameter"}
        return xr.Dataset(
            {
                "estimate": ("study", self._value(self.effects, log_typical), own),
                "lower": ("study", lower, own),
                "upper": ("study", upper, own),
                "conditional": ("study", self._value(self.conditional, log_typical), own),
                "weight": ("study", weight / weight.sum(), {"units": "1"}),
                "pooled": ((), np.exp(log_typical), own),
                "pooled_lower": ((), np.exp(log_typical - NORMAL_95 * log_se), own),
                "pooled_upper": ((), np.exp(log_typical + NORMAL_95 * log_se), own),
                "tau": ((), self.tau),
                "i_squared": ((), self._i_squared(), {"units": "1"}),
                "logarithmic": ((), int(self.is_log), {"units": "1"}),
            }
        )

    def _value(self, effect: np.ndarray, log_typical: float) -> np.ndarray:
        """The parameter of studies with some effects."""
        return np.exp(log_typical + effect) if self.is_log else np.exp(log_typical) + effect

    def _i_squared(self) -> float:
        """The share of the variance that is between studies, by the typical variance within; NaN of one study."""
        precision = 1 / self.se[~np.isnan(self.se)] ** 2
        spread = precision.sum() ** 2 - (precision**2).sum()
        within = (precision.size - 1) * precision.sum() / spread if spread > 0 else np.nan
        return float(self.tau**2 / (self.tau**2 + within))
