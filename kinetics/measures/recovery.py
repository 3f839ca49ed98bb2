"""Recovery as results report it: the return of each count to its lower limit of normal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kinetics.measures.thresholds import TimeToThreshold
from kinetics.units import unit_text

if TYPE_CHECKING:
    from kinetics.model import Model

__all__ = ["recovery_measures"]


def recovery_measures(model: Model, values: Mapping[str, float]) -> list[TimeToThreshold]:
    """Time to the lower limit of normal of every output that has one.

    Parameters
    ----------
    model : Model
        Whose outputs name the parameters of their limits.
    values : mapping of str to float
        Parameters by flat name, in the model's units.
    """
    limits = {name: output.lower_limit for name, output in model.outputs.items() if output.lower_limit is not None}
    return [
        TimeToThreshold(name, f"{float(values[limit])!r} {unit_text(model.parameters[limit].unit)}")
        for name, limit in limits.items()
    ]
