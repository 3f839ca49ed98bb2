"""Elementary functions of arithmetic alone, without branches: the same bits in lanes and in a scalar."""

from __future__ import annotations

from collections.abc import Callable

from kinetics.compile.elementary.circular import arc_cosine, arc_sine, arc_tangent, cosine, sine, tangent
from kinetics.compile.elementary.exponential import exponential, finite_power, log_power, logarithm, power
from kinetics.compile.elementary.hyperbolic import (
    hyperbolic_cosine,
    hyperbolic_sine,
    hyperbolic_tangent,
    inverse_cosine,
    inverse_sine,
    inverse_tangent,
)
from kinetics.compile.elementary.whole import factorial
from kinetics.compile.graph import Node

ELEMENTARY: dict[str, Callable[..., Node]] = {
    "log_power": log_power,
    "finite_power": finite_power,
    "power": power,
    "asin": arc_sine,
    "acos": arc_cosine,
    "atan": arc_tangent,
    "sin": sine,
    "cos": cosine,
    "tan": tangent,
    "tanh": hyperbolic_tangent,
    "sinh": hyperbolic_sine,
    "cosh": hyperbolic_cosine,
    "asinh": inverse_sine,
    "acosh": inverse_cosine,
    "atanh": inverse_tangent,
    "factorial": factorial,
    "exp": exponential,
    "log": logarithm,
}
"""By operation, each before those it uses."""
