"""A regimen as an engine sees it: stretches of time with constant infusion rates, and boluses at their starts."""

# what a user gives is checked, whatever its annotation says
# pyright: reportUnnecessaryIsInstance=false
from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.errors import Fault, InputError, UnitError, UnknownNameError
from kinetics.model.timing.switches import Switches
from kinetics.regimen.dose import Dose, amount_text
from kinetics.regimen.regimen import Regimen
from kinetics.regimen.rule import Rule
from kinetics.regimen.times import SAME, apart, rescale, units_per_day
from kinetics.units import Unit, conversion, unit_text

if TYPE_CHECKING:
    from kinetics.model import Model


@dataclass(frozen=True, eq=False)
class Segments:
    """Constant infusion between edges; a dose starts or ends at every inner edge.

    ``edges``, (segment + 1,), in model time, increase from 0 to the end of the simulation. In the order of ``drugs``,
    ``rates``, (segment, drug), are in model dose unit per model time, and ``boluses``, (segment, drug), in model dose
    unit, are given at the start of a segment. By ``forward``, (segment,), in model time, the clock of the model is set
    forward there: a condition of the time changes between the edge and where the clock then stands.
    """

    drugs: tuple[str, ...]
    edges: np.ndarray
    rates: np.ndarray
    boluses: np.ndarray
    forward: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rates)

    @property
    def lengths(self) -> np.ndarray:
        """(segment,), model time."""
        return np.diff(self.edges)

    @cached_property
    def largest(self) -> np.ndarray:
        """(drug,), model dose unit: the most that is given in one segment."""
        return (self.lengths[:, None] * self.rates + self.boluses).max(axis=0, initial=0.0)


@dataclass(frozen=True)
class _ModelDose:
    """A dose in model units: column, amount, start and end."""

    drug: int
    amount: float
    start: float
    end: float


def segments(regimen: Regimen, doses: Mapping[str, Unit], time: Unit, until: float) -> Segments:
    """Cut time at every start and end of a dose; what rules give is not in it.

    Doses that start at ``until`` or later are left out; an infusion that crosses it is cut. Times closer than 1e-9 day
    are one; an infusion keeps its whole amount by its rate, and one shorter than that is a bolus.

    ``doses`` are the drugs that the model accepts, each with the model's unit of amount, in the order of the columns;
    ``time`` is its unit of time, of which ``until`` is a number. `UnknownNameError` if the model accepts no such drug,
    `UnitError` if an amount has another dimension than the model's or ``time`` is no unit of time, `InputError` if
    ``until`` is not positive and finite, or if time has no unit and the regimen gives anything.

    >>> from kinetics.regimen import Course
    >>> from kinetics.units import parse_unit
    >>> regimen = Regimen([Course.of("drug_a", "12 mg", "4 hour", every="1 day", count=2)])
    >>> cut = segments(regimen, {"drug_a": parse_unit("mg")}, parse_unit("hour"), until=48)
    >>> cut.edges, cut.rates[:, 0]
    (array([ 0.,  4., 24., 28., 48.]), array([3., 0., 3., 0.]))
    """
    if not isinstance(until, Real) or isinstance(until, bool) or not math.isfinite(until) or until <= 0:
        raise InputError(f"until must be a positive finite number of {unit_text(time)}, found {until!r}")
    per_day = units_per_day(time)
    _check_time(regimen, time)
    same = SAME * float(per_day)
    model_doses = [dose for dose in _in_model_units(regimen, doses, per_day) if dose.start < until - same]
    moments = [moment for dose in model_doses for moment in (dose.start, dose.end) if same < moment < until - same]
    edges = np.array([0.0, *apart(moments, same), float(until)])
    last = len(edges) - 1

    def edge_of(moment: float) -> int:
        """The edge that stands for a time; the last one for all that is later."""
        return last if moment >= until - same else int(np.searchsorted(edges, moment + same, side="right")) - 1

    rates, boluses = np.zeros((last, len(doses))), np.zeros((last, len(doses)))
    for dose in model_doses:
        first, stop = edge_of(dose.start), edge_of(dose.end)
        if first == stop:
            boluses[first, dose.drug] += dose.amount
        else:
            end = dose.end if dose.end > until + same else edges[stop]
            rates[first:stop, dose.drug] += dose.amount / (end - edges[first])
    return Segments(tuple(doses), edges, rates, boluses)


ASIDE = 4e-13
"""Of a time at which a condition changes: how far before it a segment ends, and behind it the next one begins."""


