"""Names that no quantity may have: words of the grammar, and variables, dims, coordinates and groups of results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kinetics.errors import Fault, Faults, InputError
from kinetics.expressions.elementary import FUNCTIONS as ELEMENTARY

DIMS = frozenset({"time", "patient", "draw", "course", "rule", "trigger"})
"""Dims of simulations."""
WORDS = frozenset({"and", "or", "xor", "not", "true", "false"})
"""Of conditions."""
FUNCTIONS = frozenset({"exp", "log", "sqrt", "abs", "min", "max", "piecewise", *ELEMENTARY})
RESERVED = frozenset({"t", "pi", "E"}) | FUNCTIONS | WORDS | DIMS
"""What no quantity of a model may be called, whatever its results are."""
NAMES = {
    "simulate": f"{' '.join(sorted(DIMS))} course_start failure patient_id triggered_time triggered_rule "
    "triggered_amount trigger_capped",
    "predict": "quantile patient_quantile draws interval recovery patients over_patients over_parameters "
    "population_recovery study",
    "compare": "regimen quantile failed",
}
"""Names by the verb whose results have them. A group of a tree and a variable of its root cannot share a name."""
PREFIXES = ("triggered_amount_", "visit_")
"""Beginnings of names in results of `simulate`: amounts by drug, and visits by series."""
OBSERVED = "_seen"
"""Ending of the variable that holds what visits show of an output."""
VERBS = tuple(NAMES)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def is_name(text: str) -> bool:
    """Whether a text may name a quantity: an identifier of at most 64 characters that is not reserved.

    Examples
    --------
    >>> is_name("k_A4"), is_name("exp"), is_name("x; y")
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None and text not in RESERVED


def clash(name: str, *verbs: str) -> str:
    """Why a quantity cannot have a name, in results of the given verbs or, without any, of all; empty if it can.

    Examples
    --------
    >>> clash("recovery"), clash("recovery", "simulate")
    ("'recovery' is the name of something else in results of predict; rename it", '')
    """
    for verb in verbs or VERBS:
        if name in NAMES[verb].split() or (verb == "simulate" and name.startswith(PREFIXES)):
            return f"'{name}' is the name of something else in results of {verb}; rename it"
    return ""


def check_names(quantities: Mapping[str, Any], *verbs: str) -> None:
    """Refuse outputs and states, by name, whose names results of the verbs use, by default of all."""
    faults = Faults()
    for name, row in quantities.items():
        if reason := clash(name, *verbs):
            faults.add(reason, row.where, name)
    for name in () if verbs else _of_visits(quantities):  # of one verb, visits themselves check it
        faults.add(f"'{name}' is what visits show of another output; rename one", quantities[name].where, name)
    faults.raise_if_any()


def _of_visits(names: Mapping[str, Any]) -> Iterator[str]:
    return (name for name in names if name.endswith(OBSERVED) and name.removesuffix(OBSERVED) in names)


def joined(*tables: Mapping[Any, Any]) -> dict[Any, Any]:
    """Merge tables of variables; `InputError` if two have one name.

    Examples
    --------
    >>> joined({"A": 1}, {"A": 2})
    Traceback (most recent call last):
    kinetics.errors.InputError: A: would stand for two things in the result; rename one
    """
    whole: dict[Any, Any] = {}
    for table in tables:
        if twice := [str(name) for name in table if name in whole]:
            raise InputError(*(Fault("would stand for two things in the result; rename one", name=n) for n in twice))
        whole |= table
    return whole
