"""A model as Antimony text: what tellurium and COPASI's friends read, and people too."""

from __future__ import annotations

from collections.abc import Iterator

from kinetics.exports.formats.infix import SBML, Dialect, infix, with_time
from kinetics.exports.formats.units import unit_identifier, unit_parts
from kinetics.model import Model
from kinetics.model.timing.clock import is_clock
from kinetics.units import Unit


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
    dialect = with_time(SBML, model)
    lines = [*_numbers(model), *_definitions(model, dialect), *_states(model, dialect), *_events(model, dialect)]
    lines += _units(model)
    title = " ".join(model.title.split()) or model.name
    return "\n".join([f"// {title}", f"model {model.name}()", *(f"  {line};" for line in lines), "end", ""])


def _numbers(model: Model) -> Iterator[str]:
    yield from (f"{name} = {value!r}" for name, value in model.defaults.items())


def _definitions(model: Model, dialect: Dialect) -> Iterator[str]:
    for name in model.order:
        sign = "=" if name in model.constants and name not in model.outputs else ":="
        yield f"{name} {sign} {infix(model.definitions[name].value, dialect)}"


def _states(model: Model, dialect: Dialect) -> Iterator[str]:
    for name, row in model.states.items():
        if not is_clock(row):
            yield f"var {name}"
            yield f"{name} = {infix(row.initial, dialect)}"
            if row.rate != 0:
                yield f"{name}' = {infix(row.rate, dialect)}"


def _events(model: Model, dialect: Dialect) -> Iterator[str]:
    for name, row in model.events.items():
        options = [f"t0={'true' if row.initial else 'false'}", f"persistent={'true' if row.persistent else 'false'}"]
        options += [f"fromTrigger={'true' if row.values_at == 'trigger' else 'false'}"]
        options += [f"priority={infix(row.priority, dialect)}"] if row.priority is not None else []
        delay = "" if row.delay is None else f"{infix(row.delay, dialect)} after "
        changes = ", ".join(f"{state} = {infix(value, dialect)}" for state, value in row.assignments.items())
        yield f"{name}: at {delay}({infix(row.trigger, dialect)}), {', '.join(options)}: {changes}"


def _units(model: Model) -> Iterator[str]:
    known: set[str] = set()
    states = {name: row for name, row in model.states.items() if not is_clock(row)}
    tables = (model.parameters, model.inputs, model.definitions, states)
    rows = [(name, row.unit) for table in tables for name, row in table.items()]
    for name, unit in [("", model.time), *rows]:
        identifier = unit_identifier(unit)
        if identifier not in known:
            known.add(identifier)
            yield f"unit {identifier} = {_unit_formula(unit)}"
        yield f"{name} has {identifier}" if name else f"time_unit is {identifier}"


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
