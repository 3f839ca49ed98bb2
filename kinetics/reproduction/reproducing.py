"""`reproduce`: every fit, prediction and figure of a plan into one folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from kinetics.cohorts.fit_results import result_path
from kinetics.errors import Fault, InputError
from kinetics.estimate import Estimates, Fit, fit
from kinetics.estimate.agreement import EstimateAgreement, agreement
from kinetics.figures import draw
from kinetics.figures.base.kind import Inputs
from kinetics.files.arguments import Progress, StepProgress, Watcher, unwatched
from kinetics.files.reading import reason_of
from kinetics.files.writing import write_atomically
from kinetics.prediction.predicting import predict
from kinetics.prediction.summary import recovery_summary
from kinetics.reports.fit import fit_json, fit_text
from kinetics.reports.prediction import prediction_text
from kinetics.reports.recovery import recovery_json
from kinetics.reproduction.plan import Plan, PlannedFigure, PlannedPrediction, read_plan
from kinetics.results import write_result
from kinetics.text.tables import WIDTH


@dataclass(frozen=True, eq=False)
class Product:
    """What a step made: a fit, a prediction, a figure, or the report.

    Parameters
    ----------
    name : str
        Of the fit, prediction or figure.
    files : tuple of pathlib.Path
        Where it was written.
    fit : Fit, optional
        Of a fit; ``agreement`` is with its committed result.
    prediction : xarray.DataTree, optional
        Of a prediction.
    """

    name: str
    files: tuple[Path, ...]
    fit: Fit | None = None
    agreement: EstimateAgreement | None = None
    prediction: xr.DataTree | None = None

    def text(self, width: int = WIDTH) -> str:
        """What there is to read of a fit or a prediction, in lines of at most ``width`` characters; else nothing."""
        if self.fit is not None:
            problem = self.fit.problem
            return f"{fit_text(self.fit.summary(), problem.title, problem.about, width)}\n\n{self.agreement}"
        if self.prediction is not None:
            return f"{self.name}: {prediction_text(self.prediction, width)}"
        return ""

    def __repr__(self) -> str:
        return f"<Product {self.name}: {', '.join(map(str, self.files))}>"


@dataclass(frozen=True, eq=False)
class Reproduction:
    """Everything that a plan made.

    Parameters
    ----------
    products : tuple of Product
        Fits, predictions, figures, and the report.
    """

    products: tuple[Product, ...]

    @property
    def files(self) -> list[Path]:
        """All files, in the order in which they were written."""
        return [path for product in self.products for path in product.files]

    def json(self) -> dict[str, Any]:
        """The numbers for a program: ``fits`` and ``predictions`` by name, and ``files``."""
        fits, predictions = {}, {}
        for product in self.products:
            if product.fit is not None:
                largest = None if product.agreement is None else product.agreement.largest
                fits[product.name] = {
                    **fit_json(product.fit.summary()),
                    "largest_difference_from_committed": largest,
                }
            if product.prediction is not None:
                predictions[product.name] = recovery_json(recovery_summary(product.prediction))
        return {"fits": fits, "predictions": predictions, "files": [str(path) for path in self.files]}

    def __repr__(self) -> str:
        return f"<Reproduction: {', '.join(product.name for product in self.products)}>"


def reproduce(
    plan: Plan | str | Path | None = None,
    folder: str | Path = "reproduced",
    *,
    progress: Progress | None = None,
) -> Reproduction:
    """Run the main job: every fit, prediction and figure of a plan, and a report of them.

    Parameters
    ----------
    plan : Plan, str or pathlib.Path, optional
        What to run, or the path of its file; the plan that ships by default.
    folder : str or pathlib.Path
        Where files go; it is made if it does not exist.
    progress : callable, optional
        Called with (done, all) as steps are done.

    Returns
    -------
    Reproduction
        What was made, and in which files.

    Raises
    ------
    InputError
        With every fault of the plan, before any work.

    Examples
    --------
    >>> made = reproduce(folder="build/reproduced")  # doctest: +SKIP
    """
    checked = plan if isinstance(plan, Plan) else read_plan(None if plan is None else Path(plan))
    made: list[Product] = []
    for product in products(checked, make_folder(Path(folder)), unwatched):
        made.append(product)
        if progress is not None:
            progress(len(made), checked.size)
    return Reproduction(tuple(made))


def make_folder(folder: Path, argument: str = "folder") -> Path:
    """Make a folder, or refuse it, before the work; ``argument`` names it in messages."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(Fault(f"cannot be a folder: {reason_of(error)}", str(folder), argument)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(Fault("cannot be written to", str(folder), argument))
    return folder


def products(plan: Plan, folder: Path, watch: Watcher) -> Iterator[Product]:
    """Run a plan; each product is yielded as soon as its files are written.

    First fits and predictions (NAME.nc), then figures (NAME.FORMAT), then report.txt. The folder exists.
    """
    fresh: dict[str, Estimates] = {}
    predictions: list[xr.DataTree] = []
    texts = [plan.title]
    for problem in plan.fits:
        with watch(f"fitting {problem.name}") as steps:
            fitted = fit(problem, progress=steps.count)
        fresh[problem.name] = fitted.estimates
        compared = agreement(fitted.estimates, result_path(problem.path))
        product = Product(problem.name, (folder / f"{problem.name}.nc",), fitted, compared)
        write_result(fitted.tree(), product.files[0])
        texts.append(product.text())
        yield product
    for prediction in plan.predictions:
        with watch(f"predicting {prediction.row.name}") as steps:
            tree = _predicted(fresh[prediction.row.fit], prediction, steps)
        product = Product(prediction.row.name, (folder / f"{prediction.row.name}.nc",), prediction=tree)
        write_result(tree, product.files[0])
        predictions.append(tree)
        texts.append(product.text())
        yield product
    for planned in plan.figures:
        name = Path(planned.row.name).stem
        with watch(f"drawing {name}") as steps:
            files = _drawn(planned, folder, Inputs(tuple(fresh.values()), predictions, steps.count))
        yield Product(name, files)
    write_atomically(folder / "report.txt", "\n\n\n".join(texts) + "\n")
    yield Product("report", (folder / "report.txt",))


def _predicted(estimates: Estimates, planned: PlannedPrediction, steps: StepProgress) -> xr.DataTree:
    row = planned.row
    return predict(
        estimates,
        planned.regimen,
        until=row.until,
        every=row.every,
        cohort=row.cohort,
        draws=row.draws,
        patients=row.patients,
        seed=row.seed,
        progress=steps.count,
    )


def _drawn(planned: PlannedFigure, folder: Path, inputs: Inputs) -> tuple[Path, ...]:
    """A figure in each of its formats, from numbers that are computed once."""
    files = tuple(folder / f"{Path(planned.row.name).stem}.{suffix}" for suffix in planned.row.formats)
    draw(planned.figure, files, input=planned.figure.compute(inputs))
    return files
