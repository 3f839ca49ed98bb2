"""The page of a fit, from its file, its tables and its committed result."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

from extensions.markdown import DOCS, cited, figure, joined, markdown_code, markdown_text, section, table
from kinetics import Estimates, FitProblem
from kinetics.cohorts.fit_results import result_path
from kinetics.figures.agreement.compute import predicted_summaries
from kinetics.files.library import library_folder, library_names
from kinetics.published.likelihoods import PredictedSummary
from kinetics.text.numbers import number_text

PAGES = DOCS / "fits"
PICTURES = DOCS / "figures"
_LEGEND = """The model's numbers are those at the estimates above. A row is *inside* if the published number lies where
95 % of the studies of its size would, if the model were right; or, of a published range, if the model's number lies in
it. Where there is no such interval, as of a typical patient, the ratio of model to published number stands instead.
Rows with the use `fit` were fitted, so their agreement is no test."""


def fit_list() -> str:
    """A list of all fits, with links."""
    return "\n".join(
        f"- [`{name}`]({name}.md): {markdown_text(_file('', name)['fit']['title'])}" for name in library_names("fits")
    )


def fit_page(name: str) -> str:
    """What is fitted to which rows, the estimates, and the figures of it."""
    problem = FitProblem.load(name)
    estimates = Estimates.read(result_path(problem.path))
    own = _file("", name)["fit"]
    built = ", ".join(f"[`{fit}`]({fit}.md)" for fit in own.get("builds_on", []))
    return joined(
        f"**{markdown_text(own['title'])}.** {markdown_text(own.get('about', ''))}",
        f"Model: [`{problem.model.name}`](../models/{problem.model.name}.md)."
        + (f" Builds on {built}." if built else ""),
        section("Estimates", _estimates(problem, estimates)),
        section("Published rows", _LEGEND, _rows(problem, estimates)),
        section("Figures", *_figures(name)),
    )


def _file(folder: str, name: str) -> dict[str, Any]:
    return tomllib.loads((library_folder("fits") / folder / f"{name}.toml").read_text(encoding="utf-8"))


def _estimates(problem: FitProblem, found: Estimates) -> str:
    units = {free.name: f"{free.unit:~}" for free in problem.free}
    columns = zip(found.names, found.values, found.log_se, found.verdicts, strict=True)
    head = ("parameter", "estimate", "unit", "log standard error", "verdict")
    return table(
        head,
        (
            (markdown_code(key), f"{value:.3g}", markdown_text(units[key]), f"{log_se:.3f}", markdown_text(verdict))
            for key, value, log_se, verdict in columns
        ),
    )


def _rows(problem: FitProblem, estimates: Estimates) -> str:
    head = ("row", "use", "statistic", "published", "model", "inside, or model / published", "unit", "source")
    return table(
        head,
        (
            (
                markdown_code(target.row.name),
                target.row.use,
                markdown_text(target.row.statistic),
                markdown_text(target.published_text),
                _model_text(predicted.interval.value),
                _inside(predicted),
                markdown_text(target.row.unit),
                cited(target.row.source),
            )
            for target, predicted in predicted_summaries(problem, estimates)
        ),
    )


def _model_text(value: float) -> str:
    """The model's number at the committed estimates; a time may be infinite, or NaN where nothing is lost."""
    if math.isnan(value):
        return "never below"
    return "not reached" if math.isinf(value) else number_text(value)


def _inside(predicted: PredictedSummary) -> str:
    """Whether model and publication agree, as far as that can be judged."""
    row, inside = predicted.row, predicted.inside()
    if inside is not None:
        return "inside" if inside else "**outside**"
    if row.lower is None or row.upper is None:
        return "" if row.value in (None, 0) else f"ratio {predicted.interval.value / row.value:.2f}"
    agrees = row.lower <= predicted.interval.value <= row.upper
    return "in the published interval" if agrees else "**outside** the published interval"


def _figures(name: str) -> list[str]:
    """The pictures whose figure file names the fit."""
    shown = []
    for figure_name in library_names("fits/figures"):
        file, picture = _file("figures", figure_name), PICTURES / f"{figure_name}.svg"
        if file["figure"].get("fit") == name and picture.exists():
            shown.append(figure(picture, PAGES / Path("index.md"), file["figure"].get("title", figure_name)))
    return shown
