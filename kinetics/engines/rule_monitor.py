"""Rules at work on one patient: what is armed, what has been given, and what still runs in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.regimen import Segments, Triggers

PARTS = 4  # samples of each step, so that an output that crosses and comes back inside one is seen
FORBIDDEN, CAPPED, ALLOWED = -1, 0, 1


@dataclass(frozen=True, eq=False)
class TriggeredDoses:
    """What rules did.

    Parameters
    ----------
    times : ndarray, (..., trigger), model time
        When; NaN behind the last.
    rules : ndarray of int, (..., trigger)
        Which, counted from 1; 0 behind the last.
    capped : ndarray of bool, (..., rule)
        Whether a rule would have acted again but for its cap.
    """

    times: np.ndarray
    rules: np.ndarray
    capped: np.ndarray

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times, rules and caps."""
        return self.times, self.rules, self.capped

    @classmethod
    def none(cls, triggers: Triggers, *lead: int) -> TriggeredDoses:
        """Nothing yet."""
        shape = (*lead, triggers.size)
        return cls(np.full(shape, np.nan), np.zeros(shape, np.int64), np.zeros((*lead, len(triggers)), np.bool_))


def levels_of(system: System, constants: np.ndarray, triggers: Triggers) -> np.ndarray:
    """The levels of patients, (..., rule), in the units of the outputs, from their constants, (..., constant)."""
    return triggers.levels(baselines_of(system, constants, triggers))


def baselines_of(system: System, constants: np.ndarray, triggers: Triggers) -> np.ndarray:
    """The watched outputs before any drug, (..., rule)."""
    columns = [system.outputs.index(name) for name in triggers.outputs]
    rest = system.functions.rest_table(np.ascontiguousarray(constants.reshape(-1, constants.shape[-1])))
    return rest[:, columns].reshape(*constants.shape[:-1], len(triggers))


