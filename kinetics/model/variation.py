"""How a parameter varies between patients: what may be declared, and what a cohort makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf, isnan

from kinetics.model.quantities import CohortValue, Parameter
from kinetics.model.ranges import logit_bounds
from kinetics.units import parse_unit

DISTRIBUTIONS = ("log_normal", "logit_normal", "normal", "categories")
VARIATION_KEYS = ("spread", "distribution", "shares")
OWN_KEYS = (*VARIATION_KEYS, "prior")
"""What a cohort may say of a parameter beside its value."""
MOST_SPREAD = 10
"""On a logarithm or a logit: beyond it, every draw is at one end or the other."""
ROUNDING = 1e-6
"""By how much the sum of shares may miss 1: what is left by writing thirds with seven digits."""


def in_cohort(parameter: Parameter, entry: CohortValue) -> Parameter:
    """A parameter as a cohort has it, given as the model, or the cohort it extends, has it.

    A cohort that changes the distribution takes over no spread and no shares, since they would mean another thing.

    >>> age = Parameter(name="age", value=40, unit="year", spread=0.2)
    >>> older = in_cohort(age, CohortValue(60.0, "choice", spread=8.0, distribution="normal"))
    >>> older.value, older.spread, older.distribution
    (60.0, 8.0, 'normal')
    >>> in_cohort(older, CohortValue(65.0, "choice")).spread
    8.0
    """
    own = {key: declared for key in OWN_KEYS if (declared := getattr(entry, key)) is not None}
    if entry.distribution not in (None, _distribution(parameter)):
        own = {"spread": None, "shares": None} | own
    return replace(parameter, value=entry.value, **own)


def _distribution(parameter: Parameter) -> str | None:
    return parameter.distribution or ("log_normal" if parameter.spread is not None else None)


def variation_faults(parameter: Parameter) -> Iterator[tuple[str, str]]:
    """What is wrong with how a parameter varies: the key, and in words; a spread that is no number has been reported.

    >>> list(variation_faults(Parameter(name="age", value=40, unit="year", distribution="normal")))
    [('distribution', "distribution 'normal' needs a spread")]
    """
    kind, spread = parameter.distribution, parameter.spread
    if spread is not None and isnan(spread):
        return
    if kind not in (None, *DISTRIBUTIONS):
        yield "distribution", f"unknown distribution '{kind}'; there are {', '.join(DISTRIBUTIONS)}"
    elif kind == "categories":
        yield from _category_faults(parameter)
    else:
        yield from _spread_faults(kind, spread)
        if parameter.shares is not None:
            yield "shares", "only distribution 'categories' has shares"
    if kind == "logit_normal":
        low, high = logit_bounds(parameter)
        if low >= high:
            message = f"its logit needs a range: its minimum is {low:g} and its maximum {high:g} (by default 0 and 1)"
            yield "distribution", message


def _spread_faults(kind: str | None, spread: float | None) -> Iterator[tuple[str, str]]:
    if spread is None:
        if kind is not None:
            yield "distribution", f"distribution '{kind}' needs a spread"
    elif not 0 < spread < inf:
        yield "spread", f"must be a finite number above 0, found {spread:g}"
    elif spread > MOST_SPREAD and kind != "normal":
        scale = "logit" if kind == "logit_normal" else "logarithm"
        yield "spread", f"must be at most {MOST_SPREAD}, found {spread:g}: it is on the {scale}"


def _category_faults(parameter: Parameter) -> Iterator[tuple[str, str]]:
    shares = parameter.shares
    if parameter.spread is not None:
        yield "spread", "distribution 'categories' has shares and no spread"
    if parameter.prior is not None:
        yield "prior", "a category has no logarithm; leave the prior out"
    if parameter.unit is not None and parameter.unit != parse_unit("1"):
        yield "unit", "categories are the numbers 0, 1, ...; their unit is '1'"
    if shares is None:
        yield "distribution", "distribution 'categories' needs shares, such as shares = [0.4, 0.6]"
    elif len(shares) < 2 or not all(0 <= share <= 1 for share in shares):
        yield "shares", "needs at least two shares, each from 0 to 1"
    elif abs(sum(shares) - 1) > ROUNDING:
        yield "shares", f"must sum to 1, and they sum to {sum(shares):.7g}"
