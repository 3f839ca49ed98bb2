"""A published fact: a row of evidence with the models, cohorts and regimens that it names, read and checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
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

CohortOf = Callable[[Model, str | None], CohortParameters]

_NO_DRUG = "none"
"""The regimen of a row that gives nothing."""


@dataclass(frozen=True, eq=False)
class PublishedFact:
    """A row of evidence with the numbers it asks for.

    ``quantity`` is what the model is asked for, ``versus`` what a direction is compared with; None if nothing.
    ``factor`` is from the unit of ``quantity`` to that of the row; with ``versus`` from its unit to that of
    ``quantity``. ``not_counted`` is the class of `kinetics.published.verdict.NOT_COUNTED` of a row that is only listed.
    """

    placed: PlacedRow[EvidenceRow]
    quantity: Quantity | None = None
    versus: Quantity | None = None
    factor: float = 1.0
    not_counted: str | None = None

    @property
    def exploratory(self) -> bool:
        """Whether it is of an output that the model calls exploratory."""
        return any(each.arm.model.is_exploratory(name) for each in self.quantities for name in each.outputs)

    def under(self, arm_of: Callable[[Arm], Arm]) -> PublishedFact:
        """The same fact of other patients: ``arm_of`` gives those that stand for the patients of an arm."""
        own, other = (None if each is None else each.under(arm_of(each.arm)) for each in (self.quantity, self.versus))
        return replace(self, quantity=own, versus=other)

    @property
    def quantities(self) -> list[Quantity]:
        """Those there are."""
        return [each for each in (self.quantity, self.versus) if each is not None]


def read_facts(
    placed: Sequence[PlacedRow[EvidenceRow]],
    faults: Faults,
    model: Model | None = None,
    cohort_of: CohortOf | None = None,
) -> list[PublishedFact]:
    """What every row of a file of evidence asks for, of the rows that are right, in their order.

    Everything wrong is noted in ``faults`` at its row; what is wrong with a model only at the first row that names it.
    With a ``model`` all rows are of that one, whichever they name. ``cohort_of`` gives the cohort of a name, by
    default as `cohort_parameters`.
    """
    library = _Library(model, cohort_of or cohort_parameters)
    facts: list[PublishedFact] = []
    _check_findings(placed, faults)
    fitted = {_asked_for(each.row) for each in placed if each.row.in_fit}
    for each in placed:
        with faults.gather(each.where, each.row.name):
            if not KINDS[each.row.kind].compared:
                facts.append(PublishedFact(each))
            elif (quantity := library.quantity(each.row, each.path)) is not None:
                fact = _fact(each, quantity, library)
                facts.append(replace(fact, not_counted=_not_counted(fact, fitted)))
    return facts


def _check_findings(placed: Sequence[PlacedRow[EvidenceRow]], faults: Faults) -> None:
    """Note rows of a finding of another source than its first row, and of one both fitted and not."""
    first: dict[str, PlacedRow[EvidenceRow]] = {}
    for each in placed:
        row, other = each.row, first.setdefault(each.row.finding_name, each)
        begin = f"finding '{row.finding_name}' begins at {other.where} with"
        if row.source != other.row.source:
            message = f"{begin} source {other.row.source}, found {row.source}: a finding is of one study"
            faults.add(message, each.where, f"{row.name}.finding")
        if row.in_fit is not other.row.in_fit:
            message = f"{begin} use = {other.row.use}, found {row.use}: a finding is used in a fit, or it is not"
            faults.add(message, each.where, f"{row.name}.finding")


def _asked_for(row: EvidenceRow) -> tuple[str | None, ...]:
    """What of a study a row asks for, whoever of its patients it is of."""
    asked = (row.output, row.over, row.time, row.since, row.level, row.expression)
    return row.source, row.kind, row.statistic, row.regimen, *asked


def _not_counted(fact: PublishedFact, fitted: Set[tuple[str | None, ...]]) -> str | None:
    """The class of a row that is only listed, as it says itself or by rule; ``fitted`` is what fits asked for."""
    row, quantity = fact.placed.row, fact.quantity
    assert quantity is not None
    if row.not_counted is not None:
        return row.not_counted
    if not quantity.simulated:
        return "parameter"
    if quantity.time == 0 and not row.is_direction:
        return "before_treatment"
    return "stratum" if not row.in_fit and _asked_for(row) in fitted else None


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

    def __init__(self, model: Model | None, cohort_of: CohortOf) -> None:
        self._only, self._cohort_of = model, cohort_of
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
        if self._only is not None:
            return self._only
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
        return self._cohort_of(model, cohort)


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
