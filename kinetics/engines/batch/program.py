"""The compiled kernels of a model: templates behind the model's functions, in a file of the cache."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType

from kinetics.compile import System
from kinetics.compile.cache import load_module, source_key
from kinetics.compile.source import template

__all__ = ["load_program"]

_HERE = Path(__file__).parent
_KERNELS = _HERE / "kernels"
_NAMES = (
    "lanes", "tangent", "derivatives", "dense", "kinks", "guard", "recovery_windows", "rule_monitor", "integration",
    "lane_step", "scheduler", "population",
)  # fmt: skip
_TEMPLATES = tuple(_KERNELS / f"{name}.py" for name in _NAMES)
# what one template takes from another stands in the same file
_AMONG = tuple(f"kinetics.engines.batch.kernels.{name}" for name in _NAMES)


def load_program(system: System) -> ModuleType:
    """The kernels of a system: ``integrate``, and ``integrate_population``, ``..._with_rules``, ``..._with_tangent``.

    Parameters
    ----------
    system : System
        A compiled model.

    Returns
    -------
    module
        Nothing of it is compiled before it is called.
    """
    return _loaded(system.functions.__name__)


@cache  # the key reads a dozen files, which takes as long as a patient
def _loaded(model: str) -> ModuleType:
    beside = ("rule_monitor.py", "guard.py", "../units/levels.py")
    sources = (*_HERE.rglob("*.py"), *(_HERE.parent / name for name in beside))
    return load_module(source_key(sources, model), lambda: _text(model))


def _text(model: str) -> str:
    return "\n\n".join(template(path, model, _AMONG) for path in _TEMPLATES)
