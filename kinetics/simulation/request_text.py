"""A request as JSON, for a worker that shares no memory with this process: texts and numbers, no code.

An object of the package becomes its fields, an expression a tree, a unit a text. Locations in files are left out, and
so are the cohorts of the model, of which the request has one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import pint
import sympy as sp

from kinetics.cohorts.cohort import CohortParameters
from kinetics.engines import Tolerances
from kinetics.errors import InputError
from kinetics.expressions.trees import expression_of, expression_tree
from kinetics.measures.registry import MEASURES
from kinetics.model import Model
from kinetics.model import quantities as of_model
from kinetics.observation import VisitSchedule
from kinetics.observation.series import Series
from kinetics.population.covariates import Covariates
from kinetics.regimen import Course, Dose, Regimen, Rule
from kinetics.simulation.request import LoadedRequest
from kinetics.units import Unit, parse_unit, registry, unit_text

_KINDS: dict[str, type] = {
    f"{kind.__module__}.{kind.__qualname__}": kind
    for kind in (
        LoadedRequest, Model, of_model.Parameter, of_model.Input, of_model.Derived, of_model.Dose, of_model.State,
        of_model.Output, of_model.Correlation, CohortParameters, Regimen, Course, Dose, Rule, VisitSchedule, Series,
        Covariates, Tolerances, *MEASURES.values(),
    )
}  # fmt: skip
"""The classes of which a request is made; an object of any other class is not sent."""
_LEFT_OUT = {"where", "locations"}


def request_text(request: LoadedRequest) -> str:
    """A request as JSON, without where its result goes.

    Raises
    ------
    InputError
        If it has an object of a class that is not of this package, such as a measure of one's own.
    """
    model = replace(request.model, cohorts={}, path=None, extends=())
    return json.dumps(_plain(replace(request, model=model, out=None, chunk=None, resume=False, client=None)))


def request_from(text: str) -> LoadedRequest:
    """The request of `request_text`."""
    return _object(json.loads(text))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, sp.Basic):  # before numbers: those of SymPy are expressions
        return {"expression": expression_tree(value)}
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, list | tuple):
        return {"list" if isinstance(value, list) else "tuple": [_plain(one) for one in value]}
    if isinstance(value, Mapping):
        return {"dict": [[_plain(key), _plain(one)] for key, one in value.items()]}
    if isinstance(value, Unit):
        return {"unit": unit_text(value)}
    if isinstance(value, pint.Quantity):
        return {"quantity": [_plain(value.magnitude), unit_text(value.units)]}
    if isinstance(value, np.ndarray):
        return {"array": [str(value.dtype), value.tolist()]}
    if isinstance(value, Path):
        return {"path": str(value)}
    return _fields(value)


def _fields(value: Any) -> dict[str, Any]:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if not is_dataclass(value) or _KINDS.get(kind) is not type(value):
        raise InputError(
            f"{value!r:.60} is of class {type(value).__name__}, which is not of this package, and code of your own is "
            "not sent to workers; leave it out, or simulate without a cluster"
        )
    return {kind: {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name not in _LEFT_OUT}}


def _object(plain: Any) -> Any:
    if not isinstance(plain, dict):
        return plain
    ((kind, content),) = plain.items()
    if kind in _READERS:
        return _READERS[kind](content)
    one = object.__new__(_KINDS[kind])  # checked when the request was; a second check might round a number
    for field in fields(_KINDS[kind]):
        default = field.default_factory() if callable(field.default_factory) else field.default
        value = default if field.name in _LEFT_OUT else _object(content[field.name])
        object.__setattr__(one, field.name, value)
    return one


_READERS: dict[str, Callable[[Any], Any]] = {
    "list": lambda content: [_object(one) for one in content],
    "tuple": lambda content: tuple(_object(one) for one in content),
    "dict": lambda content: {_object(key): _object(one) for key, one in content},
    "expression": expression_of,
    "unit": parse_unit,
    "quantity": lambda content: registry.Quantity(content[0], parse_unit(content[1])),
    "array": lambda content: np.array(content[1], dtype=content[0]),
    "path": Path,
}
