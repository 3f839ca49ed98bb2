"""The exceptions of the package: one root, and faults that name what, where and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kinetics.text.escaping import one_line

__all__ = [
    "Fault",
    "Faults",
    "InputError",
    "IntegrationError",
    "KineticsError",
    "StorageError",
    "UnitError",
    "UnknownNameError",
]


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

    Examples
    --------
    >>> print(Fault("unknown name 'V3'", "models/pk.toml:7", "outputs.C.value"))
    models/pk.toml:7: outputs.C.value: unknown name 'V3'
    """

    message: str
    where: str = ""
    name: str = ""

    def __str__(self) -> str:
        # a file's keys go into messages: none may forge a second message or move the cursor of a terminal
        return one_line(": ".join(part for part in (self.where, self.name, self.message) if part))


class InputError(KineticsError, ValueError):
    """An input is wrong; ``faults`` lists everything that is.

    Parameters
    ----------
    *faults : Fault or str
        One or more faults.

    Examples
    --------
    >>> InputError("dose is negative").faults
    (Fault(message='dose is negative', where='', name=''),)
    """

    def __init__(self, *faults: Fault | str) -> None:
        self.faults = tuple(Fault(fault) if isinstance(fault, str) else fault for fault in faults)
        super().__init__("\n".join(map(str, self.faults)))


class UnitError(InputError):
    """Units that do not fit together, or a unit that cannot be read."""


class UnknownNameError(InputError, KeyError):
    """A name that nothing in reach defines."""

    __str__ = Exception.__str__


class IntegrationError(KineticsError, RuntimeError):
    """The integrator gave up; the message says in which segment, at which time, in which state, and what to try."""


class StorageError(KineticsError, OSError):
    """A result could not be stored; the message says what is kept and how to go on."""


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

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def add(self, message: str, where: str = "", name: str = "") -> None:
        """Note one fault; the same fault twice counts once."""
        self._faults[Fault(message, where, name)] = InputError

    @contextmanager
    def gather(self, where: str = "", name: str = "") -> Iterator[None]:
        """Turn an `InputError` of the block into faults placed at ``where`` and ``name``."""
        try:
            yield
        except InputError as error:
            for fault in error.faults:
                self._faults[Fault(fault.message, fault.where or where, fault.name or name)] = type(error)

    def raise_if_any(self) -> None:
        """Raise one `InputError` with all faults, if there are any; of the kind of all of them, if they are alike."""
        if self._faults:
            kinds = set(self._faults.values())
            kind = kinds.pop() if len(kinds) == 1 else InputError
            raise kind(*self._faults)
