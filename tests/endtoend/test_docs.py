"""The documentation against the program: its tables are true, its links lead somewhere."""

import inspect
import json
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from kinetics import FitProblem, Model, Regimen, simulate
from kinetics.cohorts.fit_results import result_path
from kinetics.crossvalidation.discrepancy_file import read_discrepancy
from kinetics.engines.scipy import TOLERANCES
from kinetics.estimate import Estimates, Refit, SimulationStudy
from kinetics.estimate.objective.population import PopulationObjective
from kinetics.estimate.objective.typical import Objective
from kinetics.estimate.uncertainty import covariance as uncertainty
from kinetics.estimate.uncertainty.covariance import INFORMED, STRONG, UNINFORMED, WIDE
from kinetics.files.bibliography import read_bibliography
from kinetics.observation import VisitSchedule
from kinetics.units import to_unit
from kinetics.variants.loading import load_variants

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
FITS = ("care_ms_course_1", "hill_cawthorne_2012")
POPULATIONS = ("care_ms_course_1_population", "hill_cawthorne_2012_population")


def name_of(page):
    return str(page.relative_to(ROOT))


def blocks(page, language):
    """The fenced blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def section(page, heading):
    """The text from a heading to the next of its level or above."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}.*?$(.*?)(?=^#{{1,2}} |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"{name_of(page)} has no section '{heading}'"
    return found[2]


def rows(text, first=""):
    """The rows of tables of Markdown whose head begins with a text, as dicts by the head."""
    found, head = [], None
    for line in text.split("\n"):
        if not line.startswith("|"):
            head = None
            continue
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if head is None:
            head = cells
        elif not set(line) <= set("|-: ") and head[0].startswith(first):
            found.append(dict(zip(head, cells, strict=True)))
    assert found
    return found


def anchors(page):
    """The anchors that headings make."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-") for heading in headings}


def test_python_of_the_first_page_runs(tmp_path, monkeypatch):
    """`make docs` executes the blocks of all other pages."""
    monkeypatch.chdir(tmp_path)
    namespace = {}
    for number, block in enumerate(blocks(ROOT / "README.md", "python"), 1):
        exec(compile(block, f"README.md, block {number}", "exec"), namespace)
    assert namespace


@cache
def evaluated(name):
    """The rows of a fit with the model's values at the committed estimates, by name."""
    problem = FitProblem.load(name)
    estimates = Estimates.read(result_path(problem.path))
    assert estimates.names == tuple(free.name for free in problem.free)
    values = Objective(problem).values(np.log(estimates.values), problem.targets)
    return {target.row.name: (target, float(value)) for target, value in zip(problem.targets, values, strict=True)}


@pytest.mark.parametrize(
    ("name", "heading"),
    [(FITS[0], "Phase-3 programme, first course"), (FITS[1], "Early Cambridge patients, one course of 100 mg")],
)
def test_validation_has_every_row_as_published_and_as_the_model_gives_it(name, heading):
    told = {row["row"]: row for row in rows(section(DOCS / "validation.md", heading), "row")}
    assert told.keys() == evaluated(name).keys()
    for row_name, (target, value) in evaluated(name).items():
        row = told[row_name]
        assert (row["use"], row["published"], row["unit"]) == (target.row.use, target.published_text, target.row.unit)
        assert float(row["model"]) == pytest.approx(value, rel=0.01), row_name


def test_validation_course_of_the_relapsing_cohort():
    page = section(DOCS / "validation.md", "Behaviour of the relapsing cohort after one course")
    model, regimen = Model.load("reconstitution"), Regimen.load("ms_first_course")
    drawn = {"patients": 256, "sampling": "quasi", "seed": 1}
    result = simulate(model, regimen, cohort="relapsing", until="10 year", every="0.25 day", **drawn)
    means = result[list(model.outputs)].mean("patient")
    means["Treg_fraction"] = means["Treg"] / means["CD4"]
    for row in rows(page, "time"):
        then = means.interp(time=to_unit(row.pop("time"), "day"))
        for output, percent in row.items():
            value = 100 * float(then[output]) / float(means[output][0])
            assert float(percent) == pytest.approx(value, rel=0.01), (output, percent)


