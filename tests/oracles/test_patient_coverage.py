"""Counts that are withheld lie as often within their predicted intervals as these say: patients of the cohort."""

import numpy as np
import pytest
from scipy.stats import binom, kstest

from kinetics import fit_patients
from tests.benchmarks.simulated_patients import (
    COHORT,
    MODEL,
    OUTPUTS,
    predictive_probabilities,
    simulated_patients,
)

PATIENTS = 60


@pytest.mark.slow
def test_month_24_is_predicted_from_counts_of_the_first_course_with_the_stated_chance():
    simulated = simulated_patients(PATIENTS, seed=5)
    fits = fit_patients(simulated.data, model=MODEL, cohort=COHORT)
    assert fits.modes.converged.all()
    below = np.array([predictive_probabilities(*pair) for pair in zip(fits, simulated.withheld, strict=True)])
    covered = ((below >= 0.05) & (below <= 0.95)).sum(axis=0)
    least, most = binom.ppf([1e-3, 1 - 1e-3], PATIENTS, 0.9)
    assert ((least <= covered) & (covered <= most)).all(), dict(zip(OUTPUTS, covered, strict=True))
    for column in below.T:
        assert kstest(column, "uniform").pvalue > 1e-3
