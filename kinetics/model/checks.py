"""The checks that make a draft a model: order, units, doses, limits, bounds. All are noted, none stops the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kinetics.errors import Faults
from kinetics.expressions import Dimensions
from kinetics.model.quantities import Derived, Dose, Output, Parameter, State
from kinetics.model.ranges import out_of_range
from kinetics.model.variation import variation_faults
from kinetics.units import conversion

__all__ = ["check_tables"]

MAX_SIZE = 20_000
MOST_TOLD = 10
"""Names of each end of a circle that a message shows."""


def check_tables(tables: dict[str, dict[str, Any]], time: Any, where: str, faults: Faults) -> dict[str, Any]:
    """Check the tables of a flat model against each other.

    Parameters
    ----------
    tables : dict
        Quantities by kind and name.
    time : pint.Unit or None
        The model's unit of time.
    where : str
        Where the model begins, for messages.
    faults : Faults
        Where everything wrong is noted.

    Returns
    -------
    dict
        The tables with every conversion of units written in, the ``order`` of definitions, and the ``constants`` of it.
    """
    definitions, states = {**tables["derived"], **tables["outputs"]}, tables["states"]
    order = ordered(definitions, faults)
    constants = parameter_closure(definitions, order, states, faults)
    converted = convert_units(tables, time, faults)
    check_doses(tables["doses"].values(), states, faults)
    check_limits(tables["outputs"].values(), tables["parameters"], faults)
    check_parameters(tables["parameters"].values(), faults)
    if not states:
        faults.add("a model needs at least one state", where, "states")
    check_size(definitions, order, states, faults)
    return {**converted, "order": tuple(order), "constants": tuple(constants)}


def ordered(definitions: Mapping[str, Derived | Output], faults: Faults) -> list[str]:
    """The names of definitions, each after those it uses; a cycle is a fault that names its members."""
    uses = {
        name: [s.name for s in sorted(row.value.free_symbols, key=str) if s.name in definitions]
        for name, row in definitions.items()
    }
    order: dict[str, None] = {}
    closed: set[str] = set()
    for root in definitions:
        trail = {} if root in order else {root: iter(uses[root])}
        while trail:
            name = next(reversed(trail))
            used = next(trail[name], None)
            if used is None:
                del trail[name]
                order[name] = None
            elif used in trail:
                if used not in closed:  # one fault for all circles through it: a file may hold millions
                    cycle = list(trail)[list(trail).index(used) :]
                    faults.add(f"cyclic definition: {_path([*cycle, used])}", *definitions[used].place("value"))
                closed.add(used)
            elif used not in order:
                trail[used] = iter(uses[used])
    return list(order)


def _path(names: Sequence[str]) -> str:
    between = len(names) - 2 * MOST_TOLD
    ends = [*names[:MOST_TOLD], f"... {between} more ...", *names[-MOST_TOLD:]] if between > 0 else names
    return " -> ".join(ends)


def convert_units(tables: dict[str, dict[str, Any]], time: Any, faults: Faults) -> dict[str, Any]:
    """Check every expression against its unit, and rewrite it with the conversions it needs.

    Parameters
    ----------
    tables : dict
        Quantities by kind and name.
    time : pint.Unit
        The model's unit of time: a rate is state-unit per time.
    """
    units: dict[Any, Any] = {}
    for kind in ("parameters", "inputs", "derived", "states", "outputs"):
        for row in tables[kind].values():
            units[row.symbol] = None if row.symbol in units else row.unit  # a duplicate name has no unit of its own
    dimensions = Dimensions(units)

    def converted(row: Any, **wanted: Any) -> Any:
        changes = {}
        for key, unit in wanted.items():
            with faults.gather(*row.place(key)):
                changes[key] = dimensions.convert(getattr(row, key), unit)
        return replace(row, **changes)

    def state(row: State) -> State:
        rate_unit = None if row.unit is None or time is None else row.unit / time
        return converted(row, initial=row.unit, rate=rate_unit)

    return {
        **tables,
        "derived": {name: converted(row, value=row.unit) for name, row in tables["derived"].items()},
        "outputs": {name: converted(row, value=row.unit) for name, row in tables["outputs"].items()},
        "states": {name: state(row) for name, row in tables["states"].items()},
    }


def check_size(
    definitions: Mapping[str, Derived | Output], order: Iterable[str], states: Mapping[str, State], faults: Faults
) -> None:
    """Refuse a model that is beyond reason once every derived quantity is written out.

    A chain of quantities, each twice the one before or its 60th power, is short in the file and endless in full.
    """
    sizes: dict[Any, int] = {}

    def measured(expression: Any, row: Any, key: str) -> int:
        size = _size(expression, sizes)
        if size > MAX_SIZE:
            faults.add("too large when the quantities it uses are written out", *row.place(key))
            return 1  # what uses it is not to be reported for its sake
        return size

    for name in order:
        row = definitions[name]
        sizes[row.symbol] = measured(row.value, row, "value")
    for row in states.values():
        measured(row.initial, row, "initial")
        measured(row.rate, row, "rate")


def _size(expression: Any, sizes: Mapping[Any, int]) -> int:
    if not expression.args:
        return sizes.get(expression, 1)
    size = sum(_size(argument, sizes) for argument in expression.args)
    if expression.is_Pow and expression.exp.is_Integer:
        size *= max(1, abs(int(expression.exp)))
    return size


def check_doses(doses: Iterable[Dose], states: Mapping[str, State], faults: Faults) -> None:
    """A dose goes into a state of its dimension."""
    for dose in doses:
        if dose.into and dose.into not in states:
            faults.add(f"goes into unknown state '{dose.into}'", *dose.place("into"))
        elif dose.into and dose.unit is not None and states[dose.into].unit is not None:
            with faults.gather(*dose.place("unit")):
                conversion(dose.unit, states[dose.into].unit)


def check_limits(outputs: Iterable[Output], parameters: Mapping[str, Parameter], faults: Faults) -> None:
    """A lower limit is a parameter of the output's dimension."""
    for output in outputs:
        if output.lower_limit is None:
            continue
        if output.lower_limit not in parameters:
            faults.add(f"unknown parameter '{output.lower_limit}'", *output.place("lower_limit"))
        elif output.unit is not None and (unit := parameters[output.lower_limit].unit) is not None:
            with faults.gather(*output.place("lower_limit")):
                conversion(unit, output.unit)


