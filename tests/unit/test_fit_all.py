"""All fits in order of dependence: what is made anew, circles, interruptions, and problems that cannot be fitted."""

import math
import os

import pytest
from typer.testing import CliRunner

import kinetics
from kinetics.dependence import fitting_all
from kinetics.dependence.order import planned_fits
from kinetics.errors import InputError, IntegrationError
from kinetics.estimate import Estimates, FitInterrupted
from kinetics.reports.fit import fit_outcomes_json

A0 = 'lower = 0.1, upper = 10, unit = "1e9/L", prior = "flat"'
K = 'lower = 0.001, upper = 10, unit = "1/day", prior = "flat"'
G = 'lower = 0.001, upper = 0.9, unit = "1/day", prior = "flat"'
ERROR = 0.1


def write_one(project, value=3.0):
    """A0 is what is seen at the start."""
    return project.fit({"cohort": "first", "time": "0 day", "value": value, "log_se": ERROR}, free={"A0": A0})


@pytest.fixture
def fits(project):
    """Three fits, of which each holds the estimate of the one before; by the alphabet they stand the other way round.

    The count falls as A0 exp(-k t): ``one`` knows A0, ``two`` k, and ``another`` A0 and k again, ten days later.
    """
    write_one(project)
    row = {"cohort": "second", "log_se": ERROR}
    project.fit({**row, "time": "10 day", "value": 1.5}, free={"k": K}, name="two")
    project.fit({**row, "time": "20 day", "value": 0.5}, free={"k": K}, name="another", header='builds_on = ["one"]')
    text = (project.fits / "another.toml").read_text().replace('["one"]', '["one", "two"]')
    (project.fits / "another.toml").write_text(text.replace("\nk = ", "\nA0 = ").replace(K, A0))
    return project.fits


def statuses(made):
    return {one.name: one.status for one in made.outcomes}


def estimate(folder, fit, name):
    return Estimates.read(folder / f"{fit}.result.toml")[name].value


def faults(call):
    with pytest.raises(InputError) as raised:
        call()
    return "\n".join(map(str, raised.value.faults))


def test_each_fit_holds_the_new_estimates_of_those_before_it(project, fits):
    made = kinetics.fit_all(fits, save=True)
    assert list(statuses(made).items()) == [("one", "fitted"), ("two", "fitted"), ("another", "fitted")]
    k = math.log(3 / 1.5) / 10
    assert estimate(fits, "one", "A0") == pytest.approx(3, rel=1e-6)
    assert estimate(fits, "two", "k") == pytest.approx(k, rel=1e-6)
    assert estimate(fits, "another", "A0") == pytest.approx(0.5 * math.exp(20 * k), rel=1e-6)
    write_one(project, 4.0)
    assert set(statuses(kinetics.fit_all(fits, save=True)).values()) == {"fitted"}
    k = math.log(4 / 1.5) / 10
    assert estimate(fits, "two", "k") == pytest.approx(k, rel=1e-6)
    assert estimate(fits, "another", "A0") == pytest.approx(0.5 * math.exp(20 * k), rel=1e-6)


def test_only_what_is_missing_or_out_of_date_is_fitted(project, fits):
    kinetics.fit_all(fits, save=True)
    before = {path.name: path.read_text() for path in fits.glob("*.result.toml")}
    assert set(statuses(kinetics.fit_all(fits, save=True)).values()) == {"current"}
    (fits / "two.result.toml").unlink()
    made = kinetics.fit_all(fits, save=True)
    assert statuses(made) == {"one": "current", "two": "fitted", "another": "current"}
    assert {path.name: path.read_text() for path in fits.glob("*.result.toml")} == before
    project.fit({"cohort": "second", "log_se": ERROR, "time": "10 day", "value": 1.2}, free={"k": K}, name="two")
    assert statuses(kinetics.fit_all(fits)) == {"one": "current", "two": "fitted", "another": "current"}
    assert statuses(kinetics.fit_all(fits, save=True)) == {"one": "current", "two": "fitted", "another": "fitted"}
    project.model.write_text(project.model.read_text().replace("value = 0.05", "value = 0.06"))
    assert set(statuses(kinetics.fit_all(fits, save=True)).values()) == {"fitted"}


