"""Predictions: counts and recovery times with the uncertainty of the parameters."""

from dataclasses import replace

import numpy as np
import pytest

from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.estimate import Estimates
from kinetics.estimate.draws import chain_of_fits, drawn_cohorts, estimated_cohort
from kinetics.files.library import library_folder
from kinetics.measures import TimeToThreshold, recovery_measures
from kinetics.model import Model
from kinetics.prediction.population import PATIENTS
from kinetics.prediction.predicting import predict
from kinetics.prediction.summary import recovery_summary
from kinetics.prediction.typical import recovery_over_draws
from kinetics.regimen import Regimen, with_retreatment
from kinetics.results import MEDIAN_AND_95
from kinetics.simulation.simulating import simulate
from kinetics.units import parse_unit

DRAWS = 12
LIMITED = ["CD4", "CD8", "B", "lymphocytes"]


def estimates(name: str) -> Estimates:
    return Estimates.read(library_folder("fits") / f"{name}.result.toml")


@pytest.fixture(scope="module")
def regimen() -> Regimen:
    again = Regimen.load("retreatment").courses[0]
    return with_retreatment(Regimen.load("ms_first_course"), again, ["24 month", "36 month"])


@pytest.fixture(scope="module")
def tree(regimen):
    return predict(
        estimates("care_ms_course_1"), regimen, until="60 month", every="1 month", draws=DRAWS, patients=3, seed=4
    )


def month(tree, output, at):
    return float(tree[output].interp(time=at * 30.4375))


def test_each_retreatment_depletes_again(tree):
    for output in LIMITED:
        before, after = month(tree, output, 24), month(tree, output, 25)
        assert after < 0.35 * before, output
        assert month(tree, output, 37) < 0.35 * month(tree, output, 36), output
    assert tree["draws"]["C"].sel(time=25 * 30.4375, method="nearest").min() > 0
    assert month(tree, "CD4", 35.9) > 3 * month(tree, "CD4", 25)


def test_the_root_is_the_simulation_of_the_cohort(tree, regimen):
    model = Model.load("reconstitution")
    cohort = estimated_cohort(model, chain_of_fits(model, estimates("care_ms_course_1"), "relapsing"), "relapsing")
    plain = simulate(model, regimen, until="60 month", every="1 month", cohort=cohort)
    np.testing.assert_allclose(tree["CD4"].values, plain["CD4"].values, rtol=1e-6)
    assert (tree.attrs["cohort"], tree.attrs["fits"]) == ("relapsing", "care_ms_course_1")
    assert (tree.attrs["draws"], tree.attrs["seed"]) == (DRAWS, 4)


def test_groups_have_their_dims_and_every_unit_is_readable(tree):
    populations = {"patients", "over_patients", "over_parameters", "population_recovery"}
    assert set(tree.children) == {"draws", "interval", "recovery", *populations}
    times = tree.sizes["time"]
    assert dict(tree["draws"]["CD4"].sizes) == {"draw": DRAWS, "time": times}
    assert dict(tree["interval"]["CD4"].sizes) == {"quantile": 3, "time": times}
    assert dict(tree["patients"]["CD4"].sizes) == {"patient": 3, "time": times}
    assert dict(tree["over_patients"]["CD4"].sizes) == {"quantile": 5, "time": times}
    assert dict(tree["over_parameters"]["CD4"].sizes) == {"patient_quantile": 3, "quantile": 3, "time": times}
    assert dict(tree["population_recovery"]["share_never"].sizes) == {"output": 4, "course": 3}
    assert dict(tree["recovery"]["quantiles"].sizes) == {"quantile": 3, "output": 4, "course": 3}
    for group in tree.subtree:
        for array in group.variables.values():
            if array.dtype.kind == "f":
                parse_unit(array.attrs["units"])


def test_draws_are_those_of_the_chain_of_fits(tree, regimen):
    model = Model.load("reconstitution")
    chain = chain_of_fits(model, estimates("care_ms_course_1"), "relapsing")
    drawn = [one.values for one in drawn_cohorts(compile_model(model), chain, "relapsing", DRAWS, seed=4)]
    third = simulate(model, regimen, until="60 month", every="1 month", cohort="relapsing", parameters=[drawn[2]] * 2)
    np.testing.assert_allclose(tree["draws"]["CD8"].sel(draw=2), third["CD8"][0], rtol=1e-9)


def test_the_interval_is_ordered_and_mostly_holds_the_typical_patient(tree):
    for output in LIMITED:
        lower, middle, upper = tree["interval"][output].transpose("quantile", "time").values
        assert np.all(lower <= middle)
        assert np.all(middle <= upper)
        inside = (lower * (1 - 1e-9) <= tree[output].values) & (tree[output].values <= upper * (1 + 1e-9))
        assert inside.mean() > 0.8, output
    assert np.all(tree["interval"]["CD4"].isel(time=0) == pytest.approx(0.97))


def test_summary_rows_have_the_pinned_keys(tree):
    rows = recovery_summary(tree)
    assert [(row["output"], row["course"]) for row in rows] == [(o, c) for o in LIMITED for c in (1, 2, 3)]
    for row in rows:
        assert set(row) == {"output", "course", "window", "months", "lower", "upper", "share_recovered"}
        assert 0 <= row["share_recovered"] <= 1
        assert row["lower"] <= row["upper"]
    assert [row["window"] for row in rows[:3]] == pytest.approx([24, 12, 24])
    by = {(row["output"], row["course"]): row for row in rows}
    assert by["CD8", 1]["months"] == pytest.approx(7.86, abs=0.1)
    # CD4 is not back at 0.4 within the twelve months before the third course
    assert by["CD4", 2]["months"] == np.inf


