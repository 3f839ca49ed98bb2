"""Rows of doses to a regimen and back, and the regimen as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import tomli_w

from kinetics.errors import Fault, Faults, InputError
from kinetics.explorer.state import MAX_ROWS, DoseSeries, Scenario
from kinetics.files.bibliography import CHOICE
from kinetics.files.library import library_names
from kinetics.regimen import Course, Dose, Regimen, Rule
from kinetics.regimen.dose import amount_text
from kinetics.regimen.times import SAME, in_days, time_text
from kinetics.text.numbers import count_text
from kinetics.text.suggestions import did_you_mean

_MONTH = in_days("1 month")


def number_of(value: float) -> str:
    """A number that reads back as the same, as short as it can be.

    >>> number_of(12.0), number_of(0.1)
    ('12', '0.1')
    """
    return repr(float(value)).removesuffix(".0")


def regimen_of(scenario: Scenario, name: str = "") -> Regimen:
    """The regimen of a scenario: rows that start at the same month are one course, and rules are those it names.

    Raises
    ------
    InputError
        With every dose that is none, under its path, such as ``doses.1.amount``; if no regimen with rules has the name,
        or a rule waits for a course that is not there.

    Examples
    --------
    >>> row = DoseSeries(month=12.0, drug="drug_a", amount="12 mg", hours=4.0, count=3)
    >>> regimen_of(Scenario(name="a", doses=(row,)))
    <Regimen a: 1 course, 3 doses of drug_a>
    """
    faults, courses = Faults(), dict[float, list[Dose]]()
    for number, row in enumerate(scenario.doses):
        with faults.gather(name=f"doses.{number}"):
            courses.setdefault(row.month, []).extend(_doses(row, number))
    rules: tuple[Rule, ...] = ()
    with faults.gather(name="rules"):
        rules = rules_of(scenario)
    faults.raise_if_any()
    title = scenario.name
    return Regimen([Course(doses) for doses in courses.values()], name or title, title=title, rules=rules)


def rules_of(scenario: Scenario) -> tuple[Rule, ...]:
    """The rules that a scenario names; an `InputError` if no regimen that ships has the name and rules.

    A path is no name: a state may come from a link of somebody else.
    """
    if not scenario.rules:
        return ()
    if scenario.rules not in library_names("models/regimens"):
        hint = did_you_mean(scenario.rules, library_names("models/regimens"))
        raise InputError(f"no regimen '{scenario.rules}' ships{hint}")
    regimen = Regimen.load(scenario.rules)
    if not regimen.rules:
        raise InputError(f"regimen '{scenario.rules}' has no rules")
    return tuple(regimen.rules)


def rules_named(regimen: Regimen) -> str:
    """The name by which a scenario has the rules of a regimen, empty without any.

    An `InputError` if the rules are not of a regimen that ships, which a link could not carry.
    """
    if not regimen.rules:
        return ""
    name = regimen.name
    if name not in library_names("models/regimens") or Regimen.load(name) != regimen:
        count = count_text(len(regimen.rules), "rule")
        message = f"regimen '{name}' has {count}; the explorer follows those of regimens that ship, simulate all"
        raise InputError(message)
    return name


def _doses(row: DoseSeries, number: int) -> tuple[Dose, ...]:
    try:
        dose = Dose(row.drug, row.amount, f"{number_of(row.day)} day", f"{number_of(row.hours)} hour")
    except InputError as error:
        named = [Fault(fault.message, name=f"doses.{number}.{fault.name or 'amount'}") for fault in error.faults]
        raise type(error)(*named) from error
    return dose.shift(f"{number_of(row.month)} month").repeat(row.count, f"{number_of(row.every)} day")


def regimen_text(scenario: Scenario) -> str:
    """The regimen of a scenario as a file that `kinetics.Regimen.load` reads to the same regimen."""
    courses: dict[float, list[dict[str, object]]] = {}
    for row in scenario.doses:
        dose: dict[str, object] = {"drug": row.drug, "amount": row.amount}
        if row.day:
            dose["start"] = f"{number_of(row.day)} day"
        if row.hours:
            dose["duration"] = f"{number_of(row.hours)} hour"
        if row.count > 1:
            dose |= {"every": f"{number_of(row.every)} day", "count": row.count}
        courses.setdefault(row.month, []).append(dose)
    title = {"title": scenario.name, "source": CHOICE, "about": "Planned in the explorer."}
    tables = [{"start": f"{number_of(month)} month", "doses": doses} for month, doses in courses.items()]
    rules = [_rule_table(rule) for rule in rules_of(scenario)]
    parts = {"courses": tables, "rules": rules}
    return tomli_w.dumps({"regimen": title, **{name: part for name, part in parts.items() if part}})


def _rule_table(rule: Rule) -> dict[str, object]:
    """A rule as a regimen file has it, without what is as by default."""
    table: dict[str, object] = {"output": rule.output, "level": rule.level, "direction": rule.direction}
    table |= {"drug": rule.drug, "amount": amount_text(rule.amount), "most": rule.most, "count": rule.count}
    spans = {"duration": rule.duration, "apart": rule.apart, "every": rule.every}
    table |= {key: time_text(span.magnitude) for key, span in spans.items() if span is not None and span.magnitude}
    return table | ({"after_course": rule.after_course} if rule.after_course else {})


def doses_of(regimen: Regimen) -> tuple[DoseSeries, ...]:
    """The rows of the courses of a regimen.

    Raises
    ------
    InputError
        If it has more than rows can hold.
    """
    rows = tuple(row for course in regimen.courses for row in _rows(course))
    if len(rows) > MAX_ROWS:
        raise InputError(f"regimen '{regimen.name}' takes {len(rows)} rows of equal doses; the explorer has {MAX_ROWS}")
    return rows


def _rows(course: Course) -> Iterator[DoseSeries]:
    start = course.start.magnitude
    month = round(start / _MONTH, 6) if abs(start / _MONTH - round(start / _MONTH, 6)) < 1e-10 else start / _MONTH
    alike: dict[tuple[str, str, float], list[float]] = {}
    for dose in course.doses:
        key = dose.drug, amount_text(dose.amount), dose.duration.magnitude
        alike.setdefault(key, []).append(dose.start.magnitude - start)
    for (drug, amount, duration), offsets in alike.items():
        common = {"month": month, "drug": drug, "amount": amount, "hours": round(duration * 24, 9)}
        for first, count, every in _series(offsets):
            yield DoseSeries(day=first, count=count, every=every, **common)


def _series(offsets: Sequence[float]) -> Iterator[tuple[float, int, float]]:
    """First day, number and step of evenly spaced doses; one each if they are not evenly spaced."""
    offsets = [round(offset, 9) + 0.0 for offset in offsets]
    steps = [later - earlier for earlier, later in pairwise(offsets)]
    if steps and max(steps) - min(steps) <= SAME and min(steps) > SAME:
        yield offsets[0], len(offsets), round(steps[0], 9)
    else:
        yield from ((offset, 1, 1.0) for offset in offsets)
