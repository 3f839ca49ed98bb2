"""A published fact that is fitted: how far the model is from it, in standard errors on the scale of its kind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from kinetics.errors import InputError
from kinetics.published import NORMAL_95, EvidenceRow, PublishedFact, PublishedRow, Target, Verdict
from kinetics.published.kinds.quantity import OfShare, Quantity
from kinetics.published.kinds.scale import LEAST, LOGARITHM, Scale
from kinetics.published.likelihoods import Interval, PredictedSummary
from kinetics.published.row import Finite


class FactRow(PublishedRow):
    """A row of evidence as a fit has its rows; ``relation`` is that of a direction."""

    filled: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    kind: str
    statistic: Any
    lower: Finite | None = None
    upper: Finite | None = None
    relation: str | None = None

    @classmethod
    def of(cls, row: EvidenceRow) -> FactRow:
        """A row for fitting; what it leaves out is empty."""
        same = ("name", "kind", "value", "lower", "upper", "sd", "n", "rounding", "source", "relation")
        return cls(
            **{key: getattr(row, key) for key in same},
            use="fit",
            statistic=row.statistic or "unstated",
            output=row.output or row.expression or row.kind,
            over=row.over,
            regimen=row.regimen or "",
            cohort=row.cohort or "",
            unit=row.unit or "1",
        )

    @property
    def is_range(self) -> bool:
        """Whether it gives an interval and no value."""
        return self.value is None and self.relation is None

    @property
    def on_own_scale(self) -> bool:
        """Whether the distance of the model from it is no logarithm: a direction may hold by any distance."""
        return self.relation is not None

    def summary(self) -> dict[str, Any]:
        """The row as JSON has it, with ``relation``; a direction without a number is one of a ratio to 1."""
        row = super().summary() | {"relation": self.relation}
        return row if self.is_range or self.value is not None else row | {"published": 1.0}


@dataclass(frozen=True, eq=False)
class FactTarget(Target):
    r"""A published fact beside virtual patients, on the scale of its kind; a direction with ``versus`` is of a ratio.

    With the model's number :math:`x` and the published one :math:`v`, the error is :math:`(s(x) - s(v))/\sigma`, where
    :math:`s` is the logit of a share and the logarithm of any other number. ``lower`` and ``upper`` are the ends of
    what has no error, on the scale: the same for a number, one of them infinite for a direction. ``error_sd`` is
    :math:`\sigma`, of which the share that the number of patients of a study gives is missing where only simulated
    patients say it; it is then added by `sd`.
    """

    fact: PublishedFact
    scale: Scale
    lower: float
    upper: float
    error_sd: float

    @cached_property
    def published_text(self) -> str:
        """The published number with its relation, without unit."""
        row = self.fact.placed.row
        if row.value is None and row.relation is None:
            return " to ".join("" if end is None else f"{end:g}" for end in (row.lower, row.upper)).strip()
        return f"{row.relation or ''} {1.0 if row.value is None else row.value:g}".strip()

    def sd(self, verdict: Verdict) -> float:
        """The standard deviation of the error, where a verdict says how numbers of studies of the row's n differ."""
        if self.row.n and self._compares_shares:
            assert verdict.versus is not None
            return math.hypot(self.error_sd, _sd_of_log_ratio(math.exp(self._goal), verdict.versus, self.row.n))
        if verdict.studies is None or self._of_share or self.row.sd is not None:
            return self.error_sd
        lower, upper = (self._on_scale(end) for end in verdict.studies)
        own = (upper - lower) / (2 * NORMAL_95)
        if not 0 < own < math.inf:
            raise InputError(f"{self.row.name}: 'n' of this kind gives no standard error; add 'lower' and 'upper'")
        return math.hypot(self.error_sd, own)

    def error(self, verdict: Verdict) -> float:
        """How far the model's number is from the published, on the scale; NaN if the model has none."""
        number = self._on_scale(self.number(verdict))
        if math.isnan(number):
            return number
        return max(number - self.upper, 0.0) + min(number - self.lower, 0.0)

    def number(self, verdict: Verdict) -> float:
        """The model's number, in the unit of the row, or the ratio of both sides of a direction; NaN if undefined."""
        assert verdict.model is not None
        if verdict.versus is None:
            return verdict.model
        return verdict.model / verdict.versus if verdict.versus else math.nan

    @property
    def _compares_shares(self) -> bool:
        """Whether it is a direction between two shares of patients."""
        return self._of_share and isinstance(self.fact.versus, OfShare) and math.isinf(self.upper - self.lower)

    @property
    def _goal(self) -> float:
        """Where a direction begins to hold, on the scale."""
        return self.upper if math.isinf(self.lower) else self.lower

    @property
    def _of_share(self) -> bool:
        return isinstance(self.fact.quantity, OfShare)

    def _on_scale(self, number: float) -> float:
        return self.scale.of_model(number / self._factor)

    @property
    def _factor(self) -> float:
        return 1.0 if self.fact.versus is not None else self.fact.factor


