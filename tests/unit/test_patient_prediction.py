"""One patient, predicted: what a straight line and closed forms say, further courses, visits, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, norm

import kinetics
from kinetics import VisitSchedule, fit_patient, predict_patient
from kinetics.errors import InputError
from kinetics.observation import Series
from kinetics.patients import Patient
from kinetics.regimen import Course
from kinetics.reports.patient import patient_json
from kinetics.units import parse_unit

from . import patient_cases as cases
from .test_patient_fit import TIMES, posterior_of_line, straight

MONTHLY = VisitSchedule([Series(name="counts", every="10 day", until="60 day")], name="monthly")


@pytest.fixture(scope="module")
def fit(tmp_path_factory):
    model = cases.model(tmp_path_factory.mktemp("pool"), cases.POOL)
    noise = np.exp(0.15 * np.random.default_rng(5).standard_normal(TIMES.size))
    own = cases.patient("P1", TIMES, cases.pool(TIMES, 1.2, 0.03) * noise, below=0.05)
    return fit_patient(cases.data(own), "P1", model=model, cohort="adults")


@pytest.fixture(scope="module")
def line_fit(tmp_path_factory):
    model = cases.model(tmp_path_factory.mktemp("line"), cases.LINE)
    return fit_patient(cases.data(straight(), output="line", unit="mg"), "P1", model=model, errors=cases.ERRORS)


def test_intervals_and_chances_of_a_straight_line_are_those_of_regression(line_fit):
    """Both the true and the measured value are normal, with a mean and a variance of Bayesian regression."""
    draws = 2000
    tree = predict_patient(line_fit, until="40 day", every="10 day", draws=draws, visits=MONTHLY)
    mean, covariance = posterior_of_line(straight())
    times = tree["time"].values
    design = np.column_stack([np.ones_like(times), times + 3])
    centre, sd = design @ mean, np.sqrt(np.einsum("ta,ab,tb->t", design, covariance, design))
    np.testing.assert_allclose(tree["line"], centre, rtol=1e-4)
    measured = np.hypot(sd, cases.NOISE)
    for group, own in (("interval", sd), ("measured", measured)):
        ends = tree[group]["line"].sel(quantile=[0.025, 0.975]).values
        expected = centre + norm.ppf([[0.025], [0.975]]) * own
        np.testing.assert_allclose(ends, expected, atol=4 * 2.7 * own.max() / draws**0.5)
    below, at = tree["below"].to_dataset().sel(output="line"), np.searchsorted(times, [10, 20, 30, 40])
    assert below["visit_time"].values.tolist() == [10, 20, 30, 40]
    expected = norm.cdf((cases.LEVEL - centre[at]) / sd[at])
    shares = draws * below["true"].values
    assert ((binom.ppf(1e-4, draws, expected) <= shares) & (shares <= binom.ppf(1 - 1e-4, draws, expected))).all()
    np.testing.assert_allclose(below["measured"], norm.cdf((cases.LEVEL - centre[at]) / measured[at]), atol=0.03)


def test_the_most_probable_curve_is_the_pool_at_the_estimates(fit):
    estimates = fit.parameters["estimate"]
    n_0, k = (float(estimates.sel(parameter=name)) for name in ("N_0", "k"))
    tree = fit.predict(until="120 day", draws=2)
    np.testing.assert_allclose(tree["N"], cases.pool(tree["time"].values, n_0, k), rtol=1e-4)


def test_a_draw_depends_on_the_seed_and_its_number_alone(fit):
    few, many, other = (fit.draws(size, seed) for size, seed in ((3, 1), (50, 1), (3, 2)))
    np.testing.assert_array_equal(few, many[:3])
    assert not np.isclose(few, other).any()
    mean, covariance = fit.draws(4000, 1).mean(axis=0), np.cov(fit.draws(4000, 1), rowvar=False)
    np.testing.assert_allclose(mean, fit.random, atol=4 * np.sqrt(np.diag(fit.covariance) / 4000).max())
    np.testing.assert_allclose(covariance, fit.covariance, atol=0.1 * np.abs(fit.covariance).max())


def test_a_draw_that_the_model_does_not_admit_is_drawn_again(tmp_path):
    """Two in five levels are below 5, which the derived margin does not admit."""
    margin = '[derived]\nmargin = { value = "level - least", unit = "mg", minimum = 0 }\n[doses'
    least = 'least = { value = 5, unit = "mg", source = "choice" }\nlimit = {'
    text = cases.LINE.replace("value = 5,", "value = 5.5,").replace("[doses", margin)
    model = cases.model(tmp_path, text.replace("\nlimit = {", f"\n{least}"))
    with pytest.warns(UserWarning, match="no counts"):
        fit = fit_patient(cases.data(Patient("P1"), output="line", unit="mg"), "P1", model=model)
    levels = fit.values(fit.draws(200, 0))[:, fit.names.index("level")]
    assert levels.min() >= 5
    assert fit.predict(until="10 day", every="5 day", draws=20)["draws"]["failure"].values.tolist() == [""] * 20


def test_a_further_course_is_the_last_one_again_and_what_it_changes_is_the_difference(fit):
    planned = fit.predict(until="400 day", every="20 day", retreat="200 day", draws=30)
    without = fit.predict(until="400 day", every="20 day", draws=30)
    assert planned.attrs["planned"] == 1
    assert planned["course_start"].values.tolist() == [0, 200]
    common = np.isin(planned["time"].values, without["time"].values)
    np.testing.assert_allclose(planned["without"]["N"].values[:, common], without["interval"]["N"].values, rtol=1e-4)
    drawn = planned["draws"]["N"].values[:, common] - without["draws"]["N"].values
    np.testing.assert_allclose(
        planned["difference"]["N"].values[:, common], np.quantile(drawn, [0.025, 0.5, 0.975], axis=0), atol=1e-5
    )
    after = planned["time"].values > 200
    assert (planned["difference"]["N"].values[-1, after] < 0).all()
    assert np.abs(planned["difference"]["N"].values[:, ~after]).max() < 1e-6
    little = Course.of("drug_a", "1 mg")
    twice = fit.predict(until="400 day", retreat=["200 day", "300 day"], retreat_with=little, draws=2)
    assert twice["course_start"].values.tolist() == [0, 200, 300]


def test_recovery_is_where_the_curve_is_back_at_its_limit(fit):
    tree = fit.predict(until="300 day", every="1 day", draws=100)
    recovery = tree["recovery"].to_dataset().sel(output="N", course=1)
    values, times = tree["N"].values, tree["time"].values
    low = values.argmin()
    back = np.interp(0.4, values[low:][: np.argmax(values[low:] > 0.5)], times[low:][: np.argmax(values[low:] > 0.5)])
    assert float(recovery["estimate"]) == pytest.approx(back, abs=0.05)
    never = fit.predict(until="12 day", draws=100)["recovery"].to_dataset().sel(output="N", course=1)
    assert float(never["share_recovered"]) == 0
    assert np.isinf(never["estimate"])


def test_visits_count_from_the_first_dose_and_the_last(fit):
    schedule = VisitSchedule([Series(name="counts", every="30 day", until="60 day", after="last")])
    below = fit.predict(until="300 day", retreat="200 day", visits=schedule, draws=5)["below"]
    assert below["visit_time"].values[0].tolist() == [30.0 * number for number in range(1, 9)]
    table = fit.predict(until="300 day", every="30 day", draws=5)
    np.testing.assert_array_equal(table["below"]["visit_time"].values[0], table["time"].values)


def test_a_prediction_is_the_same_in_a_file(fit, tmp_path):
    tree = fit.predict(until="200 day", draws=5, retreat="150 day")
    kinetics.write_result(tree, tmp_path / "P1.nc")
    again = kinetics.read_result(tmp_path / "P1.nc")
    assert kinetics.report(again) == kinetics.report(tree)
    np.testing.assert_array_equal(again["observations"]["count_time"].values, [TIMES])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"retreat": "0 day"},
            "retreat: 0 day is before the last dose of patient P1 is given, at 0 month; plan a later",
        ),
        ({"retreat": "200 day", "until": "100 day"}, "until: is before the further course begins; found '100 day'"),
        ({"retreat_with": "once"}, "retreat_with: is for a further course; say when it begins with retreat"),
        (
            {"retreat": "9 day", "retreat_with": Course.of("drug_b", "1 mg")},
            "retreat: .*no dose of drug_b; there are drug_a",
        ),
        ({"until": "-3 day"}, "until: must be later than time zero of the data"),
        ({"every": "0 day"}, "every: must be a positive time"),
        ({"every": "1 second"}, "every: gives more than 100000 times"),
        ({"visits": "nowhere"}, "visits: no 'nowhere'"),
        (
            {"visits": VisitSchedule([Series(name="a", at="1 day", outputs=["NN"])], "mine")},
            "visits: model '.*' has no output 'NN', which series 'a' of visits 'mine' measures; did you mean 'N'",
        ),
        ({"visits": VisitSchedule([Series(name="a", at="1 day", tests=["TSH"])], "mine")}, "'mine' measures none of N"),
        ({"draws": 1}, "draws: must be a whole number, at least 2"),
        ({"measures": "nope"}, "unknown measure 'nope'"),
    ],
)
def test_what_cannot_be_predicted_is_refused(fit, arguments, said):
    with pytest.raises(InputError, match=said):
        fit.predict(**arguments)


def test_courses_before_the_last_count_are_told(fit):
    said = "courses at 50 day, 90 day are planned before the last count of patient P1, at 3.943 month: .* without them"
    with pytest.warns(UserWarning, match=said):
        tree = fit.predict(until="200 day", retreat=["150 day", "90 day", "50 day"], draws=2)
    assert tree.attrs["regimen"] == "doses of P1, further at 50 day, 90 day, 150 day"


def test_all_that_is_wrong_is_said_at_once(fit):
    with pytest.raises(InputError) as error:
        fit.predict(draws=1, seed=-1, every="0 day", retreat="0 day", visits="nowhere", measures="nope")
    assert [fault.name for fault in error.value.faults] == [
        "draws",
        "seed",
        "retreat",
        "every",
        "visits",
        "measures[0]",
    ]


def test_a_patient_without_a_course_needs_one_to_be_named(tmp_path):
    model = cases.model(tmp_path, cases.POOL)
    fit = fit_patient(cases.data(cases.patient("P1", [0.0, 9.0], [1.0, 1.1], dose=None)), "P1", model=model)
    with pytest.raises(InputError, match="P1 has no course to be given again; name one with retreat_with"):
        fit.predict(retreat="3 month")
    again = Course.of("drug_a", "20 mg")
    with pytest.raises(InputError, match="-1 day is before the records of patient P1, at 0 month"):
        fit.predict(retreat="-1 day", retreat_with=again)
    untreated = fit.predict(draws=5)
    page = kinetics.report(untreated)
    assert "Counts after so many months" in page
    assert "first dose of each course" not in page
    assert patient_json(untreated)["recovery"] == []
    kinetics.draw(untreated, tmp_path / "P1.svg")
    tree = fit.predict(retreat="3 month", retreat_with=again, draws=5)
    assert float(tree["N"].min()) < 0.5


def test_the_report_says_when_and_how_surely(fit):
    page = kinetics.report(fit.predict(until="24 month", retreat="12 month", visits=MONTHLY, draws=50))
    for title in ("Counts after so many months", "What the planned treatment changes", "Months from the first dose"):
        assert title in page
    assert "1 further course planned" in page
    assert "N < 0.4 1e9/L" not in page  # every visit of the schedule is before the last count
    later = VisitSchedule([Series(name="counts", every="6 month", until="24 month")])
    assert "N < 0.4 1e9/L" in kinetics.report(fit.predict(until="24 month", visits=later, draws=50))


def test_without_limits_there_are_curves_alone_and_of_a_model_in_hours_they_go_on_for_hours(tmp_path):
    text = cases.POOL.replace('lower_limit = "limit_N"\nnoise = 0.15\n', "").replace("day", "hour")
    own = replace(cases.data(cases.patient("P1", [0.0, 9.0], [1.0, 0.4])), time=parse_unit("hour"))
    fit = fit_patient(own, "P1", model=cases.model(tmp_path, text), errors={"N": "proportional 0.15"})
    tree = fit.predict(draws=5)
    assert tree["below"].sizes["output"] == tree["recovery"].sizes["output"] == 0
    times = tree["time"].values
    assert times[-1] == 9 + 60
    assert set(range(70)) <= set(times.tolist())
    assert times[1] == pytest.approx(1 / 30)
    page = kinetics.report(tree)
    assert "Counts after so many hours" in page
    assert "month" not in page
    with pytest.raises(InputError, match="is before the last dose of patient P1 is given, at 0 hour"):
        fit.predict(retreat="0 hour")
