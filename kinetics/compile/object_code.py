"""Machine code of a model's functions: compiled by LLVM when first called for, kept in checked files, loaded after."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from llvmlite import binding

from kinetics.compile.assembly import assembly
from kinetics.compile.cache import cache_folder
from kinetics.compile.checked_files import read_checked, write_checked
from kinetics.compile.definitions import Described
from kinetics.errors import warn


@dataclass(frozen=True, eq=False)
class Loaded:
    """A function in memory, for as long as the process lives.

    Parameters
    ----------
    address : int
        Where its code begins; it takes pointers to arrays of floats and returns nothing.
    arrays : tuple of str
        The names of its arguments; see `kinetics.compile.definitions`.
    size : int
        Numbers that it writes, of each lane.
    entries : ndarray, (2, entry)
        Rows and columns of the numbers, if they are those of a sparse matrix.
    """

    address: int
    arrays: tuple[str, ...]
    size: int
    entries: np.ndarray


class Compilation:
    """What is compiled now, for a reader who waits: a context around the work on one function."""

    def __init__(self) -> None:
        self._at_work, self._done = 0, 0

    def __enter__(self) -> None:
        self._at_work += 1

    def __exit__(self, *_: object) -> None:
        self._at_work -= 1
        self._done += 1

    def __str__(self) -> str:
        return f"compiling the model, {self._done} functions done" if self._at_work else ""


COMPILATION = Compilation()


def load(key: str, name: str, lanes: int, describe: Callable[[], Described]) -> Loaded:
    """Load a function from the file of a key, see `kinetics.compile.cache.source_key`; if none is there, make it.

    Parameters
    ----------
    lanes : int
        `LANES`, or 0 for a scalar.
    describe : callable
        Works out the function.
    """
    path = cache_folder() / key / f"{name}_{lanes}.object"
    content = read_checked(path)
    if content is None:
        with COMPILATION:
            content = _content(name, describe())
        write_checked(path, content)
    head, _, code = content.partition(b"\n")
    facts = json.loads(head)
    entries = np.array(facts["entries"], dtype=np.int64).reshape(-1, 2).T
    return Loaded(linked(name, code), tuple(facts["arrays"]), facts["size"], np.ascontiguousarray(entries))


def _content(name: str, described: Described) -> bytes:
    """A line about a function, then its machine code."""
    function, entries = described.function, described.entries
    facts = {"arrays": function.arrays, "size": len(function.results), "entries": list(entries)}
    fused = _has(binding.get_host_cpu_features(), "fma")
    text = assembly(name, function, described.width, fused=fused)
    return json.dumps(facts).encode() + b"\n" + machine_code(text)


def machine_code(text: str) -> bytes:
    """What LLVM makes of assembly for this processor."""
    return _machine().emit_object(binding.parse_assembly(text))


def linked(name: str, code: bytes) -> int:
    """Put machine code into memory; returns the address of the function of a name."""
    library = binding.JITLibraryBuilder().add_object_img(code).export_symbol(name)
    with _LINKING:  # models in several threads: each library has a name of its own
        linked = library.link(_linker(), f"{name}_{len(_LINKED)}")
        _LINKED.append(linked)
    return int(linked[name])


_LINKED: list[Any] = []  # code is unloaded with what stands for it
_LINKING = Lock()


@lru_cache(maxsize=1)
def _machine() -> Any:
    """The processor that code is made for: this one."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features, name = binding.get_host_cpu_features(), binding.get_host_cpu_name()
    if not _has(features, "avx2"):
        warn("this processor has no AVX2: a simulation takes several times as long, with fewer patients side by side")
    target = binding.Target.from_default_triple()
    return target.create_target_machine(cpu=name, features=features.flatten(), opt=3, jit=True)


def _has(features: Mapping[str, bool], name: str) -> bool:
    """Whether a processor has a feature of Intel's; others have all that is needed."""
    return features.get(name, "sse2" not in features)


@lru_cache(maxsize=1)
def _linker() -> Any:
    return binding.create_lljit_compiler(_machine())
