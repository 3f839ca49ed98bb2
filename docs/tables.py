"""Write the numbers of the tables of fits in validation.md: ``python docs/tables.py``, after a refit.

Cells of the model are replaced; the others stay. Rows that a fit no longer has are left out, and new ones have nothing
but numbers, so that somebody fills in the rest. `tests/endtoend/test_docs.py` compares the page with the program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kinetics import FitProblem, Model, Regimen, compare_models, simulate
from kinetics.cohorts.fit_results import result_path
from kinetics.estimate import Estimates
from kinetics.estimate.objective.population import PopulationObjective
from kinetics.estimate.objective.typical import Objective
from kinetics.reports.variants import models_markdown
from kinetics.text.numbers import number_text
from kinetics.units import to_unit

DOCS = Path(__file__).parent
TYPICAL = ("care_ms_course_1", "hill_cawthorne_2012")
POPULATIONS = ("care_ms_course_1_population", "hill_cawthorne_2012_population")
BEHAVIOUR = "Behaviour of the relapsing cohort after one course"
STRUCTURES = "Which structures were tried?"
INSIDE = {True: "yes", False: "no", None: "no n"}

Cells = Mapping[str, Mapping[str, str]]
"""Numbers by row and column of a table."""


def typical_rows(name: str) -> Cells:
    """The rows of a fit of the typical patient at the committed estimates."""
    problem = FitProblem.load(name)
    values = Objective(problem).values(np.log(_estimates(problem.path).values), problem.targets)
    return {
        target.row.name: {
            "use": target.row.use,
            "published": target.published_text,
            "model": number_text(float(value)),
            "unit": target.row.unit,
        }
        for target, value in zip(problem.targets, values, strict=True)
    }


def population_rows(name: str) -> Cells:
    """The rows of a population fit at the committed estimates, standard deviations apart."""
    problem, cells = FitProblem.load(name), {}
    logs = np.log(_estimates(problem.path).values)
    for shown in PopulationObjective(problem).predicted(logs, problem.targets):
        parts = [(shown.row.name, shown.interval, shown.inside())]
        if shown.spread is not None:
            parts.append((f"{shown.row.name} SD", shown.spread, shown.spread_inside()))
        for row, interval, inside in parts:
            known = not np.isnan(interval.lower)
            ends = f"{number_text(interval.lower)} to {number_text(interval.upper)}" if known else "-"
            cells[row] = {"model": number_text(interval.value), "95 % of studies": ends, "inside": INSIDE[inside]}
    return cells


def course() -> Cells:
    """The mean patient of the relapsing cohort after one course, in percent of the mean before it, by time."""
    model, regimen = Model.load("reconstitution"), Regimen.load("ms_first_course")
    drawn = {"patients": 256, "sampling": "quasi", "seed": 1}
    result = simulate(model, regimen, cohort="relapsing", until="10 year", every="0.25 day", **drawn)
    means = result[[name for name in model.outputs if name != "C"]].mean("patient")
    means["Treg_fraction"] = means["Treg"] / means["CD4"]
    page = (DOCS / "validation.md").read_text(encoding="utf-8")
    times = re.findall(r"^\| (\d+ (?:day|month)) \|", page[page.index(f"## {BEHAVIOUR}") :], re.MULTILINE)
    cells = {}
    for time in dict.fromkeys(times):
        then = means.interp(time=to_unit(time, "day"))
        cells[time] = {
            str(output): f"{100 * float(then[output]) / float(means[output][0]):.3g}" for output in means.data_vars
        }
    return cells


def renewed(page: str, column: str, cells: Cells, after: str = "") -> str:
    """A page with new numbers in the first table behind a text whose first column has this head and one of the rows."""
    begin = page.index(after)
    for table in re.finditer(rf"^\| `?{re.escape(column)}`? \|.*\n\|[-|: ]+\n(?:\|.*\n)+", page[begin:], re.MULTILINE):
        head, rule, *lines = table[0].splitlines()
        rows = {_cells(line)[0].strip("`"): _cells(line) for line in lines}
        if not rows.keys() & cells.keys():
            continue
        names = [cell.strip("`") for cell in _cells(head)]
        new = [head, rule]
        for key, numbers in cells.items():
            old = dict(zip(names, rows.get(key, [f"`{key}`", *[""] * (len(names) - 1)]), strict=True))
            new.append("| " + " | ".join((old | {k: v for k, v in numbers.items() if k in old}).values()) + " |")
        return page[: begin + table.start()] + "\n".join(new) + "\n" + page[begin + table.end() :]
    raise SystemExit(f"no table '{column}' with rows of {', '.join(cells)}")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _estimates(problem: Path) -> Estimates:
    return Estimates.read(result_path(problem))


def _validation(page: str) -> str:
    for name in TYPICAL:
        page = renewed(page, "row", typical_rows(name), f"`{name}` *")
    of_populations = page.index("## Population fits")
    head, tail = page[:of_populations], page[of_populations:]
    for name in POPULATIONS:
        tail = renewed(tail, "row", population_rows(name), f"kinetics fit {name}")
    page = renewed(head + tail, "time", course(), f"## {BEHAVIOUR}")
    structures = page.index(f"## {STRUCTURES}")
    table = models_markdown(compare_models(POPULATIONS[0]))
    return page[:structures] + re.sub(r"(?:^\|.*\n)+", lambda _: table, page[structures:], count=1, flags=re.MULTILINE)


if __name__ == "__main__":
    page = DOCS / "validation.md"
    page.write_text(_validation(page.read_text(encoding="utf-8")), encoding="utf-8")
