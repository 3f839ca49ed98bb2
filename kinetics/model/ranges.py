"""What values a parameter may take: its own bounds, and those that a logarithm or a volume implies."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kinetics.model.quantities import Parameter
from kinetics.units import display_unit

__all__ = ["out_of_range", "range_of"]

_LEAST_POSITIVE = float(np.finfo(float).tiny)


def range_of(parameter: Parameter) -> tuple[float, float]:
    """The least and the greatest value of a parameter, both included; a positive one begins at the smallest float.

    A spread or prior is on the logarithm, so the parameter is positive.

    Examples
    --------
    >>> range_of(Parameter(name="share", value=0.5, unit="1", minimum=0, maximum=1))
    (0.0, 1.0)
    """
    least = -np.inf if parameter.minimum is None else float(parameter.minimum)
    most = np.inf if parameter.maximum is None else float(parameter.maximum)
    return (max(least, _LEAST_POSITIVE) if _is_positive(parameter) else least), most


def out_of_range(parameter: Parameter, value: float) -> Iterator[str]:
    """What is wrong with a value of a parameter, in its unit, in words.

    Examples
    --------
    >>> from kinetics.units import parse_unit
    >>> share = Parameter(name="share", value=0.5, unit=parse_unit("1"), maximum=1)
    >>> list(out_of_range(share, 1.5))
    ['is 1.5, above its maximum 1']
    """
    written = f"is {value:g} {display_unit(parameter.unit) if parameter.unit is not None else ''}".rstrip()
    least, most = range_of(parameter)
    if value > most:
        yield f"{written}, above its maximum {most:g}"
    elif value < least and parameter.minimum is not None and value < parameter.minimum:
        yield f"{written}, below its minimum {parameter.minimum:g}"
    elif value < least:
        reason = "" if parameter.positive else ": its spread or prior is log-normal"
        yield f"{written}, but must be positive{reason}"


def _is_positive(parameter: Parameter) -> bool:
    return parameter.positive or parameter.spread is not None or parameter.prior is not None
