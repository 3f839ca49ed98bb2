"""`kinetics models` and `kinetics show`."""

import re
from pathlib import Path

import pytest

from kinetics import show
from kinetics.files.kinds import KINDS
from kinetics.files.library import library_names


def test_models_lists_what_is_pinned(run) -> None:
    listed = run("models", "--json").json
    assert {"alemtuzumab", "cd4", "cd8", "treg", "b_cells", "nk", "signals", "reconstitution"} <= set(listed["models"])
    assert {"reconstitution, relapsing", "reconstitution, progressive"} <= set(listed["cohorts"])
    assert {"consequences, relapsing", "consequences, progressive"} <= set(listed["cohorts"])
    assert {"ms_first_course", "ms_licensed", "single_100mg", "oncology_12_weeks"} <= set(listed["regimens"])
    assert {"care_ms_course_1", "hill_cawthorne_2012"} <= set(listed["fits"])
    assert {"recovery", "retreatment"} <= set(listed["figures"])
    text = run("models").out
    assert all(name.split(", ")[-1] in text for group in listed.values() for name in group)
    assert max(map(len, text.splitlines())) <= 100


def test_what_ships_is_listed_once(run) -> None:
    text = " ".join(run("models").out.split())
    for about in {*run("models", "--json").json["cohorts"].values()}:
        assert text.count(about) == 1, about


def test_show_a_model(run) -> None:
    text = run("show", "alemtuzumab").out
    assert "d/dt A_p = Q*(A_c/V1 - A_p/V2)" in text
    assert "effect = active^2/(EC50^2 + active^2)" in text
    row = next(line for line in text.splitlines() if line.startswith("CL "))
    assert row.split()[:5] == ["CL", "2.2", "L/day", "0.25", "choice"]
    assert "1e9/L" in run("show", "cd4").out


def test_show_latex(run) -> None:
    text = run("show", "alemtuzumab", "--latex").out
    assert r"\begin{align*}" in text
    assert r"\frac{" in text


def test_show_a_cohort(run) -> None:
    def phi(*options: str) -> list[str]:
        text = run("show", "reconstitution", *options).out
        row = re.search(r"^cd4_phi .*(\n .*)*", text, re.MULTILINE)  # with the lines on which it goes on
        assert row is not None
        return row[0].split()

    assert phi()[1] == "1"
    assert phi("--cohort", "progressive")[1] != "1"
    assert "hill_cawthorne_2012" in " ".join(phi("--cohort", "progressive"))
    assert run("show", "reconstitution", "--cohort", "young").status == 2


def test_show_a_regimen_a_fit_and_a_figure(run) -> None:
    assert "12 mg   4 hour    5, every 1 day" in run("show", "ms_licensed").out
    assert "Choices: each infusion lasts 2" in run("show", "oncology_12_weeks").out
    text = run("show", "hill_cawthorne_2012").out
    assert "Three recovery times" in text
    assert "CD4_recovery" in text
    assert "Committed result" in text
    assert "recovery: " in run("show", "recovery").out


def test_show_a_file(run, project: Path) -> None:
    assert "d/dt A = -A*ke" in run("show", project / "models" / "pool.toml").out
    assert "10 mg" in run("show", project / "models" / "regimens" / "once.toml").out
    assert "No committed result" in run("show", project / "fits" / "turnover.toml").out


def test_show_what_is_not_there(run, project: Path) -> None:
    assert "did you mean 'alemtuzumab'" in run("show", "alemtuzumap").err
    answer = run("show", project / "fits" / "pool.csv")
    assert answer.status == 2
    assert run("show", "ms_licensed", "--latex").status == 2


def test_code_of_a_model_is_shown_by_function(run) -> None:
    text = run("show", "alemtuzumab", "--code", "rate").out
    assert text.startswith("; rate of alemtuzumab: y = A_c, A_p; c = ")
    assert "define void @rate(ptr noalias %y, ptr noalias %c, ptr noalias %out)" in text
    assert run("show", "ms_licensed", "--code", "rate").status == 2
    wrong = run("show", "alemtuzumab", "--code", "rates")
    assert wrong.status == 2
    assert "has no function 'rates'; did you mean 'rate'?" in wrong.err


@pytest.mark.slow
def test_no_line_of_what_is_shown_is_wider_than_a_terminal() -> None:
    for part in KINDS.values():
        for name in library_names(part):
            assert max(map(len, show(name, width=80).splitlines())) <= 80, name


def test_a_page_of_a_model_can_be_narrowed_to_sections_and_to_rows(run) -> None:
    parameters = run("show", "reconstitution", "--only", "parameters").out
    assert parameters.startswith("Parameters\n")
    assert "d/dt" not in parameters
    searched = run("show", "reconstitution", "--search", "signals.il7").out
    assert "d/dt signals_IL7 = " in searched
    assert "d/dt nk_NK_b" not in searched
    both = run("show", "alemtuzumab", "--only", "parameters", "--only", "outputs", "--search", "clearance").out
    assert [line.split()[0] for line in both.splitlines() if line and line[0] != " "][:3] == [
        "Parameters",
        "parameter",
        "CL",
    ]


def test_what_a_page_cannot_be_narrowed_to_is_named(run) -> None:
    answer = run("show", "cd4", "--only", "paramters")
    assert answer.status == 2
    assert "did you mean 'parameters'?" in answer.err
    assert "no row with 'oxygen'" in run("show", "cd4", "--search", "oxygen").err
    assert "are for models" in run("show", "ms_licensed", "--only", "parameters").err