def test_recovery_times_are_counted_from_each_course_to_the_lower_limit(tree):
    by = {(row["output"], row["course"]): row for row in recovery_summary(tree)}
    for course, start in ((1, 0), (2, 24), (3, 36)):
        months = by["B", course]["months"]
        assert month(tree, "B", start + months) == pytest.approx(0.1, rel=0.02)


class TestQuantiles:
    """Summary over known times, days, of draws on one course."""

    def summary(self, tree, times):
        model = Model.load("reconstitution")
        (measure,) = [m for m in recovery_measures(model, dict(model.defaults)) if m.output == "B"]
        root, drawn = tree.to_dataset(), tree["draws"].to_dataset()
        column = np.full(drawn[measure.name].shape, np.nan)
        column[:, 0] = times
        drawn = drawn.assign({measure.name: (("draw", "course"), column)})
        return recovery_over_draws(root, drawn, [measure]).sel(output="B", course=1)

    def test_one_that_does_not_recover_is_later_than_any_that_does(self, tree):
        found = self.summary(tree, [np.inf, 10.0, 30.0, np.inf, 20.0, 40.0] * 2)
        assert found["quantiles"].sel(quantile=MEDIAN_AND_95[0]) == 10.0
        assert found["quantiles"].sel(quantile=0.5) == 30.0
        assert found["quantiles"].sel(quantile=MEDIAN_AND_95[2]) == np.inf
        assert found["share_recovered"] == pytest.approx(4 / 6)

    def test_one_that_is_never_below_is_not_at_risk(self, tree):
        found = self.summary(tree, [np.nan, 10.0, np.nan, np.nan, 20.0, np.inf] * 2)
        assert found["quantiles"].sel(quantile=0.5) == 20.0
        assert found["share_recovered"] == pytest.approx(2 / 3)

    def test_none_at_risk_is_nan_without_a_warning(self, tree):
        found = self.summary(tree, [np.nan] * DRAWS)
        assert np.isnan(found["quantiles"]).all()
        assert np.isnan(found["share_recovered"])


def test_limits_are_taken_from_the_parameters():
    model = Model.load("reconstitution")
    values = dict(model.defaults) | {"limit_CD4": 0.3}
    assert TimeToThreshold("CD4", "0.3 1/nL") in recovery_measures(model, values)


def test_the_progressive_cohort_has_the_uncertainty_of_both_fits():
    single = Regimen.load("single_100mg")
    common = {"until": "60 month", "every": "6 month", "cohort": "progressive", "draws": 8, "seed": 0}
    both = predict(estimates("hill_cawthorne_2012"), single, **common)
    assert both.attrs["fits"] == "care_ms_course_1, hill_cawthorne_2012"
    by = {row["output"]: row for row in recovery_summary(both)}
    for output, published in (("B", 7.1), ("CD8", 20), ("CD4", 35)):
        assert by[output]["months"] == pytest.approx(published, rel=0.01)
        assert by[output]["lower"] < published < by[output]["upper"]
    # the cohort that takes both estimates of a population is the same from the earlier fit
    later, first = (
        predict(estimates(f"{fit}_population"), single, **common) for fit in ("hill_cawthorne_2012", "care_ms_course_1")
    )
    np.testing.assert_allclose(first["draws"]["CD4"], later["draws"]["CD4"], rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"cohort": "relapsing", "fit": "hill_cawthorne_2012"},
            "^cohort: .*from which cohort 'relapsing' takes nothing; name one",
        ),
        ({"cohort": "nobody"}, "no cohort 'nobody'"),
        ({"draws": 1}, "draws: must be a whole number, at least 2"),
        ({"draws": 2.5}, "draws: must be a whole number, at least 2; found 2.5"),
        ({"patients": 0}, "patients: must be a whole number"),
        ({"regimen": Regimen.none()}, "^regimen: must have a course"),
        ({"until": "60 mg"}, "'mg' is not a kind of 'day'"),
    ],
)
def test_what_does_not_fit_together_is_refused(change, message, regimen):
    options = {
        "regimen": regimen,
        "until": "2 month",
        "every": "1 month",
        "draws": 2,
        "fit": "care_ms_course_1",
    } | change
    with pytest.raises(InputError, match=message):
        predict(estimates(options.pop("fit")), options.pop("regimen"), **options)


def test_a_model_that_changed_since_the_fit_is_told(regimen):
    kept = estimates("care_ms_course_1")
    old = replace(kept, facts=kept.facts | {"model_hash": "0" * 64})
    with pytest.warns(UserWarning, match="model 'reconstitution' has changed since fit 'care_ms_course_1'"):
        predict(old, regimen, until="1 month", every="1 month", draws=2)


def test_a_fit_of_several_cohorts_needs_one_named(regimen):
    kept = replace(estimates("care_ms_course_1"), cohort="")
    with pytest.raises(InputError, match="estimates several cohorts; name one"):
        predict(kept, regimen, until="1 month", every="1 month", draws=2)


def test_progress_counts_every_simulation(regimen):
    seen = []
    predict(
        estimates("care_ms_course_1"),
        regimen,
        until="1 month",
        every="1 month",
        draws=2,
        patients=2,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == sorted(set(seen))
    total = 1 + 2 + 2 + 3 * PATIENTS  # typical, draws, patients, populations at the estimates and at each draw
    assert (seen[0], seen[-1]) == ((1, total), (total, total))
