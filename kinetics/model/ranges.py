"""What values a parameter may take: its own bounds, and those that a logarithm, a logit or a volume implies."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kinetics.model.quantities import Parameter
from kinetics.units import display_unit

_LEAST_POSITIVE = float(np.finfo(float).tiny)


def range_of(parameter: Parameter) -> tuple[float, float]:
    """The least and the greatest value of a parameter, both included; a positive one begins at the smallest float.

    A prior, and a spread of the logarithm, make it positive; a spread of the logit excludes the bounds themselves.

    >>> range_of(Parameter(name="share", value=0.5, unit="1", minimum=0, maximum=1))
    (0.0, 1.0)
    """
    least = -np.inf if parameter.minimum is None else float(parameter.minimum)
    most = np.inf if parameter.maximum is None else float(parameter.maximum)
    if parameter.distribution == "logit_normal":
        low, high = logit_bounds(parameter)
        least, most = float(np.nextafter(low, np.inf)), float(np.nextafter(high, -np.inf))
    elif parameter.distribution == "categories" and parameter.shares is not None:
        least, most = max(least, 0.0), min(most, len(parameter.shares) - 1.0)
    return (max(least, _LEAST_POSITIVE) if _is_positive(parameter) else least), most


def logit_bounds(parameter: Parameter) -> tuple[float, float]:
    """Between what a logit-normal parameter lies: its minimum and maximum, 0 and 1 where it declares none."""
    low, high = parameter.minimum, parameter.maximum
    return (0.0 if low is None else float(low)), (1.0 if high is None else float(high))


def out_of_range(parameter: Parameter, value: float) -> Iterator[str]:
    """What is wrong with a value of a parameter, in its unit, in words.

    >>> from kinetics.units import parse_unit
    >>> share = Parameter(name="share", value=0.5, unit=parse_unit("1"), maximum=1)
    >>> list(out_of_range(share, 1.5))
    ['is 1.5, above its maximum 1']
    """
    written = f"is {value:g} {display_unit(parameter.unit) if parameter.unit is not None else ''}".rstrip()
    least, most = range_of(parameter)
    if parameter.maximum is not None and value > parameter.maximum:
        yield f"{written}, above its maximum {parameter.maximum:g}"
    elif parameter.minimum is not None and value < parameter.minimum:
        yield f"{written}, below its minimum {parameter.minimum:g}"
    elif parameter.shares is not None and value not in range(len(parameter.shares)) and value == value:
        yield f"{written}, but its categories are the whole numbers from 0 to {len(parameter.shares) - 1}"
    elif parameter.distribution == "logit_normal" and (value < least or value > most):
        low, high = logit_bounds(parameter)
        yield f"{written}, but must lie between {low:g} and {high:g}, both excluded: its spread is on the logit"
    elif value < least:
        reason = "" if parameter.positive else ": its spread or prior is log-normal"
        yield f"{written}, but must be positive{reason}"


def _is_positive(parameter: Parameter) -> bool:
    spread = np.nan if parameter.spread is None else parameter.spread
    on_logarithm = spread > 0 and parameter.distribution in (None, "log_normal")
    return parameter.positive or parameter.prior is not None or on_logarithm
