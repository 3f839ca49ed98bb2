"""Regimens in words, for keys and captions: their labels, what is given when, and their rules."""

from __future__ import annotations

from typing import Any

from kinetics.figures.base.labels import PLURALS, amount_text, output_label, quantity_text
from kinetics.figures.base.words import say, shown_label
from kinetics.files.library import library_names
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.regimen.rule import Rule
from kinetics.units import conversion, display_unit, parse_unit, unit_text


def regimen_label(regimen: Regimen) -> str:
    """The label of a regimen: the reader's, or its own label or title, or its name in words."""
    return shown_label(regimen.name, regimen.label or regimen.title or regimen.name.replace("_", " "))


def named_regimen_label(name: str) -> str:
    """The label of the regimen that a result names, if it ships; or else the name."""
    return regimen_label(Regimen.load(name)) if name in library_names("models/regimens") else shown_label(name)


def courses_text(regimen: Regimen, time: str, model: Model | None = None) -> str:
    """What is given when, in words; ``time`` is the unit of time to write.

    Examples
    --------
    >>> from kinetics.regimen import Course
    >>> courses_text(Course.of("drug_a", "12 mg", every="1 day", count=3).repeat(2, every="12 month"), "month")
    'drug a, 36 mg at months 0 and 12'
    """
    factor = float(conversion(parse_unit("day"), parse_unit(time)))
    starts: dict[str, dict[str, list[str]]] = {}
    for course in regimen.courses:
        for drug in dict.fromkeys(dose.drug for dose in course.doses):
            own = [dose for dose in course.doses if dose.drug == drug]
            total: Any = sum((dose.amount for dose in own[1:]), own[0].amount)
            start = f"{round(own[0].start.magnitude * factor, 2):g}"
            amount = dose_text(drug, total, model)
            starts.setdefault(drug, {}).setdefault(amount, []).append(start)
    return "; ".join(
        f"{drug_label(drug, model)}, "
        + ", ".join(f"{amount} {_when(times, time)}".strip() for amount, times in amounts.items())
        for drug, amounts in starts.items()
    )


def dose_text(drug: str, amount: Any, model: Model | None) -> str:
    """An amount of a drug; of what has no unit nothing, if the model says what the number is of."""
    number, unit = f"{amount.magnitude:g}", unit_text(amount.units)
    if unit != "1":
        return amount_text(number, unit)
    about = "" if model is None or drug not in model.doses else model.doses[drug].about
    return f"{number} ({about})" if about else number


def drug_label(drug: str, model: Model | None) -> str:
    """The label of a drug: the reader's, or that of the model, or its name in words."""
    own = "" if model is None or drug not in model.doses else model.doses[drug].label
    return shown_label(drug, own or drug.replace("_", " "))


def _when(times: list[str], unit: str) -> str:
    name = unit if unit in PLURALS else display_unit(parse_unit(unit))
    if len(times) == 1:
        return say("at_time", unit=say(name), time=times[0])
    listed = f"{', '.join(times[:-1])} {say('and')} {times[-1]}"
    return say("at_times", unit=say(f"{name}s"), times=listed)


def regimen_text(regimen: Regimen, time: str, model: Model | None = None) -> str:
    """Courses and rules of a regimen, in words."""
    rules = [rule_text(rule, model) for rule in regimen.rules]
    return "; ".join(filter(None, [courses_text(regimen, time, model), *rules]))


def rule_text(rule: Rule, model: Model | None = None) -> str:
    """A rule in words.

    Examples
    --------
    >>> rule_text(Rule("N", "40 % of baseline", "drug_a", "12 mg", "4 hour", most=2, apart="60 day", after_course=1))
    'when N rises to 40 % of baseline after course 1: drug a, 12 mg over 4 hours, at most 2 times, 60 days apart'
    """
    course = say("rule_after_course", n=rule.after_course) if rule.after_course else ""
    values = {"output": output_label(model, rule.output), "level": quantity_text(rule.level), "course": course}
    when = say("rule_rises", **values) if rule.direction == "up" else say("rule_falls", **values)
    dose = f"{drug_label(rule.drug, model)}, {dose_text(rule.drug, rule.amount, model)}"
    if rule.duration.magnitude:
        dose += say("rule_over", time=_span_text(rule.duration))
    if rule.every is not None:
        dose += f", {say('rule_of_doses', n=rule.count, time=_span_text(rule.every))}"
    often = [say("rule_once") if rule.most == 1 else say("rule_at_most", n=rule.most)]
    often += [say("rule_apart", time=_span_text(rule.apart))] if rule.apart.magnitude else []
    return f"{when}: {', '.join([dose, *often])}"


def _span_text(days: Any) -> str:
    """A length of time in words, in hours if it is less than a day."""
    number, unit = (days.magnitude, "day") if days.magnitude >= 1 else (24 * days.magnitude, "hour")
    return amount_text(f"{number:.6g}", unit)