def check_parameters(parameters: Iterable[Parameter], faults: Faults) -> None:
    """A parameter lies in its own range, and how it varies between patients makes sense."""
    for parameter in parameters:
        if parameter.minimum is not None and parameter.maximum is not None and parameter.minimum > parameter.maximum:
            message = f"its maximum {parameter.maximum:g} is below its minimum {parameter.minimum:g}"
            faults.add(message, *parameter.place("maximum"))
            continue
        wrong = list(variation_faults(parameter))
        for key, message in wrong:
            faults.add(message, *parameter.place(key))
        if not wrong:
            for message in out_of_range(parameter, parameter.value):
                faults.add(message, *parameter.place("value"))


def parameter_closure(
    definitions: Mapping[str, Derived | Output], order: Iterable[str], states: Mapping[str, State], faults: Faults
) -> list[str]:
    """The definitions that depend on parameters alone, in order; initial values and bounded quantities must."""
    varying = set(states)
    constants = []
    for name in order:
        if any(symbol.name in varying for symbol in definitions[name].value.free_symbols):
            varying.add(name)
        else:
            constants.append(name)
    for name in sorted(varying - set(states)):
        if getattr(definitions[name], "minimum", None) is not None:
            faults.add("a minimum needs a quantity of parameters alone", *definitions[name].place("minimum"))
    for row in states.values():
        for symbol in sorted(row.initial.free_symbols, key=str):
            if symbol.name in varying:
                message = f"an initial value cannot depend on state '{symbol.name}'"
                faults.add(message, *row.place("initial"))
    return constants
