"""How recovery times follow each parameter: exact derivatives at the typical patient of a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from kinetics.compile import System, compile_model
from kinetics.engines import Tolerances, batch
from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.measures import TimeToThreshold, recovery_measures
from kinetics.model import Model
from kinetics.published.kinds.typical_recovery import TypicalRecovery
from kinetics.regimen import Regimen, course_starts, segments
from kinetics.results import variable
from kinetics.units import parse_unit

__all__ = ["TOLERANCES", "recovery_elasticities"]

TOLERANCES = Tolerances(relative=1e-8, absolute=1e-12)


def recovery_elasticities(
    model: Model, regimen: Regimen, values: Mapping[str, float], until: float, outputs: Sequence[str] = ()
) -> xr.Dataset:
    r"""Elasticities of the times to the lower limits of normal after the first course.

    Parameters
    ----------
    model : Model
        Whose outputs name the parameters of their limits.
    regimen : Regimen
        What is given.
    values : mapping of str to float
        Of all parameters, by flat name.
    until : float
        How long is simulated, in the model's time.
    outputs : sequence of str
        Of which; by default of all that have a limit.

    Returns
    -------
    xarray.Dataset
        ``time`` (output) to the limit, in the model's time: infinite if it is not reached again, NaN if the output is
        never below it. ``elasticity`` (output, parameter): :math:`\partial\ln t/\partial\ln p`, dimensionless; NaN
        where there is no time, zero where the parameter is. ``limit`` (output): its text. Limits themselves are held.

    Raises
    ------
    IntegrationError
        If the model cannot be integrated.

    Notes
    -----
    By implicit differentiation of the crossing; see `SensitiveTrajectory.crossing_gradient`.
    """
    system = compile_model(model)
    measures = [one for one in recovery_measures(model, values) if not outputs or one.output in outputs]
    limits = {output.lower_limit for output in model.outputs.values()}
    names = [name for name in model.parameters if name not in limits]
    plan = segments(regimen, {name: dose.unit for name, dose in model.doses.items()}, model.time, until)
    parameters = system.parameter_array(dict(values))
    trajectory = batch.integrate_with_sensitivities(system, parameters, names, plan, tolerances=TOLERANCES)
    starts = course_starts(regimen, model.time)
    rows = [_of_measure(trajectory, measure, starts, until) for measure in measures]
    own = parameters[[system.parameters.index(name) for name in names]]
    times = np.array([time for time, _ in rows])
    return xr.Dataset(
        {
            "time": variable(("output",), times, model.time, "from the first dose to the lower limit of normal"),
            "elasticity": variable(
                ("output", "parameter"),
                np.array([gradient * own / time for time, gradient in rows]).reshape(len(rows), len(names)),
                parse_unit("1"),
                "relative change of the time per relative change of the parameter",
            ),
            "limit": ("output", np.array([measure.level for measure in measures], dtype=object)),
        },
        {
            "output": np.array([measure.output for measure in measures], dtype=object),
            "parameter": np.array(names, dtype=object),
        },
    )


def _of_measure(
    trajectory: SensitiveTrajectory, measure: TimeToThreshold, starts: np.ndarray, until: float
) -> tuple[float, np.ndarray]:
    """A time, and its derivatives by the parameters; NaN if there is no time."""
    system: System = trajectory.system
    model = system.model
    recovery = TypicalRecovery(measure, starts, until, model.outputs[measure.output].unit, model.time)
    time = recovery.value(trajectory, until)
    if not np.isfinite(time):
        return time, np.full(trajectory.by_parameter.shape[1], np.nan)
    return time, trajectory.crossing_gradient(measure.output, time + float(starts[0]))
