"""`compare`: simulate regimens and read the same numbers off each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics.comparison.comparison_file import read_comparison
from kinetics.comparison.dataset import ComparedRegimen, comparison_dataset
from kinetics.comparison.readings import courses_of, measures_of
from kinetics.comparison.spec import ComparedRow, Comparison
from kinetics.errors import Faults, InputError
from kinetics.files.arguments import Progress, all_of, loaded
from kinetics.measures.patient_statistics import censored_quantiles, curve_quantiles, share_recovered
from kinetics.population.seeds import checked_seed
from kinetics.regimen import Regimen, check_accepted, course_starts
from kinetics.results import MEDIAN_AND_90
from kinetics.simulation.progress import ProgressOfParts
from kinetics.simulation.simulating import simulate
from kinetics.units import to_unit

MAX_REGIMENS = 7
"""Regimens that are easy to distinguish in a figure."""


def compare(
    regimens: Sequence[Regimen | str | Path],
    comparison: Comparison | str | Path | None = None,
    *,
    until: str | None = None,
    cohort: str | None = None,
    model: str | None = None,
    patients: int | None = None,
    seed: int = 0,
    engine: str = "auto",
    progress: Progress | None = None,
) -> xr.Dataset:
    """Simulate regimens side by side, and read the same numbers off each.

    Parameters
    ----------
    regimens : sequence of Regimen, str or pathlib.Path
        Up to seven, or their names or paths.
    comparison : Comparison, str or pathlib.Path, optional
        What is compared, or the path of its file; the file that ships by default.
    until, cohort, model : str, optional
        In place of those of the file.
    patients : int, optional
        Virtual patients, the same under every regimen; without it the typical patient.
    seed : int
        Seed of the random numbers.
    engine : {"auto", "scipy", "batch"}
        As of `simulate`.
    progress : callable, optional
        Called with (done, all).

    Returns
    -------
    xarray.Dataset
        On ``regimen``; with patients on ``quantile`` too, 0.05, 0.5 and 0.95 of patients. For what it holds, and in
        which units, see `kinetics.comparison.dataset`.

    Raises
    ------
    InputError
        If a name is wrong, or the model cannot be given a regimen.
    IntegrationError
        If the typical patient cannot be integrated.

    Examples
    --------
    >>> result = compare(["one_course", "two_courses"], until="5 year")  # doctest: +SKIP
    """
    seed = checked_seed(seed)
    read = partial(read_comparison, until=until, cohort=cohort, model=model)
    comparison = read() if comparison is None else loaded("comparison", comparison, Comparison, read)
    chosen = load_regimens(regimens, comparison)
    runs = patients or 1
    steps, columns = ProgressOfParts(progress, len(chosen) * runs), list[ComparedRegimen]()
    for regimen in chosen:
        result = _simulated(comparison, regimen, patients, seed, engine, steps.next(runs))
        columns.append(_column(comparison.rows, regimen, result))
    return comparison_dataset(comparison, columns, patients, seed)


def load_regimens(names: Sequence[Regimen | str | Path], comparison: Comparison | None = None) -> list[Regimen]:
    """Read regimens, in order, and check that the model of a comparison can be given them.

    Parameters
    ----------
    names : sequence of Regimen, str or pathlib.Path
        Regimens, paths, or names of regimens that ship.
    comparison : Comparison, optional
        What they are compared in; without it they are only read.

    Raises
    ------
    InputError
        With everything that is wrong with each: unknown, twice, without a course, of drugs the model has not.
    """
    faults = Faults()
    regimens: list[Regimen] = []
    named: tuple[Regimen | str | Path, ...] = all_of("regimens", names, None, 'regimens=["one", "other"]')
    if not 1 <= len(named) <= MAX_REGIMENS:
        faults.add(f"compare 1 to {MAX_REGIMENS} regimens; found {len(named)}")
    for name in named:
        with faults.gather(name=name.name if isinstance(name, Regimen) else f"{name!s:.60}"):
            regimen = loaded("", name, Regimen)
            if regimen.name in (other.name for other in regimens):
                raise InputError(f"there are two regimens '{regimen.name}'; each is compared once")
            regimens.append(regimen)
            if comparison is not None:
                _check(regimen, comparison)
    faults.raise_if_any()
    return regimens


def _check(regimen: Regimen, comparison: Comparison) -> None:
    model, until = comparison.model, to_unit(comparison.header.until, comparison.model.time)
    starts = course_starts(regimen, model.time)
    if not starts.size:
        raise InputError("has no course, from which recovery is counted")
    if starts[-1] >= until:
        raise InputError(f"its last course is not before the end, {comparison.header.until}")
    check_accepted(regimen, model, until)


def _simulated(
    comparison: Comparison,
    regimen: Regimen,
    patients: int | None,
    seed: int,
    engine: str,
    progress: Progress | None,
) -> xr.Dataset:
    header = comparison.header
    return simulate(
        comparison.model,
        regimen,
        until=header.until,
        every=header.every,
        cohort=header.cohort,
        patients=patients,
        seed=seed,
        measures=measures_of(reading for row in comparison.rows for reading in row.readings),
        engine=engine,
        progress=progress,
    )


def _column(rows: Sequence[ComparedRow], regimen: Regimen, result: xr.Dataset) -> ComparedRegimen:
    """The numbers of one regimen; with patients their quantiles over those who could be integrated."""
    over_patients = "patient" in result.dims
    integrated = result.isel(patient=np.flatnonzero(result["failure"].values == "")) if over_patients else result
    starts, numbers = integrated["course_start"].values, dict[str, Any]()
    for row in rows:
        values = integrated[row.output].values
        baseline = values[..., 0]
        percent = 100 * values / np.where(baseline > 0, baseline, np.nan)[..., None]
        for name, curve in ((row.output, values), (f"{row.output}_percent", percent)):
            numbers[name] = curve_quantiles(curve, MEDIAN_AND_90) if over_patients else curve
        courses = courses_of(integrated, row.output, row.readings)
        for reading in row.readings:
            name, number = f"{row.output}_{reading.name}", np.asarray(reading.of(courses))
            numbers[name] = censored_quantiles(number, MEDIAN_AND_90) if over_patients else number
            if over_patients and reading.is_recovery:
                numbers[f"{name}_share"] = share_recovered(number)
    failed = result.sizes["patient"] - integrated.sizes["patient"] if over_patients else None
    return ComparedRegimen(regimen, result["time"].values, starts, numbers, failed)
