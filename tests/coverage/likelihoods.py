"""How often the 95 % interval of a likelihood holds the truth: published rows of studies that a clinic simulates."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.stats import chi2

from clinic import Clinic, Numbers
from kinetics.estimate import FitProblem
from kinetics.estimate.objective.population import PopulationObjective
from kinetics.observation.distribution import ObservedDistribution
from kinetics.published import PopulationTarget
from kinetics.published.likelihoods import Evaluation, Proportion, covariance, log_likelihood
from kinetics.published.likelihoods import mean as mean_likelihood
from kinetics.published.likelihoods.of_row import summary_of

VIRTUAL, OF_RECOVERY, OF_SPREAD = 256, 1024, 4096
"""Virtual patients of a likelihood; those of a recovery; and those of a standard deviation, whose variance depends on
the tail of a population: with 256 it is 13 % too small, and 95 % become 91 %."""
STEPS = np.array([-4.0, -2.0, 0.0, 2.0, 4.0])
"""Where the likelihood is evaluated, in standard errors from the truth."""
IMPOSSIBLE = -1e3

# the law of a standard deviation is one for all studies of a population, and takes most of the time
mean_likelihood.log_spread = lru_cache(maxsize=64)(mean_likelihood.log_spread)

MODEL = """
[model]
title = "A count that a bolus lowers and that comes back"
time = "day"

[parameters]
rest = { value = 1.0, unit = "1e9/L", spread = 0.5, source = "choice" }
slow = { value = 300.0, unit = "day", spread = 0.5, source = "choice" }
other = { value = 0.5, unit = "1e9/L", spread = 0.3, source = "choice" }
whole = { value = 1.0, unit = "mg", source = "choice" }
depth = { value = 0.95, unit = "1", source = "choice" }
limit = { value = 0.6, unit = "1e9/L", source = "choice" }

[doses.drug]
unit = "mg"
into = "z"

[states.z]
unit = "mg"
initial = "0"
rate = "-z/slow"

[outputs]
N = { unit = "1e9/L", value = "rest*(1 - depth*z/whole)", noise = 0.15, lower_limit = "limit" }
Q = { unit = "1e9/L", value = "rest*(1 - depth*z/whole)", noise = 0.15, quantification = 0.3 }
M = { unit = "1e9/L", value = "other", noise = 0.15 }

[cohorts.all]
"""
ONCE = """
[regimen]
title = "once"
source = "choice"

[[courses]]
start = "0 day"
doses = [{ drug = "drug", amount = "1 mg" }]
"""
FREE = """
[free]
rest = { lower = 0.01, upper = 100, unit = "1e9/L", prior = "flat" }
slow = { lower = 1, upper = 100000, unit = "day", prior = "flat" }

