"""Where the search of a maximum is between two rounds, as arrays that a file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kinetics.errors import InputError
from kinetics.mixed_effects.likelihood.objectives import Objective
from kinetics.mixed_effects.model.population_values import PopulationValues


@dataclass(frozen=True, eq=False)
class MaximumState:
    """The state of `maximise`. It is complete: a round begins at the best values so far.

    Parameters
    ----------
    rounds : int
        The number of rounds so far.
    ended, converged : bool
        Whether there is no further round, and whether the last gained nothing.
    values : PopulationValues
        The best values.
    objective : Objective
        The objective there.
    trace : ndarray, (evaluation, value and 1)
        Every evaluation, as of `MaximumLikelihood`.
    """

    rounds: int
    ended: bool
    converged: bool
    values: PopulationValues
    objective: Objective
    trace: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, by name, ``values.name`` or ``objective.name``."""
        result = {name: np.array(getattr(self, name)) for name in ("rounds", "ended", "converged", "trace")}
        for part in ("values", "objective"):
            result |= {f"{part}.{name}": np.asarray(value) for name, value in vars(getattr(self, part)).items()}
        return result

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> MaximumState:
        """The state that `arrays` was called of; an `InputError` if an array is missing or is not finite."""
        if faulty := [name for name, value in arrays.items() if not np.isfinite(value).all()]:
            raise InputError(f"the state of a search has numbers that are not finite: {', '.join(faulty)}")
        try:
            of_values = {name: arrays[f"values.{name}"] for name in PopulationValues.__dataclass_fields__}
            objective = Objective(
                arrays["objective.individual"], float(arrays["objective.penalty"]), arrays["objective.random"],
                int(arrays["objective.n_quantified"]),
            )  # fmt: skip
            ended, converged = (bool(arrays[name]) for name in ("ended", "converged"))
            return cls(
                int(arrays["rounds"]), ended, converged, PopulationValues(**of_values), objective, arrays["trace"]
            )
        except KeyError as error:
            raise InputError(f"the state of a search lacks the array {error}") from None
