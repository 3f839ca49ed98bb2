"""Published rows, regimens, units and numbers in words, for axes, keys and captions."""

from __future__ import annotations

import re
from typing import Any

from kinetics.figures.base.rows import TimeRow
from kinetics.figures.base.words import say, shown_label
from kinetics.files.library import library_names
from kinetics.model import Model
from kinetics.model.quantities import Quantity
from kinetics.published import PublishedRow
from kinetics.regimen import Regimen
from kinetics.units import conversion, display_unit, parse_unit, unit_text

_POWERS = {"^2": "²", "^3": "³", "**2": "²", "**3": "³"}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLURALS = ("second", "minute", "hour", "day", "week", "month", "year")


def row_label(row: PublishedRow, statistic: str = "", model: Model | None = None) -> str:
    """A published row in a few words, with another ``statistic`` than its own, such as "SD", if one is given.

    Examples
    --------
    >>> columns = {"name": "a", "use": "fit", "regimen": "r", "cohort": "c", "source": "choice", "unit": "month"}
    >>> row = {"kind": "time_to_threshold", "statistic": "survival_median", "output": "N", "level": "0.4 1e9/L"}
    >>> row_label(PublishedRow(**columns, **row, value=3))
    'N back at 0.4 × 10⁹/L, median'
    """
    values = {"output": output_label(model, row.output), "level": quantity_text(str(row.level))}
    values["over"] = output_label(model, row.over) if row.over else ""
    what = say(f"row_{row.kind}", **values)
    when = f", {time_text(row.time)}" if row.time else f", {say('ever')}" if row.kind == "share_recovered" else ""
    return f"{what}{when}, {statistic or say(f'short_{row.statistic}')}"


def output_label(model: Model | None, name: str) -> str:
    """The label of an output: the reader's, or that of the model, or its name."""
    own = "" if model is None or name not in model.outputs else model.outputs[name].label
    return shown_label(name, own or name.replace("_", " "))


def regimen_label(regimen: Regimen) -> str:
    """The label of a regimen: the reader's, or its own label or title, or its name in words."""
    return shown_label(regimen.name, regimen.label or regimen.title or regimen.name.replace("_", " "))


def named_regimen_label(name: str) -> str:
    """The label of the regimen that a result names, if it ships; or else the name."""
    return regimen_label(Regimen.load(name)) if name in library_names("models/regimens") else shown_label(name)


def cohort_label(model: Model | None, name: object) -> str:
    """The label of a cohort: the reader's, or that of the model, or its name in words."""
    cohort = str(name)
    own = "" if model is None or cohort not in model.cohorts else model.cohorts[cohort].label
    return shown_label(cohort, own or cohort.replace("_", " "))


def parameter_label(model: Model, name: str) -> str:
    """The label of a parameter, by its flat name: the reader's, or that of the model, or what it is about in short."""
    parameter = model.parameters.get(name.removesuffix(".spread"))
    if parameter is None:
        return shown_label(name, name.replace("_", " "))
    own = parameter.label or _short_about(parameter.about) or name.replace("_", " ")
    if not parameter.label and sum(_short_about(row.about) == own for row in model.parameters.values()) > 1:
        own = f"{own} ({name.split('_')[0].upper()})"  # of one submodel among several that are alike
    own = say("spread_of", what=own) if name.endswith(".spread") else own
    return shown_label(name, own)


def quantity_label(quantity: Quantity) -> str:
    """The label of a state or an input: the reader's, or that of the model, or what it is about in short."""
    about = _short_about(quantity.about).partition(" over ")[0]
    return shown_label(quantity.name, quantity.label or about or quantity.name.replace("_", " "))


def _short_about(about: str) -> str:
    """What a parameter is about, up to the first sign that ends a clause."""
    return re.split(r"[;:(,]", about)[0].strip()