[spreads]
rest = { lower = 0.01, upper = 10, prior = "flat" }
"""
PARAMETERS = ("rest", "slow", "rest.spread")


@dataclass(frozen=True)
class Visits:
    """A schedule: every so many months, on days within a window of the scheduled one; without it half-way to others."""

    every: int
    until: int
    window: int | None = None

    @property
    def months(self) -> range:
        """When visits are scheduled."""
        return range(self.every, self.until + 1, self.every)

    @property
    def text(self) -> str:
        """As a file."""
        window = "" if self.window is None else f'window = "{self.window} day"\n'
        regular = f'at = ["0 day"]\nevery = "{self.every} month"\nuntil = "{self.until} month"\n'
        return f'[visits]\ntitle = "visits"\nsource = "choice"\n\n[[series]]\nname = "all"\n{regular}{window}'


@dataclass(frozen=True)
class Case:
    """Rows of one study, ``n`` patients, and how a clinic comes by their numbers; ``by`` is what is estimated."""

    name: str
    n: int
    by: str
    rows: Sequence[Mapping[str, Any]]
    study: Callable[[Clinic, int], Sequence[Numbers]]
    visits: Visits | None = None
    virtual: int = VIRTUAL

    @property
    def drawn(self) -> int:
        """How many patients of a study are drawn: not all are shown below a level."""
        return self.n if self.visits is None else 2 * self.n


@dataclass(frozen=True)
class Coverage:
    """Shares of studies: whose interval of the parameter holds the truth, whose number is in the printed interval."""

    parameter: float
    printed: float


def coverage(case: Case, studies: int, seed: int) -> Coverage:
    """Simulate studies of a case, and see how often their intervals hold."""
    published = [dict(each) for each in case.study(Clinic.of(studies, case.drawn, seed), case.n)]
    with TemporaryDirectory() as folder:
        problem = _problem(Path(folder), case, published)
    targets = [target for target in problem.targets if isinstance(target, PopulationTarget)]
    rows = [
        [_with(target, {key: float(values[study]) for key, values in numbers.items()}) for study in range(studies)]
        for target, numbers in zip(targets, published, strict=True)
    ]
    objective, direction = PopulationObjective(problem), np.array([case.by == name for name in PARAMETERS], float)
    truth = np.log([1.0, 300.0, 0.5])

    def heights(shift: float, number: int) -> np.ndarray:
        ((population, _),) = objective.simulated(truth + shift * direction, targets)
        observed = [target.observed(population) for target in targets]
        return np.array([_height([of_row[k] for of_row in rows], observed) for k in range(number)])

    few = min(studies, 40)
    below, middle, above = (np.maximum(heights(shift, few), IMPOSSIBLE) for shift in (-0.02, 0.0, 0.02))
    error = 0.02 / math.sqrt(float(np.median(2 * middle - below - above)))
    at = np.array([heights(step * error, studies) for step in STEPS])
    fine = np.linspace(STEPS[0], STEPS[-1], 401)
    highest = CubicSpline(STEPS, np.maximum(at, IMPOSSIBLE))(fine).max(axis=0)
    held = 2 * (highest - at[STEPS == 0][0]) <= chi2.ppf(0.95, 1)
    ((population, _),) = objective.simulated(truth, targets)
    shown = targets[0].predicted(population).interval
    printed = [shown.holds(row.row.value, row.row.rounding) for row in rows[0]]
    known = [each for each in printed if each is not None]
    return Coverage(float(held.mean()), float(np.mean(known)) if known else math.nan)


def _height(rows: Sequence[PopulationTarget], observed: Sequence[ObservedDistribution]) -> float:
    """The log-likelihood of the rows of one study."""
    evaluated: list[Evaluation] = [row.summary.evaluate(of) for row, of in zip(rows, observed, strict=True)]
    pairs = [(row.summary, of) for row, of in zip(rows, observed, strict=True)]
    joint = covariance(pairs, evaluated) if len(rows) > 1 else None
    return float(np.real(log_likelihood(evaluated, joint)))


def _with(target: PopulationTarget, numbers: Mapping[str, float]) -> PopulationTarget:
    """The row with the numbers of one study."""
    row = target.row.model_copy(update=dict(numbers))
    level = target.summary.level if isinstance(target.summary, Proportion) else None
    return replace(target, row=row, summary=summary_of(row, level))


def _problem(folder: Path, case: Case, published: Sequence[Numbers]) -> FitProblem:
    """A fit problem of the rows of a case, with the numbers of the first study."""
    for name, text in (("model.toml", MODEL), ("once.toml", ONCE)):
        (folder / name).write_text(text)
    common = {
        "use": "fit",
        "regimen": "once.toml",
        "cohort": "all",
        "source": "choice",
        "n": case.n,
        "note": "simulated",
    }
    if case.visits is not None:
        (folder / "visits.toml").write_text(case.visits.text)
    table = [
        {"name": f"row_{number}", **common, **row, **{key: values[0] for key, values in numbers.items()}}
        for number, (row, numbers) in enumerate(zip(case.rows, published, strict=True))
    ]
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in table for key in row)))
        writer.writeheader()
        writer.writerows(table)
    header = '[fit]\ntitle = "coverage"\nmodel = "model.toml"\ntables = ["rows.csv"]\n'
    (folder / "fit.toml").write_text(
        f"{header}{FREE}\n[population]\npatients = {max(case.virtual, OF_RECOVERY if case.visits else 0)}\n"
    )
    return FitProblem.load(folder / "fit.toml")
