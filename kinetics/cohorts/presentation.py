"""A model for readers: its equations in LaTeX, and the table of its parameters."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import sympy as sp
from sympy.printing.latex import LatexPrinter

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters, lineage
from kinetics.files.bibliography import CHOICE, find_source
from kinetics.files.library import library_folder
from kinetics.model.model import Model
from kinetics.model.notation import is_latex, latex_name
from kinetics.model.quantities import CohortValue, Parameter, Quantity
from kinetics.units import display_unit

__all__ = ["Equation", "TableRow", "equations", "latex", "parameter_table"]


class Equation(NamedTuple):
    """One equation: ``kind`` is ``rate``, ``initial``, ``derived`` or ``output``; ``latex`` aligns at one ``&``.

    Those of ``cases`` are within that environment.
    """

    kind: str
    name: str
    latex: str


class TableRow(NamedTuple):
    """One parameter for a reader: ``value`` in ``unit``, ``source`` in short and with its ``doi``, if it has one.

    ``distribution`` says how it varies if not log-normally; categories have their shares there.
    """

    name: str
    value: float
    unit: str
    spread: float | None
    source: str
    doi: str
    about: str
    distribution: str


def equations(model: Model) -> list[Equation]:
    r"""The equations of a model: rates, initial values, derived quantities, outputs.

    Parameters
    ----------
    model : Model
        A checked model.

    Returns
    -------
    list of Equation

    Examples
    --------
    >>> from kinetics.model import Parameter, State
    >>> k, A = sp.symbols("k_el A")
    >>> decay = Model.from_symbols(
    ...     "decay",
    ...     time="day",
    ...     parameters=[Parameter(name="k_el", value=0.1, unit="1/day")],
    ...     states=[State(name="A", unit="mg", initial=0, rate=-k * A)],
    ... )
    >>> print(equations(decay)[0].latex)
    \frac{\mathrm{d} A}{\mathrm{d} t} &= - A k_{el}
    """
    symbols = _symbols(model)
    printer = LatexPrinter({"symbol_names": symbols, "fold_short_frac": False})

    def equation(kind: str, row: Quantity, left: str, right: Any) -> Equation:
        return Equation(kind, row.name, f"{left.format(symbols[row.symbol])} &= {printer.doprint(right)}")

    rate = r"\frac{{\mathrm{{d}} {}}}{{\mathrm{{d}} t}}"
    return [
        *(equation("rate", row, rate, row.rate) for row in model.states.values()),
        *(equation("initial", row, "{}(0)", row.initial) for row in model.states.values()),
        *(equation("derived", row, "{}", row.value) for row in model.derived.values()),
        *(equation("output", row, "{}", row.value) for row in model.outputs.values()),
    ]


def latex(model: Model) -> str:
    """The whole model as one aligned system of LaTeX.

    Parameters
    ----------
    model : Model
        A checked model.

    Returns
    -------
    str
        An ``align*`` environment of amsmath, one equation a line.
    """
    lines = " \\\\\n".join(f"  {row.latex}" for row in equations(model))
    return f"\\begin{{align*}}\n{lines}\n\\end{{align*}}\n"


def parameter_table(model: Model, cohort: str | None = None) -> list[TableRow]:
    """The parameters of a model with value, unit, between-patient spread and source.

    Parameters
    ----------
    model : Model
        A checked model.
    cohort : str, optional
        A cohort whose values are shown in place of the model's own.

    Returns
    -------
    list of TableRow

    Raises
    ------
    UnknownNameError
        If the model has no such cohort.
    InputError
        If the cohort's values cannot be had; see `kinetics.cohorts.cohort.cohort_parameters`.

    Examples
    --------
    >>> from kinetics.model import Parameter, State
    >>> V, A = sp.symbols("V A")
    >>> still = Model.from_symbols(
    ...     "still",
    ...     time="day",
    ...     parameters=[Parameter(name="V", value=10, unit="L", spread=0.2, about="volume")],
    ...     states=[State(name="A", unit="mg", initial=0, rate=0 * A)],
    ... )
    >>> parameter_table(still)[0]
    TableRow(name='V', value=10.0, unit='L', spread=0.2, source='choice', doi='', about='volume', distribution='')
    """
    resolved = cohort_parameters(model, cohort)
    stated = {name: CohortValue(row.value, row.source) for name, row in model.parameters.items()}
    for row in lineage(model, cohort):
        stated |= row.values
    rows = []
    for name, row in model.parameters.items():
        value, unit = resolved.values[name], display_unit(row.unit)
        if name in resolved.estimated:
            source, doi = f"estimate of {resolved.estimated[name]}", ""
        else:
            source, doi = _cited(stated[name].source, row, model)
        rows.append(
            TableRow(name, value, unit, resolved.spreads.get(name), source, doi, row.about, _kind(resolved, name))
        )
    return rows


def _kind(resolved: CohortParameters, name: str) -> str:
    shares = "/".join(f"{share:g}" for share in resolved.shares.get(name, ()))
    return f"{resolved.distributions.get(name, '')} {shares}".strip()


def _cited(key: str, row: Parameter, model: Model) -> tuple[str, str]:
    """A source in short, and its DOI."""
    # a parameter of a composite was declared in its own file, and a cohort's value in the composite's or in its bases',
    # each beside its own bibliography
    files = [Path(row.where.rpartition(":")[0]), model.path, *model.extends] if model.path is not None else []
    folders = [file.parent for file in files] or [library_folder("models")]
    found = (find_source(key, folder) for folder in folders)
    source = None if key == CHOICE else next(filter(None, found), None)
    return (source.short, source.fields.get("doi", "")) if source else (key, "")


def _symbols(model: Model) -> dict[sp.Symbol, str]:
    """The LaTeX of every name: its own symbol, else made from the name; a symbol that two names share is not used."""
    tables = (model.parameters, model.inputs, model.states, model.derived, model.outputs)
    rows = [row for table in tables for row in table.values()]
    own = {row.name: row.latex if is_latex(row.latex) else latex_name(row.name) for row in rows}
    for made in (latex_name, _verbatim):
        shared = {text for text, count in Counter(own.values()).items() if count > 1}
        own = {name: made(name) if text in shared else text for name, text in own.items()}
    return {row.symbol: own[row.name] for row in rows}


def _verbatim(name: str) -> str:
    return "\\mathrm{" + name.replace("_", "\\_") + "}"
