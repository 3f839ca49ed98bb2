"""`compare`: simulate regimens and read the same numbers off each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics.comparison.dataset import QUANTILES, labelled
from kinetics.comparison.spec import ComparedRow, Comparison, read_comparison
from kinetics.errors import Faults, InputError
from kinetics.files.arguments import all_of, loaded
from kinetics.measures import Measure
from kinetics.measures.over_courses import Courses
from kinetics.population.seeds import checked_seed
from kinetics.regimen import Regimen, check_given, course_starts
from kinetics.simulation.simulating import simulate
from kinetics.units import to_unit

__all__ = ["MOST", "compare", "load_regimens"]

MOST = 7
"""Regimens that can be told apart in a figure."""


def load_regimens(names: Sequence[Regimen | str | Path], comparison: Comparison | None = None) -> list[Regimen]:
    """Read regimens and check that the model of a comparison can be given them.

    Parameters
    ----------
    names : sequence of Regimen, str or pathlib.Path
        Regimens, paths, or names of regimens that ship.
    comparison : Comparison, optional
        What they are compared in; without it they are only read.

    Returns
    -------
    list of Regimen
        In the same order.

    Raises
    ------
    InputError
        With everything that is wrong with each: unknown, twice, without a course, of drugs the model has not.
    """
    faults = Faults()
    found: list[Regimen] = []
    given = all_of("regimens", names, None, 'regimens=["one", "other"]')
    if not 1 <= len(given) <= MOST:
        faults.add(f"compare 1 to {MOST} regimens; found {len(given)}")
    for name in given:
        with faults.gather(name=name.name if isinstance(name, Regimen) else f"{name!s:.60}"):
            regimen = loaded("", name, Regimen)
            if regimen.name in (other.name for other in found):
                raise InputError(f"there are two regimens '{regimen.name}'; each is compared once")
            found.append(regimen)
            if comparison is not None:
                _check(regimen, comparison)
    faults.raise_if_any()
    return found


def _check(regimen: Regimen, comparison: Comparison) -> None:
    model, until = comparison.model, to_unit(comparison.header.until, comparison.model.time)
    starts = course_starts(regimen, model.time)
    if not starts.size:
        raise InputError("has no course, from which recovery is counted")
    if starts[-1] >= until:
        raise InputError(f"its last course is not before the end, {comparison.header.until}")
    check_given(regimen, model, until)


def compare(
    comparison: Comparison | str | Path,
    regimens: Sequence[Regimen | str | Path],
    *,
    patients: int | None = None,
    seed: int = 0,
    engine: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Simulate regimens side by side.

    Parameters
    ----------
    comparison : Comparison, str or pathlib.Path
        What is compared, or the path of its file.
    regimens : sequence of Regimen, str or pathlib.Path
        Under what, or their names or paths.
    patients : int, optional
        Virtual patients, the same under every regimen; without it the typical patient.
    seed : int
        The study they belong to.
    engine : {"auto", "scipy", "batch"}
        As of `kinetics.simulation.simulating.simulate`.
    progress : callable, optional
        Called with (done, all).

    Returns
    -------
    xarray.Dataset
        On ``regimen``; with patients on ``quantile`` too, 0.05, 0.5 and 0.95 of patients. Each output over ``time``,
        and in percent of baseline as ``OUTPUT_percent``; each number that is read off as ``OUTPUT_READING``; of times
        to a level with patients also ``OUTPUT_READING_share``, the share back in time among those who fell below. A
        time is infinite if the level is not reached again, NaN if the output was never below it. ``OUTPUT_limit`` is
        the lower limit of normal. ``course_start`` on (regimen, course) is NaN behind the last course, ``failed``
        counts patients who could not be integrated and are left out.

    Raises
    ------
    IntegrationError
        If the typical patient cannot be integrated.

    Notes
    -----
    Measures are taken course by course, a course reaching to the next one's first dose. Of a treatment of several, the
    nadir is the lowest and the overshoot the highest of all courses, times below or above a level and areas are sums,
    and a time to a level is given after the first course and after the last, each from its own first dose.
    """
    seed = checked_seed(seed)
    comparison = loaded("comparison", comparison, Comparison, read_comparison)
    regimens = load_regimens(regimens, comparison)
    header, measures, each = comparison.header, _measures(comparison.rows), patients or 1
    columns: list[dict[str, Any]] = []
    times = np.empty(0)
    for regimen in regimens:

        def step(done: int, _: int, before: int = len(columns) * each) -> None:
            if progress is not None:
                progress(before + done, len(regimens) * each)

        result = simulate(
            comparison.model,
            regimen,
            until=header.until,
            every=header.every,
            cohort=header.cohort,
            patients=patients,
            seed=seed,
            measures=measures,
            engine=engine,
            progress=step,
        )
        columns.append(_column(comparison.rows, result))
        times = result["time"].values
    facts = {"patients": patients, "seed": None if patients is None else seed}
    return labelled(comparison, regimens, times, columns, facts)


def _measures(rows: Sequence[ComparedRow]) -> list[Measure]:
    """Every measure once; two of one name are the same."""
    return list({m.name: m for row in rows for reading in row.readings for m in reading.measures}.values())


def _column(rows: Sequence[ComparedRow], result: xr.Dataset) -> dict[str, Any]:
    """The numbers of one regimen by variable; with patients their quantiles."""
    over_patients = "patient" in result.dims
    kept = result if not over_patients else result.isel(patient=np.flatnonzero(result["failure"].values == ""))
    found: dict[str, Any] = {"course_start": kept["course_start"].values}
    if over_patients:
        found["failed"] = result.sizes["patient"] - kept.sizes["patient"]
    for row in rows:
        values = kept[row.output].values
        baseline = values[..., 0]
        percent = 100 * values / np.where(baseline > 0, baseline, np.nan)[..., None]
        for name, curve in ((row.output, values), (f"{row.output}_percent", percent)):
            found[name] = _over_patients(curve) if over_patients else curve
        taken = {m.name: kept[m.name].values for reading in row.readings for m in reading.measures}
        courses = Courses(taken, kept["course_start"].values, baseline)
        for reading in row.readings:
            name, numbers = f"{row.output}_{reading.name}", np.asarray(reading.of(courses))
            found[name] = _quantiles(numbers) if over_patients else numbers
            if over_patients and reading.is_recovery:
                at_risk = numbers[~np.isnan(numbers)]
                found[f"{name}_share"] = np.isfinite(at_risk).mean() if at_risk.size else np.nan
    return found


def _over_patients(curve: np.ndarray) -> np.ndarray:
    """Quantiles of a curve, (patient, time), over patients, (quantile, time); NaN without patients."""
    return np.quantile(curve, QUANTILES, axis=0) if len(curve) else np.full((len(QUANTILES), *curve.shape[1:]), np.nan)


def _quantiles(numbers: np.ndarray) -> np.ndarray:
    """Over the patients of whom a number is known, (quantile,); infinite where that many have not come back."""
    known = numbers[~np.isnan(numbers)]
    if not known.size:
        return np.full(len(QUANTILES), np.nan)
    return np.quantile(known, QUANTILES, method="inverted_cdf")
