"""The things a model is made of; each knows its unit, its meaning and where it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sympy as sp

from kinetics.text.numbers import count_text

DOSE_EXPRESSIONS = ("lag", "bioavailability", "duration", "rate")
"""What a model may say of how a drug is given."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Quantity:
    """What every named thing of a model has; its name is an identifier, unique in the model.

    ``unit`` is a unit of pint, or text for `kinetics.units.parse_unit`; figures call it ``label``, equations ``latex``.
    ``where`` is the ``file:line`` of its declaration, and ``locations`` has that of each of its keys there, with the
    dotted key as the file has it.
    """

    name: str
    unit: Any
    about: str = ""
    label: str = ""
    latex: str = ""
    where: str = field(default="", compare=False)
    locations: Mapping[str, tuple[str, str]] = field(default_factory=dict, compare=False, repr=False)

    def __repr__(self) -> str:
        about = f": {self.about}" if self.about else ""
        return f"<{type(self).__name__} {self.name}, {self.unit}{about}>"

    def location(self, key: str) -> tuple[str, str]:
        """Where one of its keys stands, and what to call it in a message.

        >>> Quantity(name="A", unit="mg", where="pk.toml:7").location("rate")
        ('pk.toml:7', 'A.rate')
        """
        return self.locations.get(key, (self.where, f"{self.name}.{key}"))

    @property
    def symbol(self) -> sp.Symbol:
        """The real sympy symbol of the same name."""
        return sp.Symbol(self.name, real=True)


@dataclass(frozen=True, kw_only=True, repr=False)
class Parameter(Quantity):
    """A number in ``unit`` with its source: a key of the bibliography, or ``choice``.

    Parameters
    ----------
    spread : float, optional
        Between-patient standard deviation: of the natural logarithm, of the logit, or of the value itself in ``unit``.
    distribution : {"log_normal", "logit_normal", "normal", "categories"}, optional
        How it varies between patients; log-normally if it has a spread.
    shares : tuple of float, optional
        Of patients in category 0, 1, ...; of distribution ``categories`` alone.
    prior : float, optional
        Standard deviation of the natural logarithm about ``value``, for fits that free the parameter, and for
        predictions if none does.
    minimum, maximum : float, optional
        The least and the greatest value it may take, in ``unit``.
    positive : bool
        Whether zero is excluded too: a volume, or what else is divided by.
    """

    value: float
    source: str = "choice"
    spread: float | None = None
    distribution: str | None = None
    shares: tuple[float, ...] | None = None
    prior: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    positive: bool = False

    @property
    def varies(self) -> bool:
        """Whether patients differ in it."""
        return any(declared is not None for declared in (self.spread, self.distribution, self.shares))


@dataclass(frozen=True, kw_only=True, repr=False)
class Derived(Quantity):
    """A quantity computed from others: ``value`` is an expression of sympy, in ``unit``.

    A ``minimum`` bounds one that depends on parameters alone. It is ``exploratory`` if it is such an output of a
    part; an output that names it is exploratory too.
    """

    value: Any
    minimum: float | None = None
    exploratory: bool = False


@dataclass(frozen=True, kw_only=True, repr=False)
class Input(Quantity):
    """What another model provides; ``rest`` is its value when the model runs alone."""

    rest: float


