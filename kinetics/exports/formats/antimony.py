"""A model as Antimony text: what tellurium and COPASI's friends read, and people too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kinetics.exports.formats.infix import SBML, infix
from kinetics.exports.formats.names import Names
from kinetics.exports.formats.units import unit_identifier, unit_parts
from kinetics.model import Model
from kinetics.model.timing.clock import is_clock
from kinetics.units import Unit

_WORDS = """
    DNA False INF NAN NaN True abs acos acosh acot acoth acsc acsch after and arccos arccosh arccot arccoth arccsc
    arccsch arcsec arcsech arcsin arcsinh arctan arctanh area asec asech asin asinh at atan atanh avogadro bernoulli
    binomial cauchy ceil ceiling chisquare compartment const constraint cos cosh cot coth csc csch
    default_compartment delay delete dimensionless divide end eq equals event exp exponential exponentiale ext
    extent factorial false floor formula function gamma gene geneProduct geq gt has implies import in inf infinity
    is laplace length leq ln log log10 lognormal lt max maximize min minimize minus model module nan neq normal not
    notanumber operator or pi piecewise plus poisson pow power quotient rateOf rayleigh reaction rem root sec sech
    sin sinh species sqr sqrt substance substanceOnly tan tanh time time_unit times true truncatedExponential
    truncatedGamma truncatedNormal truncatedPoisson uniform unit var volume xor ampere candela gram item kelvin
    kilogram litre metre mole second
"""
"""Words of Antimony 3.3, and the units that its definitions are made of; no quantity may be called so."""


def antimony_text(model: Model) -> str:
    """A model as Antimony; its doses and cohorts are not in it, its events are.

    Examples
    --------
    >>> import sympy as sp
    >>> from kinetics.model import Parameter, State
    >>> k, A = sp.symbols("k A")
    >>> rate = Parameter(name="k", value=0.1, unit="1/day")
    >>> pool = State(name="A", unit="mg", initial=0, rate=-k * A)
    >>> print(antimony_text(Model.from_symbols("decay", time="day", parameters=[rate], states=[pool])))
    // decay
    model decay()
      k = 0.1;
      var A;
      A = 0;
      A' = -A*k;
      unit unit_day = 86400.0 second;
      time_unit is unit_day;
      unit unit_1_per_day = 1/(86400.0 second);
      k has unit_1_per_day;
      unit unit_mg = 0.001 gram;
      A has unit_mg;
    end
    <BLANKLINE>
    """
    return _Writer(model).text()


class _Writer:
    def __init__(self, model: Model) -> None:
        self._model = model
        self._states = {name: row for name, row in model.states.items() if not is_clock(row)}
        tables = (model.parameters, model.inputs, model.definitions, self._states)
        named = [(name, row.unit) for table in tables for name, row in table.items()]
        self._units = [] if model.is_unchecked else [("", model.time), *named]
        # the names of units are among those of quantities
        units = {unit_identifier(unit) for _, unit in self._units}
        self._names = Names.of(model, {*_WORDS.split(), *units}, time="time")

    def text(self) -> str:
        title = " ".join(self._model.title.split()) or self._model.name
        lines = [*self._numbers(), *self._definitions(), *self._of_states(), *self._events(), *self._of_units()]
        return "\n".join([f"// {title}", f"model {self._names.model}()", *(f"  {line};" for line in lines), "end", ""])

    def _name(self, name: str) -> str:
        return self._names.quantities[name]

    def _infix(self, expression: Any) -> str:
        return infix(expression, SBML, self._names.quantities)

    def _numbers(self) -> Iterator[str]:
        yield from (f"{self._name(name)} = {value!r}" for name, value in self._model.defaults.items())

    def _definitions(self) -> Iterator[str]:
        model = self._model
        for name in model.order:
            sign = "=" if name in model.constants and name not in model.outputs else ":="
            yield f"{self._name(name)} {sign} {self._infix(model.definitions[name].value)}"

    def _of_states(self) -> Iterator[str]:
        for name, row in self._states.items():
            yield f"var {self._name(name)}"
            yield f"{self._name(name)} = {self._infix(row.initial)}"
            if row.rate != 0:
                yield f"{self._name(name)}' = {self._infix(row.rate)}"

    def _events(self) -> Iterator[str]:
        for row in self._model.events.values():
            options = {"t0": row.initial, "persistent": row.persistent, "fromTrigger": row.values_at == "trigger"}
            texts = [f"{option}={'true' if value else 'false'}" for option, value in options.items()]
            texts += [f"priority={self._infix(row.priority)}"] if row.priority is not None else []
            delay = "" if row.delay is None else f"{self._infix(row.delay)} after "
            changes = ", ".join(f"{self._name(name)} = {self._infix(value)}" for name, value in row.assignments.items())
            trigger = f"{delay}({self._infix(row.trigger)})"
            yield f"{self._names.events[row.name]}: at {trigger}, {', '.join(texts)}: {changes}"

    def _of_units(self) -> Iterator[str]:
        known: set[str] = set()
        for name, unit in self._units:
            identifier = unit_identifier(unit)
            if identifier not in known:
                known.add(identifier)
                yield f"unit {identifier} = {_unit_formula(unit)}"
            yield f"{self._name(name)} has {identifier}" if name else f"time_unit is {identifier}"


def _unit_formula(unit: Unit) -> str:
    above, below = [], []
    for kind, exponent, multiplier in unit_parts(unit):
        text = f"{multiplier!r} {kind}"
        text = text if abs(exponent) == 1 else f"({text})^{abs(exponent):g}"
        (above if exponent > 0 else below).append(text)
    if not above and not below:
        return "dimensionless"
    text = " * ".join(above) or "1"
    return text + "".join(f"/({part})" for part in below)
