"""How often the 95 % intervals of a future trial hold what a clinic finds: parameters, patients and noise are new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from clinic import SLOW, Clinic, Numbers, mean, mean_with_sd, median, of_logarithms
from kinetics.estimate import Estimates
from kinetics.prediction.predicting import predict
from likelihoods import MODEL, ONCE

N, EVERY, UNTIL, LEVEL = 60, 3, 36, 0.6
LOG_SE = np.array([0.08, 0.1, 0.1])
"""What is not known of the median at rest, of its spread, and of the time of recovery."""
DRAWS, PATIENTS = 1000, 1024


def predicted_coverage(studies: int, seed: int) -> Iterator[tuple[str, int, float]]:
    """Each number of a trial: what it is, of how many patients, and the share of studies inside its interval."""
    with TemporaryDirectory() as folder:
        intervals = _intervals(Path(folder))
    chance = np.random.default_rng((seed, 1))
    rest, spread, slow = np.exp(LOG_SE[:, None, None] * chance.standard_normal((3, studies, 1)))
    clinic = Clinic.of(studies, 2 * N, seed, rest=rest, rest_spread=0.5 * spread, slow=SLOW * slow)
    for name, found in _published(clinic).items():
        lower, upper = intervals[name]
        yield name, N, float(((found >= lower - 1e-9) & (found <= upper + 1e-9)).mean())


def _published(clinic: Clinic) -> dict[str, np.ndarray]:
    """What the first patients show, and of recoveries the first who are seen below, (study,)."""
    counts, returns = clinic.counts(6)[:, :N], clinic.returns(range(EVERY, UNTIL + 1, EVERY), 45, LEVEL).first(N)
    found: dict[str, Numbers] = {"": mean_with_sd(counts), "median": median(counts), "times": mean(returns.day)}
    geometric = of_logarithms(mean(np.log(returns.day)))
    return {
        "mean at month 6": found[""]["value"],
        "SD at month 6": found[""]["sd"],
        "median at month 6": found["median"]["value"],
        "share below the limit at month 6": (counts < LEVEL).mean(axis=1),
        "share back by month 6": (returns.scheduled <= 6).mean(axis=1),
        "share back by month 12": (returns.scheduled <= 12).mean(axis=1),
        "mean time": found["times"]["value"],
        "geometric mean time": geometric["value"],
        "survival median": median(returns.day)["value"],
    }


def _intervals(folder: Path) -> dict[str, np.ndarray]:
    """The 95 % intervals of `predict`, by the same names; times in months."""
    for name, text in (("model.toml", MODEL), ("once.toml", ONCE)):
        (folder / name).write_text(text, encoding="utf-8")
    estimates = Estimates(
        fit="own", model=str(folder / "model.toml"), cohort="all", names=("rest", "rest.spread", "slow"),
        units=("1e9/L", "1", "day"), verdicts=("estimated from the data",) * 3, values=np.array([1.0, 0.5, SLOW]),
        covariance=np.diag(LOG_SE**2), earlier=(), earlier_values=np.empty(0), response=np.empty((3, 0)), facts={},
    )  # fmt: skip
    numbers = {"draws": DRAWS, "patients": PATIENTS, "study": N, "seed": 1}
    tree = predict(estimates, folder / "once.toml", until=f"{UNTIL} month", every=f"{EVERY} month", **numbers)
    study = tree["study"].to_dataset().sel(quantile=[0.025, 0.975])
    month = 30.4375
    at_6, at_12 = (study.sel(time=month * at, method="nearest") for at in (6, 12))
    times = study.sel(course=1)
    return {
        "mean at month 6": at_6["N_mean"].values,
        "SD at month 6": at_6["N_sd"].values,
        "median at month 6": at_6["N_median"].values,
        "share below the limit at month 6": at_6["N_share_below"].values,
        "share back by month 6": at_6["N_share_recovered"].values,
        "share back by month 12": at_12["N_share_recovered"].values,
        "mean time": times["N_recovery_mean"].values / month,
        "geometric mean time": times["N_recovery_geometric_mean"].values / month,
        "survival median": times["N_recovery_median"].values / month,
    }
