"""Simulated patients of one arm: true values of outputs, and measurements of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import ndtri

from kinetics.compile import System, compile_model
from kinetics.engines.rule_monitor import TriggeredDoses, baselines_of
from kinetics.errors import IntegrationError
from kinetics.files.checksums import content_hash
from kinetics.model import Model
from kinetics.observation.measurement import measured
from kinetics.population.draws import draw_patients
from kinetics.published.facts.question import Question
from kinetics.simulation.engine import choose_engine
from kinetics.simulation.runs import Run

__all__ = ["MEASURED", "Patients", "simulated"]

MEASURED = 8
"""How often each virtual patient is measured, so that noise is averaged out of statistics."""

MOST_LOST = 0.05
"""More patients than this share that cannot be integrated are no population."""


@dataclass(frozen=True, eq=False)
class Patients:
    """Outputs of patients over time.

    Parameters
    ----------
    model : Model
        Whose outputs they are.
    times : ndarray, (time,)
        In the model's time.
    values : ndarray, (patient, time, output)
        True values of outputs, and behind them of states, in the model's units.
    alone : Patients or None
        The typical patient, whose measurements have no noise; None for that patient.
    seed : int
        Of the noise.
    constants : ndarray, (patient, constant)
        Parameters, inputs and derived constants, in the model's units and order.
    fired : TriggeredDoses or None
        What rules did, (patient, trigger); None without rules.
    """

    model: Model
    times: np.ndarray
    values: np.ndarray
    alone: Patients | None = field(repr=False)
    seed: int
    constants: np.ndarray
    fired: TriggeredDoses | None

    def true(self, output: str, times: np.ndarray) -> np.ndarray:
        """True values of an output or state, (patient, time)."""
        column = [*self.model.outputs, *self.model.states].index(output)
        return self.values[:, np.searchsorted(self.times, times), column]

    def measured(self, output: str, times: np.ndarray) -> np.ndarray:
        """What measurements report, (measured patient, time): of each patient `MEASURED` times over.

        The noise of an output at a time depends on the seed, that output and that time alone: further facts leave the
        numbers of others as they are. Its normal deviates are the midpoints of equal shares of the distribution, in
        random order.
        """
        row, true = self.model.outputs.get(output), self.true(output, times)
        many = true if self.alone is None else np.tile(true, (MEASURED, 1))
        if row is None:  # nobody measures a state
            return many
        if self.alone is None or row.noise is None:
            return measured(row, many)
        normal = ndtri((np.arange(len(many)) + 0.5) / len(many))
        noise = np.stack([self._generator(output, time).permutation(normal) for time in times], axis=1)
        return measured(row, many, noise)

    def _generator(self, output: str, time: float) -> np.random.Generator:
        return np.random.default_rng([self.seed, int(content_hash(output, f"{time:.9g}")[:16], 16)])


def simulated(
    questions: Sequence[Question],
    times: np.ndarray,
    patients: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Patients:
    """The patients of an arm.

    Parameters
    ----------
    questions : sequence of Question
        Of one arm.
    times : ndarray, (time,)
        Increasing, from 0, in the model's time.
    patients : int
        Points of a Sobol sequence.
    seed : int
        The study they belong to.
    progress : callable, optional
        Called with (done, all).

    Raises
    ------
    InputError
        If no patients can be drawn, or a rule's level cannot be returned to.
    IntegrationError
        If too many patients, or the typical one, cannot be integrated.

    Warns
    -----
    UserWarning
        If some cannot: they are left out.
    """
    first = questions[0]
    system = compile_model(first.model)
    typical = system.parameter_array(first.cohort.values)
    table = np.vstack([typical, draw_patients(system, first.cohort, patients, seed, sampling="quasi")])
    engine = choose_engine("batch", None, len(table), None)
    with_states = any(each.asks_states for each in questions)
    run = Run.under(first.regimen, system, times, (), engine, with_states=with_states)
    _check_rules(run, system, typical)
    results = run.of_patients(table, progress)
    reasons, fired = results.failures, results.triggered
    if reasons[0]:
        raise IntegrationError(f"the typical patient cannot be simulated: {reasons[0]}")
    kept = np.array([not reason for reason in reasons[1:]])
    lost = int((~kept).sum())
    if lost > MOST_LOST * patients:
        raise IntegrationError(f"{lost} of {patients} virtual patients cannot be simulated; {max(reasons, key=len)}")
    if lost:
        warnings.warn(f"{lost} of {patients} virtual patients could not be simulated and are left out", stacklevel=2)
    constants = system.constants_table(table)

    def part(rows: np.ndarray) -> Patients:
        given = None if fired is None else TriggeredDoses(*(array[rows] for array in fired.arrays))
        return Patients(first.model, times, results.values[rows], None, seed, constants[rows], given)

    everybody, typical_patient = np.append(False, kept), np.arange(1)
    return replace(part(everybody), alone=part(typical_patient))


def _check_rules(run: Run, system: System, typical: np.ndarray) -> None:
    if run.triggers is not None:
        run.triggers.check(baselines_of(system, system.constants_table(typical[None]), run.triggers))
