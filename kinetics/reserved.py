"""The names that results give their own variables, dims, coordinates and groups, which no quantity in them may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kinetics.errors import Fault, Faults, InputError

__all__ = ["DIMS", "VERBS", "check_names", "clash", "joined"]

DIMS = frozenset({"time", "patient", "draw", "course", "rule", "trigger"})
"""Dims of simulations, which no quantity of a model may have for a name."""
NAMES = {
    "simulate": f"{' '.join(sorted(DIMS))} course_start failure triggered_time triggered_rule triggered_amount "
    "trigger_capped",
    "predict": "quantile patient_quantile draws interval recovery patients over_patients over_parameters "
    "population_recovery study",
    "compare": "regimen quantile failed",
}
"""By the verb whose results have them; the groups of a tree share their names with the variables of its root."""
PREFIXES = ("triggered_amount_", "visit_")
"""In results of `simulate`: of amounts by drug, and of visits by series."""
SEEN = "_seen"
"""What the name of what visits show ends in, behind that of an output."""
VERBS = tuple(NAMES)


def clash(name: str, *verbs: str) -> str:
    """Why something in the results of some verbs, or of any, cannot be called so; empty if it can.

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
    """Refuse outputs and states of a model whose names results need, where they are declared.

    Parameters
    ----------
    quantities : mapping of str to Quantity
        What the results are of, by name.
    *verbs : str
        Of `VERBS`; all by default.

    Raises
    ------
    InputError
        With every one of them, its file and line.
    """
    faults = Faults()
    for name, row in quantities.items():
        if reason := clash(name, *verbs):
            faults.add(reason, row.where, name)
    for name in () if verbs else _seen(quantities):  # taken only where visits are asked for, which look themselves
        faults.add(f"'{name}' is what visits show of another output; rename one", quantities[name].where, name)
    faults.raise_if_any()


def _seen(names: Mapping[str, Any]) -> Iterator[str]:
    return (name for name in names if name.endswith(SEEN) and name.removesuffix(SEEN) in names)


def joined(*tables: Mapping[Any, Any]) -> dict[Any, Any]:
    """Variables of a dataset together, none in the place of another.

    Raises
    ------
    InputError
        If two have one name.

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
