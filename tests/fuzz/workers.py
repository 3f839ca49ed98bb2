"""Processes that try inputs, and what is noted of them; one that dies or hangs is replaced by one at the next input."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from case import Source, generator
from guard import SECONDS, Guard

__all__ = ["Failure", "Tally", "attempt"]

STUCK = 5.0
"""Seconds at one input, all of them asleep, after which a process is ended: it waits for something."""
_LOOK = 0.1
_GROWN = 3  # status of a process that leaves because its peak of memory, which never falls, is too high

_AT, _TRIED, _ACCEPTED = range(3)
_processes = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Failure:
    """What must not happen: which input, what it was, what it did."""

    number: int
    name: str
    content: bytes
    what: str


@dataclass
class Tally:
    """What came of the inputs of a kind."""

    wanted: int
    tried: int = 0
    accepted: int = 0
    failures: list[Failure] = field(default_factory=list)


def attempt(
    kind: str,
    source: type[Source],
    seed: int,
    first: int,
    wanted: int,
    seconds: float,
    processes: int,
    tally: Tally,
    told: Callable[[Failure | None], None],
) -> None:
    """Try the inputs ``first`` to ``first + wanted``, as many as the seconds allow.

    Parameters
    ----------
    kind : str
        Of inputs.
    source : type
        What makes them.
    seed : int
        With the kind and the number, all that an input depends on.
    seconds : float
        From when the first process is ready.
    processes : int
        How many at once.
    tally : Tally
        Where it is noted, input by input: an interrupt loses nothing.
    told : callable
        Called with each failure, and with None a few times a second.
    """
    with _folder() as folder:
        crew = [
            _Worker(kind, source, seed, range(first + one, first + wanted, processes), folder / str(one))
            for one in range(min(processes, wanted))
        ]
        end = None
        try:
            while any(worker.is_at_work for worker in crew):
                time.sleep(_LOOK)
                for worker in crew:
                    for failure in worker.look():
                        tally.failures.append(failure)
                        told(failure)
                tally.tried = sum(worker.tried for worker in crew)
                tally.accepted = sum(worker.accepted for worker in crew)
                told(None)
                if end is None and all(worker.is_ready for worker in crew):
                    end = time.monotonic() + seconds
                if end is not None and time.monotonic() > end:
                    break
        finally:
            for worker in crew:
                worker.end()


class _Worker:
    """A process at every so manieth input, and the process that follows if it dies."""

    def __init__(self, kind: str, source: type[Source], seed: int, numbers: range, folder: Path) -> None:
        self.kind, self.source, self.seed, self.folder = kind, source, seed, folder
        self.left = numbers
        self.tried = self.accepted = 0
        self._start()

    def _start(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.counts = _processes.RawArray("q", [-1, 0, 0])
        self.began = _processes.RawValue("d", 0.0)
        self.messages, theirs = _processes.Pipe(duplex=False)
        request = (self.kind, self.source, self.seed, self.left, self.folder, self.counts, self.began, theirs)
        self.process: Any = _processes.Process(target=_work, args=request, daemon=True)
        self.process.start()
        theirs.close()
        self.is_at_work, self._before = True, (self.tried, self.accepted)
        self._asleep_at, self._looks = -1, 0

    @property
    def is_ready(self) -> bool:
        return self.began.value > 0 or not self.is_at_work

    def look(self) -> Iterator[Failure]:
        """What is new."""
        if not self.is_at_work:
            return
        ended = not self.process.is_alive()
        self.tried, self.accepted = (b + n for b, n in zip(self._before, self.counts[_TRIED:], strict=True))
        yield from self._said()
        if ended:
            yield from self._of_the_dead()
        elif self._waits():
            os.kill(self.process.pid, signal.SIGABRT)  # with its stack

    def _waits(self) -> bool:
        """Whether it has been asleep, at one input, for too long; one that only waits for a processor is not."""
        state = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        at = self.counts[_AT]
        is_same = state == "S" and at >= 0 and at == self._asleep_at
        self._asleep_at, self._looks = at, self._looks + 1 if is_same else 0
        return self._looks * _LOOK > STUCK

    def _said(self) -> Iterator[Failure]:
        try:
            while self.messages.poll():
                yield self.messages.recv()
        except (EOFError, OSError):
            return

    def _of_the_dead(self) -> Iterator[Failure]:
        number = self.counts[_AT]
        self.is_at_work = False
        if self.process.exitcode == 0:
            return
        self.left = range(number + self.left.step, self.left.stop, self.left.step)
        if self.process.exitcode != _GROWN:
            yield self._death(number)
            self.tried += 1
        if number >= 0 and len(self.left):
            self._start()

    def _death(self, number: int) -> Failure:
        name, content = _at_work(self.folder)
        stack = (self.folder / "stack.txt").read_text(errors="replace")[-4000:]
        return Failure(number, name, content, f"{_ended(self.process.exitcode)}\n{stack}")

    def end(self) -> None:
        if self.process.is_alive():
            self.process.kill()
        self.process.join()


def _ended(status: int) -> str:
    if status == -signal.SIGPROF:
        return f"more than {SECONDS:g} s of processor time"
    if status == -signal.SIGABRT:
        return f"ended itself, or waited for more than {STUCK:g} s"
    return f"the process died: {signal.Signals(-status).name if status < 0 else f'status {status}'}"


def _work(
    kind: str,
    source: type[Source],
    seed: int,
    numbers: range,
    folder: Path,
    counts: Any,
    began: Any,
    messages: Connection,
) -> None:
    """In the process: each input in turn."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that watches takes it
    sys.dont_write_bytecode = True
    inputs, stack = folder / "inputs", folder / "stack.txt"
    inputs.mkdir()
    os.chdir(inputs)
    guard = Guard(inputs, stack)
    maker = source(inputs)
    maker.warm()
    guard.limit_memory()
    for number in numbers:
        began.value = time.time()
        case = maker.make(generator(kind, seed, number))
        _note(folder, case.name, case.content)
        counts[_AT] = number
        accepted, what = guard.verdict(case)
        counts[_TRIED] += 1
        counts[_ACCEPTED] += accepted
        if what:
            messages.send(Failure(number, case.name, case.content, what))
        if "GB of memory" in what:
            sys.exit(_GROWN)
        counts[_AT] = -1


def _note(folder: Path, name: str, content: bytes) -> None:
    (folder / "at-work").write_bytes(name.encode() + b"\n" + content)


def _at_work(folder: Path) -> tuple[str, bytes]:
    try:
        name, _, content = (folder / "at-work").read_bytes().partition(b"\n")
    except OSError:
        return "nothing", b""
    return name.decode(), content


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-fuzz-", ignore_cleanup_errors=True) as name:
        yield Path(name).resolve()
