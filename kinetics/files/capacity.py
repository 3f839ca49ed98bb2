"""Free memory and disk, and the time that runs take, checked before the work starts."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from kinetics.errors import InputError

UNKNOWN = 2**33
"""Bytes of memory assumed to be free where the system does not tell."""
MAX_RUNS = 10**9
"""At some thousand runs a second, the pace of the smallest models, these take a week."""
_CONTAINER = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Bytes of memory that are free: in the machine, or in the container of this process if that has fewer."""
    free = UNKNOWN
    with suppress(OSError, ValueError, AttributeError):
        free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError, KeyError):
        free = 1024 * _numbers(Path("/proc/meminfo"))["MemAvailable:"]
    with suppress(OSError, ValueError, KeyError):  # without a limit the file says 'max'
        limit = int((_CONTAINER / "memory.max").read_text())
        free = min(free, limit - _numbers(_CONTAINER / "memory.stat")["anon"])
    return max(free, 0)


def _numbers(path: Path) -> dict[str, int]:
    """The first number after the first word of each line of a file of the system."""
    rows = (line.split() for line in path.read_text().splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) > 1}


def check_memory(needed: float, what: str, advice: str) -> None:
    """Refuse ``what`` needs more bytes than are free, with advice; `InputError`."""
    if needed > (free := free_memory()):
        raise InputError(f"{what}: needs about {size_text(needed)} of memory, and {size_text(free)} are free; {advice}")


def check_disk(needed: float, folder: Path, what: str, advice: str) -> None:
    """Refuse ``what`` needs more bytes than are free on the disk of a folder, with advice; `InputError`."""
    if needed > (free := shutil.disk_usage(folder).free):
        raise InputError(f"{what}: needs about {size_text(needed)} of disk, and {size_text(free)} are free; {advice}")


def check_runs(runs: int, what: str) -> None:
    """Refuse more runs than can ever be done; `InputError` if there are more than `MAX_RUNS`."""
    if runs > MAX_RUNS:
        raise InputError(f"{what}: no machine does more than {MAX_RUNS:.0e} in a week; ask for fewer")


def size_text(size: float) -> str:
    """Bytes in a unit that is read at a glance.

    >>> size_text(12_300_000_000), size_text(880)
    ('12 GB', '880 bytes')
    """
    for factor, unit in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= factor:
            return f"{size / factor:.{0 if size >= 10 * factor else 1}f} {unit}"
    return f"{size:.0f} bytes"
