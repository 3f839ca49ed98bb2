"""Published rows, regimens, units and numbers in words, for axes, keys and captions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kinetics.figures.base.rows import TimeRow
from kinetics.figures.base.words import say, shown_label
from kinetics.model import Model
from kinetics.model.quantities import Quantity
from kinetics.units import display_unit, parse_unit

if TYPE_CHECKING:
    from kinetics.published import PublishedRow

_POWERS = {"^2": "²", "^3": "³", "**2": "²", "**3": "³"}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
PLURALS = ("second", "minute", "hour", "day", "week", "month", "year")


def row_label(row: PublishedRow, statistic: str = "", model: Model | None = None) -> str:
    """A published row in a few words, with another ``statistic`` than its own, such as "SD", if one is given.

    Examples
    --------
    >>> from kinetics.published import PublishedRow
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
        part = name.split("_")[0]  # of one submodel among several that are alike
        own = f"{own} ({part if len(part) > 3 else part.upper()})"
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
    if text in PLURALS:
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
    if (text := display_unit(parse_unit(unit))) in PLURALS and number == "1":
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
    return f"{say(shown) if shown in PLURALS else shown} {number}"


def time_label(time: TimeRow) -> str:
    """The label of an axis of time, with its unit if it has one."""
    unit = unit_label(time.unit)
    label = shown_label(time.label) if time.label else say("time_since_first_dose" if unit else "time")
    return f"{label} ({unit})" if unit else label


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


def tick_text(value: float, *, powers: bool = False) -> str:
    """A number of an axis: plain, or a power of ten with its exponent set high; ``powers``: all but 1 and 10 so.

    Examples
    --------
    >>> tick_text(0.001), tick_text(3.1e-5), tick_text(1e-5), tick_text(-12.0), tick_text(0.01, powers=True)
    ('0.001', '3.1×10⁻⁵', '10⁻⁵', '−12', '10⁻²')
    """
    if value in (0, 1, 10) or (not powers and 1e-3 <= abs(value) < 1e5):
        return f"{value:g}".replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    power = f"10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    factor = f"{float(mantissa):g}".replace("-", "−")
    return power if factor == "1" else f"{factor}×{power}"
