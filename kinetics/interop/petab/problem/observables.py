"""The tables of observables and of measurements of PEtab 1 and 2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from kinetics.errors import Faults
from kinetics.interop.petab.problem.problem import Measurement, Observable
from kinetics.interop.petab.problem.tables import Row
from kinetics.interop.petab.scales import SCALES
from kinetics.interop.petab.words import formula_names
from kinetics.text.suggestions import did_you_mean

OBSERVABLES_1 = OBSERVABLES_2 = ("observableId", "observableFormula", "noiseFormula")
MEASUREMENTS_1 = ("observableId", "simulationConditionId", "measurement", "time")
MEASUREMENTS_2 = ("observableId", "experimentId", "measurement", "time")
_DISTRIBUTIONS_2 = {
    "normal": ("lin", "normal"),
    "laplace": ("lin", "laplace"),
    "log-normal": ("log", "normal"),
    "log-laplace": ("log", "laplace"),
}


def observables_1(rows: Iterable[Row], faults: Faults) -> dict[str, Observable]:
    """The observables of PEtab 1 by name."""

    def read(row: Row) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
        scale = row.choice("observableTransformation", SCALES, "lin")
        distribution = row.choice("noiseDistribution", ("normal", "laplace"), "normal")
        name = row.text("observableId")
        return scale, distribution, _numbered(row, "observable", name), _numbered(row, "noise", name)

    return _observables(rows, read, faults)


def observables_2(rows: Iterable[Row], faults: Faults) -> dict[str, Observable]:
    """The observables of PEtab 2 by name."""

    def read(row: Row) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
        scale, distribution = _DISTRIBUTIONS_2[row.choice("noiseDistribution", _DISTRIBUTIONS_2, "normal")]
        return scale, distribution, row.listed("observablePlaceholders"), row.listed("noisePlaceholders")

    return _observables(rows, read, faults)


def _numbered(row: Row, kind: str, observable: str) -> tuple[str, ...]:
    """The placeholders in the formulas of a row of PEtab 1, which are numbered from 1 on."""
    pattern = re.compile(rf"{kind}Parameter([1-9][0-9]*)_{re.escape(observable)}")
    found: set[int] = set()
    for column in ("observableFormula", "noiseFormula"):
        with row.faults.gather(row.where, column):
            matches = map(pattern.fullmatch, formula_names(row.text(column)))
            found |= {int(match[1]) for match in matches if match}
    if found != set(range(1, len(found) + 1)):
        numbers = ", ".join(map(str, sorted(found)))
        row.refuse(f"placeholders are numbered from 1 without gaps; found {numbers:.60}", f"{kind}Formula")
        return ()
    return tuple(f"{kind}Parameter{number}_{observable}" for number in sorted(found))


def _observables(
    rows: Iterable[Row], read: Callable[[Row], tuple[str, str, tuple[str, ...], tuple[str, ...]]], faults: Faults
) -> dict[str, Observable]:
    known: dict[str, Observable] = {}
    for row in rows:
        name = row.identifier("observableId")
        if name in known:
            faults.add("duplicate id", row.where, name)
        formulas = [row.text(column) for column in ("observableFormula", "noiseFormula")]
        for column, formula in zip(("observableFormula", "noiseFormula"), formulas, strict=True):
            if not formula:
                row.refuse("missing", column)
        scale, distribution, placeholders, noise = read(row)
        known[name] = Observable(
            name=name, formula=formulas[0], noise=formulas[1], transformation=scale, distribution=distribution,
            placeholders=placeholders, noise_placeholders=noise, where=row.where,
        )  # fmt: skip
    return known


def measurement(row: Row, experiment: str, observables: Mapping[str, Observable]) -> Measurement:
    """A row of the measurements of either version; without any observable, that is the one fault."""
    name = row.identifier("observableId")
    time, value = row.number("time", infinite=("inf",)), row.number("measurement")
    overrides, noise = row.listed("observableParameters"), row.listed("noiseParameters")
    observable = observables.get(name)
    if observable is None and observables:
        row.refuse(f"there is no observable '{name:.40}'{did_you_mean(name, observables)}", "observableId")
    elif observable is not None:
        for column, names, values in (
            ("observableParameters", observable.placeholders, overrides),
            ("noiseParameters", observable.noise_placeholders, noise),
        ):
            if len(names) != len(values):
                row.refuse(f"observable '{name}' takes {len(names)} of them; found {len(values)}", column)
        if observable.transformation != "lin" and value <= 0:
            row.refuse(f"is {value:g}, but its noise is on a logarithm", "measurement")
    return Measurement(name, experiment, time, value, overrides, noise, row.where)
