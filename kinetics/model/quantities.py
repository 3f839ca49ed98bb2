"""The things a model is made of; each knows its unit, its meaning and where it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

__all__ = ["Cohort", "CohortValue", "Derived", "Dose", "Input", "Output", "Parameter", "Quantity", "State"]


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What every named thing of a model has.

    Parameters
    ----------
    name : str
        An identifier, unique in the model.
    unit : pint.Unit or str
        Its unit; text is read by `kinetics.units.parse_unit`.
    about : str
        What it is, in words.
    latex : str
        Its symbol in equations; made from the name if empty.
    where : str
        ``file:line`` of its declaration, for messages.
    places : mapping of str to (str, str)
        ``file:line`` of each of its keys there, with the dotted key as the file has it.
    """

    name: str
    unit: Any
    about: str = ""
    latex: str = ""
    where: str = field(default="", compare=False)
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict, compare=False, repr=False)

    def place(self, key: str) -> tuple[str, str]:
        """Where one of its keys stands, and what to call it in a message.

        Examples
        --------
        >>> Quantity(name="A", unit="mg", where="pk.toml:7").place("rate")
        ('pk.toml:7', 'A.rate')
        """
        return self.places.get(key, (self.where, f"{self.name}.{key}"))

    @property
    def symbol(self) -> sp.Symbol:
        """The real sympy symbol of the same name."""
        return sp.Symbol(self.name, real=True)


@dataclass(frozen=True, kw_only=True)
class Parameter(Quantity):
    """A number with its source.

    Parameters
    ----------
    value : float
        In ``unit``.
    source : str
        A key of the bibliography, or ``choice``.
    spread : float, optional
        Between-patient standard deviation of the natural logarithm.
    prior : float, optional
        Standard deviation of the natural logarithm about ``value``, for fits that free the parameter.
    minimum, maximum : float, optional
        The least and the greatest value it may take, in ``unit``.
    positive : bool
        Whether zero is excluded too: a volume, or what else is divided by.
    """

    value: float
    source: str = "choice"
    spread: float | None = None
    prior: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    positive: bool = False


@dataclass(frozen=True, kw_only=True)
class Derived(Quantity):
    """A quantity computed from others; ``minimum`` bounds one that depends on parameters alone."""

    value: Any
    minimum: float | None = None


@dataclass(frozen=True, kw_only=True)
class Input(Quantity):
    """What another model provides; ``rest`` is its value when the model runs alone."""

    rest: float


@dataclass(frozen=True, kw_only=True)
class Dose(Quantity):
    """A drug the model accepts, given ``into`` one of its states."""

    into: str


@dataclass(frozen=True, kw_only=True)
class State(Quantity):
    """A compartment: its value at rest and its rate of change."""

    initial: Any
    rate: Any


@dataclass(frozen=True, kw_only=True)
class Output(Quantity):
    """What a simulation returns; ``lower_limit`` names the parameter with its lower limit of normal."""

    value: Any
    lower_limit: str | None = None


@dataclass(frozen=True)
class CohortValue:
    """A parameter's value in a cohort, in the parameter's unit, with its source and its spread if it has its own."""

    value: float
    source: str
    spread: float | None = None


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """A named set of parameter values.

    Parameters
    ----------
    name, about : str
        What it is called and whom it stands for.
    extends : str, optional
        Another cohort, whose values it starts from.
    from_fit : str, optional
        A fit whose estimates it takes.
    values : mapping of str to CohortValue
        By the flat name of the parameter.
    """

    name: str
    about: str = ""
    extends: str | None = None
    from_fit: str | None = None
    values: Mapping[str, CohortValue] = field(default_factory=dict)
    where: str = field(default="", compare=False)
