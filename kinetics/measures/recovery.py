"""Recovery as results report it: the return of each count to its lower limit of normal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kinetics.measures.thresholds import TimeToThreshold
from kinetics.units import unit_text

if TYPE_CHECKING:
    from kinetics.model import Model


def lower_limits(model: Model, values: Mapping[str, float]) -> dict[str, str]:
    """The lower limit of normal, a level as text, of every output that has one.

    Parameters
    ----------
    model : Model
        Whose outputs name the parameters of their limits.
    values : mapping of str to float
        Parameters by flat name, in the model's units.
    """
    return {
        name: f"{float(values[output.lower_limit])!r} {unit_text(model.parameters[output.lower_limit].unit)}"
        for name, output in model.outputs.items()
        if output.lower_limit is not None
    }


def recovery_measures(model: Model, values: Mapping[str, float]) -> list[TimeToThreshold]:
    """Time to the lower limit of normal of every output that has one; arguments as of `lower_limits`."""
    return [TimeToThreshold(name, level) for name, level in lower_limits(model, values).items()]
