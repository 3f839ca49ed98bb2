"""The objective of a PEtab problem: log-likelihood, chi2, prior, simulations, and exact derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.compile import System
from kinetics.engines.periods import integrate_experiments
from kinetics.errors import Faults
from kinetics.interop.petab.objective.conditions import Settings
from kinetics.interop.petab.objective.noise import noise_terms
from kinetics.interop.petab.objective.plan import Plan, PlannedExperiment
from kinetics.interop.petab.problem.problem import Measurement
from kinetics.text.suggestions import did_you_mean
from kinetics.units import read_number


@dataclass(frozen=True, eq=False)
class PetabValues:
    """The objective at given parameters.

    Parameters
    ----------
    llh, chi2, log_prior : float
        Log-likelihood, sum of squared normalised residuals, logarithm of the prior; of what cannot be simulated, minus
        infinity and infinity.
    simulations, noise : ndarray, (measurement,)
        The observables at the measurements, not transformed, and the scales of their noise.
    gradient, prior_gradient : ndarray, (parameter,)
        Derivatives of ``llh`` and ``log_prior`` by what is estimated, not transformed; empty if not asked for.
    names : tuple of str
        What is estimated.
    failure : str
        Why something could not be simulated; empty if everything could.
    """

    llh: float
    chi2: float
    log_prior: float
    simulations: np.ndarray
    noise: np.ndarray
    gradient: np.ndarray
    prior_gradient: np.ndarray
    names: tuple[str, ...]
    failure: str = ""

    @property
    def log_posterior(self) -> float:
        """Log-likelihood and logarithm of the prior, not normalised."""
        return self.llh + self.log_prior


@dataclass(frozen=True, eq=False)
class _Readings:
    """What measurements of one experiment read: values and scales of noise, with derivatives by what is estimated."""

    simulated: np.ndarray
    sigma: np.ndarray
    by_estimated: np.ndarray


@dataclass(frozen=True, eq=False)
class PetabObjective:
    """The objective of a problem on one of the engines.

    Parameters
    ----------
    plan : Plan
        The problem and its model.
    engine : {"batch", "scipy"}
        Which integrates.
    """

    plan: Plan
    engine: str = "batch"

    @property
    def names(self) -> tuple[str, ...]:
        """What is estimated, in the order of arrays."""
        return self.plan.estimated

    def vector(self, parameters: Mapping[str, float] | None = None) -> np.ndarray:
        """Values of what is estimated, (parameter,), not transformed: nominal ones, some of them replaced.

        Raises
        ------
        UnknownNameError, InputError
            If a name is not estimated, or neither a value nor a nominal one is there.
        """
        rows, faults = self.plan.problem.parameters, Faults()
        values = {name: rows[name].nominal for name in self.names}
        for name, value in (parameters or {}).items():
            if name not in values:
                faults.add(f"is not estimated{did_you_mean(name, values)}", name=name)
            values[name] = float(value)
        for name, value in values.items():
            if np.isnan(value):
                faults.add("has no nominal value: give one", name=name)
        faults.raise_if_any()
        return np.array(list(values.values()))

    def __call__(self, parameters: Mapping[str, float] | None = None, *, gradient: bool = False) -> PetabValues:
        """The objective at values of what is estimated, by name and not transformed; others have their nominal ones."""
        return self.at(self.vector(parameters), gradient=gradient)

    def at(self, values: np.ndarray, *, gradient: bool = False) -> PetabValues:
        """The objective at values of what is estimated, (parameter,), not transformed."""
        plan = self.plan
        planned = plan.experiments(plan.settings(values))
        states = [plan.assembled.states_output(name) for name in plan.system.states]
        integrated = integrate_experiments(plan.system, [one.periods for one in planned], states, engine=self.engine)  # pyright: ignore[reportArgumentType]
        failures = [
            f"{name or 'the model as it is'}: {one.reason}"
            for name, one in zip(plan.measured, integrated, strict=True)
            if one.reason
        ]
        prior, prior_gradient = self._prior(values)
        if failures:
            return self._failed(failures[0], prior, prior_gradient)
        size = len(plan.problem.measurements)
        simulated, sigma, derivatives = np.empty(size), np.empty(size), np.zeros((2, size, values.size))
        cache: dict[tuple[int, int, tuple[str, ...]], Settings] = {}
        for index, row in enumerate(plan.problem.measurements):
            number = plan.measured.index(row.experiment)
            period = plan.period_of(row.experiment, row.time)
            time = int(np.searchsorted(plan.times[row.experiment][period], row.time))
            key = (number, period, self._overrides[index][0])
            if key not in cache:
                cache[key] = self._overridden(planned[number], period, index)
            read = integrated[number].periods[period]
            y, s = read.outputs[time], read.gradients[time]
            simulated[index], sigma[index] = self._read(row, y, s, cache[key], derivatives[:, index], gradient=gradient)
        terms = noise_terms(self._measured, simulated, sigma, self._transformation, self._laplace)
        total = float(terms.llh.sum())
        if not np.isfinite(total):
            at = self.plan.problem.measurements[int(np.flatnonzero(~np.isfinite(terms.llh))[0])].where
            return self._failed(f"the likelihood of a measurement is not finite: {at}", prior, prior_gradient)
        by_values = terms.by_simulation @ derivatives[0] + terms.by_noise @ derivatives[1]
        empty = np.zeros(0)
        return PetabValues(
            total, float(np.sum(terms.residuals**2)), prior, simulated, sigma,
            by_values if gradient else empty, prior_gradient if gradient else empty, self.names,
        )  # fmt: skip

    def _read(
        self, row: Measurement, y: np.ndarray, s: np.ndarray, now: Settings, into: np.ndarray, *, gradient: bool
    ) -> np.ndarray:
        """The observable and the scale of its noise; their derivatives are put ``into`` (2, parameter)."""
        functions, outputs = self.plan.system.functions, self._outputs[row.observable]
        if gradient:
            into += functions.outputs_by_constant(y, now.constants)[outputs] @ now.constant_changes
            into[:, self.plan.dynamic] += functions.outputs_by_state(y, now.constants)[outputs] @ s
        return functions.outputs(y, now.constants)[outputs]

    def _failed(self, reason: str, prior: float, prior_gradient: np.ndarray) -> PetabValues:
        nothing = np.full(len(self.plan.problem.measurements), np.nan)
        unknown = np.full(len(self.names), np.nan)
        return PetabValues(-np.inf, np.inf, prior, nothing, nothing, unknown, prior_gradient, self.names, reason)

    def _prior(self, values: np.ndarray) -> tuple[float, np.ndarray]:
        total, gradient = 0.0, np.zeros(values.size)
        for index, (name, value) in enumerate(zip(self.names, values.tolist(), strict=True)):
            if (prior := self.plan.problem.parameters[name].prior) is not None:
                density = prior.log_density(value)
                total += density
                gradient[index] = prior.slope(value) if np.isfinite(density) else np.nan
        return total, gradient

    @property
    def _system(self) -> System:
        return self.plan.system

    @cached_property
    def _outputs(self) -> dict[str, list[int]]:
        """By observable: the outputs of its formula and of its noise."""
        outputs = self._system.outputs
        return {name: [outputs.index(one) for one in pair] for name, pair in self.plan.assembled.observables.items()}

    @cached_property
    def _measured(self) -> np.ndarray:
        return np.array([row.value for row in self.plan.problem.measurements])

    @cached_property
    def _transformation(self) -> np.ndarray:
        observables = self.plan.problem.observables
        codes = ("lin", "log", "log10")
        rows = self.plan.problem.measurements
        return np.array([codes.index(observables[row.observable].transformation) for row in rows])

    @cached_property
    def _laplace(self) -> np.ndarray:
        observables = self.plan.problem.observables
        return np.array(
            [observables[row.observable].distribution == "laplace" for row in self.plan.problem.measurements]
        )

    @cached_property
    def _overrides(self) -> list[tuple[tuple[str, ...], list[tuple[int, float | int]]]]:
        """Of each measurement: what it replaces, in words, and each placeholder with a number or a place."""
        assembled, faults = self.plan.assembled, Faults()
        places = {name: self._system.parameters.index(own) for name, own in assembled.parameters.items()}
        overrides: list[tuple[tuple[str, ...], list[tuple[int, float | int]]]] = []
        for row in self.plan.problem.measurements:
            observable = self.plan.problem.observables[row.observable]
            names = (*observable.placeholders, *observable.noise_placeholders)
            texts = (*row.overrides, *row.noise_overrides)
            values: list[tuple[int, float | int]] = []
            for name, text in zip(names, texts, strict=True):
                number = read_number(text)
                own = assembled.entities[text].target if text in assembled.entities else ""
                if number is not None:
                    values.append((places[name], number))
                elif text in places:
                    values.append((places[name], places[text]))
                elif own in self._system.parameters:
                    values.append((places[name], self._system.parameters.index(own)))
                else:
                    faults.add(f"there is no parameter '{text:.40}'{did_you_mean(text, places)}", row.where, name)
            overrides.append(((*names, *texts), values))
        faults.raise_if_any()
        return overrides

    def _overridden(self, planned: PlannedExperiment, period: int, measurement: int) -> Settings:
        """What holds in a period, with the placeholders of a measurement replaced."""
        now, values = planned.settings[period], self._overrides[measurement][1]
        if not values:
            return now
        parameters, changes = now.parameters.copy(), now.changes.copy()
        for place, value in values:
            is_number = isinstance(value, float)
            parameters[place] = value if is_number else now.parameters[value]
            changes[place] = 0.0 if is_number else now.changes[value]
        return Settings.of(self._system, parameters, changes)
