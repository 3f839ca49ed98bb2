"""The main job: every fit, prediction and figure of a plan into one folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import xarray as xr

from kinetics.cohorts.fit_results import result_path
from kinetics.estimate import Estimates, Fit, fit
from kinetics.prediction import predict
from kinetics.reproduction.plan import Plan
from kinetics.results import write_result

__all__ = ["Product", "Steps", "reproduce"]


class Steps(Protocol):
    """Who is told how a step gets on."""

    def count(self, done: int, total: int) -> None:
        """So many of all are done."""
        ...

    def say(self, text: str) -> None:
        """What is being done."""
        ...


Watcher = Callable[[str], AbstractContextManager[Steps]]
"""Given the label of a step, a context that is told how the step gets on."""


@dataclass(frozen=True, eq=False)
class Product:
    """What a step made.

    Parameters
    ----------
    name : str
        Of the fit, prediction or figure.
    files : tuple of pathlib.Path
        Where it was written.
    fit : Fit or None
        Of a fit.
    committed : pathlib.Path or None
        Where the committed result of that fit lies.
    prediction : xarray.DataTree or None
        Of a prediction.
    """

    name: str
    files: tuple[Path, ...]
    fit: Fit | None = None
    committed: Path | None = None
    prediction: xr.DataTree | None = None


def reproduce(plan: Plan, folder: Path, watch: Watcher) -> Iterator[Product]:
    """Run a plan; each product is yielded as soon as its files are written.

    Parameters
    ----------
    plan : Plan
        What to run.
    folder : pathlib.Path
        Where files go; it exists.
    watch : callable
        Called with the label of a step; its context is told how the step gets on.

    Yields
    ------
    Product
        Fits (NAME.nc), then predictions (NAME.nc), then figures (NAME.FORMAT).
    """
    from kinetics.figures import draw_figure, read_figure

    fresh: dict[str, Estimates] = {}
    made: list[xr.DataTree] = []
    for problem in plan.fits:
        with watch(f"fitting {problem.name}") as steps:
            found = fit(problem, progress=steps.say)
        fresh[problem.name] = found.estimates
        path = folder / f"{problem.name}.nc"
        write_result(found.tree(), path)
        yield Product(problem.name, (path,), fit=found, committed=result_path(problem.path))
    for row, regimen in plan.predictions:
        with watch(f"predicting {row.name}") as steps:
            tree = predict(
                fresh[row.fit],
                regimen,
                until=row.until,
                every=row.every,
                cohort=row.cohort,
                draws=row.draws,
                patients=row.patients,
                seed=row.seed,
                progress=steps.count,
            )
        path = folder / f"{row.name}.nc"
        write_result(tree, path)
        made.append(tree)
        yield Product(row.name, (path,), prediction=tree)
    for row, place in plan.figures:
        with watch(f"drawing {Path(row.name).stem}") as steps:
            tree = read_figure(place).compute(steps.count, tuple(fresh.values()), made)
            files = tuple(folder / f"{Path(row.name).stem}.{kind}" for kind in row.formats)
            for path in files:
                draw_figure(place, tree, path)
        yield Product(Path(row.name).stem, files)
