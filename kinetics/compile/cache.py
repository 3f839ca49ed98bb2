"""Compiled code in files of the user's own: written once, imported by the next process."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import stat
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from kinetics.errors import KineticsError

__all__ = ["cache_folder", "load_module", "source_key"]


def _wanted_folder() -> Path:
    if named := os.environ.get("LYMPHOKINETICS_CACHE"):
        return Path(named)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "lymphokinetics"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lymphokinetics"


def _is_private(folder: Path) -> bool:
    """Whether nobody else can write there: its files are imported."""
    if os.name == "nt":
        return True
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and os.access(folder, os.W_OK)


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """The folder of compiled code: ``$LYMPHOKINETICS_CACHE``, or the user's cache folder; a fresh temporary one, with a warning, if neither can be used.

    Returns
    -------
    pathlib.Path
        Mode 0700, owned by the user.
    """
    wanted = _wanted_folder()
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_private(wanted):
            return wanted
        reason = "others may write to it"
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
    for part in (*parts, sys.version, _processor(), *map(importlib.metadata.version, ("numba", "sympy", "numpy"))):
        digest.update(part.encode() + b"\0")
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:24]


def _processor() -> str:
    from llvmlite import binding

    return f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"


def load_module(key: str, generate: Callable[[], str]) -> ModuleType:
    """Import the module of a key, generating and writing its source first if it is not there.

    Parameters
    ----------
    key : str
        From `source_key`.
    generate : callable
        Returns the source text; called only if needed.
    """
    name = f"kinetics_generated_{key}"
    if name in sys.modules:
        return sys.modules[name]
    path = cache_folder() / key / "system.py"
    if not path.is_file():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False, encoding="utf-8") as file:
            file.write(generate())
        os.replace(file.name, path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise KineticsError(f"cannot import compiled code from {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