def test_without_save_each_is_compared_with_what_is_committed(project, fits):
    kinetics.fit_all(fits, save=True)
    before = {path.name: path.read_bytes() for path in fits.iterdir()}
    made = kinetics.fit_all(fits, refit=True)
    assert [one.is_equal for one in made.outcomes] == [True] * 3
    assert {path.name: path.read_bytes() for path in fits.iterdir()} == before
    write_one(project, 3.3)
    one, two, another = kinetics.fit_all(fits, refit=True).outcomes
    assert (one.is_equal, two.is_equal, another.is_equal) == (False, True, True)
    assert one.agreement.standard_errors == pytest.approx(math.log(1.1) / ERROR, rel=1e-4)
    assert one.log_posterior == pytest.approx(0, abs=1e-9)


def test_a_named_fit_brings_those_that_it_builds_on_where_they_are_out_of_date(project, fits):
    assert list(statuses(kinetics.fit_all(fits / "two.toml", save=True))) == ["one", "two"]
    made = kinetics.fit_all([fits / "two.toml"], refit=True, save=True)
    assert statuses(made) == {"one": "current", "two": "fitted"}
    write_one(project, 3.5)
    assert statuses(kinetics.fit_all(fits / "two.toml", save=True)) == {"one": "fitted", "two": "fitted"}


def test_those_that_ship_stand_after_those_that_they_build_on():
    names = [one.name for one in planned_fits()]
    assert len(names) == len(set(names)) > 3
    for one in planned_fits(variants=True):
        committed = Estimates.read(one.path.with_name(f"{one.name}.result.toml"))
        assert [path.stem for path in one.after] == list(committed.builds_on)
        assert all(names.index(earlier) < names.index(one.name) for earlier in committed.builds_on)


def test_variants_are_made_on_request_after_what_they_extend(project, fits):
    (fits / "variants").mkdir()
    head = '[fit]\ntitle = "a variant"\nextends = "../{}.toml"\n'
    (fits / "variants" / "a_variant.toml").write_text(head.format("two"))
    assert "a_variant" not in [one.name for one in planned_fits(fits)]
    names = [one.name for one in planned_fits(fits, variants=True)]
    assert names.index("two") < names.index("a_variant")
    assert [one.name for one in planned_fits(fits / "one.toml", variants=True)] == ["one"]
    made = kinetics.fit_all(fits, variants=True, save=True)
    assert estimate(fits / "variants", "a_variant", "k") == estimate(fits, "two", "k")
    assert statuses(made)["a_variant"] == "fitted"


def test_a_circle_names_its_members(fits):
    text = (fits / "one.toml").read_text().replace("[free]", 'builds_on = ["two"]\n[free]')
    (fits / "one.toml").write_text(text)
    message = faults(lambda: kinetics.fit_all(fits))
    assert "build on one another in a circle: " in message
    assert "one -> two -> one" in message or "two -> one -> two" in message
    assert "another" not in message.partition("circle")[2].replace("one another", "")


@pytest.mark.parametrize("saved", [True, False])
def test_an_interrupted_run_goes_on_with_what_is_left(fits, own_cache, monkeypatch, saved):
    whole = {one.name: one.estimates.values[0] for one in kinetics.fit_all(fits, save=True).outcomes}
    fitted, fit = [], fitting_all.fit

    def interrupted(problem, **options):
        fitted.append(problem.name)
        if problem.name == "two" and len(fitted) == 2:
            raise KeyboardInterrupt
        return fit(problem, **options)

    monkeypatch.setattr(fitting_all, "fit", interrupted)
    with pytest.raises(FitInterrupted, match="1 fit done and kept; nothing of two"):
        kinetics.fit_all(fits, refit=True, save=saved)
    assert list((own_cache / "searches").glob("*.result.toml"))
    made = kinetics.fit_all(fits, refit=True, save=saved, resume=True)
    assert fitted == ["one", "two", "two", "another"]
    assert statuses(made) == {"one": "resumed", "two": "fitted", "another": "fitted"}
    assert {one.name: one.estimates.values[0] for one in made.outcomes} == pytest.approx(whole, rel=1e-9)
    assert not list((own_cache / "searches").glob("*.result.toml"))


def test_a_damaged_result_of_an_interrupted_run_is_fitted_again(fits, own_cache, monkeypatch):
    kinetics.fit_all(fits, save=True)
    fit = fitting_all.fit
    stop = {"two": True}

    def interrupted(problem, **options):
        if stop.pop(problem.name, False):
            raise KeyboardInterrupt
        return fit(problem, **options)

    monkeypatch.setattr(fitting_all, "fit", interrupted)
    with pytest.raises(FitInterrupted):
        kinetics.fit_all(fits, refit=True)
    (path,) = (own_cache / "searches").glob("*.result.toml")
    path.write_text("[result]\nfit = 1\n")
    assert set(statuses(kinetics.fit_all(fits, refit=True, resume=True)).values()) == {"fitted"}


