"""The parameter values of a cohort: model file, then ``extends``, then its own values, then its fits' estimates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kinetics.cohorts.fit_results import SPREAD, cohort_of_fit, committed_estimates, is_typical
from kinetics.cohorts.lineage import fits_behind, lineage
from kinetics.errors import Fault, InputError
from kinetics.files.checksums import content_hash
from kinetics.model.correlations import by_pair
from kinetics.model.model import Model
from kinetics.model.quantities import Cohort, Parameter
from kinetics.model.variation import in_cohort

EstimatesAt = Callable[[str, Mapping[str, float]], Mapping[str, float]]


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
    priors : dict of str to float
        Log standard deviations of values that rest on a prior: the model, or the cohort that says the value, declares
        it, and none of the fits estimated them.
    """

    name: str
    values: dict[str, float]
    spreads: dict[str, float] = field(default_factory=dict)
    fits: tuple[str, ...] = ()
    estimated: dict[str, str] = field(default_factory=dict)
    distributions: dict[str, str] = field(default_factory=dict)
    shares: dict[str, tuple[float, ...]] = field(default_factory=dict)
    correlations: dict[tuple[str, str], float] = field(default_factory=dict)
    priors: dict[str, float] = field(default_factory=dict)

    @property
    def estimable(self) -> dict[str, float]:
        """What a fit can estimate: values, and spreads under the parameter's name with ``.spread`` behind it."""
        return _estimable(self.values, self.spreads)

    def with_estimates(self, estimates: Mapping[str, float]) -> CohortParameters:
        """The same cohort with some of `estimable` replaced."""
        values, spreads = _split(self.estimable | dict(estimates))
        return replace(self, values=values, spreads=spreads)

    def without_spreads(self, names: Iterable[str]) -> CohortParameters:
        """The same cohort without differences in some parameters: these are known of each patient."""
        known = set(names)
        return replace(
            self,
            spreads={name: spread for name, spread in self.spreads.items() if name not in known},
            shares={name: shares for name, shares in self.shares.items() if name not in known},
            correlations={pair: value for pair, value in self.correlations.items() if known.isdisjoint(pair)},
        )

    def own_priors(self, model: Model) -> dict[str, float]:
        """Those of `priors` that are not the model's."""
        return {name: sd for name, sd in self.priors.items() if sd != model.parameters[name].prior}

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
    cohort : str, optional
        Its name; without it the model's own values.
    fits : sequence of str, optional
        The fits whose estimates it takes, instead of those it names: a fit does not start from its own result. Each
        counts where the cohort or one it extends names it, or else where the cohort it is of stands among them; what
        other cohorts of the model take does not matter.

    Raises
    ------
    UnknownNameError
        If the model has no such cohort.
    InputError
        If a fit's result is missing or does not fit the model, or one of ``fits`` counts nowhere, or the values give a
        derived quantity below its minimum.

    Examples
    --------
    >>> from kinetics.model import Parameter, State
    >>> rate = Parameter(name="k", value=0.1, unit="1/day", spread=0.3)
    >>> pool = State(name="A", unit="mg", initial=0, rate=0)
    >>> decay = cohort_parameters(Model.from_symbols("decay", time="day", parameters=[rate], states=[pool]))
    >>> decay.values, decay.spreads
    ({'k': 0.1}, {'k': 0.3})
    """
    parameters = assembled_cohort(model, cohort, None if fits is None else _cohorts_of(model, cohort, fits))
    try:
        model.constant_values(parameters.values)
    except InputError as error:
        faults = (replace(f, message=f"cohort '{cohort or ''}': {f.message}") for f in error.faults)
        raise InputError(*faults) from error
    return parameters


def assembled_cohort(
    model: Model,
    cohort: str | None,
    fits: Mapping[str, str] | None = None,
    estimates: EstimatesAt | None = None,
    shifts: Mapping[str, float] | None = None,
) -> CohortParameters:
    """`cohort_parameters` without a look at derived quantities, and with other estimates than the committed ones.

    Parameters
    ----------
    fits : mapping of str to str, optional
        As for `cohort_parameters`, in order, with the cohort that each is of.
    estimates : callable, optional
        Called with the name of a fit and what is estimable before it; gives estimates by flat name, which count where
        the fit does. Without it they are the committed ones.
    shifts : mapping of str to float, optional
        By how much the logarithms of values that rest on a prior are moved, by flat name.
    """
    rows, correlations = dict(model.parameters), by_pair(model.correlations)
    priors = {flat: row.prior for flat, row in rows.items() if row.prior is not None}
    values, estimated, spreads = model.defaults | _moved(model.defaults, priors, shifts or {}), {}, {}
    path = lineage(model, cohort) or [Cohort(name="")]
    fits_at = _fits_at(path, fits)
    for row in path:
        rows |= {flat: in_cohort(rows[flat], entry) for flat, entry in row.values.items()}
        own_priors = {flat: entry.prior for flat, entry in row.values.items() if entry.prior is not None}
        priors = {flat: prior for flat, prior in priors.items() if flat not in row.values} | own_priors
        own = {flat: entry.value for flat, entry in row.values.items()}
        values |= own | _moved(own, own_priors, shifts or {})
        estimated = {flat: fit for flat, fit in estimated.items() if flat not in row.values}
        correlations |= by_pair(row.correlations)
        spreads = {flat: spread for flat, spread in spreads.items() if flat not in row.values}
        for fit in fits_at[row.name]:
            if estimates is None:
                taken = committed_estimates(model, fit, row)
            else:
                taken = estimates(fit, _estimable(values, _spreads_of(rows) | spreads))
            new_values, new_spreads = _split(taken)
            values |= new_values
            estimated |= dict.fromkeys(new_values, fit)
            spreads |= new_spreads
    return CohortParameters(
        name=cohort or "",
        values=values,
        spreads=_spreads_of(rows) | spreads,
        fits=tuple(fit for row in path for fit in fits_at[row.name]),
        estimated=estimated,
        distributions={n: row.distribution for n, row in rows.items() if row.distribution not in (None, "log_normal")},
        shares={name: row.shares for name, row in rows.items() if row.shares is not None},
        correlations={pair: row.value for pair, row in correlations.items()},
        priors={flat: prior for flat, prior in priors.items() if flat not in estimated},
    )


def _moved(values: Mapping[str, float], priors: Mapping[str, float], shifts: Mapping[str, float]) -> dict[str, float]:
    """Those of some values that rest on a prior and are moved."""
    return {flat: values[flat] * math.exp(shifts[flat]) for flat in priors if flat in shifts}


def _split(estimates: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Values, and spreads by the name of their parameter; what is of studies and of errors is of no patient."""
    values = {name: value for name, value in estimates.items() if is_typical(name)}
    spreads = (name for name in estimates if name.endswith(SPREAD))
    return values, {name.removesuffix(SPREAD): estimates[name] for name in spreads}


