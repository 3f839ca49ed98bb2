"""`System`: the compiled functions of a model with the names of their arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from kinetics.compile.cache import load_module, source_key
from kinetics.compile.source import generate
from kinetics.errors import UnknownNameError
from kinetics.model import Model
from kinetics.units import conversion

__all__ = ["System", "compile_model"]


@dataclass(frozen=True, eq=False)
class System:
    """A model ready to integrate: plain floats in the model's units, arrays in the order of the names.

    Parameters
    ----------
    model : Model
        What it was compiled from.
    functions : module
        The generated numba functions; see `kinetics.compile.source.generate`.
    """

    model: Model
    functions: ModuleType

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the entries of ``p``: parameters, then inputs."""
        return tuple(self.model.defaults)

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the entries of ``y``."""
        return tuple(self.model.states)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the entries of the outputs."""
        return tuple(self.model.outputs)

    def parameter_array(self, values: Mapping[str, float] | None = None) -> np.ndarray:
        """The parameter vector, (parameter,): the model's values with some replaced.

        Raises
        ------
        UnknownNameError
            If a name is not a parameter.
        """
        merged = dict(self.model.defaults)
        for name, value in (values or {}).items():
            merged[self.model.flat_name(name)] = float(value)
        return np.array(list(merged.values()), dtype=float)

    def constants(self, parameters: np.ndarray) -> np.ndarray:
        """Parameters followed by the derived quantities that depend on them alone, (constant,)."""
        return self.functions.constants(parameters)

    def below_minimum(self, constants: np.ndarray) -> list[str]:
        """The names of derived quantities that lie below their declared minimum, or are not finite."""
        offset = len(self.parameters)
        names = []
        for index, name in enumerate(self.model.constants):
            value, minimum = constants[offset + index], getattr(self.model.definitions[name], "minimum", None)
            if not np.isfinite(value) or (minimum is not None and value < minimum):
                names.append(name)
        return names

    def dose_matrix(self) -> np.ndarray:
        """Amount of each dose to each state, (dose, state), dose unit to state unit."""
        matrix = np.zeros((len(self.model.doses), len(self.states)))
        for row, dose in enumerate(self.model.doses.values()):
            state = self.model.states[dose.into]
            matrix[row, self.states.index(dose.into)] = float(conversion(dose.unit, state.unit))
        return matrix

    def row(self, name: str) -> tuple[str, int]:
        """Whether a name is an ``"output"`` or a ``"state"``, and its index.

        Raises
        ------
        UnknownNameError
            If it is neither.
        """
        if name in self.outputs:
            return "output", self.outputs.index(name)
        if name in self.states:
            return "state", self.states.index(name)
        self.model.quantity(name)
        raise UnknownNameError(name)


_HERE = Path(__file__).parent
# what the text of the code depends on beside the model's own expressions
_GENERATOR = (_HERE / "source.py", _HERE / "printer.py", _HERE.parent / "model" / "model.py")


def compile_model(model: Model) -> System:
    """Compile a model, or take its compiled code from the cache of files.

    Parameters
    ----------
    model : Model
        A checked model.

    Returns
    -------
    System

    Examples
    --------
    >>> system = compile_model(Model.load("alemtuzumab"))
    >>> system.states
    ('A_c', 'A_p')
    """
    return System(model, load_module(source_key(_GENERATOR, model.structure_hash), lambda: generate(model)))
