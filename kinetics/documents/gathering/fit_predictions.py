"""What a fit says of its first arm: the typical patient, simulated at the estimates."""

from __future__ import annotations

import xarray as xr

from kinetics.cohorts.fit_results import is_typical
from kinetics.documents.content import Block
from kinetics.documents.gathering.fitted_result import FittedResult
from kinetics.documents.gathering.labels import Labels
from kinetics.documents.gathering.predictions import simulated_blocks
from kinetics.figures.treatments import regimen_label
from kinetics.measures import recovery_measures
from kinetics.regimen.times import in_days
from kinetics.simulation.simulating import simulate
from kinetics.units import unit_text

_MONTH = in_days("1 month")
_AFTER = 36 * _MONTH
"""Days that are simulated after the last course, if no published number lies later."""
_STEPS = 360


def fit_predictions(result: FittedResult) -> list[Block]:
    """Counts and recovery of the typical patient under the first regimen that is fitted; nothing if none is given."""
    problem, model = result.problem, result.problem.model
    arms = (target for target in problem.targets if target.row.use == "fit" and target.regimen.starts)
    first = next((target for target in arms if not target.settings), None)
    if first is None:
        return []
    days = [in_days(target.row.time) for target in problem.targets if target.row.time]
    until = max(first.regimen.starts[-1] + _AFTER, *days, 0.0)
    cohort = problem.cohorts[first.row.cohort]
    estimates = {name: value for name, value in result.estimates.by_flat_name(model).items() if is_typical(name)}
    values = {**cohort.values, **estimates}
    simulated = simulate(
        model,
        first.regimen,
        until=f"{until} day",
        every=f"{until / _STEPS} day",
        cohort=cohort,
        parameters={name: f"{value!r} {unit_text(model.parameters[name].unit)}" for name, value in estimates.items()},
        measures=recovery_measures(model, values),
    )
    regimen, whose = regimen_label(first.regimen), Labels(model).cohort(first.row.cohort)
    about = f"The typical patient under {regimen}, {whose}, simulated at the estimates."
    return [about, *simulated_blocks(xr.DataTree(simulated), model)]
