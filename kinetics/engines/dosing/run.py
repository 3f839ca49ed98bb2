"""One integration of all histories: steady states first, then episode after episode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kinetics.compile import System
from kinetics.engines.dosing.cutting import cut
from kinetics.engines.dosing.directions import Directions
from kinetics.engines.dosing.in_effect import DosesInEffect, dose_constants, doses_in_effect
from kinetics.engines.dosing.steady_state import steady_states
from kinetics.engines.steady_state import SteadyStates
from kinetics.engines.stretches import Passage, Stretches
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.regimen.episode_arrays import Histories

MOST_OVERLAPS = 1000
"""Doses of an endless repetition that may still act when the next is given."""


class Run:
    """One integration of all histories."""

    def __init__(
        self,
        system: System,
        histories: Histories,
        parameters: np.ndarray,
        outputs: tuple[str, ...],
        names: tuple[str, ...],
        integrate: Callable[..., Passage],
        tolerances: Tolerances,
    ) -> None:
        self.system, self.histories, self.names, self.tolerances = system, histories, names, tolerances
        self.output_names, self.integrate = outputs, integrate
        columns = [system.parameters.index(name) for name in histories.covariates]
        parameters = parameters if parameters.ndim == 3 else parameters[:, None]
        # every row of constants is of one occasion, whose parameters it has
        self.occasion = histories.occasion if parameters.shape[1] > 1 else np.zeros_like(histories.occasion)
        self.directions = Directions(len(names), parameters.shape[1])
        own = parameters[histories.patient, self.occasion]
        own[:, columns] = np.where(np.isnan(histories.values), own[:, columns], histories.values)
        self.constants = system.constants_table(own)
        by_parameter = system.functions.constants_by_parameter_table(
            own, [system.parameters.index(name) for name in names]
        )
        self.rest = system.functions.initial_table(self.constants)
        own_changes = system.functions.initial_changes_table(self.constants, by_parameter)
        self.rest_changes = self.directions.in_order(own_changes, self.occasion)
        of_model = dose_constants(system, self.constants, by_parameter)
        self.change = bool(names) and of_model.change
        self.doses, self.trains = (
            doses_in_effect(scheduled, of_model, histories.same).differentiated(
                lambda changes, scheduled=scheduled: self.directions.in_order(changes, self.occasion[scheduled.episode])
            )
            for scheduled in (histories.doses, histories.trains)
        )
        trains = histories.trains
        with np.errstate(divide="ignore", invalid="ignore"):
            overlaps = np.ceil((self.trains.end - trains.time) / trains.interval)
        self.overlaps = np.where(trains.is_constant, 0, np.clip(np.nan_to_num(overlaps), 0, MOST_OVERLAPS)).astype(int)

    def outputs(self) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Outputs, derivatives and reasons of `kinetics.engines.dosing.HistoryOutputs`.

        Steady states come first, because no past matters to them; then episodes, each after that before it.
        """
        histories, steady = self.histories, self.steady_states()
        size, most = len(histories), max(histories.n_times, default=0)
        outputs = np.full((size, most, len(self.output_names)), np.nan)
        gradients = np.full((*outputs.shape, self.rest_changes.shape[2]), np.nan)
        reasons = [""] * size
        for row in np.flatnonzero(~self.system.admissible(self.constants))[::-1]:
            reasons[histories.patient[row]] = self.system.impossible(self.constants[row])
        for train, reason in enumerate(steady.reasons):
            patient = histories.patient[histories.starts[train]]
            reasons[patient] = reasons[patient] or reason
        ends, changes = np.full_like(self.rest, np.nan), np.full_like(self.rest_changes, np.nan)
        leftover = self.leftover()
        for rows in _rounds(histories):
            starts, start_changes = self.starts(rows, steady, ends, changes)
            passage = self._passage(rows, starts, start_changes, leftover)
            ends[rows] = passage.ends
            changes[rows], slopes = (
                self.directions.in_order(found, self.occasion[rows])
                for found in (passage.end_changes, passage.gradients)
            )
            for row, reason in zip(rows, passage.reasons, strict=True):
                if reason:
                    ends[row], changes[row] = np.nan, np.nan
                    patient = histories.patient[row]
                    reasons[patient] = reasons[patient] or f"{reason} Times count from {histories.begin[row]:g}."
            filled, column = np.nonzero(histories.index[rows] >= 0)
            target = histories.patient[rows][filled], histories.index[rows][filled, column]
            outputs[target], gradients[target] = passage.outputs[filled, column], slopes[filled, column]
        failed = [bool(reason) for reason in reasons]
        outputs[failed], gradients[failed] = np.nan, np.nan
        return outputs, gradients, reasons

    def starts(
        self, rows: np.ndarray, steady: SteadyStates, ends: np.ndarray, changes: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The states at the start of episodes, and their derivatives."""
        histories = self.histories
        starts, start_changes = np.zeros_like(self.rest), np.zeros_like(self.rest_changes)
        carried, reset = rows[~histories.is_new[rows]], rows[histories.is_new[rows] & histories.is_reset[rows]]
        starts[carried], start_changes[carried] = ends[carried - 1], changes[carried - 1]
        starts[reset], start_changes[reset] = self.rest[reset], self.rest_changes[reset]
        np.add.at(starts, histories.starts, steady.states)
        np.add.at(start_changes, histories.starts, steady.changes)
        return starts[rows], start_changes[rows]

    def _passage(
        self, rows: np.ndarray, starts: np.ndarray, changes: np.ndarray, leftover: tuple[DosesInEffect, np.ndarray]
    ) -> Passage:
        """Integrate some episodes, each as a row."""
        own_first = self.directions.own_first(changes, self.occasion[rows])
        arguments = self.stretches(rows, leftover), self.histories.times[rows], starts, own_first
        options = self.names, self.output_names, self.tolerances
        return self.integrate(self.system, self.constants[rows], *arguments, *options)

    def stretches(self, rows: np.ndarray, leftover: tuple[DosesInEffect, np.ndarray]) -> Stretches:
        """What is given in some episodes, each as a row."""
        histories, number = self.histories, np.full(len(self.constants), -1)
        number[rows] = np.arange(rows.size)
        own, left = np.flatnonzero(number[histories.into] >= 0), np.flatnonzero(number[leftover[1]] >= 0)
        episode = np.concatenate([histories.into[own], leftover[1][left]])
        doses = DosesInEffect.together(self.doses.take(histories.dose[own]), leftover[0].take(left))
        doses, latest = doses.take(np.arange(len(doses)), histories.begin[episode]), int(self.occasion[rows].max())
        doses = doses.differentiated(lambda table: self.directions.own_first(table, self.occasion[episode], latest))
        lengths = histories.end[rows] - histories.begin[rows]
        return cut(histories.drugs, lengths, number[episode], doses, histories.same, change=self.change)

    def _copies(self, trains: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Doses of endless repetitions that may still act at a record, counted back from it: numbers, and how far."""
        without_end = self.histories.trains.is_constant[trains] & (first > 0)
        counts = np.where(without_end, 0, self.overlaps[trains] + 1 - first)
        each = np.repeat(np.arange(len(trains)), counts)
        return each, first + np.arange(len(each)) - np.repeat(np.cumsum(counts) - counts, counts)

    def leftover(self) -> tuple[DosesInEffect, np.ndarray]:
        """What endless repetitions have given before their record and still acts, and in which episodes."""
        pairs, back = self._copies(self.histories.train, 1)
        trains = self.histories.train[pairs]
        return self.trains.take(trains, back * self.histories.trains.interval[trains]), self.histories.follows[pairs]

    def steady_states(self) -> SteadyStates:
        """The steady state of every endless repetition, from the time of its record on."""
        trains, all_rows = self.histories.trains, np.arange(len(self.histories.trains))
        tables = self.constants, self.rest, self.rest_changes
        constants, rest, rest_changes = (table[trains.episode] for table in tables)
        occasion, own_first = self.occasion[trains.episode], self.directions.own_first
        if not all_rows.size:
            return SteadyStates(rest, rest_changes, [])
        lengths = np.where(trains.is_constant, 1.0, trains.interval)
        each, back = self._copies(all_rows, 0)
        doses = self.trains.take(each, back * lengths[each] + trains.time[each])
        latest = int(occasion.max(initial=0))
        doses = doses.differentiated(lambda changes: own_first(changes, occasion[each], latest))
        rest_changes = own_first(rest_changes, occasion, latest)

        def interval(rows: np.ndarray, starts: np.ndarray, changes: np.ndarray) -> Passage:
            number = np.full(all_rows.size, -1)
            number[rows] = np.arange(rows.size)
            own = np.flatnonzero(number[each] >= 0)
            chosen, same = doses.take(own), self.histories.same
            stretches = cut(self.histories.drugs, lengths[rows], number[each[own]], chosen, same, change=self.change)
            arguments = np.empty((rows.size, 0)), starts, changes, self.names, (), self.tolerances
            return self.integrate(self.system, constants[rows], stretches, *arguments)

        largest = np.zeros((all_rows.size, len(self.histories.drugs)))
        largest[all_rows, trains.drug] = np.maximum(self.trains.amount, self.trains.rate * lengths)
        absolute = self.tolerances.bounds(self.system, state_scale(self.system, constants, rest, largest))
        result = steady_states(self.system, interval, rest, rest_changes, self.tolerances.relative, absolute)
        for train in np.flatnonzero(self.overlaps == MOST_OVERLAPS):
            result.states[train] = np.nan
            result.reasons[train] = f"no steady state: a dose still acts when {MOST_OVERLAPS} more have been given."
        return replace(result, changes=self.directions.in_order(result.changes, occasion))


def _rounds(histories: Histories) -> list[np.ndarray]:
    """The numbers of the episodes, those first that start afresh, then those that go on from them, and so on."""
    number = np.arange(len(histories.patient))
    depth = number - np.maximum.accumulate(np.where(histories.is_new, number, 0))
    return [np.flatnonzero(depth == number) for number in range(depth.max(initial=-1) + 1)]
