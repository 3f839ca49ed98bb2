"""numba for the loops of the batch engine: their machine code lies in the package's own cache folder."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from kinetics.compile.cache import cache_folder, source_key
from kinetics.compile.checked_files import read_checked, write_checked
from kinetics.files.checksums import bytes_checksum


def kernel(function: Callable[..., Any] | None = None, *, fastmath: Iterable[str] = (), **options: Any) -> Any:
    """A function that compiled functions call: numba's `njit` without what makes it callable for others.

    Wrappers for Python and C would be compiled too, and counts of references to arrays, which their makers hold as long
    as compiled code runs: three quarters of the time to compile.
    """
    if function is None:
        return lambda function: kernel(function, fastmath=fastmath, **options)
    flags = {"_nrt": False, "no_cfunc_wrapper": True, "no_cpython_wrapper": True, "error_model": "numpy"} | options
    dispatcher: Any = numba.njit(fastmath=set(fastmath), **flags)(function)
    # numba would keep its code beside the source, where nothing may be written once the package is installed, and would
    # take whatever lies there for code
    dispatcher._cache = _MachineCode(function)
    return dispatcher


def entry(function: Callable[..., Any]) -> Any:
    """A `kernel` that Python calls, while other threads run."""
    return kernel(function, no_cpython_wrapper=False, nogil=True)


class _MachineCode(FunctionCache):
    """Replaces numba's index and data files by one checked file for each function and signature."""

    def __init__(self, function: Callable[..., Any]) -> None:
        # the constructor of numba is not called: it looks for a folder before any code is compiled
        self._name, self._py_func = repr(function), function
        self.enable()

    @property
    def cache_path(self) -> str:
        return str(self._folder())

    def flush(self) -> None:
        for path in self._folder().glob(f"{self._py_func.__name__}-*.code"):
            path.unlink(missing_ok=True)

    def _load_overload(self, sig: Any, target_context: Any) -> Any:
        content = read_checked(self._path(sig, target_context.codegen())) if self._enabled else None
        if content is None:
            return None
        # The one place that unpickles a file. What is read is machine code that will be run, so no other format could
        # make a hostile file harmless: what protects the user is `cache_folder`, which takes none that others may write
        # to. The checksum finds damage. Beside the code numba pickles its types, for which it has no other format.
        return CompileResult._rebuild(target_context, *pickle.loads(content))  # noqa: S301

    def _save_overload(self, sig: Any, data: Any) -> None:
        if self._enabled and not data.lifted and not data.library.has_dynamic_globals:
            write_checked(self._path(sig, data.codegen), dumps(data._reduce()))

    def _folder(self) -> Path:
        return cache_folder() / _key(Path(self._py_func.__globals__["__file__"]).parent)

    def _path(self, sig: Any, codegen: Any) -> Path:
        key = bytes_checksum(repr(self._index_key(sig, codegen)).encode())
        return self._folder() / f"{self._py_func.__name__}-{key[:24]}.code"


@cache
def _key(folder: Path) -> str:
    """Of the kernels in a folder, and of the modules that they take numbers from: numba compiles these in."""
    package = Path(__file__).parents[2]
    numbers = (
        package / "engines" / "guard.py",
        package / "engines" / "rule_monitor.py",
        package / "units" / "levels.py",
    )
    return source_key({Path(__file__), *numbers, *folder.glob("*.py")})
