"""`kinetics fit --profile --posterior`: three intervals side by side, and what Ctrl-C keeps of them."""

from pathlib import Path

import numpy as np
import pytest

from kinetics.results import read_result


def asked(project: Path, *options: str) -> tuple:
    return ("fit", project / "fits" / "turnover.toml", *options)


def with_two_free(project: Path) -> None:
    problem = project / "fits" / "turnover.toml"
    problem.write_text(problem.read_text() + 's = { lower = 0.01, upper = 50, unit = "1/mg/day", prior = 1.0 }\n')


def test_three_intervals_of_every_parameter(run, project: Path) -> None:
    with_two_free(project)
    out = project / "fit.nc"
    answer = run(*asked(project, "--profile", "all", "--posterior", "600", "--json", "--out", out))
    assert answer.status == 0, answer.err
    for row in answer.json["estimates"].values():
        covariance, profile, posterior = (row["intervals"][key] for key in ("covariance", "profile", "posterior"))
        assert profile["lower_end"] == profile["upper_end"] == "closed"
        assert covariance["lower"] < row["value"] < covariance["upper"]
        # the likelihood of s is far from a parabola: profile and posterior see it alike, the covariance does not
        width = np.log(profile["upper"] / profile["lower"])
        ends = np.log([posterior[end] / profile[end] for end in ("lower", "upper")])
        assert np.abs(ends).max() < 0.25 * width
    assert answer.json["posterior"]["walkers"] == 6
    tree = read_result(out)
    posterior, profiles = tree["posterior"], tree["profiles"]
    assert posterior["k"].dims == ("chain", "draw")
    assert posterior["k"].attrs["units"] == "1/day"
    assert tree["sample_stats"]["lp"].shape == posterior["k"].shape
    ends = np.quantile(posterior["k"], [0.025, 0.975])
    in_json = answer.json["estimates"]["k"]["intervals"]["posterior"]
    np.testing.assert_allclose(ends, [in_json["lower"], in_json["upper"]], rtol=0.01)
    assert list(profiles["parameter"].values) == ["k", "s"]
    # the estimate is on its own profile, at the top
    at = profiles["drop"].fillna(np.inf).argmin("point")
    np.testing.assert_allclose(profiles["value"].isel(point=at), tree["estimates"]["value"], rtol=1e-6)


def test_the_table_has_what_was_asked_for(run, project: Path) -> None:
    assert "95 % intervals\n" not in run(*asked(project)).out
    text = run(*asked(project, "--profile", "k")).out
    head = next(line for line in text.splitlines() if "by covariance" in line)
    assert "by profile" in head
    assert "the profile says" in head
    assert "by posterior" not in head
    assert "walkers" not in text


@pytest.mark.parametrize("name", ["q", "k,q", ","])
def test_a_parameter_that_is_not_free_cannot_be_profiled(run, project: Path, name: str) -> None:
    answer = run(*asked(project, "--profile", name))
    assert answer.status == 2
    assert "--profile" in answer.err
    assert "searches" not in answer.err


def test_interrupted_profiles_go_on(run, project: Path, monkeypatch) -> None:
    from kinetics.estimate import stages

    with_two_free(project)
    whole = run(*asked(project, "--profile", "all", "--json")).json
    original, done = stages.profile, []

    def counted(objective, optimum, index, *rest):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(index)
        return original(objective, optimum, index, *rest)

    monkeypatch.setattr(stages, "profile", counted)
    stopped = run(*asked(project, "--profile", "all", "--json"))
    assert (stopped.status, stopped.out) == (130, "")
    assert "1 of 2 profiles are done and kept" in stopped.err
    done[:] = [-1, -1]
    resumed = run(*asked(project, "--profile", "all", "--json", "--resume"))
    assert resumed.status == 0, resumed.err
    assert "2 of 2 searches were done before" in resumed.err
    assert "1 of 2 profiles were done before" in resumed.err
    assert done == [-1, -1, 1]
    assert resumed.json["estimates"] == whole["estimates"]


def test_an_interrupted_posterior_goes_on_to_the_same_bits(run, project: Path, monkeypatch) -> None:
    from kinetics.estimate.objective.typical import Objective

    options = ("--posterior", "200", "--json", "--out")
    whole = run(*asked(project, *options, project / "whole.nc"))
    assert whole.status == 0, whole.err
    original, calls = Objective.log_posterior, []

    def interrupted(self, x):
        calls.append(x)
        if len(calls) == 50:
            raise KeyboardInterrupt
        return original(self, x)

    monkeypatch.setattr(Objective, "log_posterior", interrupted)
    stopped = run(*asked(project, *options, project / "rest.nc"))
    assert (stopped.status, stopped.out) == (130, "")
    assert "11 steps of the posterior are done and kept" in stopped.err
    resumed = run(*asked(project, *options, project / "rest.nc", "--resume"))
    assert resumed.status == 0, resumed.err
    assert "11 steps of the posterior were done before" in resumed.err
    assert resumed.json == whole.json
    first, second = (read_result(project / f"{name}.nc")["posterior"]["k"].values for name in ("whole", "rest"))
    np.testing.assert_array_equal(first, second)
