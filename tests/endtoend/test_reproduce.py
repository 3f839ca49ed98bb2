"""`kinetics reproduce` and `kinetics figure`, on a small plan."""

from pathlib import Path

import pytest

from kinetics.results import read_result

PLAN = """\
[reproduce]
title = "A small plan"
fits = ["./turnover.toml"]

[[predictions]]
name = "twice"
fit = "turnover"
cohort = "adults"
regimen = "../models/regimens/once.toml"
retreat = ["1 year"]
retreat_with = "../models/regimens/once.toml"
until = "2 year"
every = "1 month"
draws = 10

[[figures]]
name = "./figures/pool.toml"
formats = ["svg", "png"]
"""

FIGURE = """\
[figure]
kind = "time_course"
title = "A pool"
model = "../../models/pool.toml"
cohort = "adults"
regimen = "../../models/regimens/once.toml"
until = "12 month"
every = "1 month"

[panels.pool]
unit = "1e9/L"

[[curves]]
panel = "pool"
output = "pool"
label = "pool"
"""


@pytest.fixture
def plan(project: Path) -> Path:
    (project / "fits" / "figures").mkdir()
    (project / "fits" / "figures" / "pool.toml").write_text(FIGURE)
    path = project / "fits" / "reproduce.toml"
    path.write_text(PLAN)
    return path


def test_a_plan_is_run_into_one_folder(run, plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "here"
    answer = run("reproduce", "--plan", plan, "--out", out)
    assert answer.status == 0, answer.err
    assert sorted(path.name for path in out.iterdir()) == [
        "pool.png",
        "pool.svg",
        "report.txt",
        "turnover.nc",
        "twice.nc",
    ]
    assert "Published against fitted" in answer.out
    assert "Time from the first dose of each course" in answer.out
    assert "turnover: not compared with a committed result" in answer.err
    assert "day_30" in (out / "report.txt").read_text()
    assert read_result(out / "twice.nc")["recovery"].sizes["course"] == 2
    assert "covariance" in read_result(out / "turnover.nc").children


def test_reproduce_json(run, plan: Path, tmp_path: Path) -> None:
    content = run("reproduce", "--plan", plan, "--out", tmp_path / "made", "--json").json
    assert set(content["fits"]) == {"turnover"}
    assert [row["course"] for row in content["predictions"]["twice"]] == [1, 2]
    assert len(content["files"]) == 5


def test_every_fault_of_a_plan_before_any_work(run, plan: Path, tmp_path: Path) -> None:
    text = plan.read_text()
    for old, new in (
        ('fit = "turnover"', 'fit = "turnaround"'),
        ('until = "2 year"', 'until = "2"'),
        ("draws = 10", "draws = 1"),
        ('"./figures/pool.toml"', '"./figures/pond.toml"'),
        ('cohort = "adults"', 'cohort = "adults"\nwhat = 1'),
    ):
        assert old in text
        text = text.replace(old, new)
    plan.write_text(text)
    answer = run("reproduce", "--plan", plan, "--out", tmp_path / "made")
    assert answer.status == 2
    assert all(word in answer.err for word in ("draws", "what", "pond.toml"))
    plan.write_text(text.replace("draws = 1\n", "draws = 10\n").replace("what = 1\n", ""))
    answer = run("check", plan)
    assert answer.status == 2
    assert all(word in answer.err for word in ("turnaround", "until", "pond.toml"))
    assert not (tmp_path / "made").exists()


def test_a_folder_that_cannot_be_made_is_refused_first(run, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = run("reproduce", "--plan", plan, "--out", tmp_path / "file")
    assert answer.status == 2
    assert "--out" in answer.err


def test_an_interrupted_plan_says_what_is_kept(run, plan: Path, tmp_path: Path, monkeypatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kinetics.reproduce.predict", interrupted)
    answer = run("reproduce", "--plan", plan, "--out", tmp_path / "made")
    assert answer.status == 130
    assert "turnover.nc finished and kept" in answer.err


def test_the_shipped_plan_is_sound(run) -> None:
    from kinetics.model.library import library_folder

    answer = run("check", library_folder("fits") / "reproduce.toml")
    assert answer.status == 0, answer.err


def test_figure_from_its_own_simulation_and_from_a_result(run, plan: Path, tmp_path: Path) -> None:
    figure, out = plan.parent / "figures" / "pool.toml", tmp_path / "pool.svg"
    assert run("figure", figure, "--out", out).status == 0
    assert "<svg" in out.read_text()
    model, regimen = tmp_path / "models" / "pool.toml", tmp_path / "models" / "regimens" / "once.toml"
    given = ("--cohort", "adults", "--regimen", regimen, "--until", "12 month", "--every", "1 month")
    result = tmp_path / "x.nc"
    assert run("simulate", model, *given, "--out", result).status == 0
    answer = run("figure", figure, result, "--out", tmp_path / "pool.pdf")
    assert answer.status == 0, answer.err
    assert (tmp_path / "pool.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(("name", "out", "said"), [("recovery", "x.gif", ".svg"), ("recoverie", "x.svg", "recovery")])
def test_bad_figures(run, tmp_path: Path, name: str, out: str, said: str) -> None:
    kept = tmp_path / out
    kept.write_text("before")
    answer = run("figure", name, "--out", kept)
    assert answer.status == 2
    assert said in answer.err
    assert kept.read_text() == "before"
