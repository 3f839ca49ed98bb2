"""What a fit says of its uncertainty beside the covariance: profiles, and draws from the posterior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kinetics.estimate.estimates import Estimates
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.uncertainty.posterior import Posterior
from kinetics.estimate.uncertainty.practical import profile_verdict, profile_warnings
from kinetics.estimate.uncertainty.profile import Profile
from kinetics.published import NORMAL_95

__all__ = ["Intervals"]

SHARES = (0.025, 0.5, 0.975)


@dataclass(frozen=True, eq=False)
class Intervals:
    """Profiles and posterior, as far as they were asked for.

    Parameters
    ----------
    profiles : tuple of Profile
        Of some parameters, in their order.
    posterior : Posterior, optional
        Of all.
    """

    profiles: tuple[Profile, ...] = ()
    posterior: Posterior | None = None

    def __bool__(self) -> bool:
        return bool(self.profiles) or self.posterior is not None

    def warnings(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """What a reader must know, in plain words."""
        posterior = self.posterior.warnings(names) if self.posterior is not None else []
        return (*profile_warnings(names, self.profiles), *posterior)

    def summary(self, problem: FitProblem, kept: Estimates) -> dict[str, dict[str, Any]]:
        """The 95 % intervals of every estimate by method, as JSON has them; nothing if none was asked for."""
        if not self:
            return {name: {} for name in kept.names}
        found: dict[str, dict[str, Any]] = {}
        for name, value, log_se in zip(kept.names, kept.values, kept.log_se, strict=True):
            ends = value * np.exp(np.array([-NORMAL_95, NORMAL_95]) * log_se)
            found[name] = {"covariance": {"lower": float(ends[0]), "upper": float(ends[1])}}
        for one in self.profiles:
            found[kept.names[one.index]]["profile"] = _of_profile(one, problem.free[one.index].log_sd, kept.names)
        if self.posterior is not None:
            rows = _of_posterior(self.posterior)
            for name, row in zip(kept.names, rows, strict=True):
                found[name]["posterior"] = row
        return {name: {"intervals": row} for name, row in found.items()}

    def sampling(self) -> dict[str, Any]:
        """How the posterior was sampled, as JSON has it; nothing if it was not."""
        found = self.posterior
        if found is None:
            return {}
        walkers, draws = found.log_density.shape
        facts = {"draws": walkers * draws, "walkers": walkers, "acceptance": float(found.accepted.mean())}
        longest = float(np.max(found.autocorrelation_time))
        least = float(np.min(found.effective_sample_size))
        return {"posterior": {**facts, "autocorrelation_time": longest, "effective_sample_size": least}}


def _of_profile(one: Profile, log_sd: float | None, names: tuple[str, ...]) -> dict[str, Any]:
    lower, upper = one.interval
    return {
        "lower": lower if one.lower.state != "open" else None,
        "upper": upper if one.upper.state != "open" else None,
        "lower_end": one.lower.state,
        "upper_end": one.upper.state,
        "lower_others_at_bounds": [names[index] for index, _ in one.lower.held],
        "upper_others_at_bounds": [names[index] for index, _ in one.upper.held],
        "verdict": profile_verdict(one, np.inf if log_sd is None else log_sd),
    }


def _of_posterior(found: Posterior) -> list[dict[str, float]]:
    ends = np.exp(found.quantiles(SHARES))
    return [
        {"lower": float(lower), "median": float(median), "upper": float(upper), "effective_sample_size": float(size)}
        for (lower, median, upper), size in zip(ends.T, found.effective_sample_size, strict=True)
    ]
