"""numba for the loops of the batch engine: their machine code lies in the package's own cache folder."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import types
from numba.core.caching import FunctionCache
from numba.core.compiler import CompileResult
from numba.core.environment import Environment
from numba.core.funcdesc import PythonFunctionDescriptor
from numba.core.typing.templates import signature

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
    return numba.njit(fastmath=set(fastmath), **flags)(function)


def entry(function: Callable[..., Any]) -> Any:
    """A `kernel` that Python calls, while other threads run; its machine code, with all it calls, is kept in a file."""
    dispatcher: Any = kernel(function, no_cpython_wrapper=False, nogil=True)
    # numba would keep its code beside the source, where nothing may be written once the package is installed, and would
    # unpickle whatever lies there
    dispatcher._cache = _MachineCode(function)
    return dispatcher


_KINDS = {str(kind): kind for kind in (types.none, types.int64, types.float64)}
"""What an entry may return, alone or in a tuple, by name."""


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

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        # numba's own would first import and register all that it compiles with, which takes longer than a simulation
        content = read_checked(self._path(sig, target_context.codegen())) if self._enabled else None
        if content is None:
            return None
        head, _, code = content.partition(b"\n")
        facts = json.loads(head)
        kinds = [_KINDS[name] for name in facts["result"]]
        result = types.Tuple(kinds) if facts["is_tuple"] else kinds[0]
        described = self._described(sig, result, facts)
        environment = Environment.from_fndesc(described)
        library = facts["library"], "object", (code[: facts["size"]], code[facts["size"] :])
        return CompileResult._rebuild(
            target_context, library, described, environment, signature(result, *sig), False, (), "", (), ()
        )

    def _save_overload(self, sig: Any, data: Any) -> None:
        """A line about the function, its machine code, and LLVM's bitcode of it."""
        result: Any = data.signature.return_type
        is_tuple = isinstance(result, types.Tuple)
        names = [str(kind) for kind in (result.types if is_tuple else [result])]
        # what a line of text and machine code cannot hold: objects of Python, and code that runs when it is loaded
        objects = [each for each in (data.environment, *data._find_referenced_environments()) if each.consts]
        held = not (objects or data.lifted or data.reload_init or data.library.has_dynamic_globals)
        if not (self._enabled and held and _KINDS.keys() >= set(names)):
            return
        library, _, (binary, bitcode) = data.library.serialize_using_object_code()
        described = data.fndesc
        facts = {"library": library, "result": names, "is_tuple": is_tuple, "size": len(binary)}
        facts |= {"name": described.mangled_name, "environment": described.env_name}
        write_checked(self._path(sig, data.codegen), json.dumps(facts).encode() + b"\n" + binary + bitcode)

    def _described(self, sig: Any, result: Any, facts: dict[str, Any]) -> PythonFunctionDescriptor:
        """The function as numba knows it, under the names by which its code was linked.

        They are not made again from the types: numba puts numbers of its types in them, which it counts from the start
        of each process.
        """
        function, arguments = self._py_func, tuple(inspect.signature(self._py_func).parameters)
        module, name = function.__module__, function.__qualname__
        return PythonFunctionDescriptor(
            True, module, name, name, "", None, result, None, arguments, (),
            mangler=lambda *_, **__: facts["name"], argtypes=tuple(sig), env_name=facts["environment"],
        )  # fmt: skip

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
        package / "compile" / "definitions.py",
        package / "compile" / "instructions.py",
        package / "engines" / "guard.py",
        package / "engines" / "rule_monitor.py",
        package / "units" / "levels.py",
    )
    return source_key({Path(__file__), *numbers, *folder.glob("*.py")})
