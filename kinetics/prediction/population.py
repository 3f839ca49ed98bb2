"""The population of each draw of the parameters: the same virtual patients, integrated under every draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from kinetics.cohorts.cohort import CohortParameters
from kinetics.engines import Tolerances
from kinetics.files.arguments import Progress
from kinetics.measures import Measure
from kinetics.measures.patient_statistics import censored_median, share_at_risk, share_never
from kinetics.population.draws import draw_patients
from kinetics.simulation.runs import CHUNK, Run

PATIENTS = 256
"""Of the population of one draw: points of a Sobol sequence, which is balanced at powers of 2."""
PARTS = 8
"""Of a population, whose differences tell its Monte-Carlo error."""
SAMPLING = "quasi"
TOLERANCES = Tolerances(relative=1e-4, absolute=1e-8)
"""Of populations of draws: counts err by a thousandth, times by hours, far less than draws differ."""
BYTES = 2**27
"""What the values of patients that are integrated together may take."""


@dataclass(frozen=True, eq=False)
class Population:
    """Patients of one set of parameters and spreads; those that could not be integrated are left out."""

    values: np.ndarray
    """(patient, time, quantity), each in the unit of the model: outputs, and states if they are returned."""
    recovery: np.ndarray
    """(patient, output, course), in the model's time: the time to the lower limit of normal, infinite if it is not
    reached again in the course's window, NaN if the output was never below it."""
    failed: int
    """How many were left out."""

    @classmethod
    def of(cls, patients: xr.Dataset, names: Sequence[str], measures: Sequence[Measure]) -> Population:
        """The patients of a simulation, with some of their quantities and their recovery."""
        integrated = patients["failure"].values == ""
        values = np.stack([patients[name].values[integrated] for name in names], axis=-1)
        recovery = np.empty((int(integrated.sum()), len(measures), patients.sizes["course"]))
        for index, measure in enumerate(measures):
            recovery[:, index] = patients[measure.name].values[integrated]
        return cls(values, recovery, int((~integrated).sum()))

    def quantiles(self, shares: Sequence[float]) -> np.ndarray:
        """Quantiles of the counts over patients, (quantile, time, quantity); NaN without patients.

        Of N patients the k-th smallest is the quantile (k - 1/2)/N, which is where the points of a Sobol sequence lie.
        """
        if not len(self.values):
            return np.full((len(shares), *self.values.shape[1:]), np.nan)
        ranks = np.clip(np.asarray(shares) * len(self.values) - 0.5, 0, len(self.values) - 1)
        below = ranks.astype(int)
        above = np.minimum(below + 1, len(self.values) - 1)
        # sorted along the last axis, which is several times quicker than along the first
        ordered = np.sort(np.ascontiguousarray(np.moveaxis(self.values, 0, -1)), axis=-1)
        quantiles = ordered[..., below] + (ranks - below) * (ordered[..., above] - ordered[..., below])
        return np.moveaxis(quantiles, -1, 0)

    def recovered(self) -> np.ndarray:
        """The median time of those at risk, the share of them who never recover, and the share of all not at risk.

        (number, output, course); where just half recover the median is the time of the last. NaN if nobody is at risk,
        but for the last number, which is NaN without patients.
        """
        times = self.recovery
        return np.stack([censored_median(times, if_half_recover="last"), share_never(times), 1 - share_at_risk(times)])

    def parts(self) -> list[Population]:
        """`PARTS` populations of successive patients, or as many as there are patients; one at least."""
        number = max(1, min(PARTS, len(self.values)))
        rows = np.array_split(np.arange(len(self.values)), number)
        return [Population(self.values[part], self.recovery[part], 0) for part in rows]


def populations(
    run: Run, cohorts: Sequence[CohortParameters], seed: int, *, progress: Progress | None = None
) -> Iterator[Population]:
    """The population of each draw, one after the other; an `InputError` if the spreads of one make no possible patient.

    All draws have the same `PATIENTS` virtual patients, the first of `simulate` of that seed, so that populations
    differ by their draws alone. The measures of ``run`` are times to a threshold.
    """
    total = PATIENTS * len(cohorts)
    together = max(1, min(CHUNK, BYTES // run.bytes_of_one()) // PATIENTS)
    for begin in range(0, len(cohorts), together):
        block = cohorts[begin : begin + together]
        table = np.concatenate(
            [draw_patients(run.system, cohort, PATIENTS, seed, sampling=SAMPLING) for cohort in block]
        )
        results = run.of_patients(table, None)
        recovery = np.empty((len(table), len(run.measures), run.starts.size))
        for index, measure in enumerate(run.measures):
            recovery[:, index] = results.measures[measure.name]
        failed = np.array([reason != "" for reason in results.failures])
        for first in range(0, len(table), PATIENTS):
            rows = first + np.flatnonzero(~failed[first : first + PATIENTS])
            yield Population(results.values[rows], recovery[rows], PATIENTS - rows.size)
        if progress is not None:
            progress(PATIENTS * (begin + len(block)), total)
