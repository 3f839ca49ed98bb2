"""The compiled kernels of a model: templates behind the model's functions, in a file of the cache."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from types import ModuleType

from kinetics.compile import System
from kinetics.compile.cache import load_module, source_key
from kinetics.compile.source import template

__all__ = ["load_program"]

_HERE = Path(__file__).parent
_NAMES = ("tangent", "dense", "windows", "triggered", "kernel", "population")
_TEMPLATES = tuple(_HERE / f"{name}.py" for name in _NAMES)
# what one template takes from another stands in the same file
_AMONG = re.compile(rf"^from kinetics\.engines\.batch\.(?:{'|'.join(_NAMES)}) import .*\n", re.MULTILINE)


def load_program(system: System) -> ModuleType:
    """The kernels of a system: ``integrate``, ``integrate_population``.

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
    sources = (*_TEMPLATES, _HERE / "rodas5p.py", _HERE.parent / "firing.py", Path(__file__))
    return load_module(source_key(sources, model), lambda: _text(model))


def _text(model: str) -> str:
    texts = [_AMONG.sub("", template(path, model)) for path in _TEMPLATES]
    return "\n\n".join(texts)
