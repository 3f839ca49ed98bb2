"""Rows of a file of facts to the questions they ask: everything they name, found and checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.errors import Faults, InputError, UnitError
from kinetics.files.library import path_from
from kinetics.model import Model
from kinetics.observation import VisitSchedule
from kinetics.published.facts.actions import Actions
from kinetics.published.facts.derived import DerivedNumber
from kinetics.published.facts.question import PublishedFact, Question
from kinetics.published.facts.row import EvidenceRow, PlacedFact, versus_columns
from kinetics.published.facts.settings import read_settings
from kinetics.regimen import Regimen, check_given_by_row
from kinetics.units import conversion, parse_unit, to_unit
from kinetics.units.levels import Level, read_level

__all__ = ["read_questions"]

_NO_DRUG = "none"
"""The regimen of a row that gives nothing."""


@dataclass(frozen=True, eq=False)
class _Library:
    """Files that rows name, each read once, its faults told once."""

    model: Callable[[str | Path], Model | None] = field(default_factory=lambda: cache(_once(Model.load)))
    regimen: Callable[[str | Path], Regimen] = field(default_factory=lambda: cache(Regimen.load))
    visits: Callable[[str | Path], VisitSchedule] = field(default_factory=lambda: cache(VisitSchedule.load))
    _cohorts: dict[tuple[str | Path, str | None], CohortParameters] = field(default_factory=dict)

    def cohort(self, model: str | Path, name: str | None) -> CohortParameters:
        """The values of a cohort of a model that can be read."""
        if (model, name) not in self._cohorts:
            found = self.model(model)
            assert found is not None
            self._cohorts[model, name] = cohort_parameters(found, name)
        return self._cohorts[model, name]


def _once(load: Callable[[str | Path], Model]) -> Callable[[str | Path], Model | None]:
    """A loader that fails with the faults of a file, which the cache around it keeps from being read again."""
    failed: dict[str | Path, None] = {}

    def loaded(name: str | Path) -> Model | None:
        if name in failed:
            return None
        failed[name] = None
        return load(name)

    return loaded


def read_questions(placed: list[PlacedFact], faults: Faults) -> list[PublishedFact]:
    """Find what every fact asks.

    Parameters
    ----------
    placed : list of PlacedFact
        The rows of a file.
    faults : Faults
        Where everything wrong is noted, each at its row.

    Returns
    -------
    list of PublishedFact
        Those that are right, in the order of the rows.
    """
    library = _Library()
    facts: list[PublishedFact] = []
    for each in placed:
        if each.row.kind == "told":
            facts.append(PublishedFact(each))
            continue
        with faults.gather(each.where, each.row.name):
            if (question := _question(each.row, each.path, library)) is not None:
                facts.append(_fact(each, question, library))
    return facts


def _fact(placed: PlacedFact, question: Question, library: _Library) -> PublishedFact:
    row = placed.row
    other = versus_columns(row)
    if other is None:
        return PublishedFact(placed, question, None, _factor(question.unit, parse_unit(str(row.unit)), row))
    versus = _question(other, placed.path, library)
    if versus is None:
        return PublishedFact(placed, question)
    return PublishedFact(placed, question, versus, _factor(versus.unit, question.unit, row))


def _factor(source: Any, target: Any, row: EvidenceRow) -> float:
    try:
        return float(conversion(source, target))
    except UnitError as error:
        raise UnitError(f"a {row.kind} of {row.output or row.expression}: {error}") from error


def _question(row: EvidenceRow, path: Path, library: _Library) -> Question | None:
    """What a row asks; None if the faults of its model have been told at another row."""
    named = path_from(path, str(row.model))
    model = library.model(named)
    if model is None:
        return None
    # a state of a part of the model may be written with a dot
    row = row.model_copy(update={key: _flat(getattr(row, key), model) for key in ("output", "over")})
    faults = Faults()
    regimen, values, settings = Regimen.none(), None, {}
    with faults.gather():
        if row.regimen not in (None, _NO_DRUG):
            regimen = library.regimen(path_from(path, str(row.regimen)))
            check_given_by_row(regimen, model)
    with faults.gather():
        values = library.cohort(named, row.cohort)
    with faults.gather():
        settings = read_settings(row.set, model)
    for name in (row.output, row.over):
        if name is not None:
            with faults.gather():
                model.quantity(name)
    faults.raise_if_any()
    assert values is not None
    cohort = values.with_estimates(settings)
    derived = None if row.expression is None else DerivedNumber.read(row.expression, model)
    if settings:  # without them the values are the cohort's, which have been tried
        model.constant_values(cohort.values)
    time, since = (_moment(text, model) for text in (row.time, row.since))
    if since is not None and time is not None and not since < time:
        raise InputError(f"since {row.since} is not before time {row.time}")
    visits = None if row.visits is None else library.visits(path_from(path, row.visits))
    if visits is not None:
        visits.check_outputs(model)
    if visits is not None and row.output is not None and visits.series_of(row.output) is None:
        raise InputError(f"visits '{row.visits}' do not measure {row.output}")
    own, relative = (derived.unit, False) if derived is not None else _own_unit(row, model)
    level, actions = _level_or_actions(row, model, cohort, regimen)
    return Question(row, model, regimen, cohort, settings, time, since, level, actions, visits, derived, own, relative)


def _flat(name: str | None, model: Model) -> str | None:
    flat = None if name is None else name.replace(".", "_")
    return flat if flat in model.states else name


def _moment(text: str | None, model: Model) -> float | None:
    if text is None:
        return None
    moment = to_unit(text, model.time)
    if moment < 0:
        raise InputError(f"time {text} is before the first dose")
    return moment


def _level_or_actions(
    row: EvidenceRow, model: Model, cohort: CohortParameters, regimen: Regimen
) -> tuple[Level | None, Actions | None]:
    """What the level of a row is: a threshold of its output, or how often rules acted."""
    if row.level is None:
        return None, None
    if row.kind != "courses_share":
        return _threshold(row, model, cohort), None
    if not regimen.rules:
        raise InputError(f"regimen '{regimen.name}' has no rules, whose actions are counted")
    return None, Actions.read(row.level)


def _threshold(row: EvidenceRow, model: Model, cohort: CohortParameters) -> Level:
    """A quantity, a share of baseline, or the cohort's value of a parameter."""
    text = str(row.level)
    name = text.replace(".", "_", 1)
    known = name in model.parameters
    level = Level(cohort.values[name], model.parameters[name].unit) if known else read_level(text)
    level.value(model.quantity(str(row.output)).unit, math.nan)
    if not level.number > 0:
        raise InputError(f"level {row.level} is not positive")
    return level


def _own_unit(row: EvidenceRow, model: Model) -> tuple[Any, bool]:
    """The unit of the number a row asks for, and whether an extreme is relative to the value before treatment.

    An extreme is absolute if the row's unit is of the output's kind, else relative.
    """
    if row.kind == "courses_share":
        return parse_unit("1"), False
    output = model.quantity(str(row.output)).unit
    if row.kind.startswith("time_") or row.kind == "event_peak":
        return model.time, False
    if row.kind == "count":
        return output, False
    if row.kind == "ratio":
        return output / model.quantity(str(row.over)).unit, False
    if row.kind == "event_share":
        conversion(output, parse_unit("1"))
        return output, False
    if row.kind in ("nadir", "overshoot", "peak") and row.unit is not None:
        absolute = parse_unit(row.unit).dimensionality == output.dimensionality
        return (output, False) if absolute else (parse_unit("1"), True)
    return parse_unit("1"), True
