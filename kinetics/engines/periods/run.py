"""One integration of all experiments: first periods side by side, then second ones, and so on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.compile import System
from kinetics.engines.chain_rule import Integrate, Rows
from kinetics.engines.clock import clock_of
from kinetics.engines.periods.experiments import Experiment, ExperimentValues, Period, PeriodValues
from kinetics.engines.periods.side_by_side import SideBySide
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.units import display_unit

NO_START = "its start is not finite."


@dataclass(eq=False)
class _Node:
    """A period behind all that come before it; experiments that share these share it.

    ``sizes`` are those of the states, (state,), as exact starts have them: the first one, and what jumps change.
    """

    period: Period
    before: _Node | None
    sizes: np.ndarray
    values: PeriodValues | None = None
    reason: str = ""


class Run:
    """One integration of all experiments.

    Parameters
    ----------
    system : System
        The compiled model.
    experiments : sequence of sequence of Period
        Checked.
    outputs : sequence of str
        Those that are returned.
    integrate : callable
        The engine.
    tolerances : Tolerances
        Error bounds.
    """

    def __init__(
        self,
        system: System,
        experiments: Sequence[Experiment],
        outputs: Sequence[str],
        integrate: Integrate,
        tolerances: Tolerances,
    ) -> None:
        self._system, self._outputs, self._integrate, self._tolerances = system, outputs, integrate, tolerances
        self._clock = clock_of(system)
        nodes = dict[tuple[_Node | None, Period], _Node]()
        self._chains, self._rounds = list[list[_Node]](), list[list[_Node]]()
        for experiment in experiments:
            chain = list[_Node]()
            for depth, period in enumerate(experiment):
                key = chain[-1] if chain else None, period
                if key not in nodes:
                    nodes[key] = _Node(period, key[0], np.zeros(len(system.states)))
                    self._rounds += [[]] if depth == len(self._rounds) else []
                    self._rounds[depth].append(nodes[key])
                chain.append(nodes[key])
            self._chains.append(chain)

    def values(self) -> list[ExperimentValues]:
        """What becomes of each experiment."""
        for depth, nodes in enumerate(self._rounds):
            self._pass(depth, nodes)
        return [
            ExperimentValues(tuple(node.values for node in chain if node.values), chain[-1].reason)
            for chain in self._chains
        ]

    def _pass(self, depth: int, nodes: list[_Node]) -> None:
        """Integrate periods that have as many before them."""
        periods = [node.period for node in nodes]
        parameters, changes = (
            np.array([getattr(period, name) for period in periods], dtype=float)
            for name in ("parameters", "parameter_changes")
        )
        rows = Rows.of(self._system, parameters, changes, np.ones((len(nodes), len(self._system.states))))
        starts, start_changes = self._starts(nodes, rows)
        sizes = np.array([node.sizes for node in nodes])
        rows.scale[:] = state_scale(self._system, rows.constants, sizes, rows.infusions)
        together = SideBySide(periods, rows, starts, start_changes, self._outputs)
        for row, node in enumerate(nodes):
            together.reasons[row] = self._refused(node, starts[row], rows.constants[row])
        together.integrate(self._integrate, self._tolerances)
        for row, node in enumerate(nodes):
            earlier, reason = node.before.reason if node.before else "", together.reasons[row]
            where = f"period {depth + 1}, from {node.period.begin:g} {display_unit(self._system.model.time)}".rstrip()
            node.reason = earlier or (f"{where}: {reason}" if reason else "")
            node.values = together.values(row)

    def _refused(self, node: _Node, start: np.ndarray, constants: np.ndarray) -> str:
        """Why a period cannot be integrated; empty if it can."""
        earlier = node.before.reason if node.before else ""
        return earlier or self._system.impossible(constants) or ("" if np.isfinite(start).all() else NO_START)

    def _starts(self, nodes: list[_Node], rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """The states behind the jump, (row, state), and their derivatives, (row, state, direction)."""
        functions = self._system.functions
        starts = functions.initial_table(rows.constants)
        changes = functions.initial_changes_table(rows.constants, rows.by_direction)
        for row, node in enumerate(nodes):
            period, moved = node.period, np.full(len(self._system.states), fill_value=True)
            if node.before is not None and node.before.values is not None:
                starts[row], changes[row] = node.before.values.end, node.before.values.end_changes
                moved[:] = False
            if period.jump is not None and np.isfinite(starts[row]).all():
                behind = period.jump(starts[row].copy())
                moved |= behind.states != starts[row]
                changes[row] = behind.by_state @ changes[row] + behind.by_direction
                starts[row] = behind.states
            if self._clock is not None:
                known = [time for time in (period.begin, period.end, 0.0) if np.isfinite(time)]
                starts[row, self._clock], changes[row, self._clock] = known[0], 0.0
            sizes = np.zeros(len(moved)) if node.before is None else node.before.sizes
            node.sizes = np.where(moved, np.maximum(sizes, np.abs(starts[row])), sizes)
        return starts, changes
