"""Studies of a clinic in plain numpy: patients, visits and summaries. Nothing here is of the package.

A patient has ``rest`` cells before treatment and ``rest * (1 - DEPTH * exp(-day / slow))`` of them after it; another
kind of cell does not change. Measurements are log-normal about the truth. Visits are scheduled by the month and take
place on a whole day within a window. Arrays are (study, patient).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MONTH = 30.4375
DEPTH, NOISE = 0.95, 0.15
REST, REST_SPREAD = 1.0, 0.5
SLOW, SLOW_SPREAD = 300.0, 0.5
OTHER, OTHER_SPREAD = 0.5, 0.3
LIMIT = 0.3
"""Of quantification, of the output that has one."""


@dataclass(frozen=True, eq=False)
class Clinic:
    """The patients of many studies."""

    rest: np.ndarray
    slow: np.ndarray
    other: np.ndarray
    chance: np.random.Generator

    @classmethod
    def of(
        cls,
        studies: int,
        patients: int,
        seed: int,
        *,
        rest: np.ndarray | float = REST,
        rest_spread: np.ndarray | float = REST_SPREAD,
        slow: np.ndarray | float = SLOW,
    ) -> Clinic:
        """Draw them; parameters may differ between studies, (study, 1)."""
        chance = np.random.default_rng(seed)
        z = chance.standard_normal((3, studies, patients))
        other = OTHER * np.exp(OTHER_SPREAD * z[2])
        return cls(rest * np.exp(rest_spread * z[0]), slow * np.exp(SLOW_SPREAD * z[1]), other, chance)

    def measured(self, truth: np.ndarray) -> np.ndarray:
        """What a measurement reports."""
        return truth * np.exp(NOISE * self.chance.standard_normal(truth.shape))

    def days(self, month: float, window: float) -> np.ndarray:
        """The whole days of a visit, each as likely, within a window of its time."""
        first, last = math.ceil(month * MONTH - window), math.floor(month * MONTH + window)
        return self.chance.integers(first, last, self.rest.shape, endpoint=True).astype(float)

    def counts(self, month: float, window: int = 3) -> np.ndarray:
        """Counts at a visit after treatment."""
        return self.measured(self.rest * (1 - DEPTH * np.exp(-self.days(month, window) / self.slow)))

    def before(self) -> np.ndarray:
        """Counts before treatment."""
        return self.measured(self.rest)

    def others(self) -> np.ndarray:
        """Counts of the other kind."""
        return self.measured(self.other)

    def returns(self, months: Sequence[float], window: int, level: float, *, of_baseline: bool = False) -> Returns:
        """Follow patients from visit to visit until one shows them back at a level, having shown them below it."""
        levels = level * self.before() if of_baseline else np.full(self.rest.shape, level)
        below, back = np.zeros(levels.shape, bool), np.zeros(levels.shape, bool)
        scheduled, day = np.full(levels.shape, np.inf), np.full(levels.shape, np.inf)
        for month in months:
            today = self.days(month, window)
            count = self.measured(self.rest * (1 - DEPTH * np.exp(-today / self.slow)))
            returned = below & ~back & (count >= levels)
            scheduled[returned], day[returned] = month, today[returned] / MONTH
            back |= returned
            below |= count < levels
        return Returns(np.where(below, scheduled, np.nan), np.where(below, day, np.nan))


@dataclass(frozen=True, eq=False)
class Returns:
    """When each patient is back, in months: infinite for never, NaN for one whom no visit showed below."""

    scheduled: np.ndarray
    day: np.ndarray

    def first(self, patients: int) -> Returns:
        """The first patients of each study who were shown below, whom a publication counts."""
        order = np.argsort(np.isnan(self.scheduled), axis=1, kind="stable")[:, :patients]
        scheduled, day = (np.take_along_axis(times, order, axis=1) for times in (self.scheduled, self.day))
        assert not np.isnan(scheduled).any()
        return Returns(scheduled, day)


Numbers = dict[str, np.ndarray]
"""What a publication prints of each study, (study,), by column of a table."""


def mean(values: np.ndarray) -> Numbers:
    """Of those who have a value."""
    return {"value": np.nanmean(known(values), axis=1)}


def mean_with_sd(values: np.ndarray, rounding: float = 0.0) -> Numbers:
    """Mean and standard deviation, rounded to steps."""
    numbers = mean(values) | {"sd": np.nanstd(known(values), axis=1, ddof=1)}
    return {key: rounding * np.rint(each / rounding) for key, each in numbers.items()} if rounding else numbers


def mean_with_interval(values: np.ndarray, quantile: float) -> Numbers:
    """With 95 % by a quantile of Student's distribution."""
    known_values = known(values)
    middle = np.nanmean(known_values, axis=1)
    reach = quantile * np.nanstd(known_values, axis=1, ddof=1) / np.sqrt((~np.isnan(known_values)).sum(axis=1))
    return {"value": middle, "lower": middle - reach, "upper": middle + reach}


def of_logarithms(numbers: Numbers) -> Numbers:
    """Back from the logarithm."""
    return {key: np.exp(each) for key, each in numbers.items()}


def median(values: np.ndarray) -> Numbers:
    """Of all, with those who never return last."""
    return {"value": np.median(values, axis=1)}


def median_with_quartiles(values: np.ndarray) -> Numbers:
    """Quartiles as Minitab, SAS and SPSS give them: at ranks (n + 1)/4."""
    lower, middle, upper = np.quantile(values, [0.25, 0.5, 0.75], axis=1, method="weibull")
    return {"lower": lower, "value": middle, "upper": upper}


def median_with_extremes(values: np.ndarray) -> Numbers:
    """The least and the greatest."""
    return median(values) | {"lower": values.min(axis=1), "upper": values.max(axis=1)}


def percent(some: np.ndarray) -> Numbers:
    """How many of a hundred."""
    return {"value": 100 * some.mean(axis=1)}


def known(values: np.ndarray) -> np.ndarray:
    """NaN in place of what is not finite."""
    return np.where(np.isfinite(values), values, np.nan)
