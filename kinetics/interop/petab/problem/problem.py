"""A parameter estimation problem as PEtab 1 and 2 both say it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kinetics.interop.petab.priors import Prior

STEADY = -math.inf
"""The start of a period that is simulated until nothing changes."""


@dataclass(frozen=True, kw_only=True)
class PetabParameter:
    """A row of the table of parameters.

    Parameters
    ----------
    name : str
        Its id.
    scale : {"lin", "log", "log10"}
        On which it is searched for.
    lower, upper, nominal : float
        Bounds and value, not transformed; NaN for what is not given.
    estimate : bool
        Whether it is free.
    prior : Prior, optional
        The prior of the objective.
    start_prior : Prior, optional
        What starts of searches are drawn from.
    """

    name: str
    scale: str = "lin"
    lower: float = math.nan
    upper: float = math.nan
    nominal: float = math.nan
    estimate: bool = True
    prior: Prior | None = None
    start_prior: Prior | None = None
    where: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True)
class Observable:
    """An observable and its noise.

    Parameters
    ----------
    name, formula, noise : str
        Its id; what is measured and the scale of its noise, as formulas.
    transformation : {"lin", "log", "log10"}
        On which scale the noise is added.
    distribution : {"normal", "laplace"}
        Of the noise on that scale.
    placeholders, noise_placeholders : tuple of str
        Names in the formulas that each measurement replaces, in the order of its replacements.
    """

    name: str
    formula: str
    noise: str
    transformation: str = "lin"
    distribution: str = "normal"
    placeholders: tuple[str, ...] = ()
    noise_placeholders: tuple[str, ...] = ()
    where: str = field(default="", compare=False)


@dataclass(frozen=True)
class Period:
    """A time from which some entities have new values.

    Parameters
    ----------
    start : float
        In the time of the model; `STEADY` for one that lasts until nothing changes.
    assignments : mapping of str to str
        Formulas of the new values by entity, all worked out before any is assigned.
    default : tuple of str
        Entities that go back to their values in the model.
    """

    start: float
    assignments: Mapping[str, str]
    default: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)


@dataclass(frozen=True)
class Experiment:
    """What happens to the model, in order of time."""

    name: str
    periods: tuple[Period, ...]


@dataclass(frozen=True)
class Measurement:
    """One measured value; ``time`` may be infinite, the overrides are numbers or names of parameters."""

    observable: str
    experiment: str
    time: float
    value: float
    overrides: tuple[str, ...] = ()
    noise_overrides: tuple[str, ...] = ()
    where: str = field(default="", compare=False)


@dataclass(frozen=True)
class PetabProblem:
    """A problem, read and checked but for the names that its formulas use.

    Parameters
    ----------
    path, model_path : pathlib.Path
        The YAML file, and the SBML file of the model.
    version : int
        1 or 2.
    parameters, observables, experiments : mapping
        By name.
    measurements : tuple of Measurement
        In the order of the tables.
    entities : mapping of str to str
        Names of the model by the names that the tables have for them.
    files : tuple of pathlib.Path
        All that were read.
    """

    path: Path
    model_path: Path
    version: int
    parameters: Mapping[str, PetabParameter]
    observables: Mapping[str, Observable]
    experiments: Mapping[str, Experiment]
    measurements: tuple[Measurement, ...]
    entities: Mapping[str, str]
    files: tuple[Path, ...]
