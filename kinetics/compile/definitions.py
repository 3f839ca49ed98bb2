"""The functions of a model that engines call, by name: what each reads, and what it writes where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kinetics.compile.assembly import Function
from kinetics.compile.derivatives import Entries
from kinetics.compile.equations import Equations
from kinetics.compile.graph import Node
from kinetics.compile.instructions import LANES, Width
from kinetics.compile.sparse import factors, solution

STAGES = 8
"""Of a step: see `kinetics.engines.batch.kernels.rodas5p`."""
FEW = 4
"""Earlier slopes that the first stages have."""


@dataclass(frozen=True)
class Described:
    """A function in one width, and the rows and columns that it fills, (entry,), if they are of a sparse matrix."""

    function: Function
    width: Width
    entries: Sequence[tuple[int, int]]


def describe(equations: Equations, name: str, lanes: int) -> Described:
    """The function of a name for so many lanes, or for a scalar if that is 0.

    What treats all states alike goes through flat arrays a register at a time: states of all lanes, or of one patient.
    """
    if name in _FLAT:
        states = len(equations.y)
        return Described(_FLAT[name](equations, states if lanes else -(-states // LANES)), Width(LANES), ())
    if name in _MATRICES:
        arrays, work_out = _MATRICES[name]
        entries = work_out(equations)
        return Described(_vector(arrays, list(entries.values())), Width(lanes), list(entries))
    return Described(_FUNCTIONS[name](equations), Width(lanes), ())


def _vector(arrays: tuple[str, ...], nodes: Sequence[Node]) -> Function:
    return Function((*arrays, "out"), [("out", index, node) for index, node in enumerate(nodes)])


def _inputs(e: Equations, array: str, size: int) -> list[Node]:
    return [e.graph.input(array, index) for index in range(size)]


# --- a step of kinetics.engines.batch.kernels.step


def _factor(e: Equations) -> Function:
    """LU factors of w I - J."""
    w, entries = e.graph.input("w", 0), e.with_coefficients(list(e.jacobian.values()))
    matrix = {entry: -value for entry, value in zip(e.jacobian, entries, strict=True)}
    for i in range(len(e.y)):
        matrix[i, i] = w + matrix[i, i] if (i, i) in matrix else w
    results = [("lu", index, value) for index, value in factors(e.elimination, matrix)]
    return Function(("y", "c", "coefficients", "w", "lu"), results)


def _stage(e: Equations) -> Function:
    """The slope of a stage: solve for rates, inflow, and ``earlier`` slopes times ``pace``, one over the step."""
    size = len(e.y)
    pace, inflow, earlier = e.graph.input("pace", 0), _inputs(e, "inflow", size), _inputs(e, "earlier", size)
    right = [rate + inflow[i] + pace * earlier[i] for i, rate in enumerate(e.with_coefficients(e.rate))]
    return _vector(("y", "c", "coefficients", "inflow", "earlier", "pace", "lu"), _solution(e, right))


def _solution(e: Equations, right: Sequence[Node]) -> list[Node]:
    return solution(e.elimination, _inputs(e, "lu", len(e.elimination.index)), right)


def _error(e: Equations) -> Function:
    """Root mean square of a ``change`` over the tolerance of each state, its larger size at the two ends of a step.

    States at rest count, with no change. Beside it stands its power of -1/5, by which the next step is longer.
    """
    size, graph, total = len(e.y), e.graph, e.graph.constant(0.0)
    names, relative = ("y_new", "change", "absolute"), graph.input("relative", 0)
    for y, y_new, change, absolute in zip(e.y, *(_inputs(e, name, size) for name in names), strict=True):
        ratio = change / (absolute + relative * graph.apply("max", abs(y), abs(y_new)))
        total = total + ratio * ratio
    error = graph.apply("sqrt", (1.0 / e.counted) * total)
    results = [("error", 0, error), ("fifth", 0, graph.apply("power", error, graph.constant(-0.2)))]
    return Function(("y", *names, "relative", "error", "fifth"), results, frozenset({"relative"}))


def _combine(e: Equations, entries: int, slopes: int) -> Function:
    """Where a stage takes rates, ``y + sum_j a_j k_j``, and what slopes add to its right side, ``sum_j c_j k_j``."""
    y, point, earlier = e.graph.input("y", 0), e.graph.constant(0.0), e.graph.constant(0.0)
    for j in range(slopes):
        k = e.graph.input("k", j * entries)
        point, earlier = point + e.graph.input("a", j) * k, earlier + e.graph.input("weights", j) * k
    results = [("point", 0, y + point), ("earlier", 0, earlier)]
    return Function(("y", "k", "a", "weights", "point", "earlier"), results, frozenset({"a", "weights"}), entries)


def _dense_terms(e: Equations, entries: int) -> Function:
    """The three vectors of the dense output: all slopes by shared ``weights``, (3, stage)."""
    results = []
    for m in range(3):
        total = e.graph.constant(0.0)
        for j in range(STAGES):
            total = total + e.graph.input("weights", STAGES * m + j) * e.graph.input("k", j * entries)
        results.append(("out", m * entries, total))
    return Function(("k", "weights", "out"), results, frozenset({"weights"}), entries)


def _interpolate(e: Equations, entries: int) -> Function:
    """The states at a fraction ``theta`` of a step, one a lane."""
    theta, y, y_new = (e.graph.input(name, 0) for name in ("theta", "y", "y_new"))
    first, second, third = (e.graph.input("terms", m * entries) for m in range(3))
    rest, inner = 1.0 - theta, first + theta * (second + theta * third)
    results = [("out", 0, rest * y + theta * (y_new + rest * inner))]
    return Function(("theta", "y", "y_new", "terms", "out"), results, frozenset(), entries, frozenset({"theta"}))


# --- its tangent: kinetics.engines.batch.kernels.tangent


def _solve_shared(e: Equations) -> Function:
    """Solve lanes of right sides with the factors of one patient."""
    results = [("out", i, x) for i, x in enumerate(_solution(e, _inputs(e, "right", len(e.y))))]
    return Function(("lu", "right", "out"), results, frozenset({"lu"}))


def _add_product(e: Equations, shared: str) -> Function:
    """Add the Jacobian's entries times a vector; either is ``shared`` by the lanes of the other."""
    values, right = _inputs(e, "values", len(e.jacobian)), _inputs(e, "right", len(e.y))
    out = dict(enumerate(_inputs(e, "out", len(e.y))))
    for value, (row, column) in zip(values, e.jacobian, strict=True):
        out[row] = out[row] + value * right[column]
    rows = sorted({row for row, _ in e.jacobian})
    return Function(("values", "right", "out"), [("out", row, out[row]) for row in rows], frozenset({shared}))


