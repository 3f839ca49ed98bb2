"""Draws of a normal distribution that a model admits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from kinetics.errors import InputError
from kinetics.population.draws import ATTEMPTS


def admissible_draws(
    mode: np.ndarray,
    covariance: np.ndarray,
    admits: Callable[[np.ndarray], np.ndarray],
    size: int,
    seed: int,
    *,
    whose: str,
) -> np.ndarray:
    """Draws about a mode, (draw, effect); draw number k depends on the seed and k alone.

    Parameters
    ----------
    mode, covariance : ndarray, (effect,), and (effect, effect)
        Of the distribution, without unit.
    admits : callable
        Which draws the model admits, (draw,); others are drawn again.
    size, seed : int
        The number of draws, and the seed.
    whose : str
        Whose parameters they are, for a message.

    Raises
    ------
    InputError
        After a thousand in a row that are not admitted.

    Examples
    --------
    >>> drawn = admissible_draws(np.zeros(1), np.eye(1), lambda random: random[:, 0] > 0, 3, 1, whose="patient P1")
    >>> drawn.shape, bool((drawn > 0).all())
    ((3, 1), True)
    """
    streams = [_stream(mode, covariance, np.random.SeedSequence((seed, number))) for number in range(size)]
    drawn = np.array([next(stream) for stream in streams])
    for number in np.flatnonzero(~admits(drawn)):
        candidates = (next(streams[number])[None] for _ in range(ATTEMPTS))
        again = next((one for one in candidates if admits(one)[0]), None)
        if again is None:
            raise InputError(f"no admissible draw of the parameters of {whose} in {ATTEMPTS}")
        drawn[number] = again[0]
    return drawn


def _stream(mode: np.ndarray, covariance: np.ndarray, key: np.random.SeedSequence) -> Iterator[np.ndarray]:
    """Draws about a mode, one after the other, (effect,)."""
    generator, root = np.random.default_rng(key), np.linalg.cholesky(covariance)
    while True:
        yield mode + root @ generator.standard_normal(len(root))
