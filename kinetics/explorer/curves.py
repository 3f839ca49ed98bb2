"""The computation behind a page: what `kinetics.simulate` gives for each scenario, and the numbers that are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import xarray as xr

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.explorer.commands import ENGINE, every, settings
from kinetics.explorer.regimens import number_of, regimen_of
from kinetics.explorer.state import Scenario, State
from kinetics.measures import lower_limits, recovery_measures
from kinetics.measures.patient_statistics import curve_quantiles
from kinetics.model import Model
from kinetics.population.run_parameters import parameter_values
from kinetics.reports.recovery import Recovery, recovery
from kinetics.results import MEDIAN_AND_90
from kinetics.simulation.simulating import simulate
from kinetics.units import conversion, parse_unit, to_unit

KEPT = 24
"""Results that are kept, so that a slider of one scenario leaves the others as they are."""


@dataclass(frozen=True, eq=False)
class ScenarioCurves:
    """What one scenario gives.

    Parameters
    ----------
    scenario : Scenario
        What was simulated.
    result : xarray.Dataset
        Of `kinetics.simulate`: outputs on (time), or (patient, time), each with its ``units``.
    limits : mapping of str to float
        The lower limits of normal, each in the unit of its output.
    """

    scenario: Scenario
    result: xr.Dataset
    limits: Mapping[str, float]

    @cached_property
    def months(self) -> np.ndarray:
        """The output times, (time,), in months."""
        time = self.result["time"]
        return time.values * float(conversion(parse_unit(time.attrs["units"]), parse_unit("month")))

    @property
    def of_patients(self) -> bool:
        """Whether the curves are of virtual patients."""
        return "patient" in self.result.dims

    @property
    def statistic(self) -> str:
        """What a curve is of."""
        if not self.of_patients:
            return "typical patient"
        return f"median of {int((self.result['failure'].values == '').sum())} patients"

    def middle(self, output: str) -> np.ndarray:
        """The curve of the typical patient, or the median of patients, (time,), in the unit of the output."""
        return self._quantiles(output)[1] if self.of_patients else self.result[output].values

    def band(self, output: str) -> tuple[np.ndarray, np.ndarray] | None:
        """5 and 95 % of patients, each (time,), in the unit of the output; None for the typical patient."""
        if not self.of_patients:
            return None
        lower, _, upper = self._quantiles(output)
        return lower, upper

    def _quantiles(self, output: str) -> np.ndarray:
        """5, 50 and 95 % of patients, (quantile, time), in the unit of the output."""
        if output not in self._kept:
            integrated = self.result["failure"].values == ""
            self._kept[output] = curve_quantiles(self.result[output].values[integrated], MEDIAN_AND_90)
        return self._kept[output]

    _kept: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray], repr=False)

    @cached_property
    def recovery(self) -> Recovery:
        """The months to the lower limits of normal after each course; empty without courses or limits."""
        timed = any("_time_to_" in str(name) for name in self.result.data_vars)
        return recovery(self.result) if timed else Recovery()


class Computation:
    """Curves of states of one model; what was computed is kept."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._cohorts: dict[str, CohortParameters] = {}
        self._results: dict[tuple[object, ...], ScenarioCurves] = {}

    def cohort(self, name: str) -> CohortParameters:
        """The parameters of a cohort; its fits are read once."""
        if name not in self._cohorts:
            self._cohorts[name] = cohort_parameters(self.model, name or None)
        return self._cohorts[name]

    def of(self, state: State) -> list[ScenarioCurves]:
        """What each scenario of a checked state gives.

        Raises
        ------
        IntegrationError
            If the typical patient of a scenario cannot be integrated.
        """
        return [self._of(scenario, state) for scenario in state.scenarios]

    def _of(self, scenario: Scenario, state: State) -> ScenarioCurves:
        key = (scenario.model_dump_json(exclude={"name"}), state.until, state.patients, state.seed)
        if key not in self._results:
            while len(self._results) >= KEPT:
                del self._results[next(iter(self._results))]
            self._results[key] = self._simulated(scenario, state)
        kept = self._results[key] = self._results.pop(key)
        return kept

    def _simulated(self, scenario: Scenario, state: State) -> ScenarioCurves:
        model, cohort, changes = self.model, self.cohort(scenario.cohort), settings(scenario, self.model)
        values = cohort.values | parameter_values(model, changes)
        measures = recovery_measures(model, values) if scenario.doses else []
        result = simulate(
            model,
            regimen_of(scenario),
            until=f"{number_of(state.until)} month",
            every=every(state),
            cohort=cohort,
            parameters=changes,
            patients=state.patients or None,
            seed=state.seed,
            measures=measures,
            engine=ENGINE,
        )
        levels = lower_limits(model, values)
        limits = {name: to_unit(level, model.outputs[name].unit) for name, level in levels.items()}
        return ScenarioCurves(scenario, result, limits)
