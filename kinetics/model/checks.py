"""The checks that make a draft a model: units, doses, limits, bounds. All are noted, none stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kinetics.errors import Faults
from kinetics.expressions import Dimensions
from kinetics.model.composition import Draft
from kinetics.model.correlations import check_correlations
from kinetics.model.definitions import check_size, ordered, parameter_closure
from kinetics.model.events.checking import check_assigned, converted_event
from kinetics.model.quantities import Correlation, Dose, DoseConstant, Output, Parameter, State
from kinetics.model.ranges import out_of_range
from kinetics.model.timing.clock import with_clock
from kinetics.model.variation import variation_faults
from kinetics.units import conversion, parse_unit, unit_text

if TYPE_CHECKING:
    from kinetics.model.model import Model

_ABOUT = {
    "lag": "time from a dose to its start",
    "bioavailability": "share of a dose that arrives",
    "duration": "length of an infusion",
    "rate": "rate of an infusion",
}


def checked(
    make: Callable[..., Model],
    faults: Faults,
    tables: dict[str, dict[str, Any]],
    correlations: tuple[Correlation, ...],
    time: Any,
    **header: Any,
) -> Model:
    """The model of these tables; `InputError` with what is wrong and what was found before."""
    path = header.get("path")
    rows = check_tables(tables, time, f"{path}:1" if path else "", faults)
    check_correlations(correlations, (), tables["parameters"], faults)
    faults.raise_if_any()
    model = make(time=time, correlations=correlations, **header, **rows)
    model.constant_values(model.defaults)
    return model


def check_tables(tables: dict[str, dict[str, Any]], time: Any, where: str, faults: Faults) -> dict[str, Any]:
    """Check the tables of a flat model, quantities by kind and name, against each other.

    Returns the tables with every conversion of units written in, the ``order`` of definitions, and its ``constants``.
    """
    tables = with_clock(tables, time, faults)
    tables = {**tables, "derived": {**tables["derived"], **dose_constants(tables, time, faults)}}
    definitions, states = {**tables["derived"], **tables["outputs"]}, tables["states"]
    order = ordered(definitions, faults)
    constants = parameter_closure(definitions, order, states, faults)
    converted = convert_units(tables, time, faults)
    check_doses(tables["doses"].values(), states, time, faults)
    check_assigned(tables["events"].values(), states, faults)
    check_limits(tables["outputs"].values(), tables["parameters"], faults)
    check_parameters(tables["parameters"].values(), faults)
    if not states:
        faults.add("a model needs at least one state", where, "states")
    check_size(definitions, order, [*states.values(), *tables["events"].values()], faults)
    return {**converted, "order": tuple(order), "constants": tuple(constants)}


def check_unchecked(draft: Draft, time: Any, faults: Faults) -> None:
    """All units are 1 where a file says that they are unchecked."""
    if not draft.is_unchecked:
        return
    one = parse_unit("1")
    for row in (row for kind, table in draft.tables.items() if kind != "events" for row in table.values()):
        if row.unit not in (None, one):
            message = f"has unit '{unit_text(row.unit)}', and the units of the model are unchecked: write '1'"
            faults.add(message, *row.location("unit"))
    if time not in (None, one):
        faults.add(
            "the units of the model are unchecked: write time = '1'",
            draft.document.where("model", "time"),
            "model.time",
        )


def convert_units(tables: dict[str, dict[str, Any]], time: Any, faults: Faults) -> dict[str, Any]:
    """Check every expression against its unit, and rewrite it with the conversions it needs."""
    units: dict[Any, Any] = {}
    for kind in ("parameters", "inputs", "derived", "states", "outputs"):
        for row in tables[kind].values():
            units[row.symbol] = None if row.symbol in units else row.unit  # a duplicate name has no unit of its own
    dimensions = Dimensions(units)

    def converted(row: Any, **units: Any) -> Any:
        changes = {}
        for key, unit in units.items():
            with faults.gather(*row.location(key)):
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
        "events": {
            name: converted_event(row, dimensions, tables["states"], time, faults)
            for name, row in tables["events"].items()
        },
    }


def check_doses(doses: Iterable[Dose], states: Mapping[str, State], time: Any, faults: Faults) -> None:
    """A dose goes into a state of its dimension, of a model whose time has a unit."""
    for dose in doses:
        if time is not None and time.dimensionless:
            faults.add("a model whose time has no unit takes no doses", dose.where, dose.name)
        if dose.into and dose.into not in states:
            faults.add(f"goes into unknown state '{dose.into}'", *dose.location("into"))
        elif dose.into and dose.unit is not None and states[dose.into].unit is not None:
            with faults.gather(*dose.location("unit")):
                conversion(dose.unit, states[dose.into].unit)


def dose_constants(tables: dict[str, dict[str, Any]], time: Any, faults: Faults) -> dict[str, DoseConstant]:
    """How drugs are given, as derived quantities by name, which are checked and compiled like all others.

    None may be below zero; a name that is taken is a fault.
    """
    taken = {name for kind in ("parameters", "inputs", "derived", "states", "outputs") for name in tables[kind]}
    constants = {row.name: row for dose in tables["doses"].values() for row in _of_dose(dose, time)}
    for row in constants.values():
        if row.name in taken:
            faults.add(f"its value is called '{row.name}', and so is something else", *row.location("value"))
    return {name: row for name, row in constants.items() if name not in taken}


def _of_dose(dose: Dose, time: Any) -> Iterator[DoseConstant]:
    rate = None if dose.unit is None or time is None else dose.unit / time
    units = {"lag": time, "bioavailability": parse_unit("1"), "duration": time, "rate": rate}
    for key, value in dose.expressions.items():
        yield DoseConstant(
            name=dose.constant(key),
            unit=units[key],
            value=value,
            minimum=0.0,
            about=f"{_ABOUT[key]}, of {dose.name}",
            where=dose.where,
            locations=dict.fromkeys(("value", "minimum"), dose.location(key)),
        )


def check_limits(outputs: Iterable[Output], parameters: Mapping[str, Parameter], faults: Faults) -> None:
    """A lower limit is a parameter of the output's dimension."""
    for output in outputs:
        if output.lower_limit is None:
            continue
        if output.lower_limit not in parameters:
            faults.add(f"unknown parameter '{output.lower_limit}'", *output.location("lower_limit"))
        elif output.unit is not None and (unit := parameters[output.lower_limit].unit) is not None:
            with faults.gather(*output.location("lower_limit")):
                conversion(unit, output.unit)


def check_parameters(parameters: Iterable[Parameter], faults: Faults) -> None:
    """A parameter lies in its own range, and how it varies between patients makes sense."""
    for parameter in parameters:
        if parameter.minimum is not None and parameter.maximum is not None and parameter.minimum > parameter.maximum:
            message = f"its maximum {parameter.maximum:g} is below its minimum {parameter.minimum:g}"
            faults.add(message, *parameter.location("maximum"))
            continue
        wrong = list(variation_faults(parameter))
        for key, message in wrong:
            faults.add(message, *parameter.location(key))
        if not wrong:
            for message in out_of_range(parameter, parameter.value):
                faults.add(message, *parameter.location("value"))