def unit_label(unit: str) -> str:
    """A unit as axes and captions have it: percent as %, counts as 10⁹/L, a plain number as nothing.

    Examples
    --------
    >>> unit_label("percent"), unit_label("cells/nL"), unit_label("1"), unit_label("mg/m^2"), unit_label("1/uL")
    ('%', '10⁹/L', '', 'mg/m²', 'per µL')
    >>> unit_label("month")
    'months'
    """
    parsed = parse_unit(unit)
    if parsed == parse_unit("percent"):
        return "%"
    text = display_unit(parsed)
    if text in _PLURALS:
        return say(f"{text}s")
    text = text.replace("1e9/L", "10⁹/L").replace("uL", "µL").replace("ug", "µg")
    for power, sign in _POWERS.items():
        text = text.replace(power, sign)
    return f"{say('per')} {text[2:]}" if text.startswith("1/") else text


def amount_text(number: str, unit: str) -> str:
    """A number with its unit, as prose has it.

    Examples
    --------
    >>> amount_text("0.4", "1e9/L"), amount_text("50", "percent"), amount_text("1", "month")
    ('0.4 × 10⁹/L', '50 %', '1 month')
    """
    shown = unit_label(unit)
    if shown.startswith("10⁹"):
        return f"{number} × {shown}"
    if (text := display_unit(parse_unit(unit))) in _PLURALS and number == "1":
        return f"{number} {say(text)}"
    return f"{number} {shown}".rstrip()


def quantity_text(text: str) -> str:
    """A quantity or share of a file, such as a threshold, as prose has it.

    Examples
    --------
    >>> quantity_text("400 cells/uL"), quantity_text("50 % of baseline"), quantity_text("12 month")
    ('400 per µL', '50 % of baseline', '12 months')
    """
    number, _, unit = text.partition(" ")
    if not unit or "baseline" in unit:
        return text.replace("of baseline", say("of_baseline"))
    return amount_text(number, unit)


def time_text(text: str) -> str:
    """A time of a file in words: "month 6", as a published table has it.

    Examples
    --------
    >>> time_text("6 month")
    'month 6'
    """
    number, _, unit = text.partition(" ")
    shown = display_unit(parse_unit(unit))
    return f"{say(shown) if shown in _PLURALS else shown} {number}"


def time_label(time: TimeRow) -> str:
    """The label of an axis of time, with its unit."""
    label = shown_label(time.label) if time.label else say("time_since_first_dose")
    return f"{label} ({unit_label(time.unit)})"


def short_number(value: float) -> str:
    """Three digits, without an exponent where one can do without.

    Examples
    --------
    >>> short_number(0.04213), short_number(104.6), short_number(1234.5), short_number(0.0), short_number(3.1e-5)
    ('0.0421', '105', '1230', '0', '3.1×10⁻⁵')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{float(f'{value:.3g}'):.10g}"
    return tick_text(float(f"{value:.3g}"))


def three_digits(value: float) -> str:
    """Three digits, also where the last are zeros: numbers of a column that are estimates.

    Examples
    --------
    >>> three_digits(0.1), three_digits(0.04213), three_digits(20.04), three_digits(1234.5), three_digits(0.0)
    ('0.100', '0.0421', '20.0', '1230', '0')
    """
    if value == 0 or not 1e-3 <= abs(value) < 100:
        return short_number(value)
    return f"{float(f'{value:.3g}'):#.3g}"


def tick_text(value: float) -> str:
    """A number of an axis: plain, or a power of ten with its exponent set high.

    Examples
    --------
    >>> tick_text(0.001), tick_text(3.1e-5), tick_text(1e-5), tick_text(-12.0)
    ('0.001', '3.1×10⁻⁵', '10⁻⁵', '−12')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:g}".replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    power = f"10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    factor = f"{float(mantissa):g}".replace("-", "−")
    return power if factor == "1" else f"{factor}×{power}"


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
    name = unit if unit in _PLURALS else display_unit(parse_unit(unit))
    if len(times) == 1:
        return say("at_time", unit=say(name), time=times[0])
    listed = f"{', '.join(times[:-1])} {say('and')} {times[-1]}"
    return say("at_times", unit=say(f"{name}s"), times=listed)


def regimen_text(regimen: Regimen, time: str, model: Model | None = None) -> str:
    """Courses and rules of a regimen, in words."""
    rules = [str(rule).replace("^2", "²").replace("_", " ") for rule in regimen.rules]
    return "; ".join(filter(None, [courses_text(regimen, time, model), *rules]))
