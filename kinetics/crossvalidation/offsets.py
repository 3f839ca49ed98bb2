"""Draws of what a model gets wrong: smooth offsets of the logarithm of each output over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinetics.crossvalidation.discrepancy import Discrepancy
from kinetics.crossvalidation.distance import Distance
from kinetics.population.seeds import checked_seed

RAMP = 1.0
"""Months in which the offset of a course takes the place of that of the course before: a choice, the time to the first
published count after a course."""
STREAM = int.from_bytes(b"discrepancy", "big")
"""Sets these draws apart from those of parameters, patients and trials."""


def offset_sd(
    discrepancy: Discrepancy, output: str, distance: Distance, times: np.ndarray, starts: np.ndarray, month: float
) -> np.ndarray:
    """The standard deviation of the offset of an output, (time,), dimensionless: that of a logarithm.

    Independent sources add: one of each course, and one of each step away from the data. Arguments as of
    `drawn_offsets`. (The standard deviation is that of the scale of Student's t.)
    """
    near, step = discrepancy.sd(output).log_sd, discrepancy.step(output).log_sd
    own = _weights(times, starts, month)
    steps = _step_weights(distance, times, month)
    return np.sqrt(near**2 * (own**2).sum(axis=0) + step**2 * (steps**2).sum(axis=0))


def drawn_offsets(
    discrepancy: Discrepancy,
    outputs: Sequence[str],
    distance: Distance,
    times: np.ndarray,
    starts: np.ndarray,
    month: float,
    draws: int,
    seed: int,
    number: str = "value",
) -> np.ndarray:
    r"""Offsets of the logarithms of outputs: one draw an output and course, and one each step away from the data.

    An offset is 0 before the first course, whose counts are given, and goes smoothly from that of one course to that of
    the next. Each draw is of Student's t, :math:`\tau t_\nu`, as :math:`\tau` is itself estimated.

    Parameters
    ----------
    discrepancy : Discrepancy
        The standard deviations.
    outputs : sequence of str
        Names of outputs.
    distance : Distance
        Of the prediction from the data.
    times, starts : ndarray, (time,) and (course,)
        Times, and first doses of courses, in one unit.
    month : float
        A month in that unit.
    draws, seed : int
        How many. Draw number k depends on (seed, k) and the outputs alone.
    number : str
        The kind of number whose classes are used; the logit of a ``share``, the logarithm of any other.

    Returns
    -------
    ndarray, (draw, output, time)
        Dimensionless.
    """
    own, steps, seed = _weights(times, starts, month), _step_weights(distance, times, month), checked_seed(seed)
    classes = [(discrepancy.sd(output, number=number), discrepancy.step(output, number)) for output in outputs]
    offsets = np.empty((draws, len(outputs), times.size))
    for draw in range(draws):
        generator = np.random.default_rng(np.random.SeedSequence((seed, draw), spawn_key=(STREAM,)))
        of_courses = generator.standard_normal((len(outputs), len(own)))
        of_steps = generator.standard_normal((len(outputs), len(steps)))
        scales = generator.standard_normal((len(outputs), 2))
        for index, pair in enumerate(classes):
            # one scale for all courses: the standard deviation is what is not known
            scale, far = (
                each.log_sd / np.sqrt(_mean_square(normal, each.freedom))
                for each, normal in zip(pair, scales[index], strict=True)
            )
            offsets[draw, index] = scale * (of_courses[index] @ own) + far * (of_steps[index] @ steps)
    return offsets


def _mean_square(normal: float, freedom: float) -> float:
    """A draw of chi-squared over its degrees of freedom, by the quantile of a normal one."""
    from scipy.special import gammaincinv, ndtr

    return 1.0 if np.isinf(freedom) else 2 * float(gammaincinv(freedom / 2, ndtr(normal))) / freedom


def _weights(times: np.ndarray, starts: np.ndarray, month: float) -> np.ndarray:
    """How much of the offset of each course counts, (course, time): 0 before it, then as a smooth step."""
    rise = np.stack([_ramp(times - start, month) for start in starts])
    return rise * np.append(1 - rise[1:], np.ones((1, times.size)), axis=0)


def _step_weights(distance: Distance, times: np.ndarray, month: float) -> np.ndarray:
    """The same of each step away from the data, (step, time)."""
    begun = _ramp(times - distance.start, month)
    further = [_ramp(times - start, month) for start in distance.courses]
    return np.stack([*([begun] * distance.constant), *further, distance.later])


def _ramp(since: np.ndarray, month: float) -> np.ndarray:
    """From 0 to 1 in `RAMP` months, with no slope at either end."""
    share = np.clip(since / (RAMP * month), 0.0, 1.0)
    return share * share * (3 - 2 * share)
