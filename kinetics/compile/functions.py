"""A model's functions as Python callers want them: each takes arrays and returns a new one."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import count, islice
from threading import Lock, RLock

import numpy as np

from kinetics.compile.definitions import describe
from kinetics.compile.equations import Equations
from kinetics.compile.memory import address
from kinetics.compile.object_code import Loaded, load
from kinetics.files.checksums import bytes_checksum
from kinetics.model import Model
from kinetics.model.events import switches_of
from kinetics.reduction import Rest


def as_rows(constants: np.ndarray) -> np.ndarray:
    """Constants of any dims, (..., constant), as a table, (row, constant), which may have no column.

    Examples
    --------
    >>> as_rows(np.ones((2, 3, 4))).shape, as_rows(np.ones(0)).shape
    ((6, 4), (1, 0))
    """
    return constants.reshape(np.prod(constants.shape[:-1], dtype=int), constants.shape[-1])


class Functions:
    """The functions of a model, compiled when first called.

    Parameters
    ----------
    model : Model
        A checked model.
    key : str
        Of its code, see `kinetics.compile.cache.source_key`.
    rest : Rest, optional
        What is left out; nothing by default.
    """

    def __init__(self, model: Model, key: str, rest: Rest | None = None) -> None:
        self.key, self._model, self._rest = key, model, rest or Rest.none(model)
        self._parameters, self._outputs = len(model.defaults), len(model.outputs)
        self._comparisons = len(switches_of(model.events.values()))
        self._states = len(self._rest.integrated)
        self._constants = self._parameters + len(model.constants)
        self._sizes = {"p": self._parameters, "c": self._constants, "y": self._states}
        self._loaded: dict[tuple[str, int, tuple[int, ...]], Loaded] = {}
        self._callers: dict[str, _Caller] = {}
        self._lock = RLock()

    @cached_property
    def _equations(self) -> Equations:
        return Equations(self._model, self._rest)

    def compiled(self, name: str, lanes: int = 0, constants: tuple[int, ...] = ()) -> Loaded:
        """The machine code of a function of `kinetics.compile.definitions`; ``lanes`` is 0 for a scalar.

        Derivatives by some constants alone are by those of the numbers ``constants``.
        """
        key = (name, lanes, constants)
        with self._lock:
            if key not in self._loaded:
                label = f"{name}_{bytes_checksum(repr(constants).encode())[:16]}" if constants else name
                self._loaded[key] = load(
                    self.key, label, lanes, lambda: describe(self._equations, name, lanes, constants)
                )
            return self._loaded[key]

    def _call(self, name: str, *arrays: np.ndarray) -> np.ndarray:
        """What a function makes of arrays."""
        return self._caller(name)(*arrays)

    def _table(self, name: str, *tables: np.ndarray) -> np.ndarray:
        """What a function makes of each row of tables, of which there are as many as in the first, or one for all."""
        caller, rows = self._caller(name), len(tables[0])
        out = np.empty((rows, self.compiled(name).size))
        tables = tuple(np.ascontiguousarray(table, dtype=float) for table in tables)
        # addresses of the rows of each table: a loop over them in Python would take far longer than the function
        places = [count(address(table), table.strides[0] if len(table) == rows else 0) for table in (*tables, out)]
        deque(islice(map(caller.function, *places), rows), maxlen=0)
        return out

    def _caller(self, name: str) -> _Caller:
        if name not in self._callers:
            self._callers[name] = _Caller(self.compiled(name), self._sizes)
        return self._callers[name]

    def _matrix(self, name: str, rows: int, columns: int, *arrays: np.ndarray) -> np.ndarray:
        out, entries = np.zeros(rows * columns), self.compiled(name).entries
        out[entries[0] * columns + entries[1]] = self._call(name, *arrays)
        return out.reshape(rows, columns)

    def constants(self, p: np.ndarray) -> np.ndarray:
        """Parameters, then derived constants, (constant,)."""
        return self._call("constants", p)

    def constants_table(self, parameters: np.ndarray) -> np.ndarray:
        """`constants` of many patients, (patient, constant), given (patient, parameter)."""
        return self._table("constants", parameters)

    def initial(self, c: np.ndarray) -> np.ndarray:
        """States before any dose, (state,)."""
        return self._call("start", c)

    def initial_table(self, constants: np.ndarray) -> np.ndarray:
        """States before any dose of many patients, (patient, state), given (patient, constant)."""
        return self._table("start", constants)

    def resting_table(self, constants: np.ndarray) -> np.ndarray:
        """The states that are left out of many patients, (patient, resting), given (patient, constant)."""
        return self._table("resting", constants)

    def rest_table(self, constants: np.ndarray) -> np.ndarray:
        """Outputs at rest of many patients, (patient, output), given (patient, constant)."""
        return self._table("outputs", self.initial_table(constants), constants)

    def rate(self, y: np.ndarray, c: np.ndarray, forcing: np.ndarray) -> np.ndarray:
        """Rates of the states with a constant inflow, (state,)."""
        return self._call("rate", y, c) + forcing

    def kinks(self, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        """What changes sign where a branch takes over in rates, (kink,)."""
        return self._call("kinks", y, c)

    def kink_table(self, states: np.ndarray, c: np.ndarray) -> np.ndarray:
        """`kinks` at many times, (time, kink)."""
        return self._table("kinks", states, c[None])

    def rate_table(self, states: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Rates of the states without inflow at many points, (point, state)."""
        return self._table("rate", states, c[None])

    def outputs(self, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Outputs, (output,)."""
        return self._call("outputs", y, c)

    def output_table(self, states: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Outputs at many times, (time, output), with constants (constant,) or (time, constant)."""
        return self._table("outputs", states, np.atleast_2d(c))

    def outputs_by_state_table(self, states: np.ndarray, constants: np.ndarray) -> np.ndarray:
        """The derivatives that are not zero at many times, (time, entry), with constants (time, constant)."""
        return self._table("outputs_by_state", states, constants)

    def outputs_by_constant_table(self, states: np.ndarray, constants: np.ndarray) -> np.ndarray:
        """The derivatives that are not zero at many times, (time, entry), with constants (time, constant)."""
        return self._table("outputs_by_constant", states, constants)

    def switch_table(self, states: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Left less right of each comparison of events, then the size of its terms, (time, 2 comparisons)."""
        return self._table("switches", states, c[None])

    def events(self, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Delay, priority and assigned values of one event after the other, (number,)."""
        return self._call("events", y, c)

    def switches_by_state(self, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Derivatives of left less right of each comparison of events by the states, (comparison, state)."""
        return self._matrix("switches_by_state", self._comparisons, self._states, y, c)

    def switches_by_constant(self, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        """The same by the constants, (comparison, constant)."""
        return self._matrix("switches_by_constant", self._comparisons, self._constants, y, c)

    def events_by_state(self, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Derivatives of what `events` gives by the states, (number, state)."""
        return self._matrix("events_by_state", self.compiled("events").size, self._states, y, c)

    def events_by_constant(self, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        """The same by the constants, (number, constant)."""
        return self._matrix("events_by_constant", self.compiled("events").size, self._constants, y, c)

    def jacobian(self, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Derivatives of the rates by the states, (state, state)."""
        return self._matrix("jacobian", self._states, self._states, y, c)

    def constants_by_parameter(self, p: np.ndarray) -> np.ndarray:
        """Derivatives of the constants by the parameters, (constant, parameter)."""
        return self._matrix("constants_by_parameter", self._constants, self._parameters, p)

    def constants_by_parameter_table(self, parameters: np.ndarray, columns: Sequence[int]) -> np.ndarray:
        """Derivatives by some parameters of many patients, (patient, constant, column), given (patient, parameter)."""
        derivatives = np.zeros((len(parameters), self._constants, len(columns)))
        if columns and len(parameters):
            rows, by = self.compiled("constants_by_parameter").entries
            positions = np.full(self._parameters, -1)
            positions[list(columns)] = range(len(columns))
            used = positions[by] >= 0
            values = self._table("constants_by_parameter", parameters)
            derivatives[:, rows[used], positions[by[used]]] = values[:, used]
        return derivatives

    def initial_changes_table(self, constants: np.ndarray, changes: np.ndarray) -> np.ndarray:
        """What changes of constants, (patient, constant, column), do to the start, (patient, state, column)."""
        moved = np.zeros((len(constants), self._states, changes.shape[2]))
        if changes.size:
            rows, by = self.compiled("start_by_constant").entries
            values = self._table("start_by_constant", constants)
            for entry, (row, column) in enumerate(zip(rows, by, strict=True)):
                moved[:, row] += values[:, entry, None] * changes[:, column]
        return moved

    def initial_by_constant(self, c: np.ndarray) -> np.ndarray:
        """Derivatives of the start by the constants, (state, constant)."""
        return self._matrix("start_by_constant", self._states, self._constants, c)

    def rate_by_constant(self, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Derivatives of the rates by the constants, (state, constant)."""
        return self._matrix("rate_by_constant", self._states, self._constants, y, c)

    def outputs_by_state(self, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Derivatives of the outputs by the states, (output, state)."""
        return self._matrix("outputs_by_state", self._outputs, self._states, y, c)

    def outputs_by_constant(self, y: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Derivatives of the outputs by the constants, (output, constant)."""
        return self._matrix("outputs_by_constant", self._outputs, self._constants, y, c)


class _Caller:
    """A function with arrays of its own: to copy numbers there takes less time than to find out where others lie."""

    def __init__(self, code: Loaded, sizes: Mapping[str, int]) -> None:
        self.function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(code.arrays))(code.address)
        self._inputs = [np.empty(sizes[array]) for array in code.arrays[:-1]]
        self._out, self._lock = np.empty(code.size), Lock()
        self._addresses = [address(array) for array in (*self._inputs, self._out)]

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        with self._lock:
            for own, array in zip(self._inputs, arrays, strict=True):
                own[:] = array
            self.function(*self._addresses)
            return self._out.copy()
