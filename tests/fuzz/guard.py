"""One input under limits: processor time, memory, what it raises, what it warns of, and what it writes or starts.

A process that is at an input too long is ended by the system's own timer, whatever C code it is in, with its stack in a
file; so is one that needs more memory than it may. The process that watches it (`workers`) sees how it ended.
"""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from case import Case
from kinetics.files.checksums import ChecksumWarning

__all__ = ["MEMORY", "SECONDS", "Guard"]

SECONDS = 2.0
"""Of processor time, for one input."""

MEMORY = 10**9
"""Bytes in memory, for the whole process."""

_ROOM = (
    2 * 10**9
)  # of addresses beyond those of an idle process: a request for more is refused, and seen as MemoryError
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
_STARTS = {
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect", "socket.getaddrinfo",
    "pickle.find_class",
}  # fmt: skip


class Guard:
    """Watches this process; made once, since what it hooks in stays.

    Parameters
    ----------
    folder : pathlib.Path
        Where the inputs lie: its files must be the same after an input, byte counts and times.
    stacks : pathlib.Path
        A file for the stack of an input that is ended.
    seconds : float
        The limit of processor time.
    """

    def __init__(self, folder: Path, stacks: Path, seconds: float = SECONDS) -> None:
        self.folder, self.seconds = folder, seconds
        self._deeds: list[str] | None = None
        self._may_write: str | None = None
        self._stacks = stacks.open("w")
        faulthandler.enable(self._stacks)
        faulthandler.register(signal.SIGPROF, self._stacks, chain=True)
        sys.addaudithook(self._audit)
        sys.unraisablehook = self._unraisable

    def limit_memory(self) -> None:
        """From now on; called when all that stays is loaded."""
        addresses = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (addresses + _ROOM, addresses + _ROOM))

    def verdict(self, case: Case) -> tuple[bool, str]:
        """Whether an input was accepted, and what must not happen but did: empty if nothing."""
        from kinetics.errors import KineticsError

        before, accepted, fault = self._files(), True, ""
        with warnings.catch_warnings(record=True) as told, self._watched(case) as deeds:
            warnings.simplefilter("always")
            try:
                case.run()
            except KineticsError:
                accepted = False
            except Exception as error:
                first = "".join(traceback.format_exception_only(error)).partition("\n")[0]
                fault = f"{first}\n{traceback.format_exc()}"
        faults = [fault, *map(_strange, told), *deeds]
        if case.may_write is None and (after := self._files()) != before:
            changed = sorted({name for name, _ in before.items() ^ after.items()})
            faults.append(f"files changed: {', '.join(changed)[:300]}")
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if used > MEMORY:
            faults.append(f"{used / 1e9:.1f} GB of memory")
        return accepted, "\n".join(dict.fromkeys(filter(None, faults)))

    @contextmanager
    def _watched(self, case: Case) -> Iterator[list[str]]:
        """What the block does to files and processes, noted."""
        self._may_write = None if case.may_write is None else str(case.may_write)
        deeds = self._deeds = []
        signal.setitimer(signal.ITIMER_PROF, self.seconds)
        try:
            yield deeds
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self._deeds = None

    def _unraisable(self, what: Any) -> None:
        """An exception that Python prints on stderr and forgets, such as one of a destructor."""
        if self._deeds is not None:
            self._deeds.append(f"on stderr: {type(what.exc_value).__name__}: {what.exc_value}, in {what.object!r:.100}")

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._deeds is None:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, int) or not (isinstance(flags, int) and flags & _WRITING):
                return
        elif event in _CHANGES:
            path = arguments[0]
        elif event in _STARTS:
            self._deeds.append(f"{event}: {arguments!r:.200}")
            return
        else:
            return
        name = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else str(path)
        inside = self._may_write is not None and os.path.abspath(name).startswith(self._may_write)
        if name != os.devnull and not inside:
            self._deeds.append(f"{event} to write: {name[:200]}")

    def _files(self) -> dict[str, tuple[int, int]]:
        found, level = {}, [str(self.folder)]
        while level:
            with os.scandir(level.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    found[entry.path] = (status.st_size, status.st_mtime_ns)
                    if entry.is_dir(follow_symlinks=False):
                        level.append(entry.path)
        return found


def _strange(warning: warnings.WarningMessage) -> str:
    """A warning that is not one of ours to the user."""
    category = warning.category
    if issubclass(category, DeprecationWarning | PendingDeprecationWarning | ImportWarning | ResourceWarning):
        return ""
    ours = category in (UserWarning, ChecksumWarning) and "site-packages" not in warning.filename
    return "" if ours else f"{category.__name__} of {Path(warning.filename).name}: {warning.message}"
