"""A model as text for a reader."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from kinetics.cohorts import parameter_table
from kinetics.cohorts.cohort import cohort_parameters
from kinetics.errors import Fault, InputError
from kinetics.expressions import exponent_text
from kinetics.model import Model
from kinetics.model import latex as latex_of
from kinetics.model.events import Event
from kinetics.model.events.event import TRIGGER
from kinetics.model.quantities import Cohort
from kinetics.results import marked
from kinetics.text.escaping import one_space
from kinetics.text.numbers import number_text
from kinetics.text.tables import WIDTH, equation_lines, paragraph, prose_table
from kinetics.units import display_unit


class _Plain(StrPrinter):
    """Expressions as model files write them: ``^`` for a power, ``piecewise`` with its conditions in pairs."""

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        if decimal := exponent_text(expr.exp):
            return f"{self.parenthesize(expr.base, PRECEDENCE['Pow'])}^{decimal}"
        return super()._print_Pow(expr, rational=rational).replace("**", "^")

    def _print_Piecewise(self, expr: Any) -> str:
        *branches, (last, _) = expr.args
        pairs = [f"{self._print(condition)}, {self._print(value)}" for value, condition in branches]
        return f"piecewise({', '.join([*pairs, self._print(last)])})"

    _print_piecewise = _print_Piecewise

    def _print_Relational(self, expr: Any) -> str:
        return f"{self._print(expr.lhs)} {expr.rel_op} {self._print(expr.rhs)}"

    def _print_And(self, expr: Any) -> str:
        return self._joined("and", expr)

    def _print_Or(self, expr: Any) -> str:
        return self._joined("or", expr)

    def _print_Xor(self, expr: Any) -> str:
        return self._joined("xor", expr)

    def _joined(self, word: str, expr: Any) -> str:
        return f" {word} ".join(map(self._in_brackets, expr.args))

    def _print_Not(self, expr: Any) -> str:
        return f"not {self._in_brackets(expr.args[0])}"

    def _in_brackets(self, condition: Any) -> str:
        """A condition as part of another."""
        return self._print(condition) if condition.is_Relational else f"({self._print(condition)})"

    def _print_Max(self, expr: Any) -> str:
        return f"max({self.stringify(expr.args, ', ')})"

    def _print_Min(self, expr: Any) -> str:
        return f"min({self.stringify(expr.args, ', ')})"


def expression_text(expression: Any) -> str:
    """An expression in the notation of model files; fractions of long numbers to 15 digits.

    >>> import sympy as sp
    >>> expression_text(sp.Symbol("x") * sp.Rational("3.14159265358979323846") / 12 + sp.Rational(1, 20))
    '0.261799387799149*x + 1/20'
    """
    long = {number: sp.Float(number, 15) for number in expression.atoms(sp.Rational) if number.q > 10**6}
    return _Plain({"order": None, "full_prec": False}).doprint(expression.xreplace(long))


def event_text(event: Event) -> str:
    """An event in words, in the notation of model files."""
    values = ", ".join(f"{name} = {expression_text(value)}" for name, value in event.assignments.items())
    parts = [
        f"{event.name}: when {expression_text(event.trigger)} becomes true",
        "" if event.delay is None else f"after {expression_text(event.delay)}",
        "" if event.persistent else "if it still is",
        values if event.values_at == TRIGGER or event.delay is None else f"{values} as they are then",
        "" if event.initial else "at the start too",
        "" if event.priority is None else f"priority {expression_text(event.priority)}",
        one_space(event.about),
    ]
    return "; ".join(filter(None, parts))


SECTIONS = ("equations", "events", "parameters", "correlations", "inputs", "doses", "outputs", "cohorts")
"""What a page of a model has, in this order."""


def model_text(
    model: Model,
    cohort: str | None = None,
    latex: bool = False,
    width: int = WIDTH,
    *,
    only: Collection[str] = (),
    search: str = "",
) -> str:
    """Title, what it extends, equations, parameter table (of a cohort if one is named), outputs and cohorts of a model.

    The equations are LaTeX if asked; ``width`` is of a line. With ``only`` there are these of `SECTIONS` alone, with
    ``search`` the rows alone that have this text, capitals aside, a dot and an underscore being one. Raises an
    `UnknownNameError` if the model has no such cohort, and an `InputError` if no row has the text.
    """
    page = _ModelPage(model, cohort, latex, width, search)
    sections = [text for name in SECTIONS if (not only or name in only) and (text := getattr(page, name)())]
    if only or search:
        if not sections:
            among = f" among its {', '.join(only)}" if only else ""
            raise InputError(Fault(f"model '{model.name}' has no row with '{search}'{among}", name="search"))
        return "\n\n".join(sections)
    head = [
        paragraph(f"{model.name}: {model.title}", width),
        "Extends " + ", which extends ".join(path.stem for path in model.extends) if model.extends else "",
        paragraph(model.about, width) if model.about else "",
        "units: unchecked" if model.is_unchecked else "",
    ]
    return "\n\n".join(filter(None, [*head, *sections]))


@dataclass(frozen=True)
class _ModelPage:
    """The sections of a page, each empty if it has no row."""

    model: Model
    cohort: str | None
    latex: bool
    width: int
    search: str

    def equations(self) -> str:
        """The equations in the notation of model files, or as LaTeX."""
        if self.latex:
            return "" if self.search else latex_of(self.model).rstrip()
        model = self.model
        groups = {
            "Rates": [(f"d/dt {row.name}", row.rate) for row in model.states.values()],
            "At time 0": [(row.name, row.initial) for row in model.states.values()],
            "Derived": [(row.name, row.value) for row in model.derived.values()],
            "Outputs": [(row.name, row.value) for row in model.outputs.values()],
        }
        return "\n\n".join(
            "\n".join([title, *(equation_lines(line, self.width) for line in lines)])
            for title, rows in groups.items()
            if (lines := [line for name, value in rows if self._has(line := f"{name} = {expression_text(value)}")])
        )

    def events(self) -> str:
        """When each event fires, and what it sets."""
        if self.latex:
            return ""
        return self._lines("Events", [line for row in self.model.events.values() if self._has(line := event_text(row))])

    def parameters(self) -> str:
        """Every parameter with unit, value, between-patient spread, source and meaning."""
        rows = [
            [
                row.name,
                f"{row.value:.6g}",
                row.unit,
                " ".join(filter(None, ("" if row.spread is None else f"{row.spread:g}", row.distribution))),
                " – ".join(filter(None, (f"{row.source} ({row.doi})" if row.doi else row.source, row.about))),
            ]
            for row in parameter_table(self.model, self.cohort)
        ]
        head = ["parameter", "value", "unit", "spread", "source and meaning"]
        title = f"Parameters, cohort {self.cohort}" if self.cohort else "Parameters"
        return self._table(title, head, rows, text=(0, 2))

    def correlations(self) -> str:
        """Correlations between patients."""
        rows = cohort_parameters(self.model, self.cohort).correlations.items()
        lines = [line for (one, other), value in rows if self._has(line := f"{one} and {other}: {value:g}")]
        return self._lines("Correlations between patients", lines)

    def inputs(self) -> str:
        """Inputs, with their resting values."""
        rows = ((name, number_text(row.rest), row) for name, row in self.model.inputs.items())
        return self._described("Inputs, with their resting values", rows)

    def doses(self) -> str:
        """Doses, and the state that each goes into."""
        return self._described("Doses", ((name, f"into {row.into}", row) for name, row in self.model.doses.items()))

    def outputs(self) -> str:
        """What each output means."""
        rows = self.model.outputs.items()
        described = ((marked(name, row.exploratory), _limit(row.lower_limit), row) for name, row in rows)
        return self._described("Outputs in words", described)

    def cohorts(self) -> str:
        """What each cohort is, and the fits whose estimates it takes."""
        return self._lines("Cohorts", [line for row in self.model.cohorts.values() if self._has(line := _about(row))])

    def _described(self, title: str, rows: Iterable[tuple[str, str, Any]]) -> str:
        cells = [["", name, display_unit(row.unit), detail, row.about] for name, detail, row in rows]
        return self._table(title, ["", "", "", "", ""], cells, text=range(4))

    def _table(self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]], text: Collection[int]) -> str:
        rows = [row for row in rows if self._has("\n".join(row))]
        lines = prose_table(head, rows, self.width, text)
        return f"{title}\n{lines if any(head) else lines.partition(chr(10))[2]}" if rows else ""

    def _lines(self, title: str, lines: Sequence[str]) -> str:
        return "\n".join([title, *(paragraph(line, self.width, indent=2, hang=2) for line in lines)]) if lines else ""

    def _has(self, text: str) -> bool:
        return _searched(self.search) in _searched(text)


def _searched(text: str) -> str:
    return one_space(text).replace(".", "_").casefold()


def _about(cohort: Cohort) -> str:
    fits = f"estimates of {', then '.join(cohort.from_fit)}" if cohort.from_fit else ""
    return f"{cohort.name}: {'; '.join(filter(None, (one_space(cohort.about), fits)))}"


def _limit(name: str | None) -> str:
    return f"lower limit {name}" if name else ""