@pytest.mark.parametrize("name", POPULATIONS)
def test_validation_has_every_row_of_a_population_and_whether_it_lies_inside(name):
    problem = FitProblem.load(name)
    told = {row["row"]: row for row in rows(section(DOCS / "validation.md", "Population fits"), "row")}
    values = Estimates.read(result_path(problem.path)).values
    for shown in PopulationObjective(problem).predicted(np.log(values), problem.targets):
        parts = [(shown.row.name, shown.interval, shown.inside())]
        if shown.spread is not None:
            parts.append((f"{shown.row.name} SD", shown.spread, shown.spread_inside()))
        for row_name, interval, inside in parts:
            row = told[row_name]
            assert float(row["model"]) == pytest.approx(interval.value, rel=0.01), row_name
            assert row["inside"] == {True: "yes", False: "no", None: "no n"}[inside], row_name
            if not np.isnan(interval.lower):
                ends = [float(text) for text in row["95 % of studies"].split(" to ")]
                assert ends == pytest.approx(interval[1:], rel=0.01), row_name


def test_validation_has_every_variant_that_ships_with_its_committed_log_posterior():
    base = FitProblem.load(POPULATIONS[0])
    table = {
        row["variant"]: row for row in rows(section(DOCS / "validation.md", "Which structures were tried"), "variant")
    }
    problems = [base, *load_variants(base)]
    assert table.keys() == {"published", *(problem.name for problem in problems)}
    for problem in problems:
        facts = Estimates.read(result_path(problem.path)).facts
        assert problem.outdated(facts) == [], problem.name
        row = table[problem.name]
        assert (row["parameters"], float(row["log posterior"])) == (
            str(len(problem.free)),
            pytest.approx(-facts["cost"], abs=0.06),
        )


def test_validation_has_the_discrepancy_that_is_committed():
    problem = FitProblem.load(POPULATIONS[0])
    own = read_discrepancy(problem.path.with_name(f"{problem.name}.discrepancy.toml"))
    assert (own.data_hash, own.model_hash) == (problem.data_hash, problem.model.content_hash)
    text = section(DOCS / "validation.md", "What is validated, and what is not").replace("\n  ", " ")
    step = own.classes["source", "*", "*"]
    values, times, shares = (own.classes["source", "*", number].log_sd for number in ("value", "time", "share"))
    assert f"of {step.log_sd:.2f} (standard error {step.log_sd * step.relative_se:.2f}) for all numbers" in text
    assert f"{values:.2f} for counts, {times:.2f} for times and, on the logit, {shares:.2f} for shares" in text


def test_the_simulation_study_is_the_one_kept_with_its_problem():
    kept = json.loads((ROOT / "tests" / "study" / "recovery.refits.json").read_text(encoding="utf-8"))["refits"]
    refits = [
        Refit(row["study"], row["log_estimates"], row["log_se"], row["converged"], row["seconds"]) for row in kept
    ]
    assert [one.replicate for one in refits] == list(range(200))
    problem = FitProblem.load(ROOT / "tests" / "study" / "recovery.toml")
    told = {row["parameter"]: row for row in rows(section(DOCS / "validation.md", "Simulation study"), "parameter")}
    truth = {free.flat: float(told[free.name]["truth"]) for free in problem.free}
    for found in SimulationStudy(problem, truth, 1, tuple(refits)).rows():
        row = told[found["name"]]
        assert float(row["mean estimate"]) == pytest.approx(found["mean"], abs=6e-4)
        assert row["bias"] == f"{100 * found['bias']:+.1f} %"
        assert row["coverage of 95 %"] == f"{100 * found['coverage']:.1f} %"
        assert float(row["scatter"]) == pytest.approx(found["scatter"], rel=0.01)
        if not found["name"].endswith(".spread"):
            assert abs(found["bias"]) < 0.05
        assert 0.90 <= found["coverage"] <= 0.98


