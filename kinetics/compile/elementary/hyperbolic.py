"""Hyperbolic functions and their inverses: by series near zero, where exponentials cancel."""

from __future__ import annotations

from kinetics.compile.elementary.choices import equal, less, select, with_sign_of
from kinetics.compile.elementary.exponential import LOG_2
from kinetics.compile.elementary.series import cosine_series, sine_series
from kinetics.compile.graph import Node

LARGE = 2.0**28
"""Beyond it a number and the root of its square plus or minus 1 are the same."""


def hyperbolic_sine(x: Node) -> Node:
    """Infinite where the exponential is."""
    size = abs(x)
    growing = _exp(size)
    far = with_sign_of(x, 0.5 * growing - 0.5 * growing.reciprocal())
    return select(less(1.0, size), far, sine_series(x, x * x))


def hyperbolic_cosine(x: Node) -> Node:
    """Infinite where the exponential is."""
    growing = _exp(abs(x))
    return 0.5 * growing + 0.5 * growing.reciprocal()


def hyperbolic_tangent(x: Node) -> Node:
    """From -1 to 1."""
    size = abs(x)
    far = with_sign_of(x, 1.0 - 2.0 / (_exp(2.0 * size) + 1.0))
    square = x * x
    return select(less(1.0, size), far, sine_series(x, square) / cosine_series(square))


def inverse_sine(x: Node) -> Node:
    """Of any number."""
    size, square = abs(x), x * x
    near = _log_1_plus(size + square / (1.0 + _root(1.0 + square)))
    return with_sign_of(x, select(less(LARGE, size), _log(size) + LOG_2, near))


def inverse_cosine(x: Node) -> Node:
    """NaN below 1."""
    above = x - 1.0
    near = _log_1_plus(above + _root(above) * _root(x + 1.0))
    return select(less(LARGE, x), _log(x) + LOG_2, near)


def inverse_tangent(x: Node) -> Node:
    """Infinite at 1, NaN beyond it."""
    size = abs(x)
    return with_sign_of(x, 0.5 * _log_1_plus(2.0 * size / (1.0 - size)))


def _log_1_plus(x: Node) -> Node:
    """``log(1 + x)``: the logarithm of what 1 + x is rounded to, by the ratio of the two numbers.

    Kahan's formula (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 1.14.1).
    """
    whole = 1.0 + x
    near = select(equal(whole, 1.0), x, _log(whole) * (x / (whole - 1.0)))
    return select(less(2.0**60, whole), _log(whole), near)


def _exp(x: Node) -> Node:
    return x.graph.apply("exp", x)


def _log(x: Node) -> Node:
    return x.graph.apply("log", x)


def _root(x: Node) -> Node:
    return x.graph.apply("sqrt", x)