@dataclass(frozen=True, kw_only=True, repr=False)
class DoseConstant(Derived):
    """How a drug is given, one of `Dose.expressions`: a `Derived` quantity that follows from parameters alone."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Dose(Quantity):
    """A drug the model accepts, given ``into`` one of its states, and how records of doses give it.

    What is optional is an expression of sympy that follows from parameters alone.

    Parameters
    ----------
    lag : sympy.Expr, optional
        Time from a record of a dose to its start, a time.
    bioavailability : sympy.Expr, optional
        The share of an amount that arrives, dimensionless.
    duration : sympy.Expr, optional
        Of infusions whose records leave the duration to the model, a time.
    rate : sympy.Expr, optional
        Of infusions whose records leave the rate to the model, in the unit of the dose per time.
    """

    into: str
    lag: Any = None
    bioavailability: Any = None
    duration: Any = None
    rate: Any = None

    @property
    def expressions(self) -> dict[str, Any]:
        """Those of ``lag``, ``bioavailability``, ``duration`` and ``rate`` that the model has."""
        declared = {key: getattr(self, key) for key in DOSE_EXPRESSIONS}
        return {key: value for key, value in declared.items() if value is not None}

    def constant(self, key: str) -> str:
        """The name of the derived quantity that has the value of an expression.

        >>> Dose(name="oral", unit="mg", into="depot").constant("lag")
        'lag_of_oral'
        """
        return f"{key}_of_{self.name}"


@dataclass(frozen=True, kw_only=True, repr=False)
class State(Quantity):
    """A compartment: its initial value at rest, and its rate of change in ``unit`` per time of the model.

    ``tolerance`` is the absolute tolerance of integration, in ``unit``, of one that falls by decades and grows again.
    """

    initial: Any
    rate: Any
    tolerance: float | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Output(Quantity):
    """What a simulation returns, an expression of sympy in ``unit``, and how one measurement of it is reported.

    Parameters
    ----------
    lower_limit : str, optional
        The parameter with its lower limit of normal.
    noise : float, optional
        Standard deviation of the natural logarithm of one measurement, assay and day-to-day together.
    quantification : float, optional
        Lower limit of quantification, in ``unit``: what lies below is reported as that limit.
    rounding : float, optional
        Step of reported values, in ``unit``.
    exploratory : bool
        Whether nobody should take it for more than a guess: tables and figures say so. It changes no number.
    """

    value: Any
    lower_limit: str | None = None
    noise: float | None = None
    quantification: float | None = None
    rounding: float | None = None
    exploratory: bool = False

    @property
    def measurement(self) -> dict[str, float]:
        """Those of ``noise``, ``quantification`` and ``rounding`` that are given."""
        declared = {"noise": self.noise, "quantification": self.quantification, "rounding": self.rounding}
        return {key: value for key, value in declared.items() if value is not None}


@dataclass(frozen=True)
class CohortValue:
    """A parameter's value in a cohort, in its unit, with its source, and its own variation and prior if it has them."""

    value: float
    source: str
    spread: float | None = None
    distribution: str | None = None
    shares: tuple[float, ...] | None = None
    prior: float | None = None


@dataclass(frozen=True)
class Correlation:
    """How the normal deviates of two parameters that vary, by flat name, are correlated."""

    between: tuple[str, str]
    value: float
    source: str = "choice"
    where: str = field(default="", compare=False)

    @property
    def pair(self) -> tuple[str, str]:
        """The two in alphabetical order, whichever way round they were written."""
        one, other = sorted(self.between)
        return one, other


@dataclass(frozen=True, kw_only=True, repr=False)
class Cohort:
    """A named set of parameter values, by flat name, and of correlations, as a model file declares it.

    It starts from the values of the cohort it ``extends``, and takes the estimates of the fits ``from_fit``, in
    order. A correlation replaces what is said before of the same two parameters. ``where`` and ``fits_where`` are the
    ``file:line`` of its declaration and of its ``from_fit``; beside the folder of ``fits_file``, which says it, the
    fits lie.
    """

    name: str
    about: str = ""
    label: str = ""
    extends: str | None = None
    from_fit: tuple[str, ...] = ()
    values: Mapping[str, CohortValue] = field(default_factory=dict)
    correlations: tuple[Correlation, ...] = ()
    where: str = field(default="", compare=False)
    fits_where: str = field(default="", compare=False)
    fits_file: Path | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        extends = f" extends {self.extends}," if self.extends else ""
        fits = f", fits: {', '.join(self.from_fit)}" if self.from_fit else ""
        return f"<Cohort {self.name}:{extends} {count_text(len(self.values), 'value')}{fits}>"
