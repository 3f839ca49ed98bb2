"""A file in the user's cache that one process at a time writes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from kinetics.errors import InputError
from kinetics.estimate.evaluations import warn_not_recorded

LOG = logging.getLogger("kinetics.estimate")


@contextmanager
def exclusive(path: Path, name: str, *, resume: bool) -> Iterator[Path | None]:
    """The path while this process alone may write it; None if another has it, or nothing can be written there.

    `InputError` instead if another process has it, whose work is to be resumed.
    """
    with ExitStack() as stack:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=0)
            lock.acquire()
            stack.callback(Path(lock.lock_file).unlink, missing_ok=True)
            stack.callback(lock.release)
        except Timeout:
            if resume:
                raise InputError(f"{name} is being fitted by another process: wait for it, or begin anew") from None
            LOG.info("%s is being fitted by another process: nothing of this fit is kept", name)
            yield None
        except OSError as error:
            warn_not_recorded(error)
            yield None
        else:
            yield path
