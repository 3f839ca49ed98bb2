"""Extremes of the curve that a publication draws: of the statistic over patients at each time of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from kinetics.measures.patient_statistics import statistic_of
from kinetics.measures.sampled import SampledExtremes, sampled_extremes
from kinetics.observation.observed_sample import ObservedSample
from kinetics.published.kinds.quantity import MIDDLE, Columns, Quantity
from kinetics.published.kinds.scale import LOGIT
from kinetics.published.kinds.window import WINDOW, OverWindow
from kinetics.published.likelihoods.studies import studies_interval
from kinetics.units import parse_unit

if TYPE_CHECKING:
    from kinetics.published.patients import Patients


class _Extreme(OverWindow):
    """A point of the curve; of baseline, or in the unit of the output if the unit of the row is of that kind."""

    columns = Columns(("output",), WINDOW, MIDDLE)
    discrepancy_class = "value"
    extreme: ClassVar[str]
    """The field of `kinetics.measures.sampled.SampledExtremes`."""

    def own_unit(self) -> Any:
        """That of the output, or a share of baseline."""
        return parse_unit("1") if self._of_baseline() else self.unit_of_output()

    def _of_baseline(self) -> bool:
        unit = self.row.unit
        return unit is None or parse_unit(unit).dimensionality != self.unit_of_output().dimensionality

    def number(self, patients: Patients) -> float:
        """That of the curve of the statistic."""
        return getattr(self._extremes(*self._values_over(patients)), self.extreme)

    def moment(self, patients: Patients) -> float:
        """That of the point."""
        at = self.extreme.removeprefix("time_of_")
        return getattr(self._extremes(*self._values_over(patients)), f"time_of_{at}")

    def studies_of(self, patients: Patients, n: int) -> tuple[float, float]:
        """Those of the statistic at the time of the point, as measured there and before treatment."""
        sample = patients.measured_once(self.output, self.moment(patients))
        if self._of_baseline():
            sample = sample / patients.measured_once(self.output, 0.0)
        return studies_interval(ObservedSample(sample), str(self.row.statistic), n)

    def _values_over(self, patients: Patients) -> tuple[np.ndarray, np.ndarray]:
        """Times, (time,), and the values that the curve is of, (patient, time)."""
        curves = self.curves(patients)
        return curves.times, curves.values / self.baseline(patients)[:, None] if self._of_baseline() else curves.values

    def _extremes(self, times: np.ndarray, values: np.ndarray) -> SampledExtremes:
        return sampled_extremes(times, statistic_of(values, str(self.row.statistic)))


class _TimeOfExtreme(_Extreme):
    """When the curve, in the unit of the output, has the point."""

    own_unit = Quantity.unit_of_time
    sampled, discrepancy_class = False, None

    def _of_baseline(self) -> bool:
        return False


class Nadir(_Extreme):
    """The lowest point."""

    extreme = "nadir"


class Fall(_Extreme):
    """1 minus the nadir, of baseline."""

    extreme = "nadir"
    scale = LOGIT

    def _of_baseline(self) -> bool:
        return True

    def number(self, patients: Patients) -> float:
        """The share of baseline that is lost."""
        return 1.0 - super().number(patients)

    def scaled(self, number: float) -> float:
        """The logarithm of what is left."""
        return super().scaled(1.0 - number)

    def unscaled(self, number: float) -> float:
        """From the logarithm of what is left."""
        return 1.0 - super().unscaled(number)

    def studies_of(self, patients: Patients, n: int) -> tuple[float, float]:
        """By the share that is left."""
        lower, upper = super().studies_of(patients, n)
        return 1.0 - upper, 1.0 - lower


class Overshoot(_Extreme):
    """The highest point after the nadir."""

    extreme = "overshoot"


class Peak(_Extreme):
    """The highest point."""

    extreme = "peak"


class TimeOfNadir(_TimeOfExtreme):
    """When the curve is lowest."""

    extreme = "time_of_nadir"


class TimeOfOvershoot(_TimeOfExtreme):
    """When the curve is highest after the nadir."""

    extreme = "time_of_overshoot"


class TimeOfPeak(_TimeOfExtreme):
    """When the curve is highest."""

    extreme = "time_of_peak"
