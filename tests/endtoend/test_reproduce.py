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
        "pool.csv",
        "pool.md",
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


def figure_of_the_fit(plan: Path, **changes: str) -> Path:
    """The figure drawn from the fit of the plan, asked as its prediction is but for the changes."""
    path = plan.parent / "figures" / "pool.toml"
    text = path.read_text().replace("[figure]", '[figure]\nfit = "../turnover.toml"\ndraws = 20')
    text = text.replace(
        "[panels.pool]", '[retreat]\nregimen = "../../models/regimens/once.toml"\nat = ["1 year"]\n\n[panels.pool]'
    )
    for old, new in changes.items():
        text = text.replace(f'{old} = "', f'{old} = "{new}" # "')
    path.write_text(text)
    plan.write_text(plan.read_text().replace("draws = 10", "draws = 20"))
    return path


@pytest.mark.parametrize(("changes", "predictions"), [({}, 1), ({"every": "1 week"}, 2), ({"until": "30 month"}, 2)])
def test_a_figure_that_shows_a_prediction_of_the_plan_is_drawn_from_it(
    run, plan: Path, tmp_path: Path, monkeypatch, changes: dict[str, str], predictions: int
) -> None:
    import kinetics.prediction.predicting
    import kinetics.reproduction.reproducing

    asked, original = [], kinetics.prediction.predicting.predict

    def counted(estimates, *arguments: object, **options: object):
        asked.append(estimates)
        return original(estimates, *arguments, **options)

    monkeypatch.setattr(kinetics.prediction.predicting, "predict", counted)
    monkeypatch.setattr(kinetics.reproduction.reproducing, "predict", counted)
    figure_of_the_fit(plan, **changes)
    answer = run("reproduce", "--plan", plan, "--out", tmp_path / "made")
    assert answer.status == 0, answer.err
    assert "<svg" in (tmp_path / "made" / "pool.svg").read_text()
    assert len(asked) == predictions
    assert all(estimates is asked[0] for estimates in asked)  # the fresh ones: there is no committed result


def test_a_figure_follows_the_estimates_it_is_given(run, plan: Path) -> None:
    from dataclasses import replace

    from kinetics.estimate import Estimates
    from kinetics.figures import read_figure
    from kinetics.figures.base.kind import Inputs

    assert run("fit", plan.parent / "turnover.toml", "--save").status == 0
    committed = Estimates.read(plan.parent / "turnover.result.toml")
    figure = read_figure(figure_of_the_fit(plan))
    before = figure.compute()["pool"]
    assert figure.compute(Inputs([replace(committed, fit="another", values=2 * committed.values)]))["pool"].equals(
        before
    )
    after = figure.compute(Inputs([replace(committed, values=2 * committed.values)]))["pool"]
    assert float(after[1]) > 1.2 * float(before[1])  # twice the turnover recovers sooner


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


@pytest.mark.processor_time(20)
def test_a_fit_named_again_and_again_is_read_and_told_once(run, plan: Path) -> None:
    plan.write_text(plan.read_text().replace('["./turnover.toml"]', "[" + '"./turnover.toml", ' * 2000 + "]"))
    answer = run("check", plan)
    assert answer.status == 2
    assert answer.err.count("duplicate fit './turnover.toml'") == 1


def test_a_folder_that_cannot_be_made_is_refused_first(run, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = run("reproduce", "--plan", plan, "--out", tmp_path / "file")
    assert answer.status == 2
    assert "--out" in answer.err


def test_an_interrupted_plan_says_what_is_kept(run, plan: Path, tmp_path: Path, monkeypatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kinetics.reproduction.reproducing.predict", interrupted)
    answer = run("reproduce", "--plan", plan, "--out", tmp_path / "made")
    assert answer.status == 130
    assert "turnover.nc finished and kept" in answer.err


def test_the_shipped_plan_is_sound(run) -> None:
    from kinetics.files.library import library_folder

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
