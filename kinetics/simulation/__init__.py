"""Simulation: a model, a regimen and patients to a dataset with units.

`simulate` takes the arguments of `SimulationRequest` and ``progress``, a function called with (done, all) as patients
are done.

Variables of the result
    Outputs, and states if requested, on (time), (draw, time) or (patient, time), each with ``units``; a value at the
    time of a dose is the value before it. Measures on (..., course), and ``course_start`` on (course). A patient whose
    integration fails is NaN with the reason in ``failure``. Covariates and drawn parameters that are kept are on
    (patient) or (draw), names of patients in ``patient_id``. With visits, ``OUTPUT_seen`` on (patient, visit_SERIES),
    as `kinetics.observation` has it. With rules, what they gave: ``triggered_time``, ``triggered_amount`` and
    ``triggered_rule`` on (..., trigger), NaN or 0 behind the last dose, and ``trigger_capped`` on (..., rule).

Errors
    `InputError` if names, units or times are wrong, or ``out`` cannot be written, or holds unfinished work that is not
    resumed, or what is requested fits neither into memory nor onto the disk, or a worker of the cluster has another
    version of this package. `IntegrationError` if the typical patient cannot be integrated; also if a state falls below
    zero where nothing takes it there, or grows again out of its absolute tolerance: the message says what to set.
    `StorageError` if writing a stream fails on the way, such as on a full disk, and `ClusterError` if a cluster goes
    away; finished chunks are kept.

Warnings
--------
    If patients cannot be integrated, a rule's cap is reached, or an output comes to a level of a measure only within
    rounding, as a limit does: such a time is infinite.
"""

from kinetics.simulation.loading import load_request
from kinetics.simulation.planning import output_times
from kinetics.simulation.request import SimulationRequest
from kinetics.simulation.simulating import run_request, simulate
from kinetics.simulation.study_summaries import datagen

__all__ = ["SimulationRequest", "datagen", "load_request", "output_times", "run_request", "simulate"]
