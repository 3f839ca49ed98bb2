"""Arguments of the public functions: an object, or the name or path of the file that holds it; a whole number."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from numbers import Integral
from pathlib import Path
from typing import Any, TypeVar

from kinetics.errors import Fault, Faults, InputError

__all__ = ["all_of", "is_whole", "loaded", "whole_number"]

T = TypeVar("T")

_HINTS = {
    ("Regimen", "Course"): "write course.repeat(1)",
    ("Estimates", "Fit"): "give its .estimates",
    ("Estimates", "DataTree"): "write Estimates.from_tree(tree)",
    ("Estimates", "FitProblem"): "fit it first, or give its name for the committed result",
}
"""What to write instead, by what is needed and what was given."""


def loaded(argument: str, given: object, kind: type[T], load: Callable[[str | Path], T] | None = None) -> T:
    """The object itself if one is given; otherwise it is read from the file of the name or path.

    Parameters
    ----------
    argument : str
        Name of the argument, for messages.
    given : object
        What the caller wrote.
    kind : type
        What is needed.
    load : callable, optional
        Reads a name or a path; ``kind.load`` by default.

    Raises
    ------
    InputError
        If it is neither, or the file cannot be had.

    Examples
    --------
    >>> loaded("regimen", 12, Path, Path)
    Traceback (most recent call last):
    kinetics.errors.InputError: regimen: must be a Path, a name of the library, or the path of a file; found int 12
    """
    if isinstance(given, kind):
        return given
    if isinstance(given, str | os.PathLike):
        load = load or kind.load  # pyright: ignore[reportAttributeAccessIssue]
        return load(given if isinstance(given, str) else Path(given))
    raise InputError(Fault(_refusal(kind, given, ", a name of the library, or the path of a file"), name=argument))


def all_of(argument: str, given: object, kind: type[T] | None, example: str) -> tuple[T, ...]:
    """The objects of a list that was given.

    Parameters
    ----------
    argument : str
        Whose value it is, for messages.
    given : object
        What the caller wrote.
    kind : type or None
        What each must be; None for anything.
    example : str
        A list of one, as one writes it.

    Raises
    ------
    InputError
        With everything in the list that is something else.
    """
    single = str | bytes | os.PathLike | (kind or bytes)
    if isinstance(given, single) or not isinstance(given, Iterable):
        found = f"{type(given).__name__} {given!r:.40}"
        raise InputError(Fault(f"must be a list, such as {example}; found {found}", name=argument))
    faults, rows = Faults(), tuple(given)
    for number, one in enumerate(rows):
        if kind is not None and not isinstance(one, kind):
            faults.add(_refusal(kind, one, f", as in {example}"), name=f"{argument}[{number}]")
    faults.raise_if_any()
    return rows


def is_whole(given: object) -> bool:
    """Whether something is a whole number: of Python or numpy, and no truth value."""
    return isinstance(given, Integral) and not isinstance(given, bool)


def whole_number(argument: str, given: Any, least: int, most: int | None = None) -> int:
    """The whole number that was given.

    Parameters
    ----------
    argument : str
        Whose value it is, for messages.
    given : object
        What the caller wrote.
    least : int
        The smallest that is right.
    most : int, optional
        The largest that is right.

    Raises
    ------
    InputError
        If it is none, or outside the range.

    Examples
    --------
    >>> whole_number("patients", 7, 1)
    7
    >>> whole_number("patients", 2.5, 1)
    Traceback (most recent call last):
    kinetics.errors.InputError: patients: must be a whole number, at least 1; found 2.5
    """
    if is_whole(given) and least <= given and (most is None or given <= most):
        return int(given)
    right = f", at least {least}" if most is None else f" from {least} to {most}"
    raise InputError(Fault(f"must be a whole number{right}; found {given!r:.40}", name=argument))


def _refusal(kind: type, given: object, right: str) -> str:
    name = kind.__name__
    article = "" if name.endswith("s") else "an " if name[0] in "AEIOU" else "a "
    hint = _HINTS.get((name, type(given).__name__))
    found = f"{type(given).__name__} {given!r:.40}" if hint is None else f"a {type(given).__name__}; {hint}"
    return f"must be {article}{name}{right}; found {found}"
