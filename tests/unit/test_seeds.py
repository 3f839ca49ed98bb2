"""Seeds: one check for every verb that takes one."""

import numpy as np
import pytest

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.comparison import compare
from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.estimate.draws import drawn_cohorts
from kinetics.estimate.replicates.synthetic import synthetic
from kinetics.estimate.uncertainty.posterior import sample
from kinetics.identifiability.structure import structure
from kinetics.observation.observing import observe
from kinetics.population.draws import draw_patients
from kinetics.prediction.predicting import predict
from kinetics.published import evaluate_evidence
from kinetics.regimen import Regimen
from kinetics.simulation.simulating import simulate

VERBS = {
    "simulate": lambda model, seed: simulate(model, Regimen.none(), until="1 day", every="1 day", seed=seed),
    "draw": lambda model, seed: draw_patients(compile_model(model), cohort_parameters(model), 1, seed=seed),
    "compare": lambda model, seed: compare([], seed=seed),
    "predict": lambda model, seed: predict(None, "none", until="1 day", every="1 day", seed=seed),
    "observe": lambda model, seed: observe(None, model, None, seed=seed),
    "identify": lambda model, seed: structure(model, [], [], seed=seed),
    "evidence": lambda model, seed: evaluate_evidence([], seed=seed),
    "refit": lambda model, seed: synthetic(None, {}, seed, 0),
    "draws of a fit": lambda model, seed: drawn_cohorts(compile_model(model), [], "", 1, seed),
    "posterior": lambda model, seed: sample(None, np.ones(1), np.eye(1), 1, seed),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize("seed", [-1, 2**63, 2**64, 1.5, True, "7", None, np.nan])
def test_what_is_no_seed_is_told_by_every_verb(deficit, verb, seed):
    with pytest.raises(InputError, match=r"seed: must be a whole number from 0 to 9223372036854775807; found "):
        verb(deficit, seed)


def test_the_largest_seed_and_those_of_numpy_are_seeds(deficit):
    one, other = (VERBS["draw"](deficit, seed) for seed in (2**63 - 1, np.uint64(2**63 - 1)))
    np.testing.assert_array_equal(one, other)
