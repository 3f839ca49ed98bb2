"""How recovery times follow each parameter: exact derivatives at the typical patient of a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.engines import Tolerances, batch, events
from kinetics.figures.base.fit_figure import chosen_estimates
from kinetics.figures.tornado.spec import TornadoSpec
from kinetics.measures import recovery_measures
from kinetics.model import Model
from kinetics.published.kinds.typical_recovery import TypicalRecovery
from kinetics.regimen import Regimen, course_starts, model_segments
from kinetics.results import variable
from kinetics.units import parse_unit

if TYPE_CHECKING:
    from kinetics.estimate import Estimates

_TOLERANCES = Tolerances(relative=1e-8, absolute=1e-12)


def typical_values(spec: TornadoSpec, estimates: Sequence[Estimates]) -> dict[str, float]:
    """Values of the cohort's typical patient by flat name, at fresh or committed estimates if a fit is named."""
    from kinetics.estimate.draws import chain_of_fits, estimated_cohort

    model, cohort = spec.model, spec.header.cohort
    if spec.problem is None:
        return cohort_parameters(model, cohort).values
    chosen = chosen_estimates(spec.problem, estimates)
    cohort = cohort or chosen.cohort
    return estimated_cohort(model, chain_of_fits(model, chosen, cohort), cohort).values


def recovery_elasticities(
    model: Model, regimen: Regimen, values: Mapping[str, float], until: float, outputs: Sequence[str] = ()
) -> xr.Dataset:
    r"""Elasticities of the times to the lower limits of normal after the first course, limits held.

    ``values`` are by flat name, ``until`` is in the model's time, ``outputs`` are by default all that have a limit.
    Returned: ``time`` (output), in the model's time, infinite if the limit is not reached again, NaN if the output is
    never below it; ``elasticity`` (output, parameter), :math:`\partial\ln t/\partial\ln p`, NaN where there is no time,
    zero where the parameter is; ``limit`` (output), its text.
    """
    system = compile_model(model, regimen.drugs)
    measures = [each for each in recovery_measures(model, values) if not outputs or each.output in outputs]
    limits = {output.lower_limit for output in model.outputs.values()}
    names = [name for name in model.parameters if name not in limits]
    plan = model_segments(regimen, model, until)
    parameters = system.parameter_array(dict(values))
    follow = (
        partial(events.integrate_with_sensitivities, "batch") if model.events else batch.integrate_with_sensitivities
    )
    trajectory = follow(system, parameters, names, plan, tolerances=_TOLERANCES)
    starts = course_starts(regimen, model.time)
    times, gradients = np.empty(len(measures)), np.full((len(measures), len(names)), np.nan)
    for row, measure in enumerate(measures):
        recovery = TypicalRecovery(measure, starts, until, model.outputs[measure.output].unit, model.time)
        times[row] = recovery.value(trajectory, until)
        if np.isfinite(times[row]):  # implicit differentiation of the crossing
            gradients[row] = trajectory.crossing_gradient(measure.output, times[row] + float(starts[0]))
    own = parameters[[system.parameters.index(name) for name in names]]
    return xr.Dataset(
        {
            "time": variable(("output",), times, model.time, "from the first dose to the lower limit of normal"),
            "elasticity": variable(
                ("output", "parameter"),
                gradients * own / times[:, None],
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
