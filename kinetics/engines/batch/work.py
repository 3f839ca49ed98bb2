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


def code_of_one(system: System) -> Code:
    """The functions of one patient."""
    return _code(system, 0, *(_address(system, name) for name in ("coefficients", "rate")))


def code_of_lanes(system: System) -> Code:
    """The functions of `LANES` patients. What happens once a segment is done for one at a time, by `code_of_one`."""
    return _code(system, LANES, 0, 0)


def _code(system: System, lanes: int, *of_one: int) -> Code:
    compiled = system.functions.compiled
    outputs, kinks, factor = (compiled(name, lanes) for name in ("outputs", "kinks", "factor"))
    constants = len(system.parameters) + len(system.model.constants)
    states, lead = len(system.states), max(1, lanes)
    width = -(-states * lead // LANES) * LANES
    sizes = (states, width, outputs.size, kinks.size, constants, compiled("coefficients").size, factor.size)
    of_steps = (_address(system, name, lanes) for name in ("outputs", "kinks", "factor", "stage", "error"))
    return Code(lead, *_flat(system, lanes), *sizes, *of_one, *of_steps)


def _flat(system: System, lanes: int) -> tuple[np.ndarray, int, int]:
    """The functions that treat all states alike."""
    combine = np.array([_address(system, f"combine_{slopes}", lanes) for slopes in range(STAGES)])
    return combine, _address(system, "dense_terms", lanes), _address(system, "interpolate", lanes)


def _address(system: System, name: str, lanes: int = 0) -> int:
    return system.functions.compiled(name, lanes).address


def _tangent_code(system: System, constants: tuple[int, ...]) -> TangentCode:
    """The derivatives of one patient, and what they do to lanes of sensitivities."""
    of_stages = ("stage_points", "stage_by_state", "tangent_stage")
    by_constants = ("stage_by_constant", "tangent_direct")
    at_times = ("outputs_by_state", "outputs_by_constant", "constants_by_parameter", "start_by_constant")
    return TangentCode(
        LANES,
        *_flat(system, LANES),
        *(_address(system, name, LANES) for name in of_stages),
        *(system.functions.compiled(name, LANES, constants).address for name in by_constants),
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
    constants: tuple[int, ...],
    sensitivities: np.ndarray,
    by_parameter: np.ndarray,
    inflows: np.ndarray,
    boluses: np.ndarray,
    delays: np.ndarray,
    record: np.ndarray | None,
) -> Tangent:
    """The `Tangent` of one patient by parameters that enter some ``constants``."""
    compiled, (blocks, width) = system.functions.compiled, sensitivities.shape
    points, k = (aligned(STAGES * len(system.states)) for _ in range(2))
    sizes = compiled("stage_by_state", LANES).size, compiled("stage_by_constant", LANES, constants).size
    by_state, by_constant = (aligned(STAGES * size) for size in sizes)
    point, direct, earlier = (aligned(width) for _ in range(3))
    stages = TangentStages(
        points, k, by_state, by_constant, point, direct, earlier, theta=aligned(LANES), slopes=aligned(STAGES * width)
    )
    taken, segments = np.zeros((2, 1), np.int64)
    terms, code = aligned(blocks * 5 * width).reshape(blocks, -1), _tangent_code(system, constants)
    arrays = (sensitivities, inflows, boluses, by_parameter)
    sensitivities, inflows, boluses, by_parameter = (_aligned_copy(array) for array in arrays)
    return Tangent(code, sensitivities, inflows, boluses, delays, by_parameter, record, terms, taken, segments, stages)


def derivative_arrays(
    system: System,
    constants: tuple[int, ...],
    effects: ParameterEffects,
    blocks: int,
    outputs: np.ndarray,
    times: int,
) -> tuple[Tangent, OutputDerivatives]:
    """A `Tangent` without a record and doses, and the `OutputDerivatives` that are read off its last step."""
    compiled, width = system.functions.compiled, LANES * len(system.states)
    no_dose, no_delay, sensitivities = np.zeros((0, blocks, width)), np.zeros((0, 0)), np.empty((blocks, width))
    changes = np.zeros((blocks, LANES * len(constants)))
    tangent = tangent_arrays(system, constants, sensitivities, changes, no_dose, no_dose, no_delay, None)
    by_state = compiled("outputs_by_state")
    return tangent, OutputDerivatives(
        outputs,
        SparseTerms(effects.outputs.indices, np.empty(effects.outputs.factors.size)),
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
    first = -(address(array) // 8) % (_LINE // 8)
    return array[first : first + size]


def _aligned_copy(array: np.ndarray) -> np.ndarray:
    """An array that begins at a line of the cache, with the numbers of another."""
    copied = aligned(array.size).reshape(array.shape)
    copied[:] = array
    return copied


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