def _spreads_of(rows: Mapping[str, Parameter]) -> dict[str, float]:
    return {name: row.spread for name, row in rows.items() if row.spread is not None}


def _estimable(values: Mapping[str, float], spreads: Mapping[str, float]) -> dict[str, float]:
    return {**values, **{name + SPREAD: spread for name, spread in spreads.items()}}


def _cohorts_of(model: Model, cohort: str | None, fits: Sequence[str]) -> dict[str, str]:
    """The cohort that each fit is of; empty for those that a cohort of the lineage names, whose place that is."""
    named = () if cohort is None else fits_behind(model, cohort)
    return {
        fit: "" if fit in named or cohort is None else cohort_of_fit(model, fit, model.cohorts[cohort]) for fit in fits
    }


def _fits_at(rows: Sequence[Cohort], fits: Mapping[str, str] | None) -> dict[str, list[str]]:
    """The fits whose estimates are taken at each cohort of a lineage; an error if one of ``fits`` counts nowhere."""
    if fits is None:
        return {row.name: list(row.from_fit) for row in rows}
    named = {fit for row in rows for fit in row.from_fit}
    taken = {
        row.name: [fit for fit, own in fits.items() if fit in row.from_fit or (fit not in named and own == row.name)]
        for row in rows
    }
    lost = fits.keys() - {fit for names in taken.values() for fit in names}
    cohort = rows[-1].name if rows else ""
    if lost:
        message = "fit '{}' is of cohort '{}', from which cohort '{}' takes nothing; name one that extends it"
        texts = (message.format(fit, fits[fit] or "several", cohort) for fit in fits if fit in lost)
        raise InputError(*(Fault(text, name="cohort") for text in texts))
    return taken
