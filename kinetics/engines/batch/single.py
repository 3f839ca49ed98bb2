"""One patient: every step is kept for a dense solution, with or without its sensitivities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinetics.compile import LANES, System
from kinetics.engines.batch.kernels import integration
from kinetics.engines.batch.kernels.problems import (
    DONE,
    TOO_MANY_STEPS,
    Limits,
    Patient,
    Record,
    Rules,
    Samples,
    Schedule,
    Tangent,
    Thresholds,
)
from kinetics.engines.batch.kernels.recovery_windows import EVENT
from kinetics.engines.batch.recorded import Recorded, RecordedTangent
from kinetics.engines.batch.sensitivity_blocks import in_blocks
from kinetics.engines.batch.stopping import MOST_STEPS, TOLERANCES, explain_stop, rule_arrays
from kinetics.engines.batch.work import (
    addressed,
    code_of_one,
    progress_arrays,
    rule_state_arrays,
    step_arrays,
    tangent_arrays,
)
from kinetics.engines.jumps import jumps
from kinetics.engines.rule_monitor import TriggeredDoses, levels_of
from kinetics.engines.sensitivity import Directions, SensitiveTrajectory
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.regimen import Segments, Triggers
from kinetics.units.levels import slack

FIRST_RECORD = 2_000
"""Steps for which there is room at first; ten years of a patient take a few hundred."""
_NO_THRESHOLDS = Thresholds(0, np.empty(0, np.int64), np.empty(0), np.empty(0))
_NO_SAMPLES = Samples(0, False, np.empty(0), np.empty((0, 0)), np.empty((0, 0)))


def integrate(
    system: System,
    constants: np.ndarray,
    segments: Segments,
    *,
    tolerances: Tolerances | None = None,
    start: np.ndarray | None = None,
    triggers: Triggers | None = None,
) -> Trajectory:
    """Integrate one patient, with a dense solution of order 4.

    Parameters
    ----------
    system : System
        The compiled model.
    constants : ndarray, (constant,)
        Parameters and derived constants, in the model's units.
    segments : Segments
        Dose edges, rates and boluses; no step crosses an edge.
    tolerances : Tolerances, optional
        Error bounds.
    start : ndarray, (state,), optional
        States at time 0, before any dose; the model's own by default.
    triggers : Triggers, optional
        Rules that give doses; baselines are those of the model's own start.

    Raises
    ------
    IntegrationError
        If the integrator gives up; the message names segment, time and state.
    """
    first = system.functions.initial(constants)
    tolerances, scale = tolerances or TOLERANCES, state_scale(system, constants, first, segments.largest, triggers)
    triggered = rules = None
    if triggers is not None:
        triggered, levels = TriggeredDoses.none(triggers), levels_of(system, constants, triggers)
        rules = rule_arrays(system, triggers, levels, slack(tolerances.relative), triggered)
    start = first if start is None else start
    recorded, _ = _record(system, constants, start, segments, tolerances, scale, rules=rules)
    return Trajectory(system, constants, start, [recorded], triggered, relative=tolerances.relative)


def integrate_with_sensitivities(
    system: System,
    parameters: np.ndarray,
    names: Sequence[str],
    segments: Segments,
    *,
    initial: Sequence[str] = (),
    drugs: Sequence[str] = (),
    tolerances: Tolerances | None = None,
) -> SensitiveTrajectory:
    """Integrate one patient and the exact tangent of the numerical solution by parameters, initial values and doses.

    Parameters
    ----------
    system : System
        The compiled model.
    parameters : ndarray, (parameter,)
        All parameters, in the model's units.
    names : sequence of str
        The flat names of those to differentiate by.
    segments : Segments
        Dose edges, rates and boluses.
    initial : sequence of str
        States whose initial value to differentiate by, after the parameters.
    drugs : sequence of str
        Drugs to differentiate by last: by a factor on all amounts of the drug, at 1.
    tolerances : Tolerances, optional
        Error bounds of the states; the derivatives are those of the numerical solution.

    Raises
    ------
    IntegrationError
        If the integrator gives up.
    """
    constants = system.constants(parameters)
    directions = _directions(system, parameters, names, segments, initial, drugs)
    start = system.functions.initial(constants)
    return differentiate(system, constants, segments, start, directions, tolerances=tolerances)


def differentiate(
    system: System,
    constants: np.ndarray,
    segments: Segments,
    start: np.ndarray,
    directions: Directions,
    *,
    tolerances: Tolerances | None = None,
    scale: np.ndarray | None = None,
) -> SensitiveTrajectory:
    """What `kinetics.engines.sensitivity.differentiate` does: here by the exact tangent of the numerical solution."""
    tolerances = tolerances or TOLERANCES
    if scale is None:
        scale = state_scale(system, constants, start, segments.largest)
    # a sampler of a posterior asks for no derivatives, thousands of times
    derived = directions if directions.start.shape[1] else None
    states, tangent = _record(system, constants, start, segments, tolerances, scale, directions=derived)
    return SensitiveTrajectory(
        system,
        constants,
        np.concatenate([start, directions.start.T.ravel()]),
        # of states alone, so that curves are not read off with all their derivatives
        [states],
        relative=tolerances.relative,
        with_tangent=[tangent or states],
        segments=segments,
        by_parameter=directions.constants,
    )


def _directions(
    system: System,
    parameters: np.ndarray,
    names: Sequence[str],
    segments: Segments,
    initial: Sequence[str],
    drugs: Sequence[str],
) -> Directions:
    """Parameters, then initial values, then doses."""
    functions, size, doses = system.functions, len(names) + len(initial) + len(drugs), system.dose_matrix()
    columns = [system.parameters.index(name) for name in names]
    by_parameter = functions.constants_by_parameter(parameters)[:, columns]
    constants = np.zeros((len(by_parameter), size))
    constants[:, : len(names)] = by_parameter
    start = functions.initial_by_constant(system.constants(parameters)) @ constants
    for column, state in enumerate(initial, len(names)):
        start[system.states.index(state), column] = 1.0
    inflows, boluses = np.zeros((2, len(segments), len(start), size))
    for column, drug in enumerate(drugs, len(names) + len(initial)):
        row = segments.drugs.index(drug)
        inflows[:, :, column] = np.outer(segments.rates[:, row], doses[row])
        boluses[:, :, column] = np.outer(segments.boluses[:, row], doses[row])
    delays = np.zeros((len(segments), size))
    return Directions(start, constants, system.constants_entered(names), inflows, boluses, delays)


def _record(
    system: System,
    constants: np.ndarray,
    start: np.ndarray,
    segments: Segments,
    tolerances: Tolerances,
    scale: np.ndarray,
    *,
    directions: Directions | None = None,
    rules: Rules | None = None,
) -> tuple[Recorded, RecordedTangent | None]:
    """One patient with every step kept; the record grows until it is long enough."""
    if reason := system.impossible(constants):
        raise IntegrationError(reason)
    code, doses, states = code_of_one(system), system.dose_matrix(), len(system.states)
    constants, start = (np.ascontiguousarray(array, dtype=float) for array in (constants, start))
    inflows, boluses = segments.rates @ doses, jumps(system, segments)
    schedule = Schedule(len(segments), 0, np.ascontiguousarray(segments.edges), inflows, boluses, np.empty(0))
    limits = Limits(tolerances.relative, tolerances.bounds(system, scale), MOST_STEPS)
    rule_state = None if rules is None else rule_state_arrays(rules.columns.size, rules.times.size)
    step, progress = step_arrays(code, tolerances.relative), progress_arrays()
    size, status, time = FIRST_RECORD, TOO_MANY_STEPS, 0.0
    # How many steps there will be is not known before, and compiled code makes no arrays. So with too short a record it
    # begins again, with a longer one.
    while True:
        record = Record(size, np.zeros(1, np.int64), np.empty(size), np.empty((size, 5, states)))
        tangent = None if directions is None else _tangent(system, directions, size)
        none = np.empty((0, 0))
        patient = Patient(
            code, constants, start, schedule, limits, _NO_THRESHOLDS, _NO_SAMPLES, none, record, None, None, None, None
        )
        patient_code = addressed(patient)._replace(tangent=tangent, rules=rules, rule_state=rule_state)
        status, time = integration.integrate(patient_code, addressed(step), addressed(progress), np.zeros(0, EVENT))
        steps = int(progress.steps[0])
        if status != TOO_MANY_STEPS or steps >= MOST_STEPS:
            break
        size *= 4
    if status != DONE:
        stop = {"status": status, "steps": steps, "time": time, "states": step.y[:states]}
        raise IntegrationError(explain_stop(system, constants, segments, limits.absolute, **stop))
    recorded = Recorded.of(record)
    if tangent is None or directions is None:
        return recorded, None
    return recorded, RecordedTangent(recorded, patient, step, tangent, directions.start.shape[1])


def _tangent(system: System, directions: Directions, steps: int) -> Tangent:
    entered = np.array(directions.entered, dtype=np.int64)
    arrays = (directions.start, directions.constants[entered], directions.inflows, directions.boluses)
    start, constants, inflows, boluses = (in_blocks(array, LANES) for array in arrays)
    record, delays = np.empty((steps, *start.shape)), np.zeros((len(boluses), LANES * len(start)))
    delays[:, : directions.delays.shape[1]] = directions.delays
    return tangent_arrays(system, directions.entered, start, constants, inflows, boluses, delays, record)
