"""`Event`: when a condition becomes true, states are set to other values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

TRIGGER, EXECUTION = "trigger", "execution"
"""When the assigned values are worked out."""
_ASSIGNMENTS = "assignments."


@dataclass(frozen=True, kw_only=True, repr=False)
class Event:
    """What happens when a condition becomes true; expressions and conditions are of sympy.

    The semantics are those of SBML Level 3 Version 2, section 4.11.

    Parameters
    ----------
    name : str
        An identifier, unique among the events of the model.
    trigger : sympy.Boolean
        The event fires when this becomes true.
    assignments : mapping of str to sympy.Expr
        The new value of states by name, in the unit of each; all are worked out from the values before.
    delay : sympy.Expr, optional
        Time from the trigger to the execution; none by default.
    priority : sympy.Expr, optional
        Dimensionless: of several executions at one time the highest is first, those without one last.
    persistent : bool
        If false, an execution is given up when the trigger is false again before it.
    initial : bool
        What the trigger counts as before the start: if false, the event may fire at the start.
    values_at : {"trigger", "execution"}
        When the assigned values are worked out.
    about : str
        What it is.
    where : str
        The ``file:line`` of its declaration.
    locations : mapping
        The ``file:line`` and the dotted key of each of its `expressions`.

    Examples
    --------
    >>> import sympy as sp
    >>> mass = sp.Symbol("mass")
    >>> Event(name="division", trigger=mass >= 2, assignments={"mass": mass / 2}, about="halves")
    <Event division, mass >= 2: halves>
    """

    name: str
    trigger: Any
    assignments: Mapping[str, Any]
    delay: Any = None
    priority: Any = None
    persistent: bool = True
    initial: bool = True
    values_at: str = TRIGGER
    about: str = ""
    where: str = field(default="", compare=False)
    locations: Mapping[str, tuple[str, str]] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        about = f": {self.about}" if self.about else ""
        return f"<{type(self).__name__} {self.name}, {self.trigger}{about}>"

    @property
    def expressions(self) -> dict[str, Any]:
        """Trigger, delay and priority where there are, and assigned values as ``assignments.STATE``."""
        declared = {"trigger": self.trigger, "delay": self.delay, "priority": self.priority}
        given = {key: value for key, value in declared.items() if value is not None}
        return given | {f"{_ASSIGNMENTS}{name}": value for name, value in self.assignments.items()}

    def with_expressions(self, change: Callable[[str, Any], Any]) -> Event:
        """The event with each of its `expressions` replaced by what a function of key and expression makes of it."""
        changed = {key: change(key, value) for key, value in self.expressions.items()}
        values = {name: changed.pop(f"{_ASSIGNMENTS}{name}") for name in self.assignments}
        return replace(self, assignments=values, **changed)

    def prefixed(self, alias: str, names: Mapping[Any, Any]) -> Event:
        """The event of a used model under flat names, its symbols replaced."""
        flat = self.with_expressions(lambda _, value: value.xreplace(names))
        values = {f"{alias}_{name}": value for name, value in flat.assignments.items()}
        return replace(flat, name=f"{alias}_{self.name}", assignments=values)

    def location(self, key: str) -> tuple[str, str]:
        """Where one of its `expressions` stands, and what to call it in a message."""
        return self.locations.get(key, (self.where, f"{self.name}.{key}"))
