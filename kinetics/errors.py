"""The exceptions of the package: one root, and faults that name what, where and what to do; and its warnings."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from kinetics.text.escaping import one_line
from kinetics.text.lists import listed

T = TypeVar("T")
_PACKAGE = Path(__file__).parent
_LINE = re.compile(r":[0-9]+$")
MAX_LINES = 200
"""The number of faults that a command prints, and that the message on a table of measurements has."""
MAX_LOCATIONS = 3
"""The number of locations naming the same faulty file that are listed one by one."""


class KineticsError(Exception):
    """The root of every error this package raises on purpose."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an input.

    Parameters
    ----------
    message : str
        What is wrong, and what to do about it.
    where : str
        ``file:line``, or the name of the argument.
    name : str
        The symbol or key the fault is about, dotted; empty for a fault of a whole file.
    named_at : tuple of str, optional
        Each ``file:line`` where another file names the file of the fault.

    Examples
    --------
    >>> print(Fault("unknown name 'V3'", "models/pk.toml:7", "outputs.C.value"))
    models/pk.toml:7: outputs.C.value: unknown name 'V3'
    >>> print(Fault("no such file", "gone.toml", "n5.regimen", named_at=("rows.csv:5",)))
    gone.toml: n5.regimen: no such file (named at rows.csv:5)
    """

    message: str
    where: str = ""
    name: str = ""
    named_at: tuple[str, ...] = ()

    def __str__(self) -> str:
        # a file's keys go into messages: none may forge a second message or move the cursor of a terminal
        text = ": ".join(part for part in (self.where, self.name, self.message) if part)
        return one_line(text if not self.named_at else f"{text} (named at {listed(self.named_at, MAX_LOCATIONS)})")

    @property
    def file(self) -> str:
        """``where`` without the line."""
        return _LINE.sub("", self.where)

    def located(self, where: str, name: str) -> Fault:
        """The fault with a location, if it has none; one in another file keeps its own, and is named at this one."""
        is_other = self.where and _LINE.search(where) and self.file != _LINE.sub("", where)
        named_at = self.named_at or ((where,) if is_other else ())
        return Fault(self.message, self.where or where, self.name or name, named_at)


def fault_lines(faults: Sequence[Fault], most: int = MAX_LINES) -> list[str]:
    """Faults as lines to print, at most so many, the last of which says how many more there are.

    Examples
    --------
    >>> fault_lines([Fault(f"fault {number}") for number in range(300)])[-2:]
    ['fault 199', 'and 100 more']
    """
    more = [f"and {len(faults) - most} more"] if len(faults) > most else []
    return [*map(str, faults[:most]), *more]


class InputError(KineticsError, ValueError):
    """An input is wrong; ``faults`` lists everything that is, the message ``most`` of it if that is given.

    Examples
    --------
    >>> InputError("dose is negative").faults
    (Fault(message='dose is negative', where='', name='', named_at=()),)
    """

    def __init__(self, *faults: Fault | str, most: int | None = None) -> None:
        self.faults = tuple(Fault(fault) if isinstance(fault, str) else fault for fault in faults)
        super().__init__("\n".join(fault_lines(self.faults, most or len(faults))))


class UnitError(InputError):
    """Units that do not fit together, or a unit that cannot be read."""


class UnknownNameError(InputError, KeyError):
    """A name that nothing in reach defines."""

    __str__ = Exception.__str__


class IntegrationError(KineticsError, RuntimeError):
    """The integrator gave up; the message says in which segment, at which time, in which state, and what to try."""


class StorageError(KineticsError, OSError):
    """A result could not be stored; the message says what is kept and how to go on."""


class ClusterError(KineticsError, ConnectionError):
    """A cluster went away, or lost a piece of work again and again; the message says what is kept and how to go on."""


class Faults:
    """A list of faults that is filled during a check and raised once, whole.

    Examples
    --------
    >>> faults = Faults()
    >>> with faults.gather("pk.toml:3", "V1"):
    ...     raise UnitError("unknown unit 'litter'")
    >>> [str(fault) for fault in faults]
    ["pk.toml:3: V1: unknown unit 'litter'"]
    """

    def __init__(self) -> None:
        self._faults: dict[Fault, type[InputError]] = {}
        self._named: dict[Fault, tuple[str, ...]] = {}

    def __iter__(self) -> Iterator[Fault]:
        return (replace(fault, named_at=self._named[fault]) for fault in self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def add(self, message: str, where: str = "", name: str = "") -> None:
        """Note one fault; the same fault twice counts once."""
        self._note(Fault(message, where, name), InputError)

    @contextmanager
    def gather(self, where: str = "", name: str = "") -> Generator[Faults, None, None]:
        """Turn an `InputError` of the block, and what it notes, into faults located at ``where`` and ``name``.

        A fault that has a location keeps it. If that is in another file than ``where``, a line, it is named there.
        """
        noted = Faults()
        try:
            yield noted
        except InputError as error:
            self._take(noted, where, name)
            for fault in error.faults:
                self._note(fault.located(where, name), type(error))
        else:
            self._take(noted, where, name)

    def attempt(self, name: str, read: Callable[[], T]) -> T | None:
        """What a reader of one argument returns; None, and its faults noted under the name, if it refuses."""
        with self.gather(name=name):
            return read()
        return None

    def _take(self, noted: Faults, where: str, name: str) -> None:
        for fault, kind in zip(noted, noted._faults.values(), strict=True):
            self._note(fault.located(where, name), kind)

    def _note(self, fault: Fault, kind: type[InputError]) -> None:
        """The same fault of a file that several locations name counts once, with all of them."""
        same = replace(fault, named_at=())
        self._faults[same] = kind
        self._named[same] = tuple(dict.fromkeys((*self._named.get(same, ()), *fault.named_at)))

    def raise_if_any(self, most: int | None = None) -> None:
        """Raise one `InputError` with all faults, if there are any; of the kind of all of them, if they are alike.

        Its message has ``most`` of them.
        """
        if self._faults:
            kinds = set(self._faults.values())
            kind = kinds.pop() if len(kinds) == 1 else InputError
            raise kind(*self, most=most)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called the package, however deep the reason lies; a command counts as a caller."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and _is_inside(Path(frame.f_code.co_filename)):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _is_inside(file: Path) -> bool:
    return file.is_relative_to(_PACKAGE) and not file.is_relative_to(_PACKAGE / "cli")
