"""Powers, exponentials and logarithms without branches, for vector registers; the C library's take one at a time.

What is smaller than 1e-308 counts as zero, what is larger than 1e307 as infinite.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from kinetics.compile.machine_code import njit

LOG_2 = 0.6931471805599453
# ln 2 in two parts, the first with zeros at its end, so that a whole number times it is exact
LOG_2_HIGH, LOG_2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
ROUNDING = 6755399441055744.0  # 1.5 times 2 to 52: adding it rounds to a whole number, held in the last bits
SMALLEST, LARGEST = 2.2250738585072014e-308, 1.7976931348623157e308
SMALLEST_LOG, LARGEST_LOG = -708.0, 709.0
STEEPEST = 1e100


@intrinsic
def _bits(_: Any, number: Any) -> Any:
    return types.int64(types.float64), lambda context, builder, signature, arguments: builder.bitcast(
        arguments[0], ir.IntType(64)
    )


@intrinsic
def _number(_: Any, bits: Any) -> Any:
    return types.float64(types.int64), lambda context, builder, signature, arguments: builder.bitcast(
        arguments[0], ir.DoubleType()
    )


bits: Any = _bits  # of a float, as an integer
number: Any = _number  # the float of some bits


@njit(cache=True, error_model="numpy", forceinline=True)
def logarithm_of_normal(x):
    """The natural logarithm of a positive number: x = 2^e m with m about 1, ln m = 2 artanh((m - 1)/(m + 1))."""
    pattern = bits(x)
    exponent = (pattern - ROOT_HALF_BITS) >> 52
    m = number(pattern - (exponent << 52))
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = 1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21))))
    series = z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * series)))))
    return exponent * LOG_2 + 2.0 * (s + s * series)


@njit(cache=True, error_model="numpy", forceinline=True)
def logarithm(x):
    """Return the natural logarithm: minus infinity of 0, NaN of what is negative."""
    value = -math.inf if x < SMALLEST else (math.inf if x > LARGEST else logarithm_of_normal(x))
    return math.nan if x < 0.0 or x != x else value


@njit(cache=True, error_model="numpy", forceinline=True)
def exponential(x):
    """Return e^x: x = k ln 2 + r with |r| < ln 2 / 2, and the series of e^r."""
    shifted = x / LOG_2 + ROUNDING
    k = shifted - ROUNDING
    r = (x - k * LOG_2_HIGH) - k * LOG_2_LOW
    series = 1 / 5040 + r * (1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * (1 / 39916800 + r / 479001600))))
    series = 1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * series))))))
    inside = series * number((bits(shifted) + 1023) << 52)
    return math.inf if x > LARGEST_LOG else (0.0 if x < SMALLEST_LOG else inside)


@njit(cache=True, error_model="numpy", forceinline=True)
def power(x, y):
    """Return ``x**y``, to some 1e-15 times its logarithm; NaN for a negative base under a broken exponent.

    Examples
    --------
    >>> round(power(9.0, 0.5), 12), round(power(-2.0, 3.0), 12), power(0.0, 0.3)
    (3.0, -8.0, 0.0)
    """
    exponent = y * logarithm(abs(x))
    magnitude = 1.0 if y == 0.0 else exponential(exponent)
    odd = math.floor(0.5 * y) * 2.0 != y
    signed = -magnitude if odd else magnitude
    of_negative = signed if math.floor(y) == y else math.nan
    value = of_negative if x < 0.0 else magnitude
    return math.nan if x != x or (exponent != exponent and y != 0.0) else value


@njit(cache=True, error_model="numpy", forceinline=True)
def finite_power(x, y):
    """Return ``x**y``, and zero where it is infinite, at a base of zero, or beyond 1e100, next to it.

    Examples
    --------
    >>> finite_power(0.0, -0.3), finite_power(0.0, 0.0), round(finite_power(4.0, -0.5), 12)
    (0.0, 1.0, 0.5)
    """
    value = power(x, y)
    return 0.0 if y < 0.0 and abs(value) > STEEPEST else value


@njit(cache=True, error_model="numpy", forceinline=True)
def log_power(x, y):
    """Return ``log(x) * x**y``, and zero at a base of zero, its limit for a positive exponent, or below.

    Examples
    --------
    >>> log_power(0.0, 0.7), log_power(1.0, 0.7), round(log_power(4.0, 0.5) / logarithm(2.0), 12)
    (0.0, 0.0, 4.0)
    """
    return 0.0 if x < SMALLEST else logarithm(x) * finite_power(x, y)
