"""A published fact: a row of evidence with the models, cohorts and regimens that it names, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.errors import Faults, InputError, UnitError
from kinetics.files.library import path_from
from kinetics.files.tables import PlacedRow
from kinetics.model import Model
from kinetics.observation import VisitSchedule
from kinetics.published.arm import Arm
from kinetics.published.evidence_row import EvidenceRow
from kinetics.published.kinds import KINDS, Quantity
from kinetics.published.settings import read_settings, versus_columns
from kinetics.regimen import Regimen, check_row_accepted
from kinetics.units import conversion, parse_unit, to_unit

_NO_DRUG = "none"
"""The regimen of a row that gives nothing."""


@dataclass(frozen=True, eq=False)
class PublishedFact:
    """A row of evidence with the numbers it asks for.

    ``quantity`` is what the model is asked for, ``versus`` what a direction is compared with; None if nothing.
    ``factor`` is from the unit of ``quantity`` to that of the row; with ``versus`` from its unit to that of
    ``quantity``.
    """

    placed: PlacedRow[EvidenceRow]
    quantity: Quantity | None = None
    versus: Quantity | None = None
    factor: float = 1.0

    @property
    def exploratory(self) -> bool:
        """Whether it is of an output that the model calls exploratory."""
        return any(each.arm.model.is_exploratory(name) for each in self.quantities for name in each.outputs)

    @property
    def quantities(self) -> list[Quantity]:
        """Those there are."""
        return [each for each in (self.quantity, self.versus) if each is not None]


def read_facts(placed: Sequence[PlacedRow[EvidenceRow]], faults: Faults) -> list[PublishedFact]:
    """What every row of a file of evidence asks for, of the rows that are right, in their order.

    Everything wrong is noted in ``faults`` at its row; what is wrong with a model only at the first row that names it.
    """
    library = _Library()
    facts: list[PublishedFact] = []
    for each in placed:
        with faults.gather(each.where, each.row.name):
            if not KINDS[each.row.kind].compared:
                facts.append(PublishedFact(each))
            elif (quantity := library.quantity(each.row, each.path)) is not None:
                facts.append(_fact(each, quantity, library))
    return facts


def _fact(placed: PlacedRow[EvidenceRow], quantity: Quantity, library: _Library) -> PublishedFact:
    row = placed.row
    other = versus_columns(row)
    if other is None:
        return PublishedFact(placed, quantity, None, _factor(quantity.unit, parse_unit(str(row.unit)), row))
    # the row itself has been checked, not what it is with columns of the other side
    if missing := KINDS[other.kind].columns.missing(other):
        raise InputError(f"versus {row.versus}: {'; '.join(missing)}")
    versus = library.quantity(other, placed.path)
    if versus is None:
        return PublishedFact(placed, quantity)
    return PublishedFact(placed, quantity, versus, _factor(versus.unit, quantity.unit, row))


def _factor(source: Any, target: Any, row: EvidenceRow) -> float:
    try:
        return float(conversion(source, target))
    except UnitError as error:
        raise UnitError(f"a {row.kind} of {row.output or row.expression}: {error}") from error


class _Library:
    """What rows name, each file read once."""

    def __init__(self) -> None:
        self._models: dict[str | Path, Model | None] = {}
        self._regimen, self._visits, self._cohort = (
            cache(self._regimen_of),
            cache(VisitSchedule.load),
            cache(self._values),
        )

    def quantity(self, row: EvidenceRow, path: Path) -> Quantity | None:
        """What a row of a file asks for; None if the faults of its model have been reported at another row."""
        reference = path_from(path, str(row.model))
        model = self._model(reference)
        if model is None:
            return None
        # a state of a part of the model may be written with a dot
        row = row.model_copy(update={key: _flat(getattr(row, key), model) for key in ("output", "over")})
        arm = self._arm(row, path, reference, model)
        time, since = (_moment(text, model) for text in (row.time, row.since))
        if since is not None and time is not None and not since < time:
            raise InputError(f"since {row.since} is not before time {row.time}")
        visits = None if row.visits is None else self._visits(path_from(path, row.visits))
        if visits is not None:
            visits.check_outputs(model)
            if row.output is not None and visits.series_of(row.output) is None:
                raise InputError(f"visits '{row.visits}' do not measure {row.output}")
        return KINDS[row.kind](row, arm, time, since, visits)

    def _arm(self, row: EvidenceRow, path: Path, reference: str | Path, model: Model) -> Arm:
        """The patients of a row, and whether the model has its outputs."""
        faults = Faults()
        regimen, values, settings = Regimen.none(), None, {}
        with faults.gather():
            if row.regimen not in (None, _NO_DRUG):
                regimen = self._regimen(path_from(path, str(row.regimen)), reference)
        with faults.gather():
            values = self._cohort(reference, row.cohort)
        with faults.gather():
            settings = read_settings(row.set, model)
        for name in (row.output, row.over):
            if name is not None:
                with faults.gather():
                    model.quantity(name)
        faults.raise_if_any()
        assert values is not None
        cohort = values.with_estimates(settings)
        if settings:  # without them the values are the cohort's, which have been tried
            model.constant_values(cohort.values)
        return Arm(model, cohort, regimen)

    def _model(self, reference: str | Path) -> Model | None:
        if reference not in self._models:
            self._models[reference] = None
            self._models[reference] = Model.load(reference)
        return self._models[reference]

    def _regimen_of(self, name: str | Path, reference: str | Path) -> Regimen:
        model = self._model(reference)
        assert model is not None
        regimen = Regimen.load(name)
        check_row_accepted(regimen, model)
        return regimen

    def _values(self, reference: str | Path, cohort: str | None) -> CohortParameters:
        model = self._model(reference)
        assert model is not None
        return cohort_parameters(model, cohort)


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
