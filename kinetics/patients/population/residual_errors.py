"""How measurements differ from true counts: what the model says, or what a user says in a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kinetics.errors import Faults, InputError
from kinetics.mixed_effects import RESIDUAL_ERRORS
from kinetics.model import Model, Output
from kinetics.text.suggestions import did_you_mean
from kinetics.units import parse_unit, to_unit

KINDS = {"combined": "combined2"} | {name: name for name in RESIDUAL_ERRORS}
"""The words of a text, and the kinds of residual error that they name."""
ONE = parse_unit("1")


@dataclass(frozen=True)
class MeasurementErrors:
    """The residual error of each output.

    Parameters
    ----------
    kinds : mapping of str to str
        A key of `kinetics.mixed_effects.RESIDUAL_ERRORS`, by output.
    values : mapping of str to float
        Their parameters as ``"OUTPUT:a"``: standard deviations in the unit of the output (of the logarithm for
        ``lognormal``), ``"OUTPUT:b"`` a ratio.
    """

    kinds: Mapping[str, str]
    values: Mapping[str, float]


def measurement_errors(model: Model, outputs: Iterable[str], stated: Mapping[str, str]) -> MeasurementErrors:
    """The errors of some outputs: as stated, such as ``"combined 0.01 1e9/L, 0.15"``, else the model's ``noise``.

    Raises
    ------
    InputError
        With every output without an error, and every text that is none.
    """
    faults, kinds, values, outputs = Faults(), {}, {}, list(outputs)
    for name in stated.keys() - {*outputs}:
        faults.add(f"no count is of this output{did_you_mean(name, outputs)}", "errors", name)
    for name in outputs:
        with faults.gather(name=f"errors.{name}"):
            kinds[name], own = _error(model.output(name), stated.get(name))
            values |= {f"{name}:{parameter}": value for parameter, value in own.items()}
    faults.raise_if_any()
    return MeasurementErrors(kinds, values)


def _error(output: Output, stated: str | None) -> tuple[str, dict[str, float]]:
    if stated is None:
        if output.noise is None:
            raise InputError(f"the model states no noise of {output.name}; state one, such as 'proportional 0.15'")
        return "lognormal", {"a": output.noise}
    word, _, rest = stated.strip().partition(" ")
    if word not in KINDS:
        raise InputError(f"'{word}' is no kind of error; there are {', '.join(KINDS)}{did_you_mean(word, KINDS)}")
    kind = KINDS[word]
    parameters, numbers = RESIDUAL_ERRORS[kind].parameters, [part for part in rest.split(",") if part.strip()]
    if len(numbers) != len(parameters):
        example = {"additive": "0.01 1e9/L", "combined2": "0.01 1e9/L, 0.15", "combined1": "0.01 1e9/L, 0.15"}
        raise InputError(f"'{word}' takes {len(parameters)}: '{word} {example.get(kind, '0.15')}'; found '{stated}'")
    values = {}
    for parameter, text in zip(parameters, numbers, strict=True):
        has_unit = parameter == "a" and not RESIDUAL_ERRORS[kind].is_logarithmic
        value = to_unit(text.strip() if has_unit else f"{text.strip()} 1", output.unit if has_unit else ONE)
        if not value > 0:
            raise InputError(f"must be positive, found '{text.strip()}'")
        values[parameter] = value
    return kind, values