def test_rms_of_the_counts_is_the_one_told():
    targets = [(t, v) for t, v in evaluated(FITS[0]).values() if t.row.use == "fit" and not t.row.is_range]
    rms = np.sqrt(np.mean([target.log_error(value) ** 2 for target, value in targets]))
    told = " ".join(section(DOCS / "validation.md", "Phase-3 programme, first course").split())
    assert f"value: {rms:.3f}." in told


def test_theory_has_the_tolerances_and_cut_offs_of_the_code():
    text = " ".join((DOCS / "theory.md").read_text(encoding="utf-8").split())
    assert f"default relative tolerance is {TOLERANCES.relative:g}" in text
    assert f"absolute tolerance of a state is {TOLERANCES.absolute:g}" in text
    assert f"log standard error below {INFORMED:g} of the prior's" in text
    assert f"{INFORMED:g} to {UNINFORMED:g} of the prior's" in text
    assert f"correlated beyond {STRONG:g}" in text
    assert f"log standard error {WIDE:g} or more" in text
    verdicts = re.findall(r'"(not identified: [^"]+)"', inspect.getsource(uncertainty))
    assert [verdict for verdict in verdicts if verdict not in text] == []


def test_format_pages_have_files_that_are_read(tmp_path):
    kinds = {}
    for page in sorted((DOCS / "formats").glob("*.md")):
        for block in blocks(page, "toml"):
            kinds.setdefault(next(iter(tomllib.loads(block))), block)
    (tmp_path / "one.toml").write_text(kinds["model"], encoding="utf-8")
    (tmp_path / "regimen.toml").write_text(kinds["regimen"], encoding="utf-8")
    (tmp_path / "visits.toml").write_text(kinds["visits"], encoding="utf-8")
    assert Model.load(tmp_path / "one.toml").outputs
    assert VisitSchedule.load(tmp_path / "visits.toml").series[1].outputs == ("C",)
    assert Regimen.load(tmp_path / "regimen.toml").drugs == ("alemtuzumab",)


def test_every_publication_that_is_quoted_is_in_the_bibliography():
    sources = read_bibliography(ROOT / "models" / "references.bib").values()
    known = {" ".join(source.short.split()[-2:]) for source in sources}  # the particle of a name is not looked for
    texts = [path.read_text(encoding="utf-8") for path in [*PAGES, *sorted((ROOT / "models").rglob("*.toml"))]]
    quoted = {tuple(found) for text in texts for found in re.findall(r"\b([A-Z][\w'-]+)\s((?:19|20)\d\d)\b", text)}
    assert len(quoted) > 15
    assert {" ".join(found) for found in quoted} - known == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), f"{name_of(page)}: {target}"
        assert not anchor or anchor in anchors(file), f"{name_of(page)}: {target}"


def test_what_a_build_writes_is_not_among_the_pages_and_pictures_of_the_project():
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("needs a checkout of git")
    command = [git, "ls-files", "--others", "--ignored", "--exclude-standard", "docs"]
    ignored = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    built = [name for name in ignored if not name.startswith("docs/api/") and "__pycache__" not in name]
    assert built == []  # docs/api: Sphinx wants the stubs of docstrings beside its pages


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_text_is_wrapped_at_100_characters(page):
    """Tables, code, headings and what cannot be broken may be longer; pages that a command writes are wrapped by it."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    prose = [line for line in text.split("\n") if not re.match(r"\s*(\||#|\$\$|!\[)", line)]
    unbreakable = re.compile(r"`[^`]*`|\$[^$]*\$|\]\(\S*\)")
    assert [line for line in prose if len(line) > 100 and " " in unbreakable.sub("", line[90:])] == []


@cache
def commands():
    """Every command line of the pages, by subcommand: the options it uses."""
    used = {}
    for page in PAGES:
        fenced = re.findall(r"^```\w*\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        for command, rest in re.findall(r"^kinetics ([\w-]+)(.*)$", "\n".join(fenced), re.MULTILINE):
            used.setdefault(command, set()).update(re.findall(r"(?<=\s)--[a-z-]+", rest))
    return used


@pytest.mark.parametrize("command", sorted(commands()))
def test_commands_exist_with_their_options(run, command):
    told = run(command, "--help")
    assert told.status == 0, told.err
    assert {option for option in commands()[command] if option not in told.out} == set()
