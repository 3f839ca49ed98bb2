"""What a prediction may be wrong by because the model is: intervals over parameters and discrepancy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from kinetics.crossvalidation import Discrepancy
from kinetics.crossvalidation.distance import Distance, distance_from
from kinetics.crossvalidation.offsets import drawn_offsets, offset_sd
from kinetics.measures import TimeToThreshold, measure
from kinetics.measures.patient_statistics import censored_quantiles, share_recovered
from kinetics.model import Model
from kinetics.model.quantities import Output
from kinetics.prediction.moved_populations import OVER, Offsets, known_quantiles, moved_population
from kinetics.prediction.over_draws import Drawn
from kinetics.regimen import Regimen
from kinetics.results import MEDIAN_AND_95, variable
from kinetics.units import Unit, conversion, parse_unit

ONE = parse_unit("1")


class ModelError:
    """Offsets of each draw of a prediction, for outputs in units of those that were left out.

    ``is_fitted`` says whether a fit behind the prediction is of its cohort. ``root`` is the typical patient at the
    estimates, outputs on (time), with its courses.
    """

    def __init__(
        self,
        discrepancy: Discrepancy,
        model: Model,
        is_fitted: bool,
        regimen: Regimen,
        root: xr.Dataset,
        draws: int,
        seed: int,
    ) -> None:
        self.discrepancy, self.model, self._root = discrepancy, model, root
        self._outputs = _same_kind(discrepancy, model)
        self.times, self._starts = root["time"].values, root["course_start"].values
        self._month = float(conversion(parse_unit("month"), parse_unit(root["time"].attrs["units"])))
        at = self.times, self._starts, self._month
        self.distance: Distance = distance_from(discrepancy.arms, is_fitted, regimen, *at)
        names = [output.name for output in self._outputs]
        # a future trial is another source: a step further; of shares and times other sources alone say how far off
        elsewhere = replace(self.distance, constant=self.distance.constant + 1)
        self._offsets = Offsets(
            *(
                drawn_offsets(discrepancy, names, distance, *at, draws, seed, number)
                for distance, number in (
                    (self.distance, "value"),
                    (elsewhere, "value"),
                    (self.distance, "share"),
                    (self.distance, "time"),
                )
            )
        )
        self._sd = [offset_sd(discrepancy, name, self.distance, *at) for name in names]

    def group(self, drawn: xr.Dataset, measures: Sequence[TimeToThreshold], of_population: Drawn | None) -> xr.Dataset:
        """The group ``discrepancy`` of a prediction, from the typical patient of each draw and the populations."""
        moved, data = drawn.copy(), dict[str, xr.Variable]()
        for index, output in enumerate(self._outputs):
            name = output.name
            moved[name] = drawn[name] * np.exp(self._offsets.counts[:, index])
            moved[name].attrs = drawn[name].attrs
            data[name] = known_quantiles(moved[name].values, output, OVER)
            label = f"{name}, log standard deviation of the discrepancy"
            data[f"{name}_log_sd"] = variable(("time",), self._sd[index], ONE, label)
        own = [one for one in measures if one.output in {output.name for output in self._outputs}]
        recovery, coords = self._recovery(drawn, moved, own)
        if of_population is not None:
            data |= moved_population(of_population, self._outputs, self.model, self._offsets, self._root)
        coords |= {
            "quantile": variable(("quantile",), list(MEDIAN_AND_95), ONE, f"quantile {OVER}"),
            "time": self._root["time"],
        }
        return xr.Dataset(data | recovery, coords, self._facts())

    def _recovery(
        self, drawn: xr.Dataset, moved: xr.Dataset, measures: Sequence[TimeToThreshold]
    ) -> tuple[dict[str, xr.Variable], dict[str, Any]]:
        """Times to the lower limit of the moved curves.

        Curves at output times tell by which factor a move changes a time. A fall between output times is not moved.
        """
        course = self._root["course"]
        coords: dict[str, Any] = {"output": [one.output for one in measures], "course": course}
        if not measures:
            return {}, coords
        exact, before, after = (
            np.stack([taken[one.name].transpose("draw", "course").values for one in measures], axis=1)
            for taken in (drawn, self._sampled(drawn, measures), self._sampled(moved, measures))
        )
        known = np.isfinite(exact) & np.isfinite(before) & (before > 0)
        times = after * np.divide(exact, before, out=np.ones_like(after), where=known)
        times = np.where(np.isnan(before) & np.isnan(after), exact, times)
        unit, long_name = parse_unit(self._root["time"].attrs["units"]), "time to the lower limit of normal"
        quantiles = censored_quantiles(times, MEDIAN_AND_95)
        recovered = share_recovered(times)
        return {
            "recovery_quantiles": variable(("quantile", "output", "course"), quantiles, unit, f"{long_name}, {OVER}"),
            "recovery_share": variable(
                ("output", "course"), recovered, ONE, "share that recovers, of the draws that fell below the limit"
            ),
        }, coords

    def _sampled(self, curves: xr.Dataset, measures: Sequence[TimeToThreshold]) -> xr.Dataset:
        """The times that curves at output times have, by interpolation."""
        outputs = curves[[one.output for one in measures]]
        return measure(outputs.assign_coords(course_start=self._root["course_start"]), measures)

    def _facts(self) -> dict[str, Any]:
        """What was used, and how far from the data it is used."""
        own, distance = self.discrepancy, self.distance
        return {
            "fit": own.fit,
            "data_hash": own.data_hash,
            "model_hash": own.model_hash,
            "steps_from_the_data": distance.constant + len(distance.courses),
            "courses_beyond_the_data": len(distance.courses),
            "is_within_the_data": int(distance.is_near),
        }


def _same_kind(discrepancy: Discrepancy, model: Model) -> list[Output]:
    """Outputs in units of outputs that were left out: a discrepancy of counts says nothing of a concentration."""
    left_out = {output for _, output, _ in discrepancy.classes if output in model.outputs}
    units: list[Unit] = [model.outputs[name].unit for name in left_out]
    dimensions = {unit.dimensionality for unit in units}
    return [output for output in model.outputs.values() if output.unit.dimensionality in dimensions]
