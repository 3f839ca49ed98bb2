"""`predict_patient`: counts and recovery of one patient, under the doses given and after further courses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.measures import Measure
from kinetics.observation import VisitSchedule
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.individual.curves import DrawnCurves
from kinetics.patients.individual.forecast_request import ForecastRequest
from kinetics.patients.individual.new_occasions import with_new_occasions
from kinetics.patients.individual.over_draws import chance_below, difference, interval, measured_interval
from kinetics.prediction.typical import recovery_over_draws
from kinetics.regimen import Course, Regimen
from kinetics.regimen.times import Amount, Amounts

if TYPE_CHECKING:
    from kinetics.patients.individual.patient_fit import PatientFit


def predict_patient(
    fit: PatientFit,
    *,
    until: Amount | None = None,
    every: Amount | None = None,
    seed: int = 0,
    measures: Measure | str | Iterable[Measure | str] = (),
    retreat: Amounts | None = None,
    retreat_with: Course | Regimen | str | Path | None = None,
    visits: VisitSchedule | str | Path | None = None,
    draws: int = 200,
) -> xr.DataTree:
    """Predict the counts of a patient, with intervals, along the records that were fitted and planned further courses.

    Parameters
    ----------
    fit : PatientFit
        Of `fit_patient`.
    until, every : str or pint.Quantity, optional
        The last time, by default 60 steps after the last count or course, and the step, by default a month, or an hour
        of a model in hours. All times count from time zero of the data. Some days after each course are added.
    measures
        Further measures, as of `simulate`.
    retreat, retreat_with : optional
        When further courses begin, each a new occasion; the course, an object, name or path, by default the last.
    visits : VisitSchedule, str or pathlib.Path, optional
        When counts will be measured, from the first dose; by default at the times of the output.
    draws, seed : int
        Parameter sets that the counts leave possible; what number k of them is depends on the seed and k alone.

    Returns
    -------
    xarray.DataTree
        The root: outputs on (time,) at the most probable parameters. ``draws``: the same on (draw, time). ``interval``
        and ``measured``: true and measured counts on (quantile, time), at 2.5, 50 and 97.5 %. ``below``: on (output,
        visit), the probability that the ``true`` and the ``measured`` count is below its lower limit of normal.
        ``recovery``: times to that limit on (output, course), as of `predict`; ``share_recovered`` is the chance that
        it is reached before the next course, a reset or the end. ``parameters``; ``observations`` on (patient, visit).
        With further courses ``without`` them, and the ``difference``, as ``interval``. Each variable has its ``units``.

    Raises
    ------
    InputError
        With every argument that is wrong; for a further course before the last dose, or that repeats a steady state.

    Warns
    -----
    UserWarning
        For a further course before the last count, which was measured without it.

    Examples
    --------
    >>> tree = predict_patient(fit, retreat="30 month", visits="quarterly")  # doctest: +SKIP
    """
    return _predicted(
        ForecastRequest.of(
            fit, until=until, every=every, seed=seed, measures=measures, retreat=retreat, retreat_with=retreat_with,
            visits=visits, draws=draws,
        )
    )  # fmt: skip


def _predicted(request: ForecastRequest) -> xr.DataTree:
    """The tree of a checked request."""
    fit = request.fit
    random = np.vstack([fit.random, fit.draws(request.draws, request.seed)])
    random = with_new_occasions(fit, random, request.treatment, request.seed)
    curves = DrawnCurves(fit, request.treatment, random, request.all_times, request.measures, request.limits)
    outputs, measured, errors = curves.outputs(request.times), curves.measured(), fit.patients.errors
    estimated = measured.isel(draw=0, drop=True).drop_vars("failure")
    drawn, recovered = _draws_of(outputs), _draws_of(measured)
    root = outputs.isel(draw=0, drop=True).assign(estimated).assign_attrs(measured.attrs)
    groups = {
        "draws": drawn.assign(recovered).assign_attrs(measured.attrs),
        "interval": interval(drawn),
        "measured": measured_interval(drawn, errors),
        "below": chance_below(curves, request.visits, request.thresholds, errors),
        "recovery": recovery_over_draws(root, recovered, request.recovery),
    }
    if request.treatment.planned:
        without = DrawnCurves(fit, fit.treatment, random, request.times, (), request.limits)
        unchanged = without.outputs(request.times)
        groups |= {
            "without": interval(_draws_of(unchanged)),
            "difference": difference(drawn, _draws_of(unchanged)),
        }
    observed = fit.fits.data.select(fit.id)
    groups |= {"parameters": fit.parameters, "observations": _observations(observed)}
    tree = xr.DataTree.from_dict({"/": root, **groups})
    facts = {"patient": fit.id, "seed": request.seed, "draws": request.draws, "data_hash": observed.content_hash}
    tree.attrs |= {**facts, "counts": len(fit.patient.observations), "planned": request.treatment.planned}
    tree.attrs |= {"visits": request.schedule, "known": fit.known_text}
    tree.attrs["new_occasions"] = request.treatment.planned if request.treatment.occasions is not None else 0
    return tree


def _observations(data: PatientData) -> xr.Dataset:
    """The counts; their times are not called as those of the output, which a group of a tree would inherit."""
    counts = data.to_dataset()
    return counts.rename(time="count_time") if "time" in counts else counts


def _draws_of(everything: xr.Dataset) -> xr.Dataset:
    """The draws, without the most probable parameters, which stand before them."""
    drawn = everything.isel(draw=slice(1, None))
    return drawn.assign_coords(draw=np.arange(drawn.sizes["draw"]))