class RuleMonitor:
    """Follows the outputs of rules through an integration, stretch by stretch.

    Parameters
    ----------
    system : System
        What is integrated.
    constants : ndarray, (constant,)
        Parameters and derived constants of the patient.
    segments : Segments
        Scheduled doses.
    triggers : Triggers
        The rules.
    share : float
        `kinetics.units.levels.slack`: a rule is armed where its output is before the level by more than this share
        of it, and acts where the output meets the level if it then goes beyond by more.
    """

    def __init__(
        self, system: System, constants: np.ndarray, segments: Segments, triggers: Triggers, share: float
    ) -> None:
        self.triggered = TriggeredDoses.none(triggers)
        self.cut: float | None = None
        self._triggers, self._edges, self._outputs = triggers, segments.edges, system.functions.outputs
        self._constants, self._columns = constants, [system.outputs.index(name) for name in triggers.outputs]
        self._levels = levels_of(system, constants, triggers)
        self._slack = share * np.abs(self._levels)
        self._amounts, self._matrix = triggers.dose_amounts, system.dose_matrix()
        self._armed = self._distances(system.functions.initial(constants)) < -self._slack
        self._actions, self._n_doses = np.zeros((2, len(triggers)), dtype=int)
        self._last = np.full(len(triggers), -np.inf)
        # the next dose of a course that has begun; infinite if none has
        self._next_dose = np.full(len(triggers), np.inf)
        self._n_triggered = 0
        self._due: list[int] = []
        self._acted: set[int] = set()
        self._infusions: list[tuple[float, np.ndarray]] = []
        self._stop = 0.0

    def begin(self, time: float, y: np.ndarray, end: float) -> tuple[np.ndarray, np.ndarray, float]:
        """Open a stretch, after scheduled boluses: courses go on, and rules that a jump has set off act at once.

        ``end`` is the next scheduled edge. Returns states, rates of drugs by rules, and the end of the stretch.
        """
        for rule in range(len(self._triggers)):
            while self._next_dose[rule] <= time + self._triggers.same:
                y = self._give_dose(rule, time, y)
        # each rule acts once at an instant, so rules that set one another off come to an end
        while crossed := [rule for rule in self._crossed(self._distances(y)) if rule not in self._acted]:
            self._due = self._pass_crossings(dict.fromkeys(crossed, time), time)
            y = self.give_due(time, y)
        self._armed |= self._distances(y) < -self._slack
        self._acted, self.cut = set(), None
        self._infusions = [infusion for infusion in self._infusions if infusion[0] > time]
        self._stop = min([end, *(until for until, _ in self._infusions), *self._next_dose.tolist()])
        return y, sum((rates for _, rates in self._infusions), np.zeros(len(self._matrix))), self._stop

    def step(self, dense: Any, left: float, right: float) -> bool:
        """Look through a step of the integrator; whether it is the last of the stretch, up to `cut`."""
        if self.cut is not None:
            return False
        # part by part, because only the first action counts: the doses it gives change all that would follow
        grid = np.linspace(left, right, PARTS + 1)
        for begin, end in pairwise(grid.tolist()):
            beyond = self._distances(dense(end))
            roots = {rule: self._root(rule, dense, left, begin, end) for rule in self._crossed(beyond)}
            first = min(
                (root for rule, root in roots.items() if self._permission(rule, root) == ALLOWED), default=np.inf
            )
            self._due = self._pass_crossings(roots, first + self._triggers.same)
            if self._due:
                near = self._stop - first <= self._triggers.same
                self.cut = self._stop if near else first
                return not near
            self._armed |= beyond < -self._slack
        return False

    def give_due(self, time: float, y: np.ndarray) -> np.ndarray:
        """Give what is due, of a course the first dose; returns the states after boluses."""
        for rule in self._due:
            self._actions[rule] += 1
            self._last[rule], self._n_doses[rule] = time, 0
            y = self._give_dose(rule, time, y)
        self._due = []
        return y

    def _give_dose(self, rule: int, time: float, y: np.ndarray) -> np.ndarray:
        """Give one dose and set the time of the next of its course; returns the states after a bolus."""
        triggers = self._triggers
        self.triggered.times[self._n_triggered], self.triggered.rules[self._n_triggered] = time, rule + 1
        self._n_triggered += 1
        self._n_doses[rule] += 1
        # what a dose itself moves across the level is no crossing
        self._armed[rule] = False
        self._acted.add(rule)
        length = triggers.durations[rule]
        if length <= triggers.same:
            y = y + self._amounts[rule] @ self._matrix
        else:
            until = self._on_edge(time + length)
            self._infusions.append((until, self._amounts[rule] / (until - time)))
        self._next_dose[rule] = np.inf
        if self._n_doses[rule] < triggers.doses[rule]:
            # from the first dose, so that roundings do not add up; one at the end or later never comes
            self._next_dose[rule] = self._on_edge(self._last[rule] + self._n_doses[rule] * triggers.every[rule])
        return y

    def _distances(self, y: np.ndarray) -> np.ndarray:
        """How far each output is beyond its level, negative before it."""
        values = self._outputs(np.ascontiguousarray(y), self._constants)[self._columns]
        return self._triggers.signs * (values - self._levels)

    def _crossed(self, beyond: np.ndarray) -> list[int]:
        return np.flatnonzero(self._armed & (beyond >= self._slack)).tolist()

    def _root(self, rule: int, dense: Any, start: float, left: float, right: float) -> float:
        # within the slack of the level at the left already: it met it before, in this step or in the last
        if not _beyond(left, self, dense, rule) < 0:
            left = start
        if not _beyond(left, self, dense, rule) < 0:
            return left
        from scipy.optimize import brentq  # takes a while to import, and the batch engine does without

        # what brentq calls, it keeps: no closure over a trajectory
        root: Any = brentq(_beyond, left, right, args=(self, dense, rule), xtol=1e-15)
        return float(root)

    def _permission(self, rule: int, time: float) -> int:
        """Whether a rule may act: ALLOWED, CAPPED if its cap alone forbids it, or FORBIDDEN."""
        triggers = self._triggers
        begin, end = triggers.windows[rule]
        inside = begin <= time < end and time < self._edges[-1] - triggers.same
        under_way = self._next_dose[rule] < np.inf
        if not inside or under_way or not self._far_enough(rule, time):
            return FORBIDDEN
        return ALLOWED if self._actions[rule] < triggers.most[rule] else CAPPED

    def _far_enough(self, rule: int, time: float) -> bool:
        """Whether a time is apart from every course of the rule's drug, scheduled or given."""
        triggers = self._triggers
        least = triggers.apart[rule] - triggers.same
        given = self._last[triggers.drugs == triggers.drugs[rule]]
        return bool((time - given >= least).all() and (np.abs(time - triggers.scheduled[rule]) >= least).all())

    def _pass_crossings(self, roots: dict[Any, float], until: float) -> list[int]:
        """Disarm the rules that cross up to a time; returns those that act."""
        due = []
        for rule, root in roots.items():
            if root <= until:
                self._armed[rule] = False
                permission = self._permission(rule, root)
                self.triggered.capped[rule] |= permission == CAPPED
                if permission == ALLOWED:
                    # at once, so that of two rules that cross together the second keeps apart from the first
                    self._last[rule] = root
                    due.append(int(rule))
        return due

    def _on_edge(self, time: float) -> float:
        """A time, or the edge it is too close to."""
        edges = [*self._edges, *(until for until, _ in self._infusions), *self._next_dose.tolist()]
        nearest = min(edges, key=lambda edge: abs(edge - time))
        return float(nearest) if abs(nearest - time) <= self._triggers.same else time


def _beyond(time: float, monitor: RuleMonitor, dense: Any, rule: int) -> float:
    """How far an output is beyond its level at a time of a dense solution."""
    return float(monitor._distances(dense(time))[rule])