@dataclass(frozen=True)
class PredictedFact(PredictedSummary):
    """A fact beside virtual patients: the model's number, and the verdict on it."""

    verdict: Verdict

    @classmethod
    def of(cls, target: FactTarget, verdict: Verdict) -> PredictedFact:
        """What a verdict says of a target."""
        ends = (math.nan, math.nan) if verdict.studies is None else verdict.studies
        return cls(target.row, Interval(target.number(verdict), *ends), None, verdict)

    def inside(self) -> bool | None:
        """Whether the model agrees; None if nobody can say."""
        return self.verdict.agrees


def fact_target(fact: PublishedFact, discrepancy: float) -> FactTarget:
    """Make a published fact a target; ``discrepancy`` is added to its own standard error, on its scale.

    An `InputError` if its kind or its number cannot be fitted, or nothing says how large its error is.
    """
    row, quantity = fact.placed.row, fact.quantity
    if quantity is None:
        raise InputError(f"a row of kind '{row.kind}' is not compared with a model, and cannot be fitted")
    if row.use != "calibrate":
        raise InputError(f"use = {row.use}; a fit of facts takes rows with use = calibrate")
    scale = quantity.scale if fact.versus is None else LOGARITHM
    if scale is None:
        raise InputError(f"a {row.kind} cannot be fitted: it has neither a logarithm nor a logit")
    factor = 1.0 if fact.versus is not None else fact.factor
    lower, upper = _ends(row, scale, factor)
    sd = math.hypot(_own_sd(row, quantity, scale, factor, 0.5 * (lower + upper)), discrepancy)
    if sd == 0 and not row.needs_studies:
        message = "has no error; it needs 'lower' and 'upper', 'n' or 'rounding', or the fit a discrepancy"
        raise InputError(message)
    return FactTarget(FactRow.of(row), quantity.arm.regimen, fact, scale, lower, upper, sd)


def _sd_of_log_ratio(ratio: float, share: float, n: int) -> float:
    """Of a share in n patients that is ``ratio`` times another one, in as many, over that."""
    shares = [min(max(each, LEAST), 1 - LEAST) for each in (ratio * share, share)]
    return math.sqrt(sum((1 - each) / (n * each) for each in shares))


def _ends(row: EvidenceRow, scale: Scale, factor: float) -> tuple[float, float]:
    """Between which a number has no error, on the scale: one number, or a range that is open at one end."""
    goal = 1.0 if row.value is None else row.value
    if row.relation in ("above", "below"):
        at = scale.published(goal / factor)
        return (at, math.inf) if row.relation == "above" else (-math.inf, at)
    if row.value is not None:
        at = scale.published(goal / factor)
        return at, at
    lower, upper = (None if end is None else scale.published(end / factor) for end in (row.lower, row.upper))
    if lower is not None and upper is not None:
        middle = 0.5 * (lower + upper)
        return middle, middle
    return -math.inf if lower is None else lower, math.inf if upper is None else upper


def _own_sd(row: EvidenceRow, quantity: Quantity, scale: Scale, factor: float, at: float) -> float:
    """What the row itself says of its standard error, on the scale; 0 if it says nothing."""
    parts: list[float] = []
    if row.lower is not None and row.upper is not None:
        ends = [scale.of_model(end / factor) for end in (row.lower, row.upper)]
        if not all(map(math.isfinite, ends)):
            raise InputError(f"interval {row.lower:g} to {row.upper:g} is not of positive numbers, which are fitted")
        parts.append((ends[1] - ends[0]) / (2 * NORMAL_95))
    if math.isfinite(at) and row.value is not None:
        number = row.value / factor
        if row.sd is not None and row.n is not None:
            parts.append(scale.slope(number) * row.sd / factor / math.sqrt(row.n))
        elif row.needs_studies and isinstance(quantity, OfShare):
            parts.append(1 / math.sqrt((row.n or 1) * number * (1 - number)))
        if row.rounding is not None:
            parts.append(scale.slope(number) * row.rounding / factor / math.sqrt(12))
    return math.hypot(*parts)