def cut(plan: Segments, times: Iterable[float]) -> Segments:
    """The same doses, cut at times at which conditions change, too.

    At such a time itself rounding decides a condition, so no step begins or ends there.

    >>> cut(Segments((), np.array([0.0, 4.0]), np.zeros((1, 0)), np.zeros((1, 0))), [1.0, 9.0]).edges.round(9)
    array([0., 1., 4.])
    """
    inside = sorted(time for time in times if 0.0 < time < plan.edges[-1])
    chosen = np.array([time for last, time in pairwise([0.0, *inside]) if time > last * (1 + 4 * ASIDE)])
    if not chosen.size:
        return plan
    # the clock, once set forward, goes on in front of the time
    steps = 2 * ASIDE * chosen
    at_switches = chosen * (1 - ASIDE) - (np.cumsum(steps) - steps)
    edges = np.union1d(plan.edges, at_switches)
    forward = np.zeros(edges.size - 1)
    forward[np.searchsorted(edges, at_switches)] = steps
    at, is_old = np.searchsorted(plan.edges, edges[:-1], side="right") - 1, np.isin(edges[:-1], plan.edges)
    return Segments(plan.drugs, edges, plan.rates[at], np.where(is_old[:, None], plan.boluses[at], 0.0), forward)


def model_segments(regimen: Regimen, model: Model, until: float) -> Segments:
    """The `segments` of a regimen for a model, as derivatives by parameters need them: the same for all parameters.

    They are cut where conditions of the time alone change.

    `InputError` too for a drug whose lag, bioavailability, duration or rate the model states: segments would follow
    from parameters.
    """
    plan = segments(regimen, {name: dose.unit for name, dose in model.doses.items()}, model.time, until)
    check_differentiable(regimen, model)
    return cut(plan, Switches.of(model).of_numbers)


def check_differentiable(regimen: Regimen, model: Model) -> None:
    """Refuse drugs whose lag, bioavailability, duration or rate derivatives would have to go through; `InputError`."""
    check_fixed(regimen, (*regimen.doses, *regimen.rules), model, "derivatives by parameters do not go through it")


def check_fixed(regimen: Regimen, members: Iterable[Dose | Rule], model: Model, reason: str) -> None:
    """Refuse members of a regimen that give a drug of which the model states a lag or more; `InputError`."""
    given = {member.drug for member in members}
    faults = [
        Fault(f"model '{model.name}' has {', '.join(dose.expressions)} of {dose.name}: {reason}", regimen.name, name)
        for name, dose in model.doses.items()
        if name in given and dose.expressions
    ]
    if faults:
        raise InputError(*faults)


def course_starts(regimen: Regimen, time_unit: Unit) -> np.ndarray:
    """When courses start, (start,) in ``time_unit``, strictly increasing: the windows in which recovery is measured.

    Courses that start together, closer than 1e-9 day, count once.

    >>> from kinetics.regimen import Course
    >>> from kinetics.units import parse_unit
    >>> course_starts(Course.of("drug_a", "1 mg").repeat(2, every="1 year"), parse_unit("month"))
    array([ 0., 12.])
    """
    per_day = units_per_day(time_unit)
    return np.array([rescale(start, per_day) for start in regimen.starts], dtype=float)


def _check_time(regimen: Regimen, time: Unit) -> None:
    """Refuse a regimen that gives something, at times that have a unit, for a model whose time has none."""
    if time.dimensionless and (regimen.courses or regimen.rules):
        raise InputError(Fault("the time of the model has no unit: it takes neither doses nor rules", regimen.name))


def _in_model_units(regimen: Regimen, doses: Mapping[str, Unit], per_day: Fraction | float) -> list[_ModelDose]:
    factors = dose_factors(regimen, doses)
    columns = {drug: column for column, drug in enumerate(doses)}
    return [
        _ModelDose(
            drug=columns[dose.drug],
            amount=rescale(dose.amount.magnitude, factors[dose.drug, dose.amount.units]),
            start=rescale(dose.start.magnitude, per_day),
            end=rescale(dose.end.magnitude, per_day),
        )
        for dose in regimen.doses
    ]


def dose_factors(regimen: Regimen, doses: Mapping[str, Unit]) -> dict[tuple[str, Any], Fraction | float]:
    """The conversion of every amount, by drug and unit, of rules too; one error for all that do not fit the model."""
    factors: dict[tuple[str, Any], Fraction | float] = {}
    faults: dict[tuple[str, Any], Fault] = {}
    unknown = False
    for location, item in _locations(regimen):
        kind = (item.drug, item.amount.units)
        if item.drug not in doses:
            unknown = True
            message = f"unknown drug '{item.drug}'; the model accepts {', '.join(doses) or 'none'}"
            faults.setdefault((item.drug, None), Fault(message, regimen.name, location))
        elif kind not in factors and kind not in faults:
            try:
                factors[kind] = conversion(item.amount.units, doses[item.drug])
            except UnitError as error:
                message = f"amount {amount_text(item.amount)} of {item.drug}: {error}"
                faults[kind] = Fault(message, regimen.name, location)
    if faults:
        raise (UnknownNameError if unknown else UnitError)(*faults.values())
    return factors


def _locations(regimen: Regimen) -> Iterator[tuple[str, Dose | Rule]]:
    for i, course in enumerate(regimen.courses, 1):
        for j, dose in enumerate(course.doses, 1):
            yield f"course {i}, dose {j}", dose
    for i, rule in enumerate(regimen.rules, 1):
        yield f"rule {i}", rule
