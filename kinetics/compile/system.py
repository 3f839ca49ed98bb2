"""`System`: the compiled functions of a model with the names of their arrays; their assembly, to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np

from kinetics.compile.assembly import assembly
from kinetics.compile.cache import source_key
from kinetics.compile.definitions import NAMES, describe
from kinetics.compile.equations import Equations
from kinetics.compile.functions import Functions, as_rows
from kinetics.errors import InputError, UnknownNameError
from kinetics.model import Model
from kinetics.model.ranges import range_of
from kinetics.reduction import Rest, find_rest
from kinetics.text.lists import listed
from kinetics.text.suggestions import did_you_mean
from kinetics.units import conversion

MOST_NAMED = 6
"""Parameters that a message names."""


@dataclass(frozen=True, eq=False)
class System:
    """A model ready to integrate: plain floats in the model's units, arrays in the order of the names.

    Parameters
    ----------
    model : Model
        What it was compiled from.
    functions : Functions
        Its compiled functions.
    rest : Rest
        The states that are not integrated: they keep their initial values.
    """

    model: Model
    functions: Functions
    rest: Rest

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the entries of ``p``: parameters, then inputs."""
        return tuple(self.model.defaults)

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the entries of ``y``: the states that are integrated."""
        return self.rest.integrated

    @cached_property
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

    def constants_table(self, parameters: np.ndarray) -> np.ndarray:
        """`constants` of many patients, (patient, constant)."""
        return self.functions.constants_table(np.ascontiguousarray(parameters))

    def constants_entered(self, names: Iterable[str]) -> tuple[int, ...]:
        """The numbers of the constants that depend on parameters of some names, these themselves included."""
        rows, columns = self.functions.compiled("constants_by_parameter").entries
        chosen = [self.parameters.index(name) for name in names]
        return tuple(np.unique(rows[np.isin(columns, chosen)]).tolist())

    def admissible(self, constants: np.ndarray) -> np.ndarray:
        """Whether `out_of_range` is empty, (patient,), for constants (patient, constant)."""
        return np.all(self._within(constants), axis=1)

    def out_of_range(self, constants: np.ndarray) -> list[str]:
        """The names of parameters out of their range, and of derived quantities below their minimum, or not finite."""
        within = self._within(constants)
        return [] if within.all() else [(*self.parameters, *self.model.constants)[i] for i in np.flatnonzero(~within)]

    def impossible(self, constants: np.ndarray) -> str:
        """Why a patient of given constants, (constant,), cannot be; empty if it can."""
        if not (wrong := self.out_of_range(constants)):
            return ""
        names = (*self.parameters, *self.model.constants)
        values = [f"{name} = {constants[names.index(name)]:.6g}" for name in wrong]
        return f"impossible parameters, out of range or not finite: {listed(values, MOST_NAMED)}"

    def _within(self, constants: np.ndarray) -> np.ndarray:
        least, most = self._ranges
        # where there is no bound it is the largest float, so that what is not finite lies beyond
        return (constants >= least) & (constants <= most)

    @cached_property
    def _ranges(self) -> tuple[np.ndarray, np.ndarray]:
        """The least and the greatest value of each entry of ``constants``."""
        model, largest = self.model, np.finfo(float).max
        ranges = [range_of(row) for row in model.parameters.values()] + [(-np.inf, np.inf)] * len(model.inputs)
        minima = [getattr(model.definitions[name], "minimum", None) for name in model.constants]
        ranges += [(-np.inf if minimum is None else minimum, np.inf) for minimum in minima]
        bounds = np.clip(np.array(ranges, dtype=float).reshape(-1, 2), -largest, largest)
        return bounds[:, 0], bounds[:, 1]

    @cached_property
    def states_alike(self) -> list[tuple[np.ndarray, ...]]:
        """For each unit, the indices of states that are integrated, and those of all states of the model."""
        own = [self.model.states[name].unit for name in self.states]
        both = own, [row.unit for row in self.model.states.values()]
        return [tuple(np.flatnonzero([one == unit for one in units]) for units in both) for unit in dict.fromkeys(own)]

    def all_states(self, states: np.ndarray, constants: np.ndarray) -> np.ndarray:
        """Those of the model, (..., state), from those that are integrated and constants, (..., constant)."""
        if not self.rest.resting:
            return states
        names, shape = list(self.model.states), (*constants.shape[:-1], len(self.rest.resting))
        resting = self.functions.resting_table(as_rows(constants)).reshape(shape)
        table = np.empty((*states.shape[:-1], len(names)))
        table[..., [names.index(name) for name in self.rest.resting]] = resting
        table[..., [names.index(name) for name in self.states]] = states
        return table

    def dose_matrix(self) -> np.ndarray:
        """Amount of each dose to each state, (dose, state), dose unit to state unit; none into a state that rests."""
        matrix = np.zeros((len(self.model.doses), len(self.states)))
        for row, dose in enumerate(self.model.doses.values()):
            if dose.into in self.rest.moving:
                state = self.model.states[dose.into]
                matrix[row, self.states.index(dose.into)] = float(conversion(dose.unit, state.unit))
        return matrix

    def check_doses(self, amounts: np.ndarray) -> None:
        """Refuse amounts, (..., dose), into states that rest: they would be lost without a word.

        Raises
        ------
        InputError
            If there are any.
        """
        given = np.any(amounts, axis=tuple(range(amounts.ndim - 1)))
        doses = zip(self.model.doses.values(), given, strict=True)
        if lost := [dose.name for dose, is_given in doses if is_given and dose.into in self.rest.resting]:
            raise InputError(f"model '{self.model.name}' was compiled for runs without {', '.join(lost)}")

    def row(self, name: str) -> tuple[str, int]:
        """Whether a name is an ``"output"`` or a ``"state"`` of the model, and its index.

        Raises
        ------
        UnknownNameError
            If it is neither.
        """
        if name in self.outputs:
            return "output", self.outputs.index(name)
        if name in self.model.states:
            return "state", list(self.model.states).index(name)
        self.model.quantity(name)
        raise UnknownNameError(name)


_PACKAGE = Path(__file__).parents[1]
# what the text of the code depends on beside the model's own expressions
_GENERATOR = (
    *(_PACKAGE / "compile").rglob("*.py"),
    *(_PACKAGE / "reduction").glob("*.py"),
    _PACKAGE / "model" / "definitions.py",
    *(_PACKAGE / "model" / "events").glob("*.py"),
    _PACKAGE / "model" / "model.py",
    *(_PACKAGE / "expressions").glob("*.py"),
)


def compile_model(model: Model, drugs: Iterable[str] | None = None, changing: Iterable[str] = ()) -> System:
    """A checked model ready to be integrated: a function is compiled, or loaded from its file, when it is first called.

    Parameters
    ----------
    model : Model
        A checked model.
    drugs : iterable of str, optional
        All that may be given, by doses or by rules: what rests under these is not integrated. By default everything is.
    changing : iterable of str
        Parameters and inputs that change over time: a state that rests at a value of theirs is integrated.

    Examples
    --------
    >>> import sympy as sp
    >>> from kinetics.model import Parameter, State
    >>> k, A = sp.symbols("k A")
    >>> rate = Parameter(name="k", value=0.1, unit="1/day")
    >>> pool = State(name="A", unit="mg", initial=0, rate=-k * A)
    >>> system = compile_model(Model.from_symbols("stub", time="day", parameters=[rate], states=[pool]))
    >>> system.parameters, system.states
    (('k',), ('A',))
    """
    rest = Rest.none(model) if drugs is None else find_rest(model, drugs, changing)
    # integers follow from equations and from the signs of parameters, which are no part of the structure
    key = source_key(_GENERATOR, model.structure_hash, repr(rest))
    with _LOCK:
        return System(model, _FUNCTIONS.setdefault(key, Functions(model, key, rest)), rest)


_FUNCTIONS: dict[str, Functions] = {}
"""Models of the same equations share their code, whatever their words and values."""
_LOCK = Lock()


def model_assembly(model: Model, function: str) -> str:
    """The LLVM assembly of a function of one patient, behind a legend of its arrays.

    Raises
    ------
    UnknownNameError
        If there is no such function.

    Examples
    --------
    >>> from kinetics.model import State
    >>> states = [State(name="A", unit="mg", initial=0, rate=0)]
    >>> made = Model.from_symbols("pool", time="day", states=states)
    >>> print(model_assembly(made, "rate").splitlines()[0])
    ; rate of pool: y = A
    """
    if function not in NAMES:
        hint = did_you_mean(function, NAMES)
        raise UnknownNameError(f"a model has no function '{function}'{hint}; there are {', '.join(NAMES)}")
    described = describe(Equations(model), function, 0)
    names = {"y": model.states, "c": (*model.defaults, *model.constants), "p": model.defaults}
    legend = "; ".join(
        f"{array} = {', '.join(names[array])}" for array in described.function.arrays if names.get(array)
    )
    text = assembly(function, described.function, described.width, fused=True)
    return f"; {function} of {model.name}: {legend}\n{text}"