def test_what_builds_on_a_fit_that_failed_is_not_fitted(fits, monkeypatch):
    fit = fitting_all.fit

    def failing(problem, **options):
        if problem.name == "two":
            raise IntegrationError("too stiff")
        return fit(problem, **options)

    monkeypatch.setattr(fitting_all, "fit", failing)
    made = kinetics.fit_all(fits, save=True)
    assert statuses(made) == {"one": "fitted", "two": "failed", "another": "failed"}
    assert [one.reason for one in made.failed] == ["too stiff", "builds on two, which could not be fitted"]
    assert not (fits / "two.result.toml").exists()
    page = kinetics.report(made)
    assert "two could not be fitted: too stiff" in page
    assert fit_outcomes_json(made)["fits"][1]["reason"] == "too stiff"
    assert list(made.table().index) == ["one", "two", "another"]


def test_a_fit_that_holds_what_was_never_fitted_fails_without_save(fits):
    made = kinetics.fit_all(fits)
    assert statuses(made) == {"one": "fitted", "two": "failed", "another": "failed"}
    assert "there is no result" in made.failed[0].reason


def test_the_command_says_what_became_of_each_and_fails_if_one_did(fits, monkeypatch):
    from kinetics.cli import app

    monkeypatch.setattr("kinetics.cli.terminal.progress.PATIENCE", 3600.0)
    answer = CliRunner().invoke(app, ["fit-all", str(fits)])
    assert answer.exit_code == 2
    assert "two: could not be fitted: " in answer.stderr
    answer = CliRunner().invoke(app, ["fit-all", str(fits), "--save"])
    assert answer.exit_code == 0
    answer = CliRunner().invoke(app, ["fit-all", str(fits), "--refit"])
    assert answer.exit_code == 0
    line = next(line for line in answer.stdout.splitlines() if line.startswith("two "))
    assert line.split()[1] == "fitted"
    assert line.split()[-1] == "equal"
    assert "two: fitted in 0 s; equal to the committed result" in answer.stderr


def test_a_result_that_cannot_be_read_is_made_anew(fits):
    kinetics.fit_all(fits, save=True)
    good = (fits / "one.result.toml").read_text()
    for bad in ("", "[result\n", '[result]\nfit = 3\n[estimates]\nA0 = "x"\n', good.replace("value = ", "value = -")):
        (fits / "one.result.toml").write_text(bad)
        assert statuses(kinetics.fit_all(fits, save=True))["one"] == "fitted"
        assert (fits / "one.result.toml").read_text() == good


def test_all_faults_of_all_problems_are_named_before_any_work(fits, monkeypatch):
    monkeypatch.setattr(fitting_all, "fit", None)
    (fits / "broken.toml").write_text("[fit\n")
    (fits / "lost.toml").write_text((fits / "one.toml").read_text().replace("[free]", 'builds_on = ["nope"]\n[free]'))
    (fits / "leads_out.toml").write_text(
        (fits / "one.toml").read_text().replace("[free]", 'builds_on = ["../one"]\n[free]')
    )
    (fits / "empty.toml").write_text("[fit]\n")
    (fits / "no_fit.toml").write_text("[other]\n")
    text = faults(lambda: kinetics.fit_all(fits))
    assert "broken.toml:1" in text
    assert "there is no result" in text
    assert "without a folder; found '../one'" in text
    assert "empty.toml:1: fit: missing 'title'" in text
    assert "no_fit" not in text


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("nope", "fits: no 'nope' in fits; there are "),
        ([], "fits: name at least one fit"),
        ([3], "fits: must be names of fits, files or folders; found int 3"),
        ("EMPTY", "there is no fit problem in this folder"),
        ("EMPTY/nope.toml", "nope.toml: "),
    ],
)
def test_what_cannot_be_fitted_is_refused(tmp_path, names, message):
    (tmp_path / "empty").mkdir()
    named = names.replace("EMPTY", str(tmp_path / "empty")) if isinstance(names, str) else names
    assert message in faults(lambda: kinetics.fit_all(named))


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_to_is_refused_before_any_work(fits):
    fits.chmod(0o500)
    try:
        assert "results cannot be written to this folder" in faults(lambda: kinetics.fit_all(fits, save=True))
    finally:
        fits.chmod(0o700)
