"""The arrays that compiled loops work in, and the code of a model that they call."""

from __future__ import annotations

import threading
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

from kinetics.compile import LANES, System
from kinetics.compile.definitions import STAGES
from kinetics.compile.functions import Functions
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

MOST_KEPT = 64
"""Models whose tables of functions are kept: to look them up takes as long as a short integration."""


def code_of_one(system: System) -> Code:
    """The functions of one patient."""
    return _code(system.functions, 0)


def code_of_lanes(system: System) -> Code:
    """The functions of `LANES` patients. What happens once a segment is done for one at a time, by `code_of_one`."""
    return _code(system.functions, LANES)


@lru_cache(maxsize=MOST_KEPT)
def _code(functions: Functions, lanes: int) -> Code:
    compiled = functions.compiled
    outputs, kinks, factor = (compiled(name, lanes) for name in ("outputs", "kinks", "factor"))
    states, lead = compiled("start").size, max(1, lanes)
    width = -(-states * lead // LANES) * LANES
    constants = compiled("constants").size, compiled("coefficients").size
    sizes = (states, width, outputs.size, kinks.size, *constants, factor.size)
    of_one = (0, 0) if lanes else (_address(functions, name) for name in ("coefficients", "rate"))
    of_steps = (_address(functions, name, lanes) for name in ("outputs", "kinks", "factor", "stage", "error"))
    return Code(lead, *_flat(functions, lanes), *sizes, *of_one, *of_steps)


def _flat(functions: Functions, lanes: int) -> tuple[np.ndarray, int, int]:
    """The functions that treat all states alike."""
    combine = np.array([_address(functions, f"combine_{slopes}", lanes) for slopes in range(STAGES)])
    return combine, _address(functions, "dense_terms", lanes), _address(functions, "interpolate", lanes)


def _address(functions: Functions, name: str, lanes: int = 0) -> int:
    return functions.compiled(name, lanes).address


@lru_cache(maxsize=MOST_KEPT)
def _tangent_code(functions: Functions, constants: tuple[int, ...]) -> TangentCode:
    """The derivatives of one patient, and what they do to lanes of sensitivities."""
    of_stages = ("stage_points", "stage_by_state", "tangent_stage")
    by_constants = ("stage_by_constant", "tangent_direct")
    at_times = ("outputs_by_state", "outputs_by_constant", "constants_by_parameter", "start_by_constant")
    return TangentCode(
        LANES,
        *_flat(functions, LANES),
        *(_address(functions, name, LANES) for name in of_stages),
        *(functions.compiled(name, LANES, constants).address for name in by_constants),
        *(_address(functions, name) for name in at_times),
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
    sizes = compiled("stage_by_state", LANES).size, compiled("stage_by_constant", LANES, constants).size
    of_stages = (STAGES * size for size in (len(system.states), len(system.states), *sizes))
    *stages, terms = aligned(*of_stages, width, width, width, LANES, STAGES * width, blocks * 5 * width)
    taken, segments = np.zeros((2, 1), np.int64)
    code, arrays = _tangent_code(system.functions, constants), (sensitivities, inflows, boluses, by_parameter)
    sensitivities, inflows, boluses, by_parameter = (_aligned_copy(array) for array in arrays)
    return Tangent(
        code, sensitivities, inflows, boluses, delays, by_parameter, record, terms.reshape(blocks, -1), taken, segments,
        TangentStages(*stages),
    )  # fmt: skip


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
        lanes=aligned(width)[0],
        of_block=np.empty(len(system.outputs) * LANES),
    )


def addressed(value: Any) -> Any:
    """What compiled code takes for named tuples of arrays, which the caller has to hold: their addresses."""
    if isinstance(value, np.ndarray):
        return address(value)
    return type(value)(*map(addressed, value)) if isinstance(value, tuple) else value


_LINE = 64  # bytes


def aligned(*sizes: int) -> list[np.ndarray]:
    """Zeros, arrays that begin at a line of the cache: a vector register loaded across two takes twice as long."""
    numbers = _LINE // 8
    lengths = [-(-size // numbers) * numbers for size in sizes]
    whole = np.zeros(sum(lengths) + numbers)
    first = -(address(whole) // 8) % numbers
    begins = accumulate(lengths, initial=first)
    return [whole[begin : begin + size] for begin, size in zip(begins, sizes, strict=False)]


def _aligned_copy(array: np.ndarray) -> np.ndarray:
    """An array that begins at a line of the cache, with the numbers of another."""
    copied = aligned(array.size)[0].reshape(array.shape)
    copied[:] = array
    return copied


def step_arrays(code: Code, relative: float) -> Step:
    """The work arrays of a step with a relative tolerance, with numbers that do no harm in a lane without a patient."""
    lanes, width = code.lanes, code.width
    sizes = dict.fromkeys(Step._fields, width)
    sizes |= dict.fromkeys(("h", "pace", "shift", "error", "fifth", "theta"), LANES)
    sizes |= {"relative": 1, "k": STAGES * width, "terms": 3 * width, "lu": code.factors * lanes}
    sizes |= {"constants": code.constants * lanes, "coefficients": code.coefficients * lanes}
    sizes |= {"outputs": code.outputs * lanes, "kinks": code.kinks * lanes, "kinks_new": code.kinks * lanes}
    step = Step(*aligned(*sizes.values()))
    step.relative[:] = relative
    for array in (step.h, step.absolute, step.constants):
        array[:] = 1.0
    return step


class _Kept(threading.local):
    """Work arrays of a thread, and their addresses, by the number of lanes: those of the last model."""

    def __init__(self) -> None:
        self.steps = dict[int, tuple[Code, Step, Any]]()


_KEPT = _Kept()


def step_addresses(code: Code, relative: float) -> Any:
    """The addresses of `step_arrays` of this thread, for one integration after the other.

    To make them takes as long as a short integration. A lane has old numbers until a patient takes it.
    """
    kept = _KEPT.steps.get(code.lanes)
    if kept is None or kept[0] is not code:
        arrays = step_arrays(code, relative)
        kept = _KEPT.steps[code.lanes] = code, arrays, addressed(arrays)
    kept[1].relative[:] = relative
    return kept[2]
