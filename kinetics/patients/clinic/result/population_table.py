"""The values of a clinic's population, one row each: estimate, standard error, interval, in the unit of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.special import ndtri

from kinetics.mixed_effects import RESIDUAL_ERRORS, PopulationValues, Uncertainty
from kinetics.patients.clinic.problem.assembling import Clinic
from kinetics.patients.clinic.problem.parameters import ONE, EstimatedParameter
from kinetics.units import Unit

Z = float(ndtri(0.975))
POSITIVE = ("variance", "occasion_variance", "residual")


@dataclass(frozen=True)
class PopulationRow:
    """One value of a population.

    Parameters
    ----------
    name : str
        As `Coordinates` has it: ``CL``, ``CL:weight``, ``var(CL,CL)``, ``var_occasion(CL,CL)``, ``CP:a``.
    kind : {"typical", "coefficient", "variance", "covariance", "occasion_variance", "residual"}
        What it is.
    unit : pint.Unit
        Of all its numbers. Variances are of logarithms or logits, or of a normal parameter.
    estimate, standard_error : float
        The standard error is NaN for a value that is held.
    lower, upper : float
        95 % interval, on the scale on which the estimate is about normal.
    start : float
        Where the search began.
    held : bool
        Whether it is not estimated.
    """

    name: str
    kind: str
    unit: Unit
    estimate: float
    standard_error: float
    lower: float
    upper: float
    start: float
    held: bool

    @property
    def relative_error(self) -> float:
        """The standard error over the estimate."""
        return self.standard_error / abs(self.estimate) if self.estimate else float("nan")


def population_rows(clinic: Clinic, values: PopulationValues, known: Uncertainty) -> tuple[PopulationRow, ...]:
    """The rows of all values, held ones too, in the order of `Coordinates.all_names`."""
    coordinates = clinic.model.coordinates.all_free
    errors = known.standard_errors
    starts = coordinates.named(clinic.start)
    described = dict(_described(clinic))
    rows: list[PopulationRow] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for name, estimate in coordinates.named(values).items():
            kind, unit, parameter = described[name]
            error = errors.get(name, float("nan"))
            if parameter is not None:
                numbers = _typical(parameter, estimate, error, starts[name])
            else:
                ends = _interval(estimate, error, is_positive=kind in POSITIVE)
                numbers = (estimate, error, *ends, starts[name])
            rows.append(PopulationRow(name, kind, unit, *map(float, numbers), held=name not in errors))
    return tuple(rows)


def _described(clinic: Clinic) -> Iterator[tuple[str, tuple[str, Unit, EstimatedParameter | None]]]:
    """Kind and unit of each value, and the parameter of a typical one, by name."""
    problem, coordinates = clinic.problem, clinic.model.coordinates
    scales = {one.flat: one.unit if one.distribution == "normal" else ONE for one in problem.parameters}
    for one in problem.parameters:
        yield one.flat, ("typical", one.unit, one)
    for effect in problem.covariates:
        for flat in effect.parameters:
            yield f"{flat}:{effect.name}", ("coefficient", cast("Unit", scales[flat] / effect.unit), None)
    levels = ("var", "", coordinates.individuals), ("var_occasion", "occasion_", coordinates.occasions)
    for value, of, blocks in levels:
        for row, column in zip(*blocks.entries, strict=True):
            first, second = blocks.names[row], blocks.names[column]
            kind = f"{of}variance" if row == column else f"{of}covariance"
            yield f"{value}({first},{second})", (kind, cast("Unit", scales[first] * scales[second]), None)
    for output, kind in problem.errors.kinds.items():
        own = ONE if RESIDUAL_ERRORS[kind].is_logarithmic else problem.model.outputs[output].unit
        for parameter in RESIDUAL_ERRORS[kind].parameters:
            yield f"{output}:{parameter}", ("residual", own if parameter == "a" else ONE, None)


def _typical(
    parameter: EstimatedParameter, estimate: float, error: float, start: float
) -> tuple[float, float, float, float, float]:
    """The numbers of a typical value in its unit, of those on its normal scale."""
    transform = parameter.transform
    normal = np.array([estimate, estimate - Z * error, estimate + Z * error, start])
    natural, lower, upper, begin = transform.inverse(normal)
    return natural, abs(transform.inverse_slope(normal[:1])[0]) * error, lower, upper, begin


def _interval(estimate: float, error: float, *, is_positive: bool) -> tuple[float, float]:
    if is_positive and estimate > 0:
        factor = float(np.exp(Z * error / estimate))
        return estimate / factor, estimate * factor
    return estimate - Z * error, estimate + Z * error
