"""Circular functions and their inverses.

An angle is reduced by whole quarters of a turn. The quarter stands in parts of 23 bits, and a number of quarters in two
parts, so that each product of a part and a part is exact (Cody and Waite 1980, Software Manual for the Elementary
Functions): what is left of the angle has its full precision, as near to a zero of the function as it may be.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

from kinetics.compile.elementary.choices import less, select, with_sign_of
from kinetics.compile.elementary.exponential import ROUNDING
from kinetics.compile.elementary.series import arc_tangent_series, cosine_series, sine_series
from kinetics.compile.graph import Node
from kinetics.expressions import LARGEST_ANGLE

_HALF_PI = Fraction(0x1921FB54442D18469898CC51701B839A252049C1114CF98E, 2**188)
_PART_BITS = 23
_COARSE = 2.0**24
"""Quarters of a turn that the first part of their number counts by."""
ARCS = (0.0, 0.4, 1.0, 2.4)
"""Tangents from which an arc is measured, each with the next behind the tangent of the angle between them."""
ARC_TERMS = 12


def _parts(number: Fraction, parts: int) -> list[float]:
    """A number from 1 to 2 as a sum of floats of `_PART_BITS` bits each."""
    found = []
    for index in range(1, parts + 1):
        unit = Fraction(1, 2 ** (index * _PART_BITS - 1))
        part = number // unit * unit
        found.append(float(part))
        number -= part
    return found


QUARTER = _parts(_HALF_PI, 8)


def sine(x: Node) -> Node:
    """NaN of an angle beyond `LARGEST_ANGLE`."""
    angle, quarter = _reduced(x)
    sine_of, cosine_of = _both(angle)
    is_odd = _is_odd(quarter)
    value = select(is_odd, cosine_of, sine_of)
    return select(_is_odd(_half(quarter)), -value, value)


def cosine(x: Node) -> Node:
    """NaN of an angle beyond `LARGEST_ANGLE`."""
    angle, quarter = _reduced(x)
    sine_of, cosine_of = _both(angle)
    value = select(_is_odd(quarter), sine_of, cosine_of)
    return select(_is_odd(_half(quarter + 1.0)), -value, value)


def tangent(x: Node) -> Node:
    """NaN of an angle beyond `LARGEST_ANGLE`."""
    angle, quarter = _reduced(x)
    sine_of, cosine_of = _both(angle)
    return select(_is_odd(quarter), -(cosine_of / sine_of), sine_of / cosine_of)


def arc_tangent(x: Node) -> Node:
    """From the nearest of some arcs, or from a quarter of a turn, the arc of what is left is below 0.2."""
    size, zero = abs(x), x.graph.constant(0.0)
    above, below, start = size, 1.0 + zero, zero
    for tangent_of, at in zip(ARCS[1:], _middles(), strict=True):
        is_beyond = less(at, size)
        above = select(is_beyond, size - tangent_of, above)
        below = select(is_beyond, 1.0 + tangent_of * size, below)
        start = select(is_beyond, math.atan(tangent_of), start)
    is_steep = less(math.tan((math.atan(ARCS[-1]) + math.pi / 2) / 2), size)
    above, below = select(is_steep, -1.0, above), select(is_steep, size, below)
    return with_sign_of(x, select(is_steep, math.pi / 2, start) + arc_tangent_series(above / below, ARC_TERMS))


def arc_sine(x: Node) -> Node:
    """NaN beyond 1."""
    return x.graph.apply("atan", x / x.graph.apply("sqrt", (1.0 - x) * (1.0 + x)))


def arc_cosine(x: Node) -> Node:
    """NaN beyond 1."""
    return 2.0 * x.graph.apply("atan", x.graph.apply("sqrt", (1.0 - x) / (1.0 + x)))


def _reduced(x: Node) -> tuple[Node, Node]:
    """What is left of an angle beside a whole number of quarters of a turn, and that number but for whole turns."""
    is_angle = x.graph.apply("at_most", abs(x), x.graph.constant(LARGEST_ANGLE))
    x = select(is_angle, x, math.nan)
    coarse = _COARSE * _rounded((2.0 / math.pi / _COARSE) * x)
    rest = x
    for part in QUARTER[:3]:
        rest = rest - part * coarse
    fine = _rounded((2.0 / math.pi) * rest)
    for part in QUARTER:
        x = (x - part * coarse) - part * fine
    return x, fine


def _both(angle: Node) -> tuple[Node, Node]:
    square = -(angle * angle)
    return sine_series(angle, square), cosine_series(square)


def _rounded(x: Node) -> Node:
    return (x + ROUNDING) - ROUNDING


def _half(whole: Node) -> Node:
    """Of a whole number, rounded down."""
    return whole.graph.apply("floor", 0.5 * whole)


def _is_odd(whole: Node) -> Node:
    return less(2.0 * _half(whole), whole)


def _middles() -> list[float]:
    """The tangents of the angles between neighbours of `ARCS`."""
    angles = [math.atan(tangent_of) for tangent_of in ARCS]
    return [math.tan((one + other) / 2) for one, other in pairwise(angles)]
