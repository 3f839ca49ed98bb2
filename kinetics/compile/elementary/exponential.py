"""Exponentials, logarithms and powers.

What is smaller than 1e-308 counts as zero, what is larger than 1e307 as infinite.
"""

from __future__ import annotations

import math
import struct

from kinetics.compile.elementary.choices import equal, is_no_number, less, negation, select
from kinetics.compile.graph import Node

LOG_2 = 0.6931471805599453
# ln 2 in two parts, the first with zeros at its end, so that a whole number times it is exact
LOG_2_HIGH, LOG_2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
ROUNDING = 6755399441055744.0  # 1.5 times 2 to 52: adding it rounds to a whole number, held in the last bits
(ROUNDING_BITS,) = struct.unpack("<q", struct.pack("<d", ROUNDING))
SMALLEST, LARGEST = 2.2250738585072014e-308, 1.7976931348623157e308
SMALLEST_LOG, LARGEST_LOG = -708.0, 709.0
STEEPEST = 1e100


def logarithm(x: Node) -> Node:
    """Minus infinity of 0, NaN of what is negative. Else x = 2^e m with m about 1, ln m = 2 artanh((m - 1)/(m + 1))."""
    pattern = _bits(x)
    exponent = _integer("shift_right", _integer("plus", pattern, -ROOT_HALF_BITS), 52)
    m = _double(x.graph.apply("minus", pattern, _integer("shift_left", exponent, 52)))
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = 1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21))))
    series = z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * series)))))
    whole = _double(_integer("plus", exponent, ROUNDING_BITS)) - ROUNDING
    value = LOG_2 * whole + 2.0 * (s + s * series)
    value = select(less(x, SMALLEST), -math.inf, select(less(LARGEST, x), math.inf, value))
    return select(x.graph.apply("or", is_no_number(x), less(x, 0.0)), math.nan, value)


def exponential(x: Node) -> Node:
    """e^x: x = k ln 2 + r with |r| < ln 2 / 2, and the series of e^r."""
    shifted = (1.0 / LOG_2) * x + ROUNDING
    k = shifted - ROUNDING
    r = (x - LOG_2_HIGH * k) - LOG_2_LOW * k
    series = 1 / 5040 + r * (
        1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * (1 / 39916800 + r * (1 / 479001600))))
    )
    series = 1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * series))))))
    inside = series * _double(_integer("shift_left", _integer("plus", _bits(shifted), 1023), 52))
    return select(less(LARGEST_LOG, x), math.inf, select(less(x, SMALLEST_LOG), 0.0, inside))


def power(x: Node, y: Node) -> Node:
    """``x**y``, to some 1e-15 times its logarithm; NaN for a negative base under a broken exponent."""
    apply = x.graph.apply
    exponent = y * apply("log", abs(x))
    magnitude = select(equal(y, 0.0), 1.0, apply("exp", exponent))
    odd = negation(equal(2.0 * apply("floor", 0.5 * y), y))
    signed = select(odd, -magnitude, magnitude)
    of_negative = select(equal(apply("floor", y), y), signed, math.nan)
    value = select(less(x, 0.0), of_negative, magnitude)
    undefined = apply("and", is_no_number(exponent), negation(equal(y, 0.0)))
    return select(apply("or", is_no_number(x), undefined), math.nan, value)


def finite_power(x: Node, y: Node) -> Node:
    """``x**y``, and zero where it is infinite, at a base of zero, or beyond 1e100, next to it."""
    value = x.graph.apply("power", x, y)
    steep = x.graph.apply("and", less(y, 0.0), less(STEEPEST, abs(value)))
    return select(steep, 0.0, value)


def log_power(x: Node, y: Node) -> Node:
    """``log(x) * x**y``, and zero at a base of zero, its limit for a positive exponent, or below."""
    return select(less(x, SMALLEST), 0.0, x.graph.apply("log", x) * x.graph.apply("finite_power", x, y))


def _bits(x: Node) -> Node:
    """Of a float, as an integer."""
    return x.graph.apply("bits", x)


def _double(bits: Node) -> Node:
    """The float of some bits."""
    return bits.graph.apply("double", bits)


def _integer(operation: str, bits: Node, number: int) -> Node:
    return bits.graph.apply(operation, bits, value=number)
