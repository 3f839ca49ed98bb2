"""A model, a fit problem or a figure file as text for a reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from kinetics.cohorts import parameter_table
from kinetics.cohorts.cohort import cohort_parameters
from kinetics.estimate import Estimates, FitProblem
from kinetics.expressions import exponent_text
from kinetics.model import Model
from kinetics.model import latex as latex_of
from kinetics.model.quantities import Cohort
from kinetics.reports.numbers import number_text
from kinetics.reports.tables import WIDTH, paragraph, table
from kinetics.results import marked
from kinetics.text.escaping import one_space
from kinetics.units import display_unit

__all__ = ["committed_text", "equations_text", "model_text", "parameters_text", "problem_text"]


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
    """Title, what it extends, equations, parameter table, outputs and cohorts of a model.

    Parameters
    ----------
    model : Model
        What is shown.
    cohort : str, optional
        Whose values stand in the table; the model's own otherwise.
    latex : bool
        Print the equations as LaTeX.
    width : int
        Characters a line of prose.

    Raises
    ------
    UnknownNameError
        If the model has no such cohort.
    """
    values = f"Parameters, cohort {cohort}" if cohort else "Parameters"
    parts = [
        f"{model.name}: {model.title}",
        "Extends " + ", which extends ".join(path.stem for path in model.extends) if model.extends else "",
        paragraph(model.about, width) if model.about else "",
        latex_of(model).rstrip() if latex else equations_text(model),
        f"{values}\n{parameters_text(model, cohort)}" if model.parameters else "",
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
    cells = [[name, display_unit(row.unit), detail, one_space(row.about)] for name, detail, row in rows]
    widths = [max((len(row[i]) for row in cells), default=0) for i in range(3)]
    lines = [
        "  " + "  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[3]]).rstrip() for row in cells
    ]
    return "\n".join([title, *lines]) if lines else ""


def equations_text(model: Model) -> str:
    """The equations in the notation of model files."""
    text = _Plain({"order": None}).doprint
    groups = {
        "Rates": [(f"d/dt {row.name}", row.rate) for row in model.states.values()],
        "At time 0": [(row.name, row.initial) for row in model.states.values()],
        "Derived": [(row.name, row.value) for row in model.derived.values()],
        "Outputs": [(row.name, row.value) for row in model.outputs.values()],
    }
    return "\n\n".join(
        "\n".join([title, *(f"  {name} = {text(value)}" for name, value in rows)])
        for title, rows in groups.items()
        if rows
    )


def parameters_text(model: Model, cohort: str | None = None) -> str:
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


def problem_text(problem: FitProblem, width: int = WIDTH) -> str:
    """A fit problem: what it assumes, what is free, what it answers to."""
    free = [
        [
            row.name,
            display_unit(row.unit),
            number_text(row.start),
            number_text(row.lower),
            number_text(row.upper),
            "flat" if row.log_sd is None else number_text(row.log_sd),
        ]
        for row in problem.free
    ]
    rows = [
        [
            t.row.name,
            t.row.use,
            t.row.statistic,
            t.row.cohort,
            t.row.regimen,
            t.published_text,
            t.row.unit,
            t.row.source,
        ]
        for t in problem.targets
    ]
    parts = [
        f"{problem.name}: {problem.title}",
        paragraph(problem.about, width) if problem.about else "",
        f"Model {problem.model.name}; {problem.starts} searches from seed {problem.seed}; "
        f"discrepancy {problem.discrepancy:g} (log standard deviation)",
        "Free parameters\n"
        + table(["parameter", "unit", "start", "lower", "upper", "prior (log SD)"], free, text=(0, 1)),
        "Published rows\n"
        + table(
            ["row", "use", "statistic", "cohort", "regimen", "published", "unit", "source"], rows, text=tuple(range(8))
        ),
    ]
    return "\n\n".join(filter(None, parts))


def committed_text(estimates: Estimates) -> str:
    """The committed result of a fit."""
    from kinetics.reports.fit import estimates_table

    rows = {
        name: {"value": float(value), "se": float(value * log_se), "unit": unit, "verdict": verdict}
        for name, value, log_se, unit, verdict in zip(
            estimates.names, estimates.values, estimates.log_se, estimates.units, estimates.verdicts, strict=True
        )
    }
    return f"Committed result\n{estimates_table(rows)}"
