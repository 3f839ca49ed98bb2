"""Every number that was left out beside what the rest predicts: the lines of a figure of a cross-validation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit, logit

from kinetics.crossvalidation import CrossValidation
from kinetics.crossvalidation.folds import KINDS, UNFITTED
from kinetics.crossvalidation.scores import ScoredNumber
from kinetics.errors import InputError
from kinetics.figures.agreement.compute import NUMBERS, OUTER, dataset_of_lines
from kinetics.figures.base.labels import row_label, unit_label
from kinetics.figures.evidence.labels import fact_label
from kinetics.published import PublishedFact, PublishedRow
from kinetics.units import conversion, parse_unit

_BY_VALUE = ("visit", "row", "source")
"""What is drawn unless somebody says so: what the log score is of."""


@dataclass(frozen=True)
class _Published:
    """A published number in its unit, and the scale of its errors: there, and back."""

    value: float
    unit: str
    label: str
    source: str
    scaled: Callable[[float], float] = math.log
    unscaled: Callable[[float], float] = math.exp


def left_out_lines(validated: CrossValidation, by: str | None, folder: Path) -> xr.Dataset:
    """The numbers of one kind of fold, and those of sources that the fit never had, each beside its prediction.

    Returned, over (line,): the variables of `kinetics.figures.agreement.compute.agreement_lines`. ``model`` is the
    prediction, ``model_lower`` and ``model_upper`` its 90 % interval, ``outer_lower`` and ``outer_upper`` that with the
    discrepancy of the model if it has one, by which ``inside`` is; ``use`` is what was left out. A number that the rest
    does not predict has no interval. Bibliographies are looked for in ``folder``.
    """
    chosen = _chosen(validated, by)
    lines = [_line(validated, one, folder) for one in validated.numbers if one.fold.by in (chosen, UNFITTED)]
    if not lines:
        raise InputError(f"the cross-validation of '{validated.problem.name}' has no number to draw")
    counted = [line["inside"] for line in lines if line["inside"] >= 0]
    facts = {"by": chosen, "agree": sum(map(int, counted)), "predicted": len(counted)}
    return dataset_of_lines(lines).assign_attrs(facts)


def _chosen(validated: CrossValidation, by: str | None) -> str:
    available = [kind for kind in KINDS if any(one.fold.by == kind for one in validated.numbers)]
    if by is None:
        return next((kind for kind in _BY_VALUE if kind in available), UNFITTED)
    if by not in available:
        raise InputError(f"the cross-validation has no numbers by {by}; it has {', '.join(available) or 'none'}")
    return by


def _line(validated: CrossValidation, one: ScoredNumber, folder: Path) -> dict[str, Any]:
    published, own = _published(validated, one, folder), one.left_out
    middle = published.scaled(published.value) - own.error

    def ends(reach: float) -> list[float]:
        if not own.informative:
            return [math.nan, math.nan]
        return sorted((published.unscaled(middle - reach), published.unscaled(middle + reach)))

    numbers = (published.value, math.nan, math.nan, math.nan, published.unscaled(middle), *ends(one.reach))
    return {
        "line": f"{one.fold.by}-{own.row}" + (".sd" if own.number == "sd" else ""),
        **dict(zip(NUMBERS, numbers, strict=True)),
        **dict(zip(OUTER, ends(one.reach_with) if one.discrepancy_sd > 0 else (math.nan, math.nan), strict=True)),
        "inside": np.int8(one.inside_with if own.informative else -1),
        "is_range": np.int8(0),
        "label": published.label,
        "unit": unit_label(published.unit),
        "use": one.fold.by,
        "source": published.source,
    }


def _published(validated: CrossValidation, one: ScoredNumber, folder: Path) -> _Published:
    if one.fold.by == UNFITTED:
        return _of_fact(next(each for each in validated.facts if each.placed.row.name == one.left_out.row), folder)
    problem, number = validated.problem, one.left_out.number
    row = next(target.row for target in problem.targets if target.row.name == one.left_out.row)
    return _of_row(row, number, row_label(row, "SD" if number == "sd" else "", problem.model))


def _of_fact(fact: PublishedFact, folder: Path) -> _Published:
    row, quantity = fact.placed.row, fact.quantity
    assert quantity is not None
    assert row.value is not None
    return _Published(
        row.value,
        str(row.unit),
        fact_label(fact.placed, folder),
        row.source,
        lambda number: quantity.scaled(number / fact.factor),
        lambda number: quantity.unscaled(number) * fact.factor,
    )


def _of_row(row: PublishedRow, number: str, label: str) -> _Published:
    value = row.sd if number == "sd" else row.value
    assert value is not None
    published = _Published(value, row.unit, label, row.source)
    if number != "share":
        return published
    unit, half = float(conversion(parse_unit("1"), parse_unit(row.unit))), 0.5 / (row.n or math.inf)
    return replace(
        published,
        scaled=lambda share: float(logit(np.clip(share / unit, half, 1 - half))),
        unscaled=lambda number: float(expit(number)) * unit,
    )
