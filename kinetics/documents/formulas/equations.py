"""The equations of a model, and the symbols in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sympy as sp

from kinetics.documents.content import Equations, Formula
from kinetics.documents.formulas.mathml import Printer
from kinetics.documents.formulas.symbols import symbol_mathml
from kinetics.model import Model
from kinetics.model.events import Event
from kinetics.model.latex import symbols_latex
from kinetics.model.timing.clock import is_clock
from kinetics.reports.models import event_text, expression_text

_RATE = (
    "<mfrac><mrow><mi mathvariant='normal'>d</mi>{}</mrow>"
    "<mrow><mi mathvariant='normal'>d</mi><mi>t</mi></mrow></mfrac>"
)
_LEFT, _RIGHT = "style='text-align: left'", "style='text-align: right'"
LONG = 900
"""Characters of markup of a sum beyond which each of its terms has a line of its own."""


def symbols_of(model: Model) -> dict[str, Formula]:
    """The symbol of each quantity of a model by its name."""
    tables = (model.parameters, model.inputs, model.states, model.derived, model.outputs)
    latex = symbols_latex(model)
    return {name: Formula(name, symbol_mathml(latex[row.symbol])) for table in tables for name, row in table.items()}


def formulas_of(model: Model) -> list[Equations]:
    """Rates, outputs, derived quantities, initial values and events of a model."""
    markup = {symbol: symbol_mathml(latex) for symbol, latex in symbols_latex(model).items()}
    printer = Printer(markup)

    def group(title: str, rows: Iterable[Any], value: str, left: str, words: str) -> Equations:
        formulas = [
            _equation(printer, left.format(markup[row.symbol]), words.format(row.name), getattr(row, value))
            for row in rows
        ]
        return Equations(title, formulas)

    states = [row for row in model.states.values() if not is_clock(row)]
    groups = (
        group("Rates", states, "rate", _RATE, "d/dt {}"),
        group("Outputs", model.outputs.values(), "value", "{}", "{}"),
        group("Derived quantities", model.derived.values(), "value", "{}", "{}"),
        group("At time 0", states, "initial", "<mrow>{}<mo>(</mo><mn>0</mn><mo>)</mo></mrow>", "{}(0)"),
    )
    events = Equations("Events", [row for event in model.events.values() for row in _assigned(printer, model, event)])
    return [group for group in (*groups, events) if group.formulas]


def _assigned(printer: Printer, model: Model, event: Event) -> Iterator[Formula]:
    """What an event sets, one state a formula."""
    when, delay = printer.markup(event.trigger), "" if event.delay is None else printer.markup(event.delay)
    behind = f"<mspace width='1em'/><mtext>when&#160;</mtext>{when}"
    behind += f"<mtext>, after&#160;</mtext>{delay}" if delay else ""
    for name, value in event.assignments.items():
        left, right = printer.markup(model.states[name].symbol), printer.markup(value)
        markup = f"<math><mrow>{left}<mo>&#8592;</mo>{right}{behind}</mrow></math>"
        yield Formula(f"{name} becomes {expression_text(value)}; {event_text(event)}", markup)


def _equation(printer: Printer, left: str, words: str, right: Any) -> Formula:
    """An equation; of a long sum each term has a line of its own."""
    text, markup = f"{words} = {expression_text(right)}", printer.markup(right)
    terms = right.as_ordered_terms() if isinstance(right, sp.Add) and len(markup) > LONG else [right]
    if len(terms) == 1:
        return Formula(text, f"<math><mrow>{left}<mo>=</mo>{markup}</mrow></math>")
    lines = []
    for number, term in enumerate(terms):
        is_negative = number > 0 and term.could_extract_minus_sign()
        sign = "−" if is_negative else "+" if number else "="
        right_side = f"<mrow><mo>{sign}</mo>{printer.markup(-term if is_negative else term)}</mrow>"
        cells = f"<mtd {_RIGHT}>{'' if number else left}</mtd><mtd {_LEFT}>{right_side}</mtd>"
        lines.append(f"<mtr>{cells}</mtr>")
    return Formula(text, f"<math><mtable>{''.join(lines)}</mtable></math>")
