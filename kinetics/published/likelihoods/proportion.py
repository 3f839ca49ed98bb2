"""A share of patients: below or above a limit at a time, or observed back by one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from kinetics.measures.patient_statistics import at_risk
from kinetics.observation.distribution import Expected, ObservedDistribution, Scalar, shares
from kinetics.observation.normal import log
from kinetics.observation.observed_counts import ObservedCounts
from kinetics.observation.observed_times import ObservedTimes, scheduled_within
from kinetics.published.likelihoods.summary import Evaluation


@dataclass(frozen=True)
class Proportion:
    r"""A share :math:`k/n` of n patients, binomial: on one side of a ``level`` of a count, or back between two times.

    With :math:`p` the share in the population, :math:`p(k) = \binom{n}{k} p^k (1-p)^{n-k}`; a published percentage need
    not give a whole :math:`k`, and factorials go on as gamma functions. The error is that of :math:`2\arcsin\sqrt p`,
    of variance :math:`1/n` whatever :math:`p` (Anscombe 1948, doi 10.1093/biomet/35.3-4.246). ``above`` counts values
    at the level too. Those back at a visit that is scheduled for ``until`` count, those at one for ``since`` do not. A
    step of a Kaplan-Meier curve has ``until`` alone; the share ever observed back has neither.
    """

    n: int
    share: float
    level: float | None = None
    above: bool = False
    since: float = 0.0
    until: float = np.inf

    def evaluate(self, observed: ObservedDistribution) -> Evaluation:
        """The log probability of the count."""
        functions = self._functions(observed)
        p, rest = shares(functions)
        count = self.share * self.n
        front = gammaln(self.n + 1) - gammaln(count + 1) - gammaln(self.n - count + 1)
        # the limit of k log p is 0 where both vanish
        yes = count * log(p) if count > 0 else 0.0
        no = (self.n - count) * log(rest) if count < self.n else 0.0
        error = _angle(self.share, 1 - self.share) - _angle(p, rest)
        scale = np.sqrt(p * rest) * observed.counted
        # where all are alike no patient tells anything
        weights = np.array([[rest], [-p]]) / scale if np.real(scale) > 1e-100 else np.zeros((2, 1))
        influence = functions.combined(weights, np.zeros(1))
        return Evaluation(front + yes + no, np.array([error]), np.array([[1.0 / self.n]]), influence)

    def of(self, sample: np.ndarray) -> Proportion:
        """The same of other patients: of those below or above the limit, or observed back within the times."""
        if self.level is None:
            inside = scheduled_within(at_risk(sample), self.since, self.until)
        elif self.above:
            inside = at_risk(sample) >= self.level
        else:
            inside = at_risk(sample) < self.level
        return replace(self, share=float(inside.mean()))

    def value(self, observed: ObservedDistribution) -> float:
        """The share in the population."""
        return float(np.real(shares(self._functions(observed))[0]))

    def interval(self, observed: ObservedDistribution, level: float = 0.95) -> tuple[float, float]:
        """Equal tails of the binomial distribution."""
        return binomial_interval(self.n, self.value(observed), level)

    def _functions(self, observed: ObservedDistribution) -> Expected:
        if isinstance(observed, ObservedTimes):
            return observed.back(self.since, self.until)
        assert isinstance(observed, ObservedCounts)
        assert self.level is not None
        below = observed.below(self.level)
        if not self.above:
            return below
        return below.combined(np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2))


def binomial_interval(n: int, share: float, level: float = 0.95) -> tuple[float, float]:
    """Where the share that a study of n patients finds lies with this probability, equal tails; NaN for a share of NaN.

    Examples
    --------
    >>> binomial_interval(20, 0.5)
    (0.3, 0.7)
    """
    # takes a third of the time of all imports of a fit, which needs it only here
    from scipy.stats import binom

    tails = binom.ppf([0.5 - level / 2, 0.5 + level / 2], n, share) / n
    return float(tails[0]), float(tails[1])


def _angle(p: Scalar, rest: Scalar) -> Scalar:
    """Twice the arcsine of the root of p, of p and 1 - p."""
    # a complex division may leave less than nothing
    real = max(float(np.real(p)), 0.0), max(float(np.real(rest)), 0.0)
    angle = 2 * math.atan2(math.sqrt(real[0]), math.sqrt(real[1]))
    return angle + 1j * np.imag(p) / math.sqrt(real[0] * real[1] + 1e-300) if np.iscomplexobj(p) else angle
