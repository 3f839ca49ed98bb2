"""Arguments of the public functions: an object, or the name or path of the file that holds it; a whole number."""

# what a user gives is checked, whatever its annotation says
# pyright: reportUnnecessaryIsInstance=false
from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from numbers import Integral
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from kinetics.errors import Fault, Faults, InputError

T = TypeVar("T")

Progress: TypeAlias = Callable[[int, int], None]
"""What every verb reports to while it works: called with (done, all)."""


class StepProgress(Protocol):
    """Where a step of a long job reports its progress."""

    def count(self, done: int, total: int) -> None:
        """So many of all are done."""
        ...


Watcher: TypeAlias = Callable[[str], AbstractContextManager[StepProgress]]
"""From the label of a step to a context in which it reports its progress."""


class _Silent:
    def count(self, done: int, total: int) -> None:
        """Ignore it."""


def unwatched(_: str) -> AbstractContextManager[StepProgress]:
    """A `Watcher` that shows nothing."""
    return nullcontext(_Silent())


_HINTS = {
    ("Regimen", "Course"): "write course.repeat(1)",
    ("Estimates", "Fit"): "give its .estimates",
    ("Estimates", "DataTree"): "write Estimates.from_tree(tree)",
    ("Estimates", "FitProblem"): "fit it first, or give its name for the committed result",
}
"""What to write instead, by what is needed and what was given."""


def loaded(argument: str, value: object, kind: type[T], load: Callable[[str | Path], T] | None = None) -> T:
    """The object itself if one is given; otherwise ``load``, or ``kind.load``, reads the file of the name or path.

    `InputError`, which names the ``argument``, if it is neither.

    >>> loaded("regimen", 12, Path, Path)
    Traceback (most recent call last):
    kinetics.errors.InputError: regimen: must be a Path, a name of the library, or the path of a file; found int 12
    """
    if isinstance(value, kind):
        return value
    if isinstance(value, str | os.PathLike):
        read: Callable[[str | Path], T] = load or getattr(kind, "load")  # noqa: B009  # not every kind has it
        with naming(argument):
            return read(value if isinstance(value, str) else Path(os.fspath(cast("os.PathLike[str]", value))))
    raise InputError(Fault(_refusal(kind, value, ", a name of the library, or the path of a file"), name=argument))


@contextmanager
def naming(argument: str) -> Generator[None, None, None]:
    """Let a fault of the block that names neither a file nor an argument name this argument.

    Examples
    --------
    >>> with naming("regimen"):
    ...     raise InputError("no 'nope' in models/regimens")
    Traceback (most recent call last):
    kinetics.errors.InputError: regimen: no 'nope' in models/regimens
    """
    try:
        yield
    except InputError as error:
        named = [fault if fault.where else fault.located("", argument) for fault in error.faults]
        raise type(error)(*named) from None


def all_of(argument: str, value: object, kind: type[T] | None, example: str) -> tuple[T, ...]:
    """The objects of a list, each of a ``kind`` unless that is None; `InputError`, with an ``example``, for all that
    are not.
    """
    is_single: bool = isinstance(value, str | bytes | os.PathLike | (kind or bytes))
    if is_single or not isinstance(value, Iterable):
        actual = f"{type(cast(object, value)).__name__} {value!r:.40}"
        raise InputError(Fault(f"must be a list, such as {example}; found {actual}", name=argument))
    faults, rows = Faults(), tuple(cast("Iterable[T]", value))
    for number, one in enumerate(rows):
        if kind is not None and not isinstance(one, kind):
            faults.add(_refusal(kind, one, f", as in {example}"), name=f"{argument}[{number}]")
    faults.raise_if_any()
    return rows


def is_whole(value: object) -> bool:
    """Whether something is a whole number: of Python or numpy, and no truth value."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def whole_number(argument: str, value: Any, least: int, most: int | None = None) -> int:
    """The whole number, from ``least`` to ``most``, that was given for an argument; else an `InputError`.

    >>> whole_number("patients", 2.5, 1)
    Traceback (most recent call last):
    kinetics.errors.InputError: patients: must be a whole number, at least 1; found 2.5
    """
    if is_whole(value) and least <= value and (most is None or value <= most):
        return int(value)
    right = f", at least {least}" if most is None else f" from {least} to {most}"
    raise InputError(Fault(f"must be a whole number{right}; found {value!r:.40}", name=argument))


def _refusal(kind: type, value: object, right: str) -> str:
    name = kind.__name__
    article = "" if name.endswith("s") else "an " if name[0] in "AEIOU" else "a "
    hint = _HINTS.get((name, type(value).__name__))
    actual = f"{type(value).__name__} {value!r:.40}" if hint is None else f"a {type(value).__name__}; {hint}"
    return f"must be {article}{name}{right}; found {actual}"
