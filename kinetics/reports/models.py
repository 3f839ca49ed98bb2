"""A model as text for a reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from kinetics.cohorts import parameter_table
from kinetics.cohorts.cohort import cohort_parameters
from kinetics.expressions import exponent_text
from kinetics.model import Model
from kinetics.model import latex as latex_of
from kinetics.model.quantities import Cohort
from kinetics.results import marked
from kinetics.text.escaping import one_space
from kinetics.text.numbers import number_text
from kinetics.text.tables import WIDTH, paragraph, table
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

    def _print_Max(self, expr: Any) -> str:
        return f"max({self.stringify(expr.args, ', ')})"

    def _print_Min(self, expr: Any) -> str:
        return f"min({self.stringify(expr.args, ', ')})"


def model_text(model: Model, cohort: str | None = None, latex: bool = False, width: int = WIDTH) -> str:
    """Title, what it extends, equations, parameter table (of a cohort if one is named), outputs and cohorts of a model.

    The equations are LaTeX if asked; ``width`` is of a line of prose. Raises an `UnknownNameError` if the model has no
    such cohort.
    """
    values = f"Parameters, cohort {cohort}" if cohort else "Parameters"
    parts = [
        f"{model.name}: {model.title}",
        "Extends " + ", which extends ".join(path.stem for path in model.extends) if model.extends else "",
        paragraph(model.about, width) if model.about else "",
        latex_of(model).rstrip() if latex else _equations_text(model),
        f"{values}\n{_parameters_text(model, cohort)}" if model.parameters else "",
        _correlations_text(model, cohort),
        _listed("Inputs, with their resting values", ((n, number_text(r.rest), r) for n, r in model.inputs.items())),
        _listed("Doses", ((n, f"into {row.into}", row) for n, row in model.doses.items())),
        _listed(
            "Outputs in words",
            ((marked(n, row.exploratory), _limit(row.lower_limit), row) for n, row in model.outputs.items()),
        ),
        "\n".join(["Cohorts", *map(_cohort_text, model.cohorts.values())]) if model.cohorts else "",
    ]
    return "\n\n".join(filter(None, parts))


def _cohort_text(cohort: Cohort) -> str:
    fits = f"estimates of {', then '.join(cohort.from_fit)}" if cohort.from_fit else ""
    return f"  {cohort.name}: {'; '.join(filter(None, (one_space(cohort.about), fits)))}"


def _correlations_text(model: Model, cohort: str | None) -> str:
    rows = cohort_parameters(model, cohort).correlations.items()
    lines = [f"  {one} and {other}: {value:g}" for (one, other), value in rows]
    return "\n".join(["Correlations between patients", *lines]) if lines else ""


def _limit(name: str | None) -> str:
    return f"lower limit {name}" if name else ""


def _listed(title: str, rows: Iterable[tuple[str, str, Any]]) -> str:
    cells = [["", name, display_unit(row.unit), detail, one_space(row.about)] for name, detail, row in rows]
    return f"{title}\n{table(cells[0], cells[1:], text=range(5))}" if cells else ""


def expression_text(expression: Any) -> str:
    """An expression in the notation of model files."""
    return _Plain({"order": None}).doprint(expression)


def _equations_text(model: Model) -> str:
    """The equations in the notation of model files."""
    groups = {
        "Rates": [(f"d/dt {row.name}", row.rate) for row in model.states.values()],
        "At time 0": [(row.name, row.initial) for row in model.states.values()],
        "Derived": [(row.name, row.value) for row in model.derived.values()],
        "Outputs": [(row.name, row.value) for row in model.outputs.values()],
    }
    return "\n\n".join(
        "\n".join([title, *(f"  {name} = {expression_text(value)}" for name, value in rows)])
        for title, rows in groups.items()
        if rows
    )


def _parameters_text(model: Model, cohort: str | None = None) -> str:
    """Every parameter with unit, value, between-patient spread, source and meaning."""
    rows = parameter_table(model, cohort)
    cells = [
        [
            row.name,
            f"{row.value:.6g}",
            row.unit,
            " ".join(filter(None, ("" if row.spread is None else f"{row.spread:g}", row.distribution))),
            f"{row.source} ({row.doi})" if row.doi else row.source,
            row.about,
        ]
        for row in rows
    ]
    return table(["parameter", "value", "unit", "spread", "source", "about"], cells, text=(0, 2, 4, 5))
