"""numba's `njit` for the functions of this package: their machine code lies in the package's own cache folder."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from kinetics.compile.cache import cache_folder, set_options, source_key
from kinetics.compile.checked_files import read_checked, write_checked
from kinetics.files.checksums import bytes_checksum


def njit(*, cache: bool = False, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Numba's decorator of that name, with its options.

    ``cache`` keeps the machine code. numba would keep it beside the source, where nothing may be written once the
    package is installed, and would take whatever lies there for code.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher: Any = numba.njit(**options)(function)
        if cache:
            dispatcher._cache = _MachineCode(function)
        return dispatcher

    return decorate


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
        set_options()
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
        """The folder of a generated module; a function of the package has a folder named by a key of its source."""
        folder = Path(self._py_func.__globals__["__file__"]).parent
        return folder if folder.parent == cache_folder() else cache_folder() / _key(folder)

    def _path(self, sig: Any, codegen: Any) -> Path:
        key = bytes_checksum(repr(self._index_key(sig, codegen)).encode())
        return self._folder() / f"{self._py_func.__name__}-{key[:24]}.code"


@cache
def _key(folder: Path) -> str:
    return source_key({*Path(__file__).parent.glob("*.py"), *folder.glob("*.py")})
