"""`datagen`: what a study of simulated patients would publish of them, as a table that a fit reads."""

# pandas has no complete types
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from kinetics.errors import Faults, InputError, warn
from kinetics.expressions.reserved import OBSERVED
from kinetics.files.arguments import is_whole, loaded
from kinetics.files.library import names_a_file
from kinetics.files.tables import MAX_ROWS
from kinetics.files.writing import write_atomically
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.simulation.simulating import simulate
from kinetics.units import Unit, parse_unit, unit_text, written_unit

if TYPE_CHECKING:
    import pandas as pd

    from kinetics.files.arguments import Progress
    from kinetics.observation import VisitSchedule
    from kinetics.regimen.times import Amount

LEAST = 2
"""Patients of a study that has a standard deviation."""
COLUMNS = (
    *("study", "cohort", "regimen", "output", "statistic", "time", "with_output", "with_time"),
    *("value", "unit", "sd", "n"),
)


def datagen(
    model: Model | str | Path,
    regimen: str | Path | None = None,
    *,
    observe: VisitSchedule | str | Path,
    until: Amount,
    cohort: str | None = None,
    patients: int,
    seed: int = 0,
    outputs: Sequence[str] = (),
    study: str = "simulated",
    covariances: bool = True,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Simulate a study, and summarise it as publications do: mean, standard deviation, covariances of visits.

    Parameters
    ----------
    model, regimen, cohort : optional
        What is simulated, as of `kinetics.simulate`: names of the library, or paths.
    observe, until : VisitSchedule, str or pathlib.Path
        What is measured and when, with the noise, limit and rounding of the outputs; no visit is later than ``until``.
    patients, study, seed : int, str and int
        How many patients the study has, drawn at random, and what the table calls it; the seed of patients and noise.
    outputs : sequence of str
        By default all that the visits measure.
    covariances : bool
        Whether the covariances of all pairs of measurements are in the table.
    out, progress : optional
        A CSV file, which a fit names among its ``tables``; called with (patients done, all).

    Returns
    -------
    pandas.DataFrame
        One row a number, the columns those of a published table, each number in the ``unit`` of its row. A measurement
        in which the patients do not differ is left out, with a warning.

    Raises
    ------
    InputError, IntegrationError
        If an argument is wrong, covariances are too many for the patients or for a table; if patients fail.

    Examples
    --------
    >>> datagen("my_model.toml", observe="my_visits.toml", until="1 year", patients=30)  # doctest: +SKIP
    """
    model = loaded("model", model, Model)
    _check(model, patients, outputs, out)
    doses = Regimen.none() if regimen is None else loaded("regimen", regimen, Regimen)
    whom = {"cohort": cohort, "patients": patients, "seed": seed}
    result = simulate(model, doses, until=until, every=until, observe=observe, progress=progress, **whom)
    measured = _measurements(model, result, outputs)
    arm = {"study": study, "cohort": cohort or "", "regimen": _regimen_name(regimen, out), "n": patients}
    return _written(_rows(arm, measured, covariances=covariances), out)


def _check(model: Model, patients: int, outputs: Sequence[str], out: str | Path | None) -> None:
    faults = Faults()
    if out is not None and Path(out).suffix != ".csv":
        faults.add(f"end the name in .csv; found '{out}'", name="out")
    if not is_whole(patients) or patients < LEAST:
        faults.add(f"must be {LEAST} or more, found {patients!r:.40}", name="patients")
    for name in outputs:
        with faults.gather(name="outputs"):
            model.output(name)
    faults.raise_if_any()


def _rows(arm: dict[str, Any], measured: Sequence[_Measurement], *, covariances: bool) -> list[dict[str, Any]]:
    """One row a number."""
    count, patients = len(measured), arm["n"]
    if covariances and count * (count + 1) // 2 > MAX_ROWS:
        raise InputError(f"{count} measurements have more covariances than the {MAX_ROWS} rows of a table")
    if covariances and patients <= count:
        message = f"the covariances of {count} measurements need more than {count} patients, found {patients}"
        raise InputError(f"{message}; or leave them out with covariances=False")
    return [*_means(arm, measured), *(_covariances(arm, measured) if covariances else ())]


def _written(rows: Sequence[dict[str, Any]], out: str | Path | None) -> pd.DataFrame:
    """The table without columns that nobody needs, in a file if one is named."""
    import pandas as pd

    table = pd.DataFrame(rows, columns=list(COLUMNS)).dropna(axis="columns", how="all")
    if out is not None:
        write_atomically(out, table.to_csv(index=False, lineterminator="\n"))
    return table


class _Measurement(NamedTuple):
    """An output at a visit: its values of all patients, (patient,), in its unit; ``time`` is text."""

    output: str
    time: str
    unit: Unit
    values: np.ndarray


def _measurements(model: Model, result: xr.Dataset, outputs: Sequence[str]) -> list[_Measurement]:
    """What was measured of some outputs, output by output."""
    measured: list[_Measurement] = []
    for name, output in model.outputs.items():
        if (seen := f"{name}{OBSERVED}") not in result or (outputs and name not in outputs):
            continue
        observed = result[seen].transpose("patient", ...)
        times = result[observed.dims[1]]
        lost = np.isnan(observed.values).any(axis=1)
        texts = [f"{time:.10g} {unit_text(parse_unit(times.attrs['units']))}" for time in times.values]
        columns = observed.values[~lost].T
        measured += [_Measurement(name, text, output.unit, values) for text, values in zip(texts, columns, strict=True)]
    constant = [f"{one.output} at {one.time}" for one in measured if not np.ptp(one.values) > 0]
    if constant:
        warn(f"all patients have the same {', '.join(constant)}: left out")
    return [one for one in measured if np.ptp(one.values) > 0]


def _means(arm: dict[str, Any], measured: Sequence[_Measurement]) -> list[dict[str, Any]]:
    return [
        arm
        | {"output": one.output, "statistic": "mean", "time": one.time, "unit": written_unit(one.unit)}
        | {"value": float(one.values.mean()), "sd": float(one.values.std(ddof=1))}
        for one in measured
    ]


def _covariances(arm: dict[str, Any], measured: Sequence[_Measurement]) -> list[dict[str, Any]]:
    matrix = np.cov([one.values for one in measured])
    return [
        arm
        | {"output": measured[i].output, "statistic": "covariance", "time": measured[i].time}
        | {"with_output": measured[j].output, "with_time": measured[j].time}
        | {"value": float(matrix[i, j]), "unit": unit_text(measured[i].unit * measured[j].unit)}
        for i, j in combinations(range(len(measured)), 2)
    ]


def _regimen_name(regimen: str | Path | None, out: str | Path | None) -> str:
    """A name of the library as it is; a path from the folder of the table."""
    if regimen is None or not names_a_file(str(regimen)):
        return str(regimen or "")
    folder = Path.cwd() if out is None else Path(out).resolve().parent
    path = Path(os.path.relpath(Path(regimen).resolve(), folder)).as_posix()
    return path if "/" in path else f"./{path}"
