"""The patient of a lane: taken up, led from segment to segment, and put down. Each is done on a copy of the lane."""

from __future__ import annotations

import numpy as np

from kinetics.engines.batch.kernels.calls import floats, integers
from kinetics.engines.batch.kernels.guard import NO_FAULT, fault_of_stretch, mark_high
from kinetics.engines.batch.kernels.integration import begin_segment, set_inflow, start_patient, write_samples
from kinetics.engines.batch.kernels.patients import copy_lane, erase, patient_of, put, take
from kinetics.engines.batch.kernels.problems import DONE
from kinetics.engines.batch.kernels.recovery_windows import end_window, follow_jump, watch
from kinetics.engines.batch.kernels.step import copy, first_step
from kinetics.engines.batch.machine_code import kernel


@kernel
def finish_segment(q, ensemble, solution, lanes, wide, events, step):
    """Open a lane's next segment, or put down its patient."""
    lane = lanes[q]
    p = lane.patient
    copy_lane(q, ensemble.code, ensemble.alone, wide, step)
    # before the dose at the edge hides what the states were
    fault = fault_of_stretch(ensemble.alone, lane.longest, step)
    if fault != NO_FAULT:
        give_up(q, fault, ensemble, solution, lanes, wide.y)
        return
    patient = patient_of(ensemble, solution, p, None, None)
    if lane.segment + 1 < patient.schedule.segments:
        open_segment(q, patient, lanes, wide, events[q], step)
        return
    end_window(events[q], lane.course, patient.threshold_times, patient.schedule.n_courses)
    copy(patient.code.states, step.y, solution.stop_states + 8 * p * patient.code.states)
    note_stop(DONE, lane, solution)
    lane.patient = -1


@kernel
def take_up(q, p, ensemble, solution, lanes, wide, events, step):
    """Put a patient into a lane, in its first segment."""
    patient, code, lane = patient_of(ensemble, solution, p, None, None), ensemble.code, lanes[q]
    start_patient(patient, step)
    watch(patient.thresholds, events[q])
    put(q, lanes.size, code.constants, step.constants, wide.constants)
    put(q, lanes.size, code.coefficients, step.coefficients, wide.coefficients)
    put(q, lanes.size, code.states, step.absolute, wide.absolute)
    floats(wide.error, 0)[q] = 0.0
    lane.patient, lane.segment, lane.course, lane.steps = p, -1, -1, 0
    lane.final = floats(patient.schedule.edges, patient.schedule.segments)[0]
    set_next_sample(lane, write_samples(patient, 0, 0.0, 0.0, 1.0, step), ensemble)
    open_segment(q, patient, lanes, wide, events[q], step)


@kernel
def open_segment(q, patient, lanes, wide, events, step):
    """Begin a lane's next segment with its doses, in the order of `integration.integrate`; ``step`` has its states."""
    code, schedule, lane = patient.code, patient.schedule, lanes[q]
    segment = lane.segment + 1
    edges = floats(schedule.edges, segment)
    lane.course = begin_segment(segment, patient, lane.course, events, step)
    set_inflow(code, schedule, segment, step)
    follow_jump(code, edges[0], events, lane.course, step)
    # after the dose: what it has brought is no rounding
    mark_high(code, step)
    put(q, lanes.size, code.states, step.y, wide.y)
    put(q, lanes.size, code.states, step.inflow, wide.inflow)
    put(q, lanes.size, code.states, step.phase, wide.phase)
    lane.segment, lane.time, lane.stop, lane.rejected, lane.longest = segment, edges[0], edges[1], False, 0.0
    floats(wide.h, 0)[q] = first_step(code, edges[1] - edges[0], step)


@kernel
def give_up(q, status, ensemble, solution, lanes, y):
    """A patient that is given up is NaN; why, and where it stopped, are kept for the message."""
    lane, states = lanes[q], ensemble.code.states
    note_stop(status, lane, solution)
    # before the lane is reused
    take(q, lanes.size, states, y, solution.stop_states + 8 * lane.patient * states)
    erase(patient_of(ensemble, solution, lane.patient, None, None))
    lane.patient = -1


@kernel
def note_stop(status, lane, solution):
    """Why, when and after how many steps."""
    integers(solution.status, lane.patient)[0] = status
    integers(solution.steps, lane.patient)[0] = lane.steps
    floats(solution.stop_time, lane.patient)[0] = lane.time


@kernel
def set_next_sample(lane, sample, ensemble):
    """The number of a lane's next sample, and when it is due."""
    lane.sample = sample
    first = integers(ensemble.plan, lane.patient)[0] * ensemble.n_times
    lane.due = floats(ensemble.times, first + sample)[0] if sample < ensemble.n_times else np.inf
