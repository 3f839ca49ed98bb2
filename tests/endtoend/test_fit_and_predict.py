"""`kinetics fit` and `kinetics predict`: JSON as pinned, what Ctrl-C keeps, and results that lead to predictions."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kinetics.results import read_result


def test_fit_json_as_pinned(run, project: Path) -> None:
    out = project / "fit.nc"
    answer = run("fit", project / "fits" / "turnover.toml", "--json", "--out", out)
    assert answer.status == 0, answer.err
    content = answer.json
    targets = {row["name"]: row for row in content["targets"]}
    assert [set(row) >= {"name", "use", "published", "fitted", "unit"} for row in content["targets"]] == [True] * 3
    assert targets["day_30"]["published"] == 0.25
    assert targets["back"]["use"] == "validate"
    estimate = content["estimates"]["k"]
    assert set(estimate) == {"value", "se", "unit", "verdict"}
    assert estimate["unit"] == "1/day"
    assert 0.001 < estimate["value"] < 0.2
    assert {"estimates", "covariance", "prior", "observed", "predicted", "diagnostics"} <= set(
        read_result(out).children
    )


def test_fit_text_has_all_a_reader_needs(run, project: Path) -> None:
    answer = run("fit", project / "fits" / "turnover.toml")
    assert answer.status == 0, answer.err
    assert "One patient stands for the mean." in answer.out
    lines = answer.out.splitlines()
    rows = {line.split()[0]: line for line in lines if line.startswith(("day_30", "day_90", "back", "k "))}
    assert list(rows).index("back") == 2
    assert lines[lines.index(rows["day_30"]) - 1] == "fitted, choice:"
    assert lines[lines.index(rows["back"]) - 1] == "compared, not fitted, choice:"
    assert rows["day_30"].split()[1:5] == ["1e9/L", "0.25", "mean", "-"]
    assert "--save writes it" in answer.out


def test_a_threshold_that_is_not_reached_says_so(run, project: Path) -> None:
    table = project / "fits" / "pool.csv"
    table.write_text(table.read_text().replace("0.4 1e9/L", "0.999 1e9/L"))
    problem = project / "fits" / "turnover.toml"
    problem.write_text(problem.read_text().replace("starts = 2", 'starts = 1\nhorizon = "100 day"'))
    assert "not reached" in run("fit", problem).out
    row = run("fit", problem, "--json").json["targets"][-1]
    assert (row["fitted"], row["censored"]) == (None, True)


def test_save_then_agree_then_predict(run, project: Path) -> None:
    problem, out = project / "fits" / "turnover.toml", project / "predicted.nc"
    first = run("fit", problem, "--save")
    assert first.status == 0
    assert "--save writes it" not in first.out + first.err  # it just has
    again = run("fit", problem, "--json")
    assert again.json["largest_difference_from_committed"] < 1e-6
    assert "warning" not in again.err
    regimen = project / "models" / "regimens" / "once.toml"
    common = ("predict", problem, "--regimen", regimen, "--retreat", "1 year", "--retreat-with", regimen)
    rest = ("--until", "3 year", "--every", "1 month", "--draws", "20", "--seed", "1")
    answer = run(*common, *rest, "--json", "--out", out)
    assert answer.status == 0, answer.err
    content = answer.json
    assert content["cohort"] == "adults"
    assert "1 year" in content["regimen"]
    first, second = content["recovery"]
    assert set(first) >= {"output", "course", "months", "lower", "upper", "share_recovered"}
    assert (first["output"], first["course"], second["course"]) == ("pool", 1, 2)
    assert first["lower"] < first["months"] < first["upper"]
    assert first["share_recovered"] == 1.0
    assert read_result(out)["draws"]["pool"].sizes["draw"] == 20
    text = run(*common, *rest).out
    assert "pool (1e9/L)" in text
    assert "100 %" in text


def test_predict_a_population_and_a_study(run, project: Path) -> None:
    problem, out = project / "fits" / "turnover.toml", project / "predicted.nc"
    assert run("fit", problem, "--save").status == 0
    regimen = project / "models" / "regimens" / "once.toml"
    asked = ("predict", problem, "--regimen", regimen, "--until", "1 year", "--draws", "20", "--patients", "64")
    answer = run(*asked, "--study", "30", "--json", "--out", out)
    assert answer.status == 0, answer.err
    content = answer.json
    population, (recovery,) = content["population"], content["population"]["recovery"]
    assert (population["patients"], content["study"]["patients"]) == (64, 30)
    # before the dose patients are N0, log-normal about 1 with a spread of 0.2, and the fit says nothing of it
    begin = population["counts"][0]
    assert (begin["output"], begin["unit"], begin["months"]) == ("pool", "1e9/L", 0.0)
    assert begin["median"] == pytest.approx(1.0, rel=0.02)
    assert begin["patients_upper"] == pytest.approx(1.48, rel=0.05)  # exp(1.96 * 0.2)
    assert begin["median_lower"] == pytest.approx(begin["median_upper"], rel=1e-9)
    mean = content["study"]["rows"][0]
    assert (mean["statistic"], mean["months"]) == ("mean", 0.0)
    assert mean["upper"] - mean["lower"] == pytest.approx(2 * 1.96 * 0.206 / 30**0.5, rel=0.3)
    # more at rest is earlier back, so the median patient is the typical one
    assert recovery["months"] == pytest.approx(content["recovery"][0]["months"], rel=0.05)
    assert recovery["share_never"] == 0.0
    assert read_result(out)["over_parameters"].attrs["draws"] == 20
    text = run(*asked, "--study", "30").out
    assert "Population of 64 patients" in text
    assert "A future trial of 30 patients, its mean" in text


def test_both_engines_fit_and_predict_the_same(run, project: Path) -> None:
    problem, fits, recoveries = project / "fits" / "turnover.toml", {}, {}
    regimen = project / "models" / "regimens" / "once.toml"
    for engine in ("batch", "scipy"):
        fit = project / f"{engine}.nc"
        answer = run("fit", problem, "--engine", engine, "--json", "--out", fit)
        assert answer.status == 0, answer.err
        attrs = read_result(fit).attrs
        assert attrs["engine"].startswith(engine)
        assert (attrs["relative_tolerance"], attrs["absolute_tolerance"]) == (1e-8, 1e-12)
        fits[engine] = [estimate["value"] for estimate in answer.json["estimates"].values()]
        asked = ("--regimen", regimen, "--until", "1 year", "--draws", "5", "--json", "--engine", engine)
        recoveries[engine] = [row["months"] for row in run("predict", project / "batch.nc", *asked).json["recovery"]]
    assert fits["batch"] == pytest.approx(fits["scipy"], rel=1e-5)
    assert recoveries["batch"] == pytest.approx(recoveries["scipy"], rel=1e-5)


@pytest.mark.parametrize("command", [("fit",), ("predict", "--until", "1 year")], ids=" ".join)
def test_an_engine_that_there_is_not_is_refused(run, project: Path, command: tuple[str, ...]) -> None:
    answer = run(*command, project / "fits" / "turnover.toml", "--engine", "abacus")
    assert answer.status == 2
    assert "abacus" in answer.err
    assert re.search(r"there are .*batch", answer.err)


def test_predict_from_a_fit_file(run, project: Path) -> None:
    fit = project / "fit.nc"
    assert run("fit", project / "fits" / "turnover.toml", "--out", fit).status == 0
    regimen = project / "models" / "regimens" / "once.toml"
    answer = run("predict", fit, "--regimen", regimen, "--until", "1 year", "--draws", "10", "--json")
    assert answer.status == 0, answer.err
    assert answer.json["recovery"][0]["months"] > 0


def test_a_stale_committed_result_is_told(run, project: Path) -> None:
    problem, result = project / "fits" / "turnover.toml", project / "fits" / "turnover.result.toml"
    assert run("fit", problem, "--save").status == 0
    table = project / "fits" / "pool.csv"
    table.write_text(table.read_text().replace("0.25,1e9/L", "0.35,1e9/L"))
    answer = run("fit", problem)
    assert "warning: The estimates differ from the committed result" in answer.err
    checked = run("check", result)
    assert checked.status == 0
    assert "older than its problem or tables" in checked.err


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("predict", "turnover", "--until", "1 year"), "turnover"),
        (("predict", "no.nc", "--until", "1 year", "--regimen", "ms_licensed"), "No such file"),
        (("predict", "hill_cawthorne_2012", "--until", "1 year"), "--regimen"),
        (("predict", "hill_cawthorne_2012", "--until", "10", "--regimen", "single_100mg"), "--until"),
        (("predict", "hill_cawthorne_2012", "--until", "1 year", "--regimen", "single_100mg", "--cohort", "x"), "'x'"),
        (
            ("predict", "hill_cawthorne_2012", "--until", "1 year", "--regimen", "single_100mg", "--study", "9"),
            "--study",
        ),
        (("fit", "hill_cawthorne_2012", "--out", "x.toml"), "end the name in .nc"),
        (("fit", "hill_cawthorne"), "did you mean 'hill_cawthorne_2012'"),
    ],
)
def test_bad_calls(run, call: tuple[str, ...], said: str) -> None:
    answer = run(*call)
    assert answer.status == 2, answer.err
    assert answer.out == ""
    assert said in answer.err


def test_predict_needs_a_committed_result(run, project: Path) -> None:
    answer = run("predict", project / "fits" / "turnover.toml", "--until", "1 year", "--regimen", "single_100mg")
    assert answer.status == 2
    assert "--save" in answer.err


def test_an_interrupted_fit_goes_on(run, project: Path, monkeypatch) -> None:
    from kinetics.estimate import stages

    problem, out = project / "fits" / "turnover.toml", project / "fit.nc"
    problem.write_text(problem.read_text().replace("starts = 2", "starts = 3"))
    whole = run("fit", problem, "--json").json["estimates"]
    original, searched = stages.searches, []

    def interrupted(objective, progress=None, first=0):
        for number, search in enumerate(original(objective, progress, first), first):
            if number == 2 and not searched:
                raise KeyboardInterrupt
            yield search

    def counted(objective, progress=None, first=0):
        searched.append(first)
        return original(objective, progress, first)

    monkeypatch.setattr(stages, "searches", interrupted)
    stopped = run("fit", problem, "--out", out, "--json")
    assert (stopped.status, stopped.out) == (130, "")
    assert "2 of 3 searches are done and kept" in stopped.err
    assert not out.exists()
    monkeypatch.setattr(stages, "searches", interrupted)
    anew = run("fit", problem, "--out", out, "--json")
    assert "2 of 3 searches were done before and are not used; --resume (in Python resume=True) would" in anew.err
    monkeypatch.setattr(stages, "searches", counted)
    resumed = run("fit", problem, "--resume", "--json", "--out", out)
    assert resumed.status == 0, resumed.err
    assert "2 of 3 searches were done before" in resumed.err
    assert searched == [2]
    assert resumed.json["estimates"]["k"]["value"] == pytest.approx(whole["k"]["value"], rel=1e-9)
    assert "0 of 3 searches were done before" in run("fit", problem, "--resume").err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to another process")
def test_control_c_ends_a_process_cleanly(project: Path, tmp_path: Path) -> None:
    problem = project / "fits" / "turnover.toml"
    problem.write_text(problem.read_text().replace("starts = 2", "starts = 1000"))
    cache = tmp_path / "cache"
    environment = {**os.environ, "LYMPHOKINETICS_CACHE": str(cache)}
    # a parent that runs in the background may have passed on that SIGINT is ignored
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from kinetics.cli import main; main()"
    )
    # with no loops of the batch engine, which would have to be compiled for this cache
    call = ["fit", str(problem), "--engine", "scipy", "--out", str(project / "fit.nc")]
    command = [sys.executable, "-c", code, *call]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        begun = time.monotonic()
        while not list(cache.glob("searches/*.json")) and time.monotonic() - begun < 600 and process.poll() is None:
            time.sleep(0.1)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=200)
        finally:
            process.kill()
    assert process.returncode == 130, err
    assert out == ""
    assert "of 1000 searches are done and kept" in err
    assert "--resume" in err
    assert "Traceback" not in err
    assert not (project / "fit.nc").exists()


@pytest.mark.slow
def test_the_published_recovery_times_are_reached(run) -> None:
    answer = run("fit", "hill_cawthorne_2012", "--json")
    assert answer.status == 0, answer.err
    content = answer.json
    fitted = {row["name"]: row["fitted"] for row in content["targets"] if row["use"] == "fit"}
    assert fitted == pytest.approx({"B_recovery": 7.1, "CD8_recovery": 20.0, "CD4_recovery": 35.0}, rel=0.01)
    assert content["largest_difference_from_committed"] < 0.01
    assert any("just identified" in warning for warning in content["warnings"])


def test_predict_after_retreatment_as_pinned(run) -> None:
    given = (
        "--regimen",
        "single_100mg",
        "--retreat",
        "48 month",
        "--until",
        "8 year",
        "--draws",
        "5",
        "--patients",
        "2",
    )
    answer = run("predict", "hill_cawthorne_2012", *given, "--json")
    assert answer.status == 0, answer.err
    content = answer.json
    assert content["cohort"] == "progressive"
    rows = {(row["output"], row["course"]): row["months"] for row in content["recovery"]}
    assert rows["CD4", 1] == pytest.approx(35.0, rel=0.01)
    assert rows["CD8", 1] == pytest.approx(20.0, rel=0.01)
    assert rows["B", 1] == pytest.approx(7.1, rel=0.01)
    assert ("CD4", 2) in rows


def test_a_wrong_truth_is_told_as_an_option(run) -> None:
    answer = run("refit", "hill_cawthorne_2012_population", "--set", "nothing=1 1/day")
    assert answer.status == 2
    assert "--set nothing: " in answer.err


def test_more_refits_than_a_machine_does_are_refused_at_once(run, project: Path) -> None:
    answer = run("refit", project / "fits" / "turnover.toml", "--replicates", "1000000000000")
    assert answer.status == 2
    assert "--replicates" in answer.err
    assert "100000" in answer.err
