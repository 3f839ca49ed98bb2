"""The compiled kernels of a model: templates behind the model's functions, in a file of the cache."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType

from kinetics.compile import System
from kinetics.compile.cache import load_module, source_key
from kinetics.compile.source import template

_FOLDER = Path(__file__).parent
_KERNELS = (
    "dense", "kinks", "guard", "recovery_windows", "step", "rule_monitor", "lane_step", "tangent", "derivatives",
    "integration", "scheduler", "population",
)  # fmt: skip
# what one template takes from another stands in the same file
_MODULES = tuple(f"kinetics.engines.batch.kernels.{name}" for name in _KERNELS)


def load_program(system: System) -> ModuleType:
    """The kernels of a system: ``integrate``, and ``integrate_population``, ``..._with_rules``, ``..._with_tangent``.

    One text a model, and no arguments of functions: a call of a function that is an argument is not inlined, and to
    numba the numbers of states and lanes are constants of this text. Nothing of it is compiled before it is called.
    """
    return _load(system.functions.__name__)


@cache  # the key reads a dozen files, which takes as long as a patient
def _load(model: str) -> ModuleType:
    imported = ("rule_monitor.py", "guard.py", "../units/levels.py")
    sources = (*_FOLDER.rglob("*.py"), *(_FOLDER.parent / name for name in imported))
    return load_module(source_key(sources, model), lambda: _text(model))


def _text(model: str) -> str:
    return "\n\n".join(template(_FOLDER / "kernels" / f"{name}.py", model, _MODULES) for name in _KERNELS)
