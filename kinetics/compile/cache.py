"""Compiled code in files of the user's own: written once, imported by the next process."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from kinetics import __version__
from kinetics.errors import KineticsError

__all__ = ["cache_folder", "load_module", "source_key"]

ROOM = 2**26
"""Bytes that have to be free: a model takes up to a tenth of this."""

LLVM_OPTIONS = ("--memory-check-merge-threshold=100000", "--runtime-memory-check-threshold=64")
"""With LLVM's own limits, 100 and 8, a loop over lanes that touches more than a hundred entries of its arrays is not
checked for overlaps and runs a lane at a time, at less than half the speed: any model of more than about 25 states."""


def _wanted_folder() -> Path:
    if named := os.environ.get("LYMPHOKINETICS_CACHE"):
        return Path(named)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "lymphokinetics"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lymphokinetics"


def _objection(folder: Path) -> str:
    """What speaks against importing files from a folder, or nothing."""
    if not os.access(folder, os.W_OK):
        return "it is not writable"
    if shutil.disk_usage(folder).free < ROOM:
        return "its disk is full"
    if os.name == "nt":
        return ""
    status = folder.stat()
    if status.st_uid != os.getuid():
        return "it belongs to somebody else"
    return "others may write to it" if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else ""


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """The folder of compiled code: ``$LYMPHOKINETICS_CACHE``, or the user's cache folder.

    A fresh temporary one, with a warning, where that cannot be used.

    Returns
    -------
    pathlib.Path
        Mode 0700, owned by the user.
    """
    wanted = _wanted_folder()
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = _objection(wanted)
        if not reason:
            return wanted
    except OSError as error:
        reason = error.strerror or str(error)
    fallback = Path(tempfile.mkdtemp(prefix="lymphokinetics-"))
    warnings.warn(f"cannot keep compiled code in {wanted} ({reason}); using {fallback} for this run", stacklevel=2)
    return fallback


def source_key(sources: Iterable[Path], *parts: str) -> str:
    """A key that changes with the given parts, the generator's own sources, the versions and the processor.

    Parameters
    ----------
    sources : iterable of pathlib.Path
        The files of the generator: numba's own cache does not notice an edited callee in another file.
    *parts : str
        What the code is generated from, such as a model's structure hash.

    Returns
    -------
    str
        24 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for part in (*parts, *_surroundings()):
        digest.update(part.encode() + b"\0")
    for source in sorted(sources):
        digest.update(source.read_bytes() + b"\0")
    return digest.hexdigest()[:24]


@lru_cache(maxsize=1)
def _surroundings() -> tuple[str, ...]:
    """Versions and processor: what compiled code depends on beside its source."""
    from llvmlite import binding

    versions = map(importlib.metadata.version, ("numba", "llvmlite", "sympy", "numpy"))
    processor = f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"
    return (__version__, sys.version, processor, *LLVM_OPTIONS, *versions)


@lru_cache(maxsize=1)
def _set_options() -> None:
    """For all that this process compiles from now on; an option that another LLVM does not know, it ignores."""
    from llvmlite import binding

    for option in LLVM_OPTIONS:
        binding.set_option("kinetics", option)


def load_module(key: str, generate: Callable[[], str]) -> ModuleType:
    """Import the module of a key, generating and writing its source first if it is not there.

    Parameters
    ----------
    key : str
        From `source_key`.
    generate : callable
        Returns the source text; called only if needed.
    """
    _set_options()
    name = f"kinetics_generated_{key}"
    if name in sys.modules:
        return sys.modules[name]
    path = cache_folder() / key / "system.py"
    if not path.is_file():
        text = generate()
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False, encoding="utf-8") as file:
            file.write(text)
        os.replace(file.name, path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise KineticsError(f"cannot import compiled code from {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
