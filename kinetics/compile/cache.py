"""Compiled code in files of the user's own: written once, imported by the next process."""

from __future__ import annotations

import atexit
import hashlib
import importlib.metadata
import importlib.util
import marshal
import os
import shutil
import stat
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from platformdirs import user_cache_dir

from kinetics import __version__
from kinetics.compile.checked_files import read_checked, write_checked
from kinetics.errors import InputError
from kinetics.files.reading import reason_of

FREE_BYTES = 2**26
"""What has to be free on the disk: a model takes up to a tenth of this."""

LLVM_OPTIONS = ("--memory-check-merge-threshold=100000", "--runtime-memory-check-threshold=64")
"""Compiled code cannot know that its arrays do not overlap, and looks before each loop in vector registers. With LLVM's
own limits on what it looks at, 100 and 8, a loop over lanes that touches more than a hundred entries of its arrays is
not checked and runs a lane at a time, at less than half the speed: any model of more than about 25 states."""


def _users_folder() -> Path:
    if named := os.environ.get("LYMPHOKINETICS_CACHE"):
        return Path(named).absolute()
    folder = Path(user_cache_dir("lymphokinetics", appauthor=False))
    if not folder.is_absolute():  # without a home the tilde stays
        raise RuntimeError("the user has no home folder")
    return folder


def _objection(folder: Path) -> str:
    """What speaks against importing files from a folder, or nothing."""
    if not os.access(folder, os.W_OK):
        return "it is not writable"
    if shutil.disk_usage(folder).free < FREE_BYTES:
        return "its disk is full"
    if os.name == "nt":
        return ""
    status = folder.stat()
    if status.st_uid != os.getuid():
        return "it belongs to somebody else"
    return "others may write to it" if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else ""


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """The folder of compiled code, the user's own with mode 0700: ``$LYMPHOKINETICS_CACHE``, or that of the platform.

    A fresh temporary one, with a warning, where that cannot be used; it is removed when the process ends.

    Raises
    ------
    InputError
        If nothing can be written, not even to the folder of temporary files.
    """
    folder: Path | str = "the user's cache folder"
    try:
        folder = _users_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = _objection(folder)
        if not reason:
            return folder
    except (OSError, RuntimeError, ValueError) as error:  # also a user without a home; a name with a NUL byte
        reason = reason_of(error)
    try:
        fallback = Path(tempfile.mkdtemp(prefix="lymphokinetics-"))
    except OSError as error:
        raise InputError(
            f"cannot keep compiled code in {folder} ({reason}), nor in the folder of temporary files; "
            "name one that can be written to in LYMPHOKINETICS_CACHE"
        ) from error
    atexit.register(_remove, fallback, os.getpid())
    warnings.warn(f"cannot keep compiled code in {folder} ({reason}); using {fallback} for this run", stacklevel=2)
    return fallback


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a fork still needs it
        shutil.rmtree(folder, ignore_errors=True)


def source_key(sources: Iterable[Path], *parts: str) -> str:
    """A key of 24 digits that changes with the parts, such as a model's hash, with versions and processor, and sources.

    ``sources`` are the files of the generator: numba's own cache does not notice an edited callee in another file.
    """
    digest = hashlib.sha256()
    for part in (*parts, *_environment()):
        digest.update(part.encode() + b"\0")
    for source in sorted(sources):
        digest.update(source.read_bytes() + b"\0")
    return digest.hexdigest()[:24]


@lru_cache(maxsize=1)
def _environment() -> tuple[str, ...]:
    """Versions and processor: what compiled code depends on beside its source."""
    from llvmlite import binding

    versions = map(importlib.metadata.version, ("numba", "llvmlite", "sympy", "numpy"))
    processor = f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"
    return (__version__, sys.version, processor, *LLVM_OPTIONS, *versions)


@lru_cache(maxsize=1)
def set_options() -> None:
    """For all that this process compiles from now on; an option that another LLVM does not know, it ignores."""
    from llvmlite import binding

    for option in LLVM_OPTIONS:
        binding.set_option("kinetics", option)


def load_module(key: str, generate: Callable[[], str]) -> ModuleType:
    """Import the module of a key, see `source_key`; if it is not there, ``generate`` returns its text."""
    set_options()
    name = f"kinetics_generated_{key}"
    if name in sys.modules:
        return sys.modules[name]
    path = cache_folder() / key / "system.py"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Loader(name, path, generate))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _Loader(SourceFileLoader):
    """Loads from checked files in place of ``.py`` and ``.pyc``, of which Python does not notice any damage."""

    def __init__(self, name: str, path: Path, generate: Callable[[], str]) -> None:
        super().__init__(name, str(path))
        self._generate = generate

    def get_code(self, fullname: str) -> CodeType:
        """The code of the module, from the cache or newly generated."""
        source = Path(self.path)
        if (compiled := read_checked(source.with_suffix(".code"))) is not None:
            return marshal.loads(compiled)
        if (text := read_checked(source)) is None:
            write_checked(source, text := self._generate().encode())
        code: CodeType = compile(text, self.path, "exec", dont_inherit=True)
        write_checked(source.with_suffix(".code"), marshal.dumps(code))
        return code
