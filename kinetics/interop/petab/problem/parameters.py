"""The tables of parameters of PEtab 1 and 2."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from kinetics.errors import Faults
from kinetics.interop.petab.priors import KINDS_1, KINDS_2, Prior
from kinetics.interop.petab.problem.problem import PetabParameter
from kinetics.interop.petab.problem.tables import Row
from kinetics.interop.petab.scales import SCALES, scaled

COLUMNS_1 = ("parameterId", "parameterScale", "lowerBound", "upperBound", "estimate")
COLUMNS_2 = ("parameterId", "lowerBound", "upperBound", "nominalValue", "estimate")
_YES = {"1": True, "0": False, "true": True, "false": False, "1.0": True, "0.0": False}


def parameters_1(rows: Iterable[Row], faults: Faults) -> dict[str, PetabParameter]:
    """The parameters of PEtab 1 by name."""
    return _by_name((_parameter(row, _prior_1, row.choice("parameterScale", SCALES, "lin")) for row in rows), faults)


def parameters_2(rows: Iterable[Row], faults: Faults) -> dict[str, PetabParameter]:
    """The parameters of PEtab 2 by name."""
    return _by_name((_parameter(row, _prior_2, "lin") for row in rows), faults)


def _by_name(parameters: Iterable[PetabParameter], faults: Faults) -> dict[str, PetabParameter]:
    known: dict[str, PetabParameter] = {}
    for parameter in parameters:
        if parameter.name in known:
            faults.add("duplicate id", parameter.where, parameter.name)
        known[parameter.name] = parameter
    if not any(parameter.estimate for parameter in known.values()):
        faults.add("no parameter is estimated")
    return known


def _parameter(row: Row, prior_of: Callable[..., tuple[Prior | None, Prior | None]], scale: str) -> PetabParameter:
    name, estimate = row.identifier("parameterId"), row.choice("estimate", _YES, "")
    free = _YES.get(estimate, False)
    lower, upper = (
        row.number(column, math.nan if free else default, ("inf", "-inf"))
        for column, default in (("lowerBound", -math.inf), ("upperBound", math.inf))
    )
    nominal = math.nan
    if row.text("nominalValue") or not free:
        nominal = row.number("nominalValue")
    if free:
        if not lower < upper:
            row.refuse(f"the lower bound {lower:g} is not below the upper {upper:g}", "lowerBound")
        elif scale != "lin" and not lower > 0 and prior_of is _prior_1:
            row.refuse(f"must be positive on the scale {scale}; found {lower:g}", "lowerBound")
    common = {"name": name, "scale": scale, "lower": lower, "upper": upper, "nominal": nominal, "estimate": free}
    if not free or not lower < upper:
        return PetabParameter(**common, where=row.where)
    prior, start = prior_of(row, scale, lower, upper)
    return PetabParameter(**common, prior=prior, start_prior=start, where=row.where)


def _prior_1(row: Row, scale: str, lower: float, upper: float) -> tuple[Prior | None, Prior | None]:
    """The prior of the objective, which no bound cuts off, and that of starts, which the bounds do."""
    priors: list[Prior | None] = []
    for use in ("objective", "initialization"):
        kind = row.choice(f"{use}PriorType", KINDS_1, "parameterScaleUniform")
        numbers = row.numbers(f"{use}PriorParameters")
        on_scale = kind.startswith("parameterScale")
        is_flat = kind == "parameterScaleUniform" and not numbers
        if is_flat and use == "objective":
            priors.append(None)
            continue
        if is_flat:
            numbers = (scaled(lower, scale), scaled(upper, scale))
        bounds = {} if use == "objective" else {"lower": lower, "upper": upper}
        prior = Prior(KINDS_1[kind], numbers, scale if on_scale else "lin", **bounds)
        priors.append(_checked(prior, row, f"{use}PriorParameters"))
    return priors[0], priors[1]


def _prior_2(row: Row, scale: str, lower: float, upper: float) -> tuple[Prior | None, Prior | None]:
    """The prior, cut off at the bounds, also of starts; a flat one between them, and none, if none is stated."""
    kind, numbers = row.choice("priorDistribution", KINDS_2, "uniform"), row.numbers("priorParameters")
    if not row.text("priorDistribution"):
        if numbers:
            row.refuse("has numbers of a prior without its distribution", "priorParameters")
        numbers = (lower, upper)
        if not (math.isfinite(lower) and math.isfinite(upper)):
            return None, None
    prior = _checked(Prior(kind, numbers, "lin", lower, upper), row, "priorParameters")
    return prior, prior if row.text("priorDistribution") else None


def _checked(prior: Prior, row: Row, column: str) -> Prior | None:
    with row.faults.gather(row.where, column):
        prior.check()
        return prior
    return None
