"""LaTeX: which text a model file may give as a symbol, the symbol of a name without one, and a model's equations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import sympy as sp
from sympy.printing.latex import LatexPrinter

from kinetics.model.events import Event
from kinetics.model.quantities import Quantity
from kinetics.model.timing.clock import is_clock

if TYPE_CHECKING:
    from kinetics.model.model import Model

MAX_LENGTH = 60
_LETTERS = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
_PRINTING = """
    varepsilon vartheta varrho varsigma varphi ell infty ast circ prime cdot max min
    hat bar tilde dot vec mathrm mathit mathbf mathcal text
"""
_GREEK = frozenset(_LETTERS.split())
_COMMANDS = _GREEK | frozenset(_PRINTING.split())
_PIECE = re.compile(r"\\([A-Za-z]+)|\\[,;: ]|[A-Za-z0-9 _^{}()+*/.,'-]")


def is_latex(text: str) -> bool:
    r"""Whether a text is a symbol in LaTeX that can do nothing but print: letters, scripts, accents, closed braces.

    >>> is_latex(r"\varphi_4"), is_latex(r"k_{M4}"), is_latex(r"\input{secrets}"), is_latex("k_{4")
    (True, True, False, False)
    """
    position, open_braces = 0, 0
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None or (piece[1] is not None and piece[1] not in _COMMANDS):
            return False
        open_braces += {"{": 1, "}": -1}.get(piece[0], 0)
        if open_braces < 0:
            return False
        position = piece.end()
    return 0 < len(text) <= MAX_LENGTH and open_braces == 0 and text[-1] not in "_^"


def latex_name(name: str) -> str:
    r"""The LaTeX of an identifier: what follows the first underscore becomes a subscript.

    >>> latex_name("k_A4"), latex_name("alpha_0"), latex_name("pk_A_c"), latex_name("clearance")
    ('k_{A4}', '\\alpha_{0}', 'pk_{A,c}', '\\mathrm{clearance}')
    """
    head, *rest = [_word(word) for word in name.split("_") if word]
    return f"{head}_{{{','.join(rest)}}}" if rest else head


def _word(word: str) -> str:
    if word in _GREEK:
        return f"\\{word}"
    return word if len(word) <= 2 else f"\\mathrm{{{word}}}"


class Equation(NamedTuple):
    """One equation: ``kind`` is ``rate``, ``initial``, ``derived``, ``output`` or ``event``; aligned at one ``&``.

    Those of ``cases`` are within that environment.
    """

    kind: str
    name: str
    latex: str


def equations(model: Model) -> list[Equation]:
    r"""The equations of a model: rates, initial values, derived quantities, outputs, what events set.

    >>> from kinetics.model import Model, Parameter, State
    >>> k, A = sp.symbols("k_el A")
    >>> rate = Parameter(name="k_el", value=0.1, unit="1/day")
    >>> pool = State(name="A", unit="mg", initial=0, rate=-k * A)
    >>> decay = Model.from_symbols("decay", time="day", parameters=[rate], states=[pool])
    >>> print(equations(decay)[0].latex)
    \frac{\mathrm{d} A}{\mathrm{d} t} &= - A k_{el}
    """
    symbols = symbols_latex(model)
    printer = LatexPrinter({"symbol_names": symbols, "fold_short_frac": False})

    def equation(kind: str, row: Quantity, left: str, right: Any) -> Equation:
        return Equation(kind, row.name, f"{left.format(symbols[row.symbol])} &= {printer.doprint(right)}")

    states = [row for row in model.states.values() if not is_clock(row)]
    rate = r"\frac{{\mathrm{{d}} {}}}{{\mathrm{{d}} t}}"
    return [
        *(equation("rate", row, rate, row.rate) for row in states),
        *(equation("initial", row, "{}(0)", row.initial) for row in states),
        *(equation("derived", row, "{}", row.value) for row in model.derived.values()),
        *(equation("output", row, "{}", row.value) for row in model.outputs.values()),
        *(
            Equation("event", row.name, text)
            for row in model.events.values()
            for text in _assigned(row, model, printer)
        ),
    ]


def _assigned(event: Event, model: Model, printer: LatexPrinter) -> Iterator[str]:
    """What an event sets, one state a line."""
    delay = "" if event.delay is None else rf" \text{{, after }} {printer.doprint(event.delay)}"
    for name, value in event.assignments.items():
        left, right = printer.doprint(model.states[name].symbol), printer.doprint(value)
        yield rf"{left} &\leftarrow {right} \quad \text{{when }} {printer.doprint(event.trigger)}{delay}"


def latex(model: Model) -> str:
    """The whole model as one ``align*`` environment of amsmath, one equation a line."""
    lines = " \\\\\n".join(f"  {row.latex}" for row in equations(model))
    return f"\\begin{{align*}}\n{lines}\n\\end{{align*}}\n"


def symbols_latex(model: Model) -> dict[sp.Symbol, str]:
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
