"""Extremes of the curve that a publication draws: of the statistic over patients at each time of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from kinetics.measures.patient_statistics import statistic_of
from kinetics.measures.sampled import sampled_extremes
from kinetics.published.kinds.quantity import MIDDLE, Columns, Quantity
from kinetics.published.kinds.window import WINDOW, OverWindow
from kinetics.units import parse_unit

if TYPE_CHECKING:
    from kinetics.published.patients import Patients


class _Extreme(OverWindow):
    """A point of the curve; of baseline, or in the unit of the output if the unit of the row is of that kind."""

    columns = Columns(("output",), WINDOW, MIDDLE)
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
        curves = self.curves(patients)
        values = curves.values / self.baseline(patients)[:, None] if self._of_baseline() else curves.values
        return getattr(sampled_extremes(curves.times, statistic_of(values, str(self.row.statistic))), self.extreme)


class _TimeOfExtreme(_Extreme):
    """When the curve, in the unit of the output, has the point."""

    own_unit = Quantity.unit_of_time

    def _of_baseline(self) -> bool:
        return False


class Nadir(_Extreme):
    """The lowest point."""

    extreme = "nadir"


class Fall(_Extreme):
    """1 minus the nadir, of baseline."""

    extreme = "nadir"

    def _of_baseline(self) -> bool:
        return True

    def number(self, patients: Patients) -> float:
        """The share of baseline that is lost."""
        return 1.0 - super().number(patients)


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
