"""Occasions of which there is no count: a course that is planned, or what came after the last count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from kinetics.patients.individual.patient_fit import PatientFit
    from kinetics.patients.population.treatment import Treatment


def with_new_occasions(fit: PatientFit, random: np.ndarray, treatment: Treatment, seed: int) -> np.ndarray:
    """Random effects with those of every occasion of a treatment, (draw, effect).

    Parameters
    ----------
    fit : PatientFit
        The patient.
    random : ndarray, (draw, effect)
        Of the patient and of occasions as in the fit. The first draw is the most probable, in which new occasions have
        no effect; in others they have one of the population, draw number k of which depends on the seed and k alone.
    treatment : Treatment
        The doses given and planned.
    seed : int
        Of the random numbers.
    """
    if treatment.occasions is None:
        return random
    covariance = fit.patients.values.occasions
    known = (random.shape[1] - len(fit.names)) // len(covariance)
    missing = max(0, len(treatment.occasions) + 1 - known)
    root, drawn = np.linalg.cholesky(covariance), np.zeros((len(random), missing, len(covariance)))
    for number in range(1, len(random)):
        generator = np.random.default_rng(np.random.SeedSequence((seed, number - 1, 1)))
        drawn[number] = generator.standard_normal(drawn.shape[1:]) @ root.T
    return np.hstack([random, drawn.reshape(len(random), -1)])
