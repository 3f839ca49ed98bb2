"""The arrays that compiled loops work in, and the code of a model that they call."""

from __future__ import annotations

from typing import Any

import numpy as np

from kinetics.compile import LANES, System
from kinetics.compile.definitions import STAGES
from kinetics.compile.memory import address
from kinetics.engines.batch.kernels.problems import (
    Code,
    OutputDerivatives,
    ParameterEffects,
    SparseTerms,
    Tangent,
    TangentCode,
)
from kinetics.engines.batch.kernels.workspaces import Progress, RuleState, Step, TangentStages

_FLAT = ("combine_few", "combine", "dense_terms", "interpolate")


def code_of_one(system: System) -> Code:
    """The functions of one patient."""
    return _code(system, 0, *(_address(system, name) for name in ("start", "coefficients", "rate")))


def code_of_lanes(system: System) -> Code:
    """The functions of `LANES` patients. What happens once a segment is done for one at a time, by `code_of_one`."""
    return _code(system, LANES, 0, 0, 0)


def _code(system: System, lanes: int, *of_one: int) -> Code:
    compiled = system.functions.compiled
    outputs, kinks, factor = (compiled(name, lanes) for name in ("outputs", "kinks", "factor"))
    constants = len(system.parameters) + len(system.model.constants)
    states, lead = len(system.states), max(1, lanes)
    width = -(-states * lead // LANES) * LANES
    sizes = (states, width, outputs.size, kinks.size, constants, compiled("coefficients").size, factor.size)
    of_steps = (_address(system, name, lanes) for name in ("outputs", "kinks", "factor", "stage", "error", *_FLAT))
    return Code(lead, *sizes, *of_one, *of_steps)


def _address(system: System, name: str, lanes: int = 0) -> int:
    return system.functions.compiled(name, lanes).address


def tangent_code(system: System) -> TangentCode:
    """The derivatives of one patient, and what they do to lanes of sensitivities."""
    of_one = ("jacobian", "rate_by_constant", "curvature_by_state", "curvature_by_constant")
    of_lanes = ("jacobian_changes", "add_jacobian_product", "add_jacobians_product", "solve_shared")
    at_times = ("outputs_by_state", "outputs_by_constant", "constants_by_parameter", "start_by_constant")
    return TangentCode(
        LANES,
        *(_address(system, name, LANES) for name in _FLAT),
        *(_address(system, name) for name in of_one),
        *(_address(system, name, LANES) for name in of_lanes),
        *(_address(system, name) for name in at_times),
    )


def progress_arrays() -> Progress:
    """Of one patient."""
    steps, sample, course = np.zeros((3, 1), np.int64)
    return Progress(steps, sample, course, np.zeros(1))


def rule_state_arrays(rules: int, triggers: int) -> RuleState:
    """The work arrays of so many rules, which give so many doses at most."""
    last, next_dose, beyond, crossings = np.zeros((4, rules))
    armed, due, acted = np.zeros((3, rules), np.bool_)
    actions, doses = np.zeros((2, rules), np.int64)
    ends, speeds, sources = np.zeros(triggers), np.zeros(triggers), np.zeros(triggers, np.int64)
    infusions, triggered = np.zeros((2, 1), np.int64)
    of_courses = (armed, actions, last, due, doses, next_dose, acted, beyond, crossings)
    return RuleState(*of_courses, ends, speeds, sources, infusions, triggered)


def tangent_arrays(
    system: System,
    sensitivities: np.ndarray,
    inflows: np.ndarray,
    boluses: np.ndarray,
    rate: SparseTerms,
    jacobian: SparseTerms,
    steps: int,
) -> Tangent:
    """The `Tangent` of one patient, with a record of so many steps."""
    compiled, width = system.functions.compiled, sensitivities.shape[1]
    entries = compiled("jacobian").size
    stages = TangentStages(
        jacobian=np.empty((STAGES, entries)),
        by_constant=np.empty((STAGES, compiled("rate_by_constant").size)),
        curvature_by_state=np.empty(compiled("curvature_by_state").size),
        curvature_by_constant=np.empty(compiled("curvature_by_constant").size),
        jacobian_change=aligned(LANES * entries),
        point=aligned(width),
        right=aligned(width),
        earlier=aligned(width),
        theta=aligned(LANES),
        slopes=aligned(STAGES * width),
    )
    record, (taken, segments) = np.empty((steps, len(sensitivities), 5 * width)), np.zeros((2, 1), np.int64)
    code = tangent_code(system)
    return Tangent(code, sensitivities, inflows, boluses, rate, jacobian, record, taken, segments, stages)


def derivative_arrays(
    system: System, effects: ParameterEffects, segments: int, blocks: int, outputs: np.ndarray, times: int
) -> tuple[Tangent, OutputDerivatives]:
    """A `Tangent` whose record holds one step alone, and the `OutputDerivatives` that are read off it."""
    compiled, width = system.functions.compiled, LANES * len(system.states)
    no_dose = np.zeros((segments, blocks, width))
    rate, jacobian, shown = (
        SparseTerms(terms.indices, np.empty(terms.factors.size))
        for terms in (effects.rate, effects.jacobian, effects.outputs)
    )
    tangent = tangent_arrays(system, np.empty((blocks, width)), no_dose, no_dose, rate, jacobian, 1)
    by_state = compiled("outputs_by_state")
    return tangent, OutputDerivatives(
        outputs,
        shown,
        by_state.entries,
        values=np.empty((times, outputs.size, blocks * LANES)),
        by_parameter=np.empty(compiled("constants_by_parameter").size),
        at_rest=np.empty(compiled("start_by_constant").size),
        by_state=np.empty(by_state.size),
        by_constant=np.empty(compiled("outputs_by_constant").size),
        lanes=aligned(width),
        of_block=np.empty(len(system.outputs) * LANES),
    )


def addressed(value: Any) -> Any:
    """What compiled code takes for named tuples of arrays, which the caller has to hold: their addresses."""
    if isinstance(value, np.ndarray):
        return address(value)
    return type(value)(*map(addressed, value)) if isinstance(value, tuple) else value


_LINE = 64  # bytes


def aligned(size: int) -> np.ndarray:
    """Zeros that begin at a line of the cache: a vector register that is loaded across two takes twice as long."""
    array = np.zeros(size + _LINE // 8)
    first = -(array.ctypes.data // 8) % (_LINE // 8)
    return array[first : first + size]


def step_arrays(code: Code, relative: float) -> Step:
    """The work arrays of a step with a relative tolerance, with numbers that do no harm in a lane without a patient."""
    lanes, width = code.lanes, code.width
    h, pace, shift, error, fifth, theta = (aligned(LANES) for _ in range(6))
    h[:] = 1.0
    y, y_new, inflow, point, earlier, phase, state, rate = (aligned(width) for _ in range(8))
    k, lu, terms = aligned(STAGES * width), aligned(code.factors * lanes), aligned(3 * width)
    outputs, kinks, kinks_new = (aligned(size * lanes) for size in (code.outputs, code.kinks, code.kinks))
    absolute, constants, coefficients = (
        aligned(size) for size in (width, code.constants * lanes, code.coefficients * lanes)
    )
    absolute[:], constants[:] = 1.0, 1.0
    steps = (h, pace, shift, error, fifth, np.array([relative]), absolute, constants, coefficients)
    return Step(
        *steps, y, y_new, inflow, k, point, earlier, lu, terms, theta, phase, state, rate, outputs, kinks, kinks_new
    )