def _jacobian_changes(e: Equations) -> Function:
    """The Jacobian's entries' derivatives by states times lanes of states."""
    curvature = e.of(list(e.jacobian.values()), e.y)
    values, right = _inputs(e, "values", len(curvature)), _inputs(e, "right", len(e.y))
    totals = [e.graph.constant(0.0) for _ in e.jacobian]
    for value, (entry, column) in zip(values, curvature, strict=True):
        totals[entry] = totals[entry] + value * right[column]
    results = [("out", index, total) for index, total in enumerate(totals)]
    return Function(("values", "right", "out"), results, frozenset({"values"}))


_FUNCTIONS: dict[str, Callable[[Equations], Function]] = {
    "constants": lambda e: _vector(("p",), e.constants),
    "start": lambda e: _vector(("c",), e.start),
    "resting": lambda e: _vector(("c",), e.resting),
    "rate": lambda e: _vector(("y", "c"), e.rate),
    "outputs": lambda e: _vector(("y", "c"), e.outputs),
    "kinks": lambda e: _vector(("y", "c"), e.kinks),
    "coefficients": lambda e: _vector(("c",), e.coefficients),
    "factor": _factor,
    "stage": _stage,
    "error": _error,
    "solve_shared": _solve_shared,
    "add_jacobian_product": lambda e: _add_product(e, "values"),
    "add_jacobians_product": lambda e: _add_product(e, "right"),
    "jacobian_changes": _jacobian_changes,
}
_FLAT: dict[str, Callable[[Equations, int], Function]] = {
    "combine_few": lambda e, entries: _combine(e, entries, FEW),
    "combine": lambda e, entries: _combine(e, entries, STAGES - 1),
    "dense_terms": _dense_terms,
    "interpolate": _interpolate,
}
_MATRICES: dict[str, tuple[tuple[str, ...], Callable[[Equations], Entries]]] = {
    "jacobian": (("y", "c"), lambda e: e.jacobian),
    "constants_by_parameter": (("p",), lambda e: e.of(e.constants, e.p)),
    "start_by_constant": (("c",), lambda e: e.of(e.start, e.c)),
    "rate_by_constant": (("y", "c"), lambda e: e.of(e.rate, e.c)),
    "outputs_by_state": (("y", "c"), lambda e: e.of(e.outputs, e.y)),
    "outputs_by_constant": (("y", "c"), lambda e: e.of(e.outputs, e.c)),
    "curvature_by_state": (("y", "c"), lambda e: e.of(list(e.jacobian.values()), e.y)),
    "curvature_by_constant": (("y", "c"), lambda e: e.of(list(e.jacobian.values()), e.c)),
}
NAMES = (*_FUNCTIONS, *_FLAT, *_MATRICES)
