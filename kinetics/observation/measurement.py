"""One measurement of a true value: log-normal noise, the limit of quantification, rounding, in this order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from kinetics.errors import InputError
from kinetics.model.quantities import Output

__all__ = ["measured", "normal_draws"]

STREAM = int.from_bytes(b"seen", "big")
"""Sets these draws apart from those of parameters, whose key is (seed, patient) alone."""


def normal_draws(seed: int, patients: Iterable[int], visits: int, outputs: int, columns: Sequence[int]) -> np.ndarray:
    """Standard normal numbers of each patient's measurements, (patient, visit, column).

    What a patient draws depends on (seed, number of the patient) alone, not on how many there are, and its first visits
    not on how many follow. All outputs of the model are drawn, and some columns of them returned.
    """
    if seed < 0:
        raise InputError(f"the seed is {seed}; it must not be negative")
    keys = [np.random.SeedSequence((seed, int(patient)), spawn_key=(STREAM,)) for patient in patients]
    table = np.empty((len(keys), visits, len(columns)))
    for row, key in enumerate(keys):
        table[row] = np.random.default_rng(key).standard_normal((visits, outputs))[:, columns]
    return table


def measured(output: Output, true: np.ndarray, normal: np.ndarray | float = 0.0) -> np.ndarray:
    r"""What measurements report.

    A value :math:`x` is measured as :math:`x e^{\sigma z}`: the median is the true value, the mean lies above it by the
    factor :math:`e^{\sigma^2/2}`. What is then below the limit of quantification is reported as that limit, and the
    report is the nearest multiple of the step of rounding.

    What of ``noise``, ``quantification`` and ``rounding`` the output does not have is left out. True values and the
    standard normal numbers z have one shape; the report has that shape and the unit of the output, NaN where ``true``
    is.

    Examples
    --------
    >>> row = Output(name="A", unit="1/nL", value=0, quantification=0.03, rounding=0.01)
    >>> measured(row, np.array([0.001, 0.2949, 0.4]))
    array([0.03, 0.29, 0.4 ])
    """
    reported = true * np.exp(output.noise * normal) if output.noise is not None else np.array(true, dtype=float)
    if output.quantification is not None:
        reported = np.maximum(reported, output.quantification)
    return reported if output.rounding is None else _rounded(reported, output.rounding)


def _rounded(values: np.ndarray, step: float) -> np.ndarray:
    """The nearest multiples of a step, each the double that its decimal text means: 0.40 is at the level 0.4."""
    exact = Fraction(repr(float(step)))
    steps = np.rint(values / step)
    if abs(exact.numerator) < 2**53 > exact.denominator:
        return steps * exact.numerator / exact.denominator
    return steps * step
