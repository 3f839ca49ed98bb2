"""Draws from the posterior: what an ensemble of walkers left behind, and how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import emcee
import numpy as np

from kinetics.errors import InputError

__all__ = ["Chain", "Posterior", "check_draws"]

MAX_DRAWS = 10**6
"""At some tens of points a second, the pace of the fits that ship, these take a day, and say all that draws can."""

LONG = 50
"""A chain of so many autocorrelation times is long enough to trust that time, and its quantiles."""


def check_draws(draws: int) -> None:
    """Refuse more draws than are worth their time.

    Raises
    ------
    InputError
        If there are more than `MAX_DRAWS`.
    """
    if draws > MAX_DRAWS:
        message = f"{draws} draws of the posterior take days, and no quantile gets better; ask for at most {MAX_DRAWS}"
        raise InputError(message)


@dataclass(frozen=True, eq=False)
class Chain:
    """What all walkers have done so far, enough to go on from.

    ``positions``, (step, walker, parameter), are logarithms, step 0 where the walkers began; ``log_density``, (step,
    walker), is that of the posterior there, without its constant. ``random`` is the state of the Mersenne twister after
    the last step: 624 words, position, whether there is a normal number left, and that number.
    """

    positions: np.ndarray
    log_density: np.ndarray
    random: tuple[np.ndarray, int, int, float]

    @property
    def steps(self) -> int:
        """How many there are behind the start."""
        return len(self.positions) - 1


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws from the posterior; the first third of the steps is left out, in which the walkers forget their start."""

    chain: Chain

    @property
    def _first(self) -> int:
        return 1 + self.chain.steps // 3

    @property
    def logs(self) -> np.ndarray:
        """Logarithms of the parameters, (walker, draw, parameter)."""
        return self.chain.positions[self._first :].swapaxes(0, 1)

    @property
    def log_density(self) -> np.ndarray:
        """Log posterior without its constant, (walker, draw)."""
        return self.chain.log_density[self._first :].T

    @property
    def accepted(self) -> np.ndarray:
        """Whether a walker moved to reach a draw, of bool, (walker, draw)."""
        return np.any(np.diff(self.chain.positions[self._first - 1 :], axis=0) != 0, axis=2).T

    @cached_property
    def autocorrelation_time(self) -> np.ndarray:
        """Steps until a draw is as good as independent, (parameter,).

        Goodman and Weare 2010, doi 10.2140/camcos.2010.5.65; NaN where a walker never moved.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(emcee.autocorr.integrated_time(self.logs.swapaxes(0, 1), tol=0))

    @property
    def effective_sample_size(self) -> np.ndarray:
        """Independent draws that would tell the mean as well, (parameter,)."""
        return self.log_density.size / self.autocorrelation_time

    def quantiles(self, shares: Sequence[float]) -> np.ndarray:
        """Quantiles of the logarithms, (share, parameter)."""
        return np.quantile(self.logs, shares, axis=(0, 1))

    def warnings(self, names: Sequence[str]) -> list[str]:
        """What a reader of the draws must know, in plain words; ``names`` are of the parameters."""
        times = self.autocorrelation_time
        if not np.isfinite(times).all():
            return ["a walker never moved: the posterior needs more draws"]
        worst = int(np.argmax(times))
        if self.log_density.shape[1] >= LONG * times[worst]:
            return []
        needed = math.ceil(LONG * times[worst] * len(self.log_density) / 100) * 100
        return [f"the posterior of {names[worst]} is rough: give at least {needed} draws"]
