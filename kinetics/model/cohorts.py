"""The parameter values of a cohort: model file, then ``extends``, then its own values, then its fit's estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kinetics.documents import content_hash
from kinetics.errors import Fault, InputError, UnknownNameError
from kinetics.model.committed import SPREAD, cohort_of_fit, committed_estimates
from kinetics.model.correlations import by_pair
from kinetics.model.model import Model
from kinetics.model.quantities import Cohort
from kinetics.model.variation import in_cohort

__all__ = ["CohortParameters", "cohort_parameters", "fits_behind", "lineage"]


@dataclass(frozen=True)
class CohortParameters:
    """What a cohort says about every parameter of a model.

    Parameters
    ----------
    name : str
        The cohort; empty for the model's own values.
    values : dict of str to float
        By flat name, in the parameter's unit, all parameters and inputs.
    spreads : dict of str to float
        Between-patient standard deviations, of those that have one: of the natural logarithm, of the logit, or in the
        parameter's unit.
    fits : tuple of str
        The fits whose estimates went in, earlier first.
    estimated : dict of str to str
        The fit a parameter's value was estimated by, of those that were.
    distributions : dict of str to str
        How a parameter varies, of those that vary in another way than log-normally.
    shares : dict of str to tuple of float
        Of patients in each category, of parameters that are categories.
    correlations : dict of (str, str) to float
        Of the normal deviates of two parameters, whose names are in alphabetical order.
    """

    name: str
    values: dict[str, float]
    spreads: dict[str, float] = field(default_factory=dict)
    fits: tuple[str, ...] = ()
    estimated: dict[str, str] = field(default_factory=dict)
    distributions: dict[str, str] = field(default_factory=dict)
    shares: dict[str, tuple[float, ...]] = field(default_factory=dict)
    correlations: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def estimable(self) -> dict[str, float]:
        """What a fit can estimate: values, and spreads under the parameter's name with ``.spread`` behind it."""
        return self.values | {name + SPREAD: spread for name, spread in self.spreads.items()}

    def with_estimates(self, estimates: Mapping[str, float]) -> CohortParameters:
        """The same cohort with some of `estimable` replaced."""
        changed = self.estimable | dict(estimates)
        values = {name: value for name, value in changed.items() if not name.endswith(SPREAD)}
        spreads = {name.removesuffix(SPREAD): value for name, value in changed.items() if name.endswith(SPREAD)}
        return replace(self, values=values, spreads=spreads)

    @property
    def content_hash(self) -> str:
        """SHA-256 of values and of how they vary."""
        correlations = sorted([*pair, value] for pair, value in self.correlations.items())
        further = [self.distributions, self.shares, correlations]
        return content_hash(self.values, self.spreads, *(further if any(further) else ()))


def cohort_parameters(
    model: Model, cohort: str | None = None, *, fits: Sequence[str] | None = None
) -> CohortParameters:
    """The parameters of a cohort.

    Parameters
    ----------
    model : Model
        A model that declares the cohort.
    cohort : str, optional
        Its name; without it the model's own values.
    fits : sequence of str, optional
        The fits whose estimates it takes, instead of those it names: a fit does not start from its own result. Each
        counts where the cohort or one it extends names it, or else where the cohort it is of stands among them.

    Returns
    -------
    CohortParameters

    Raises
    ------
    UnknownNameError
        If the model has no such cohort.
    InputError
        If a fit's result is missing or does not fit the model, or the values give a derived quantity below its minimum.

    Examples
    --------
    >>> from kinetics.model import Parameter, State
    >>> rate = Parameter(name="k", value=0.1, unit="1/day", spread=0.3)
    >>> pool = State(name="A", unit="mg", initial=0, rate=0)
    >>> found = cohort_parameters(Model.from_symbols("decay", time="day", parameters=[rate], states=[pool]))
    >>> found.values, found.spreads
    ({'k': 0.1}, {'k': 0.3})
    """
    values = dict(model.defaults)
    rows, correlations = dict(model.parameters), by_pair(model.correlations)
    taken: list[str] = []
    estimated: dict[str, str] = {}
    spreads: dict[str, float] = {}
    for row in lineage(model, cohort):
        values |= {flat: entry.value for flat, entry in row.values.items()}
        estimated = {flat: fit for flat, fit in estimated.items() if flat not in row.values}
        rows |= {flat: in_cohort(rows[flat], entry) for flat, entry in row.values.items()}
        correlations |= by_pair(row.correlations)
        spreads = {flat: spread for flat, spread in spreads.items() if flat not in row.values}
        for fit in _fits_of(model, row, fits):
            taken.append(fit)
            committed = committed_estimates(model, fit, row)
            found = {key: value for key, value in committed.items() if not key.endswith(SPREAD)}
            values |= found
            estimated |= dict.fromkeys(found, fit)
            spreads |= {key.removesuffix(SPREAD): committed[key] for key in committed.keys() - found.keys()}
    try:
        model.constant_values(values)
    except InputError as error:
        faults = (Fault(f"cohort '{cohort or ''}': {f.message}", f.where, f.name) for f in error.faults)
        raise InputError(*faults) from error
    return CohortParameters(
        cohort or "",
        values,
        {name: row.spread for name, row in rows.items() if row.spread is not None} | spreads,
        tuple(taken),
        estimated,
        {name: row.distribution for name, row in rows.items() if row.distribution not in (None, "log_normal")},
        {name: row.shares for name, row in rows.items() if row.shares is not None},
        {pair: row.value for pair, row in correlations.items()},
    )


def _fits_of(model: Model, row: Cohort, fits: Sequence[str] | None) -> list[str]:
    """The fits whose estimates are taken at one cohort of a lineage."""
    if fits is None:
        return [row.from_fit] if row.from_fit else []
    named = {other.from_fit for other in model.cohorts.values()}
    return [
        fit for fit in fits if fit == row.from_fit or (fit not in named and cohort_of_fit(model, fit, row) == row.name)
    ]


def fits_behind(model: Model, cohort: str) -> tuple[str, ...]:
    """The names of the fits a cohort takes estimates from, earlier first.

    Raises
    ------
    UnknownNameError
        If the model has no such cohort.
    """
    return tuple(row.from_fit for row in lineage(model, cohort) if row.from_fit)


def lineage(model: Model, cohort: str | None) -> list[Cohort]:
    """The cohort and those it extends, oldest first; nothing for the model's own values.

    Raises
    ------
    UnknownNameError
        If the model has no such cohort.
    """
    if cohort is None:
        return []
    if cohort not in model.cohorts:
        there = f"there are {', '.join(model.cohorts)}" if model.cohorts else "it declares no cohorts"
        raise UnknownNameError(f"model '{model.name}' has no cohort '{cohort}'; {there}")
    row = model.cohorts[cohort]
    return [*lineage(model, row.extends), row]
