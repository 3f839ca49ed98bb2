"""A share of patients: below or above a limit at a time, or seen back by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln
from scipy.stats import binom

from kinetics.summaries.counts import SeenCounts
from kinetics.summaries.seen import Expected, Seen
from kinetics.summaries.summary import Evaluation
from kinetics.summaries.times import SeenTimes

__all__ = ["Proportion"]


@dataclass(frozen=True)
class Proportion:
    r"""A share :math:`k/n` of n patients, binomial.

    With :math:`p` the share in the population, :math:`p(k) = \binom{n}{k} p^k (1-p)^{n-k}`; a published percentage need
    not give a whole :math:`k`, and factorials go on as gamma functions.

    Parameters
    ----------
    n : int
        Patients.
    share : float
        As published, 0 to 1.
    level : float
        The limit, of a count.
    above : bool
        Whether the share is that at or above the limit.
    since, until : float
        Between which times patients are first seen back, of a time: a step of a Kaplan-Meier curve has ``until``
        alone, the share ever seen back has neither.
    """

    n: int
    share: float
    level: float = 0.0
    above: bool = False
    since: float = 0.0
    until: float = np.inf

    def evaluate(self, seen: Seen) -> Evaluation:
        """The log probability of the count."""
        functions = self._functions(seen)
        inside, counted = functions.of_patients.mean(axis=0)
        p = inside / counted
        count = self.share * self.n
        front = gammaln(self.n + 1) - gammaln(count + 1) - gammaln(self.n - count + 1)
        # the limit of k log p is 0 where both vanish
        yes = count * np.log(p) if count else 0.0
        no = (self.n - count) * np.log(1 - p) if count < self.n else 0.0
        influence = functions.combined(np.array([[1.0], [-p]]) / counted, np.zeros(1))
        return Evaluation(front + yes + no, np.array([self.share - p]), np.array([[p * (1 - p) / self.n]]), influence)

    def value(self, seen: Seen) -> float:
        """The share in the population."""
        inside, counted = np.real(self._functions(seen).of_patients.mean(axis=0))
        return float(inside / counted)

    def interval(self, seen: Seen, level: float = 0.95) -> tuple[float, float]:
        """Equal tails of the binomial distribution."""
        tails = binom.ppf([0.5 - level / 2, 0.5 + level / 2], self.n, self.value(seen)) / self.n
        return float(tails[0]), float(tails[1])

    def _functions(self, seen: Seen) -> Expected:
        if isinstance(seen, SeenTimes):
            return seen.back(self.since, self.until)
        assert isinstance(seen, SeenCounts)
        below = seen.below(self.level)
        if not self.above:
            return below
        return below.combined(np.array([[-1.0, 0.0], [1.0, 1.0]]), np.zeros(2))
