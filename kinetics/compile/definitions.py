"""The functions of a model that engines call, by name: what each reads, and what it writes where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from kinetics.compile.assembly import Function
from kinetics.compile.derivatives import Entries
from kinetics.compile.equations import Equations
from kinetics.compile.graph import Node, replaced
from kinetics.compile.instructions import LANES, Width
from kinetics.compile.sparse import factors, solution

STAGES = 8
"""Of a step: see `kinetics.engines.batch.kernels.rodas5p`."""


@dataclass(frozen=True)
class Described:
    """A function in one width, and the rows and columns that it fills, (entry,), if they are of a sparse matrix."""

    function: Function
    width: Width
    entries: Sequence[tuple[int, int]]


def describe(equations: Equations, name: str, lanes: int, constants: Sequence[int] | None = None) -> Described:
    """The function of a name for so many lanes, or for a scalar if that is 0.

    What treats all states alike goes through flat arrays a register at a time: states of all lanes, or of one patient.
    Derivatives by constants are by those of the numbers ``constants``, by default by all.
    """
    if name in _FLAT:
        states = len(equations.y)
        return Described(_FLAT[name](equations, states if lanes else -(-states // LANES)), Width(LANES), ())
    if name in _MATRICES:
        arrays, work_out = _MATRICES[name]
        entries = work_out(equations)
        return Described(_vector(arrays, list(entries.values())), Width(lanes), list(entries))
    if name in _BY_CONSTANTS:
        by = equations.c if constants is None else [equations.c[index] for index in constants]
        return Described(_BY_CONSTANTS[name](equations, by), Width(lanes), ())
    return Described(_FUNCTIONS[name](equations), Width(lanes), ())


def _vector(arrays: tuple[str, ...], nodes: Sequence[Node], *shared: str) -> Function:
    return Function((*arrays, "out"), [("out", index, node) for index, node in enumerate(nodes)], frozenset(shared))


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


def _combine(slopes: int, e: Equations, entries: int) -> Function:
    """Where a stage takes rates, ``y + sum_j a_j k_j``, and what slopes add to its right side, ``sum_j c_j k_j``.

    Each stage has a function of its own: zeros in place of coefficients would cost half as much again.
    """
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


# --- its tangent: kinetics.engines.batch.kernels.tangent. What all parameters share is worked out once a step and for
# all stages at a time, a stage a lane; then parameters are lanes, and share a stage's numbers: every LANES-th


def _stage_points(e: Equations) -> Function:
    """Where the stages of one patient take rates, from all its slopes and coefficients ``a``, (slope, stage)."""
    y, a, k = _inputs(e, "y", len(e.y)), _inputs(e, "a", STAGES - 1), partial(e.graph.input, "k")
    stride, points = -(-len(e.y) // LANES) * LANES, []  # slopes begin where a register does
    for i in range(len(e.y)):
        point = e.graph.constant(0.0)
        for j in range(STAGES - 1):
            point = point + a[j] * k(j * stride + i)
        points.append(y[i] + point)
    return _vector(("y", "k", "a"), points, "y", "k")


def _at_stages(e: Equations, nodes: Sequence[Node]) -> Function:
    """Derivatives of all stages, which take rates at ``y`` and share all else but the slopes ``k``."""
    arrays = ("y", "left", "c", "coefficients", "k")
    return _vector(arrays, e.with_coefficients(nodes), "left", "c", "coefficients")


def _by_state(e: Equations) -> Function:
    """The Jacobian at a stage, then `_changes` of the Jacobian by states."""
    return _at_stages(e, [*e.jacobian.values(), *_changes(e, e.y).values()])


def _by_constant(e: Equations, constants: Sequence[Node]) -> Function:
    """What `_entries_by_constant` has."""
    return _at_stages(e, list(_entries_by_constant(e, constants).values()))


def _entries_by_constant(e: Equations, constants: Sequence[Node]) -> Entries:
    """The derivatives of rates at a stage by constants, with `_changes` of the Jacobian by them; in order."""
    rates, changes, nothing = e.of(e.rate, constants), _changes(e, constants), e.graph.constant(0.0)
    return {entry: rates.get(entry, nothing) + changes.get(entry, nothing) for entry in sorted({*rates, *changes})}


def _changes(e: Equations, by: Sequence[Node]) -> Entries:
    """The derivatives of J k, the Jacobian at the ``left`` end of a step times a slope of it."""
    products = e.of_products(_inputs(e, "k", len(e.y)), by)
    left = dict(zip(e.y, _inputs(e, "left", len(e.y)), strict=True))
    return dict(zip(products, replaced(list(products.values()), left), strict=True))


def _direct(e: Equations, constants: Sequence[Node]) -> Function:
    """What else is on the right side of a stage: inflow, and `_by_constant` times ``changes`` of constants."""
    right, changes, nothing = _inputs(e, "inflow", len(e.y)), _inputs(e, "changes", len(constants)), e.graph.constant(0)
    for index, (row, column) in enumerate(_entries_by_constant(e, constants)):
        change = e.graph.input("values", LANES * index) * changes[column]
        # a derivative may be infinite, of a root at zero: that is no affair of parameters that leave the constant alone
        still = e.graph.apply("equal", changes[column], nothing)
        right[row] = right[row] + e.graph.apply("select", still, nothing, change)
    return _vector(("values", "changes", "inflow"), right, "values")


def _tangent_stage(e: Equations) -> Function:
    """The slope of a stage: solve for `_direct`, `_by_state` times states, and ``earlier`` slopes times ``pace``."""
    size, values, pace = len(e.y), partial(e.graph.input, "values"), e.graph.input("pace", 0)
    y, left, direct, earlier = (_inputs(e, name, size) for name in ("y", "left", "direct", "earlier"))
    right = [direct[i] + pace * earlier[i] for i in range(size)]
    terms = [(row, y[column]) for row, column in e.jacobian] + [(row, left[column]) for row, column in _changes(e, e.y)]
    for index, (row, state) in enumerate(terms):
        right[row] = right[row] + values(LANES * index) * state
    arrays = ("values", "y", "left", "direct", "earlier", "pace", "lu")
    return _vector(arrays, _solution(e, right), "values", "pace", "lu")


_FUNCTIONS: dict[str, Callable[[Equations], Function]] = {
    "constants": lambda e: _vector(("p",), e.constants),
    "start": lambda e: _vector(("c",), e.start),
    "resting": lambda e: _vector(("c",), e.resting),
    "rate": lambda e: _vector(("y", "c"), e.rate),
    "outputs": lambda e: _vector(("y", "c"), e.outputs),
    "switches": lambda e: _vector(("y", "c"), e.switches),
    "events": lambda e: _vector(("y", "c"), e.events),
    "kinks": lambda e: _vector(("y", "c"), e.kinks),
    "coefficients": lambda e: _vector(("c",), e.coefficients),
    "factor": _factor,
    "stage": _stage,
    "error": _error,
    "stage_points": _stage_points,
    "stage_by_state": _by_state,
    "tangent_stage": _tangent_stage,
}
_BY_CONSTANTS: dict[str, Callable[[Equations, Sequence[Node]], Function]] = {
    "stage_by_constant": _by_constant,
    "tangent_direct": _direct,
}
_FLAT: dict[str, Callable[[Equations, int], Function]] = {
    **{f"combine_{slopes}": partial(_combine, slopes) for slopes in range(STAGES)},
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
    "switches_by_state": (("y", "c"), lambda e: e.of(e.differences, e.y)),
    "switches_by_constant": (("y", "c"), lambda e: e.of(e.differences, e.c)),
    "events_by_state": (("y", "c"), lambda e: e.of(e.events, e.y)),
    "events_by_constant": (("y", "c"), lambda e: e.of(e.events, e.c)),
}
NAMES = (*_FUNCTIONS, *_BY_CONSTANTS, *_FLAT, *_MATRICES)
