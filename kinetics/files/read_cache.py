"""What this process has read of files: taken again while every file it was read from says the same."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

from kinetics.errors import InputError
from kinetics.files.reading import MAX_TEXT, read_bytes

T = TypeVar("T")
MARGIN = 2 * 10**9
"""Nanoseconds: a file that is younger than this when it is read may change again within one tick of its clock."""


class ReadCache(Generic[T]):
    """The last results of reading files, each with a digest of all that was read.

    A notebook names the same model in call after call, and one command reads it for each file that
    names it. To see that nothing has changed takes a hundredth of the time of reading it.

    >>> from kinetics.files.library import find_file, library_names
    >>> path = find_file(library_names("models")[0], "models")
    >>> texts = ReadCache[str](most=8)
    >>> first = texts.read(path, lambda path: (path.read_text(), (path,)))
    >>> texts.read(path, lambda path: ("not asked", ())) == first
    True
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: OrderedDict[Path, tuple[tuple[Path, ...], bytes, T]] = OrderedDict()

    def read(self, path: Path, read: Callable[[Path], tuple[T, tuple[Path, ...]]]) -> T:
        """What was read from a path, if all its files still say the same; else what ``read`` makes of it, and of what.

        Of more than ``most`` results, the one not asked for longest is dropped.
        """
        if path in self._results:
            files, digest, result = self._results.pop(path)
            if _digest(files) == digest:
                self._results[path] = files, digest, result
                return result
        began = time.time_ns()
        result, files = read(path)
        digest = _digest(files)
        if digest is not None and all(file.stat().st_mtime_ns < began - MARGIN for file in files):
            self._results[path] = files, digest, result
        while len(self._results) > self._most:
            self._results.popitem(last=False)
        return result


def _digest(files: Iterable[Path]) -> bytes | None:
    """Of the content of files; None if one cannot be read."""
    digest = sha256()
    try:
        for path in files:
            digest.update(sha256(read_bytes(path, MAX_TEXT)).digest())
    except InputError:
        return None
    return digest.digest()
