"""The runs of a simulation: every patient through the chosen engine, to named arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.engines.dosing import EpisodePlans, JoinedTrajectory
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.files.arguments import Progress
from kinetics.files.capacity import check_memory
from kinetics.measures import Measure
from kinetics.model.timing.switches import Switches
from kinetics.regimen import (
    History,
    Regimen,
    Segments,
    Triggers,
    check_rules_accepted,
    course_starts,
    cut,
    dose_records,
    has_dose_expressions,
    histories,
    segments,
    triggers,
)
from kinetics.regimen.episode_arrays import Histories
from kinetics.simulation.engine import Engine
from kinetics.simulation.run_results import RunResults
from kinetics.simulation.spans import Span, is_integrated_together

CHUNK = 1000
"""Patients that are integrated together."""


@dataclass(frozen=True)
class Run:
    """What all patients of a simulation share; make one with `Run.under`.

    Parameters
    ----------
    doses : Segments or Histories
        The same for everyone; or the history of one patient, of which lag, bioavailability and steady states follow
        from the parameters of each.
    times : ndarray, (time,)
        Output times, in model time.
    starts : ndarray, (course,)
        First doses of courses, in model time. A reset and a steady state begin a course.
    switches : Switches
        When conditions of the time alone change.
    measures : tuple of Measure
        Taken on the dense solution.
    with_states : bool
        Whether states stand beside the outputs.
    """

    system: System
    doses: Segments | Histories
    times: np.ndarray
    starts: np.ndarray
    measures: tuple[Measure, ...]
    with_states: bool
    engine: Engine
    triggers: Triggers | None = None
    switches: Switches = field(default_factory=Switches)

    @classmethod
    def under(
        cls,
        regimen: Regimen,
        system: System,
        times: np.ndarray,
        measures: tuple[Measure, ...],
        engine: Engine,
        *,
        with_states: bool = False,
    ) -> Run:
        """A run under a regimen up to the last output time; its other arguments are those of the class.

        Raises
        ------
        InputError
            If the model has no such dose or output, units do not fit, or a rule gives a drug with a lag or more.
        """
        model, until = system.model, float(times[-1])
        units = {name: dose.unit for name, dose in model.doses.items()}
        outputs = {name: output.unit for name, output in model.outputs.items()}
        doses = segments(regimen, units, model.time, until)
        check_rules_accepted(regimen, model)
        if has_dose_expressions(regimen, model):
            doses = histories([History(dose_records(regimen, model), [0.0, until])], model)
        rules = triggers(regimen, outputs, units, model.time)
        starts = course_starts(regimen, model.time)
        return cls(system, doses, times, starts, measures, with_states, engine, rules, Switches.of(model))

    def quantities(self) -> list[Any]:
        """What is returned over time: outputs, then states if requested."""
        return _quantities(self.system, with_states=self.with_states)

    def bytes_of_one(self) -> int:
        """What the values of one patient over time take."""
        return 8 * self.times.size * len(self.quantities())

    def nothing(self, patients: int, reason: str = "") -> RunResults:
        """The results of patients of whom nothing is known: all NaN."""
        return self._span([], self.times, self.starts).nothing(patients, reason)

    def of_patient(self, parameters: np.ndarray) -> RunResults:
        """The results of one patient, with an axis of length 1 for it.

        Raises
        ------
        IntegrationError
            If the parameters are impossible or the engine gives up.
        """
        if isinstance(self.doses, Segments):
            return self._span(self._cut(parameters[None]), self.times, self.starts).of_patient(parameters)
        results = self._along(self.doses, parameters[None])
        if reason := results.failures[0]:
            raise IntegrationError(reason)
        return results

    def of_patients(self, table: np.ndarray, progress: Progress | None = None) -> RunResults:
        """The results of patients, from their parameters, (patient, parameter); all NaN where integration fails.

        Along a history, parameters may be (patient, occasion, parameter).
        """
        needed = 2.0 * len(table) * self.bytes_of_one()
        check_memory(needed, f"{len(table)} patients at {self.times.size} times", "ask for fewer, or fewer times")
        # the steady states of a history are found of many patients at once, whoever integrates what follows
        together = isinstance(self.doses, Histories) or is_integrated_together(self.system, self.engine, self.measures)
        step = CHUNK if together else 1
        parts = []
        for begin in range(0, len(table), step):
            chunk = table[begin : begin + step]
            if isinstance(self.doses, Segments):
                parts.append(self._span(self._cut(chunk), self.times, self.starts).of_patients(chunk))
            else:
                parts.append(self._along(self.doses, chunk))
            if progress is not None:
                progress(min(begin + step, len(table)), len(table))
        return RunResults.joined(parts)

    def _cut(self, table: np.ndarray) -> list[Segments]:
        """The doses of all patients, or those of each, cut where conditions of the time alone change."""
        assert isinstance(self.doses, Segments)
        if not self.switches.differ:
            return [cut(self.doses, self.switches.of_numbers)]
        return [cut(self.doses, self.switches.at(row)) for row in self.system.constants_table(table)]

    def _span(
        self,
        doses: Sequence[Segments],
        times: np.ndarray,
        starts: np.ndarray,
        initial: np.ndarray | None = None,
        *,
        with_states: bool = False,
    ) -> Span:
        quantities = _quantities(self.system, with_states=self.with_states or with_states)
        return Span(self.system, doses, times, starts, self.measures, quantities, self.engine, self.triggers, initial)

    def _along(self, history: Histories, table: np.ndarray) -> RunResults:
        """The results of patients along a history."""
        finder, until = "scipy" if self.engine.method else "batch", float(self.times[-1])
        plans = EpisodePlans(self.system, history, table, until, finder, self.engine.tolerances)
        return self._through(plans, until) if history.covariates else self._by_episodes(plans, history, table)

    def _through(self, plans: EpisodePlans, until: float) -> RunResults:
        """The results of patients whose constants change over time, each of one trajectory through all episodes."""
        span, reasons = self._span([], self.times, self.starts), list(plans.reasons)
        parts: list[list[Trajectory]] = [[] for _ in reasons]
        ends = None
        for episode in range(len(plans)):
            starts = plans.starts(episode, ends if plans.goes_on(episode) else None)
            doses, constants = plans.segments(episode), plans.constants(episode)
            ends = np.full_like(starts, np.nan)
            for number in np.flatnonzero([not reason for reason in reasons]):
                try:
                    part = self._trajectory(constants[number], doses[number], starts[number])
                    ends[number] = part.integrated(doses[number].edges[-1:])[0]
                    parts[number].append(part)
                except IntegrationError as error:
                    reasons[number] = str(error)
        results: list[RunResults] = []
        for own, reason in zip(parts, reasons, strict=True):
            try:
                results.append(
                    span.nothing(1, reason) if reason else span.read(JoinedTrajectory(own, plans.begin), until)
                )
            except IntegrationError as error:
                results.append(span.nothing(1, str(error)))
        return RunResults.joined(results)

    def _trajectory(self, constants: np.ndarray, doses: Segments, start: np.ndarray) -> Trajectory:
        if reason := self.system.impossible(constants):
            raise IntegrationError(reason)
        return self.engine.integrate(self.system, constants, doses, None, start)

    def _by_episodes(self, plans: EpisodePlans, history: Histories, table: np.ndarray) -> RunResults:
        """The results of patients episode after episode; each course lies in one of these."""
        results, ends = self.nothing(len(table)), None
        results.failures[:] = plans.reasons
        for episode, (begin, end) in enumerate(zip(plans.begin, plans.end, strict=True)):
            # a value at the time of a record is the one before it, a course begins after it
            at = (self.times <= end + history.same) & ((self.times > begin + history.same) | (episode == 0))
            of_courses = (self.starts >= begin - history.same) & (self.starts < end - history.same)
            since = np.append(np.clip(self.times[at] - begin, 0.0, end - begin), end - begin)
            courses, goes_on = np.maximum(self.starts[of_courses] - begin, 0.0), plans.goes_on(episode + 1)
            doses, start = plans.segments(episode), plans.starts(episode, ends)
            part = self._span(doses, since, courses, start, with_states=goes_on)
            part = part.of_patients(plans.parameters(episode))
            results.values[:, at] = part.values[:, :-1, : results.values.shape[2]]
            for name, values in part.measures.items():
                results.measures[name][:, of_courses] = values
            behind = f" Times count from {begin:g}." if episode else ""
            later = (reason and reason + behind for reason in part.failures)
            results.failures[:] = [own or new for own, new in zip(results.failures, later, strict=True)]
            ends = self._integrated(part.values[:, -1]) if goes_on else None
            # rules are those of a regimen, which is one episode
            results = replace(results, triggered=part.triggered)
        for number in np.flatnonzero([bool(reason) for reason in results.failures]):
            results.fail(int(number), results.failures[number])
        return results

    def _integrated(self, values: np.ndarray) -> np.ndarray:
        """The states that are integrated, (patient, state), among outputs and all states, (patient, quantity)."""
        names = list(self.system.model.states)
        return values[:, [len(self.system.outputs) + names.index(name) for name in self.system.states]]


def _quantities(system: System, *, with_states: bool) -> list[Any]:
    return [*system.model.outputs.values(), *(system.model.states.values() if with_states else ())]
