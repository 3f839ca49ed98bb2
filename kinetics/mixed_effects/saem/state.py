"""Where SAEM is between two iterations, as arrays that a file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kinetics.errors import InputError
from kinetics.mixed_effects.individuals.metropolis import Chains
from kinetics.mixed_effects.model.population_values import PopulationValues
from kinetics.mixed_effects.saem.maximisation import Statistics

PARTS = {"values": PopulationValues, "chains": Chains, "statistics": Statistics}


@dataclass(frozen=True, eq=False)
class SaemState:
    """The state of SAEM. It is complete: random numbers follow from the number of sweeps.

    Parameters
    ----------
    iteration : int
        The number of iterations so far.
    values : PopulationValues
        The values after them.
    chains : Chains
        The simulated random effects.
    statistics : Statistics or None
        Their averages; None before the first iteration.
    trace : ndarray, (iteration, value)
        The values after each iteration.
    """

    iteration: int
    values: PopulationValues
    chains: Chains
    statistics: Statistics | None
    trace: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, by ``part.name``."""
        result = {"iteration": np.array(self.iteration), "trace": self.trace}
        for part in PARTS:
            content = getattr(self, part)
            result |= {
                f"{part}.{name}": np.asarray(value)
                for name, value in ({} if content is None else vars(content)).items()
            }
        return result

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> SaemState:
        """The state that `arrays` was called of; an `InputError` if an array is missing or is not finite."""
        faulty = [name for name, value in arrays.items() if not np.isfinite(value).all()]
        try:
            content = {
                part: kind(**{name: arrays[f"{part}.{name}"] for name in kind.__dataclass_fields__})
                for part, kind in PARTS.items()
            }
            iteration, trace = int(arrays["iteration"]), arrays["trace"]
        except KeyError as error:
            raise InputError(f"the state of SAEM lacks the array {error}") from None
        if faulty:
            raise InputError(f"the state of SAEM has numbers that are not finite: {', '.join(faulty)}")
        content["chains"].sweeps = int(content["chains"].sweeps)
        return cls(iteration, content["values"], content["chains"], content["statistics"], trace)
