"""How measurements differ from true counts: what the model says, or what a user says in a text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from kinetics.errors import Faults, InputError
from kinetics.mixed_effects import RESIDUAL_ERRORS
from kinetics.model import Model, Output
from kinetics.text.suggestions import did_you_mean
from kinetics.units import display_unit, parse_unit, to_unit

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

    def of_outputs(self, outputs: Iterable[str]) -> MeasurementErrors:
        """The errors of some outputs."""
        kinds = {name: self.kinds[name] for name in outputs}
        return MeasurementErrors(kinds, {key: v for key, v in self.values.items() if key.partition(":")[0] in kinds})

    def is_logarithmic(self, output: str) -> bool:
        """Whether the error of an output is of its logarithm."""
        return RESIDUAL_ERRORS[self.kinds[output]].is_logarithmic

    def deviation(self, output: str, true: np.ndarray) -> np.ndarray:
        """Standard deviations of measurements of true values: in the unit of the output, or of its logarithm."""
        error = RESIDUAL_ERRORS[self.kinds[output]]
        return error.deviation(true, *(self.values[f"{output}:{name}"] for name in error.parameters))[0]


def measurement_errors(model: Model, counted: Iterable[str], stated: Mapping[str, str]) -> MeasurementErrors:
    """The errors of all outputs of which they are known: as stated, such as ``"combined 0.01 1e9/L, 0.15"``, else
    log-normal with the model's ``noise``.

    Raises
    ------
    InputError
        With every output that was counted and has no error, every text that is none, and every name that is no output.
    """
    faults, kinds, values, needed = Faults(), {}, {}, {*counted, *stated}
    for name in stated.keys() - model.outputs.keys():
        hint = did_you_mean(name, model.outputs) or f"; there are {', '.join(model.outputs)}"
        faults.add(f"model '{model.name}' has no such output{hint}", name=f"errors.{name}")
    for name, output in model.outputs.items():
        if name not in needed and output.noise is None:
            continue
        with faults.gather(name=f"errors.{name}"):
            kinds[name], own = _error(output, stated.get(name))
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
    kind, texts = KINDS[word], [part.strip() for part in rest.split(",") if part.strip()]
    error = RESIDUAL_ERRORS[kind]
    units = [output.unit if name == "a" and not error.is_logarithmic else ONE for name in error.parameters]
    if len(texts) != len(units):
        example = ", ".join("0.15" if unit == ONE else f"0.01 {display_unit(unit)}" for unit in units)
        raise InputError(f"found '{stated}'; write '{word} {example}'")
    values, faults = {}, Faults()
    for name, text, unit in zip(error.parameters, texts, units, strict=True):
        with faults.gather():
            values[name] = to_unit(f"{text} 1" if unit == ONE else text, unit)
            if not 0 < values[name] < math.inf:
                raise InputError(f"must be positive; found '{text}'")
    faults.raise_if_any()
    return kind, values
