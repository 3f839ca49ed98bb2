"""Integrate up to the next event, execute it, and go on from there."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Protocol

import numpy as np

from kinetics.compile import System
from kinetics.engines.clock import clock_of
from kinetics.engines.events.conditions import Change, Conditions, cut_steps
from kinetics.engines.events.execution import Executions
from kinetics.engines.events.trajectory import EventTrajectory, Piece
from kinetics.engines.jumps import jumps
from kinetics.engines.rule_monitor import RuleMonitor
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.regimen import Segments, Triggers
from kinetics.units.levels import slack

SAME = 1e-12
"""Times closer than this share of the whole are one."""
LONGER = 4.0
"""A stretch is this many times as long as the time between the events before it, or as the stretch before it."""
SHORTEST = 1e-7
"""Share of the whole below which a stretch that cannot be integrated is not tried in halves."""


LEAST_STEPS = 500
"""Parts of the whole in which triggers are looked at, however long the steps of the integrator are."""


class Solve(Protocol):
    """An engine: a stretch with doses, from a start, to a dense solution."""

    def __call__(self, segments: Segments, start: np.ndarray, tolerances: Tolerances) -> Trajectory:
        """Integrate from time 0 to the last edge."""
        ...


def integrate(
    system: System,
    constants: np.ndarray,
    segments: Segments,
    solve: Solve,
    tolerances: Tolerances,
    *,
    start: np.ndarray | None = None,
    triggers: Triggers | None = None,
) -> EventTrajectory:
    """Integrate one patient of a model with events.

    At one time scheduled doses come first, then rules, then events.

    Parameters
    ----------
    system : System
        The compiled model.
    constants : ndarray, (constant,)
        Parameters and derived constants, in the model's units.
    segments : Segments
        Dose edges, rates and boluses.
    solve : callable
        The engine that integrates a stretch without events, see `Solve`.
    tolerances : Tolerances
        Its error bounds.
    start : ndarray, (state,), optional
        States at time 0, before any dose; the model's own by default.
    triggers : Triggers, optional
        Rules that give doses.

    Raises
    ------
    IntegrationError
        If the engine gives up, or events set one another off without an end.
    """
    run = _Run(system, constants, segments, solve, tolerances, start, triggers)
    given = jumps(system, segments)
    for segment, (time, end) in enumerate(pairwise(segments.edges.tolist())):
        run.jump(given[segment])
        while time < end:
            time = run.stretch(time, end, segments.rates[segment])
    return run.finish()


class _Run:
    """One patient on the way: the states at the end of what is integrated, and its pieces."""

    def __init__(
        self,
        system: System,
        constants: np.ndarray,
        segments: Segments,
        solve: Solve,
        tolerances: Tolerances,
        start: np.ndarray | None,
        triggers: Triggers | None,
    ) -> None:
        first = system.functions.initial(constants)
        self.y = self._start = first if start is None else start
        self._system, self._constants, self._segments, self._triggers = system, constants, segments, triggers
        self._solve, self._tolerances = solve, tolerances
        self._until = float(segments.edges[-1])
        self._same = SAME * self._until
        self._window, self._may_grow, self._latest = self._until, True, 0.0
        self._sizes = np.maximum(np.abs(first), np.abs(self.y))
        self._conditions = Conditions(system, constants, self._absolute())
        self._executions = Executions(system, constants, self._conditions, self.y, self._same)
        self._monitor = None
        if triggers is not None:
            self._monitor = RuleMonitor(system, constants, segments, triggers, slack(tolerances.relative))
        self._pieces: list[Piece] = []
        self._clock = clock_of(system)
        self._ahead = 0.0 if self._clock is None else float(self.y[self._clock])

    def jump(self, added: np.ndarray) -> None:
        """Give doses at once: what they add to the states, (state,)."""
        self.y = self.y + added
        if self._clock is not None:
            self._ahead += added[self._clock]

    def stretch(self, time: float, end: float, scheduled: np.ndarray) -> float:
        """Integrate up to an event, a rule, the end of a window, or the next scheduled edge; returns when that is."""
        by_rules, stop = self._settle(time, end)
        length = stop - time if stop - time <= self._window + self._same else self._window
        dense, length = self._integrated(time, length, scheduled + by_rules)
        whole = stop if length == stop - time else time + length
        changes, fires = self._first_changes(dense, time)
        limit = time + changes[-1].time if fires else whole
        if fires and end - limit <= self._same:
            fires, limit = False, end
        if (by_rule := self._rule_time(dense, time, limit)) is not None:
            fires, limit = False, by_rule
        # doses come first: what fires with one is seen behind it
        self._note(changes, dense, time, np.inf if fires else limit - time - self._same)
        # a sum and its difference round: a state of just before would fire what has fired again
        self.y = dense.integrated(np.array([changes[-1].time if fires else limit - time]))[0]
        if limit == end and self._clock is not None:  # a sum of many stretches has a rounding
            self.y[self._clock] = self._ahead + end
        self._pieces.append(Piece(dense, time, limit))
        if self._monitor is not None and by_rule is not None:
            self.y = self._monitor.give_due(limit, self.y)
        elif fires:
            self._executed(limit, self._executions.execute_due(limit, self.y))
        elif length == self._window and self._may_grow:
            self._window *= LONGER
        return limit

    def finish(self) -> EventTrajectory:
        """Everything, with the events at the end."""
        if self._executed(self._until, self._executions.execute(self._until, self.y)):
            self._pieces.append(Piece(self.y, self._until, self._until))
        return EventTrajectory(
            self._system,
            self._constants,
            self._start,
            self._pieces,
            None if self._monitor is None else self._monitor.triggered,
            absolute=self._absolute(),
            relative=self._tolerances.relative,
            executed=tuple(self._executions.executed),
            pending=self._executions.pending,
            history=tuple(self._executions.history),
        )

    def _settle(self, time: float, end: float) -> tuple[np.ndarray, float]:
        """Rules and events at a time, until none acts; the rates of drugs by rules, and when something is due next."""
        by_rules, stop, acts = np.zeros(len(self._segments.drugs)), end, True
        while acts:
            if self._monitor is not None:
                self.y, by_rules, stop = self._monitor.begin(time, self.y, end)
            acts = self._executed(time, self._executions.execute(time, self.y)) and self._monitor is not None
        return by_rules, min(stop, self._executions.next_time)

    def _executed(self, time: float, y: np.ndarray) -> bool:
        """Take over the states after events; whether there were any."""
        if y is self.y:
            return False
        self.y, self._sizes = y, np.maximum(self._sizes, np.abs(y))
        if time > self._latest:
            self._window, self._may_grow, self._latest = LONGER * (time - self._latest) + self._same, True, time
        if self._pieces:
            self._pieces[-1] = replace(self._pieces[-1], is_cut=True)
        else:
            self._start = y
        return True

    def _integrated(self, time: float, length: float, rates: np.ndarray) -> tuple[Trajectory, float]:
        """A stretch from now on, shorter if the engine fails: behind an event the equations may make no sense."""
        absolute = zip(self._system.states, self._absolute().tolist(), strict=True)
        tolerances = replace(self._tolerances, of_states=tuple(absolute))
        while True:
            edges, nothing = np.array([0.0, length]), np.zeros((1, len(rates)))
            segments = Segments(self._segments.drugs, edges, rates[None], nothing)
            try:
                return self._solve(segments, self.y, tolerances), length
            except IntegrationError as error:
                if length < SHORTEST * self._until:
                    raise IntegrationError(f"{error} Times count from {time:.6g}.") from error
                self._window = length = length / 2
                self._may_grow = False

    def _absolute(self) -> np.ndarray:
        """Absolute tolerances, (state,): those of the whole run, and not of where a stretch begins."""
        scale = state_scale(self._system, self._constants, self._sizes, self._segments.largest, self._triggers)
        return self._tolerances.bounds(self._system, scale)

    def _first_changes(self, dense: Trajectory, time: float) -> tuple[list[Change], bool]:
        """The changes of triggers up to the first by which an event fires and those at its time; whether one does."""
        found: list[Change] = []
        before, fires = self._executions.truths, False
        knots = cut_steps(dense.knots, self._until / LEAST_STEPS)
        for change in self._conditions.changes(dense.integrated, knots, time):
            found.append(change)
            fires = bool((change.truths & ~before).any())
            if fires:
                same = np.array([change.time, min(change.time + self._same, dense.knots[-1])])
                found += self._conditions.changes(dense.integrated, same, time)
                break
            before = change.truths
        return found, fires

    def _note(self, changes: list[Change], dense: Trajectory, time: float, until: float) -> None:
        """Take note of changes before a time; what fires does so even if its trigger holds for an instant alone."""
        risen = np.zeros(len(self._executions.truths), dtype=bool)
        for change in changes:
            if change.time < until:
                risen |= change.truths & ~self._executions.truths
                y = dense.integrated(np.array([change.time]))[0]
                self._executions.note(time + change.time, change.truths | risen, y, change.sides)

    def _rule_time(self, dense: Trajectory, time: float, end: float) -> float | None:
        """When a rule acts before an end; None if none does."""
        if (monitor := self._monitor) is None:
            return None

        def states(at: float) -> np.ndarray:
            return dense.integrated(np.array([at - time]))[0]

        inner = dense.knots + time
        for left, right in pairwise([time, *inner[(inner > time) & (inner < end)].tolist(), end]):
            monitor.step(states, left, right)
            if monitor.cut is not None:
                return min(monitor.cut, end)
        return None
