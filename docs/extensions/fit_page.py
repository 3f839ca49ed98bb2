"""The page of a fit, from its file, its tables and its committed result."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from extensions.markdown import DOCS, cited, figure, joined, markdown_code, markdown_text, section, table
from kinetics import Estimates, FitProblem
from kinetics.cohorts.fit_results import result_path
from kinetics.files.library import library_folder, library_names

PAGES = DOCS / "fits"
PICTURES = DOCS / "figures"


def fit_list() -> str:
    """A list of all fits, with links."""
    return "\n".join(
        f"- [`{name}`]({name}.md): {markdown_text(_file('', name)['fit']['title'])}" for name in library_names("fits")
    )


def fit_page(name: str) -> str:
    """What is fitted to which rows, the estimates, and the figures of it."""
    problem = FitProblem.load(name)
    own = _file("", name)["fit"]
    built = ", ".join(f"[`{fit}`]({fit}.md)" for fit in own.get("builds_on", []))
    return joined(
        f"**{markdown_text(own['title'])}.** {markdown_text(own.get('about', ''))}",
        f"Model: [`{problem.model.name}`](../models/{problem.model.name}.md)."
        + (f" Builds on {built}." if built else ""),
        section("Estimates", _estimates(problem)),
        section("Published rows", _rows(problem)),
        section("Figures", *_figures(name)),
    )


def _file(folder: str, name: str) -> dict[str, Any]:
    return tomllib.loads((library_folder("fits") / folder / f"{name}.toml").read_text(encoding="utf-8"))


def _estimates(problem: FitProblem) -> str:
    found = Estimates.read(result_path(problem.path))
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


def _rows(problem: FitProblem) -> str:
    head = ("row", "use", "statistic", "published", "unit", "source")
    return table(
        head,
        (
            (
                markdown_code(target.row.name),
                target.row.use,
                markdown_text(target.row.statistic),
                markdown_text(target.published_text),
                markdown_text(target.row.unit),
                cited(target.row.source),
            )
            for target in problem.targets
        ),
    )


def _figures(name: str) -> list[str]:
    """The pictures whose figure file names the fit."""
    shown = []
    for figure_name in library_names("fits/figures"):
        file, picture = _file("figures", figure_name), PICTURES / f"{figure_name}.svg"
        if file["figure"].get("fit") == name and picture.exists():
            shown.append(figure(picture, PAGES / Path("index.md"), file["figure"].get("title", figure_name)))
    return shown
