"""Cross-validation against normal theory: the toy model is A(t) = A0 exp(-k j t), Q = A c^2."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from kinetics.checking import check, load
from kinetics.crossvalidation import crossvalidate
from kinetics.crossvalidation.discrepancy_file import read_discrepancy
from kinetics.crossvalidation.distance import Distance, FittedArm, distance_from, first_course
from kinetics.crossvalidation.estimating import DiscrepancySD, paule_mandel
from kinetics.crossvalidation.folds import Fold, folds_of
from kinetics.crossvalidation.left_out import FoldResult, LeftOutNumber
from kinetics.crossvalidation.offsets import drawn_offsets, offset_sd
from kinetics.crossvalidation.scores import score_rows, scored_numbers
from kinetics.errors import InputError
from kinetics.estimate import FitInterrupted, FitProblem, fit
from kinetics.files.checksums import ChecksumWarning
from kinetics.prediction.predicting import predict
from kinetics.regimen import Regimen
from kinetics.reports.reporting import report

A0 = 'lower = 0.01, upper = 100, unit = "1e9/L"'
C = 'lower = 0.01, upper = 100, unit = "1"'
ROWS = (
    {"time": "1 day", "value": 2.1, "log_se": 0.1},
    {"time": "5 day", "value": 1.0, "log_se": 0.15},
    {"output": "Q", "time": "5 day", "value": 1.6, "log_se": 0.2},
    {"output": "Q", "time": "9 day", "value": 0.7, "log_se": 0.1, "source": "other_2001"},
)
# ln A(t) = ln A0 - t/10 and ln Q(t) = ln A0 + 2 ln c - t/10 are linear in (ln A0, ln c), with priors of SD 0.5 and 0.3
DESIGN = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 2.0], [1.0, 2.0]])
ERRORS = np.array([0.1, 0.15, 0.2, 0.1])
DATA = np.log([2.1, 1.0, 1.6, 0.7]) + np.array([1.0, 5.0, 5.0, 9.0]) / 10
CENTRE, PRECISION = np.log([2.0, 1.0]), np.diag([1 / 0.5**2, 1 / 0.3**2])


def posterior(kept):
    """Mean and covariance of (ln A0, ln c) given some rows."""
    weights = DESIGN[kept].T / ERRORS[kept] ** 2
    covariance = np.linalg.inv(weights @ DESIGN[kept] + PRECISION)
    return covariance @ (weights @ DATA[kept] + PRECISION @ CENTRE), covariance


@pytest.fixture
def path(project):
    bibliography = "@article{other_2001, title = {Other}, doi = {10.1000/182}, year = {2001}, author = {Other, A.}}\n"
    (project.models / "references.bib").write_text(bibliography)
    (project.fits / "references.bib").write_text(bibliography)
    return project.fit(*ROWS, free={"A0": A0, "c": C})


def test_left_out_rows_are_predicted_as_normal_theory_predicts_them(path):
    numbers = {
        (one.fold.by, one.left_out.row): one.left_out for one in crossvalidate(fit(path), by=["row", "visit"]).numbers
    }
    left_out = {("row", f"row_{n + 1}"): [n] for n in range(4)} | {
        ("visit", "row_2"): [1, 2],
        ("visit", "row_3"): [1, 2],
    }
    for key, rows in left_out.items():
        number, index = numbers[key], int(key[1][-1]) - 1
        mean, covariance = posterior([n for n in range(4) if n not in rows])
        assert number.error == pytest.approx(DATA[index] - DESIGN[index] @ mean, abs=1e-5)
        assert number.parameter_sd == pytest.approx(np.sqrt(DESIGN[index] @ covariance @ DESIGN[index]), rel=1e-5)
        assert number.sampling_sd == pytest.approx(ERRORS[index])


def test_the_log_score_is_that_of_normal_densities_where_there_is_no_discrepancy(path):
    validated = crossvalidate(fit(path), by="row")
    expected = 0.0
    for index in range(4):
        mean, covariance = posterior([n for n in range(4) if n != index])
        variance = ERRORS[index] ** 2 + DESIGN[index] @ covariance @ DESIGN[index]
        error = DATA[index] - DESIGN[index] @ mean
        expected -= 0.5 * (error**2 / variance + np.log(2 * np.pi * variance))
    assert validated.score_rows()[0]["log_score"] == pytest.approx(expected, abs=1e-4)
    assert validated.log_score == validated.score_rows()[0]["log_score_with"]


def test_folds_are_rows_visits_and_sources(path):
    folds = folds_of(FitProblem.load(path))
    assert [(fold.by, fold.rows) for fold in folds] == [
        *(("row", (f"row_{n}",)) for n in (1, 2, 3, 4)),
        *(("visit", rows) for rows in (("row_1",), ("row_2", "row_3"), ("row_4",))),
        *(("source", rows) for rows in (("row_1", "row_2", "row_3"), ("row_4",))),
    ]


def test_equal_variances_have_the_moment_estimate_in_closed_form():
    errors = np.random.default_rng(1).normal(0, 0.5, 40)
    assert paule_mandel(errors, np.full(40, 0.04)) == pytest.approx(np.mean(errors**2) - 0.04, abs=1e-10)
    assert paule_mandel(errors, np.full(40, 4.0)) == 0


def test_a_known_variance_is_recovered_among_unequal_errors():
    generator = np.random.default_rng(2)
    variances = generator.uniform(0.001, 0.2, 20_000)
    errors = generator.normal(0, np.sqrt(variances + 0.3**2))
    assert np.sqrt(paule_mandel(errors, variances)) == pytest.approx(0.3, rel=0.02)


def simulated_folds(generator, log_sd, rows=12):
    """Folds of one row with errors of a model that is wrong by ``log_sd``."""
    for number in range(rows):
        sampling, parameter = generator.uniform(0.02, 0.1, 2)
        error = generator.normal(0, np.sqrt(sampling**2 + parameter**2 + log_sd**2))
        left_out = LeftOutNumber(f"row_{number}", "AB"[number % 2], "value", error, sampling, parameter)
        yield FoldResult(Fold("visit", str(number), (left_out.row,)), (left_out,), True, 0.0)


@pytest.mark.parametrize(("log_sd", "without"), [(0.2, (0.4, 0.75)), (0.0, (0.88, 0.92))])
def test_intervals_with_the_discrepancy_cover_at_their_level(log_sd, without):
    generator, rows = np.random.default_rng(3), []
    for _ in range(300):
        rows += score_rows(list(scored_numbers(list(simulated_folds(generator, log_sd)))))
    assert 0.88 < np.mean([row["coverage_with"] for row in rows]) < 0.945
    assert without[0] < np.mean([row["coverage"] for row in rows]) < without[1]


@pytest.mark.parametrize("log_sds", [(0.0, 0.0), (0.05, 0.05), (0.15, 0.05), (0.3, 0.1)])
def test_intervals_cover_visits_of_two_outputs_left_out_together(log_sds):
    generator, inside = np.random.default_rng(6), []
    for _ in range(150):
        folds = []
        for visit in range(6):
            numbers = []
            for output, log_sd in zip("AB", log_sds, strict=True):
                for number in ("value", "sd"):
                    sampling, parameter = generator.uniform(0.02, 0.06), generator.uniform(0.02, 0.12)
                    error = generator.normal(0, np.sqrt(sampling**2 + parameter**2 + log_sd**2))
                    numbers.append(LeftOutNumber(f"{output}_{visit}", output, number, error, sampling, parameter))
            rows = tuple(dict.fromkeys(one.row for one in numbers))
            folds.append(FoldResult(Fold("visit", str(visit), rows), tuple(numbers), True, 0.0))
        inside.append(score_rows(list(scored_numbers(folds)))[0]["coverage_with"])
    assert 0.87 < np.mean(inside) < 0.94


def test_the_discrepancy_of_a_fold_does_not_know_its_own_rows():
    folds = list(simulated_folds(np.random.default_rng(4), 0.1))
    wild = [replace(folds[0], numbers=(replace(folds[0].numbers[0], error=50.0),)), *folds[1:]]
    plain, changed = (next(iter(scored_numbers(each))).discrepancy_sd for each in (folds, wild))
    assert plain == changed
    assert list(scored_numbers(wild))[1].discrepancy_sd > 2 * list(scored_numbers(folds))[1].discrepancy_sd


def test_a_number_that_the_rest_does_not_predict_is_not_counted():
    folds = list(simulated_folds(np.random.default_rng(5), 0.1))
    vague = replace(folds[0], numbers=(replace(folds[0].numbers[0], error=0.0, parameter_sd=2.0),))
    (row,) = score_rows(list(scored_numbers([vague, *folds[1:]])))
    assert (row["numbers"], row["not_predicted"]) == (12, 1)


def test_an_interrupted_call_goes_on_to_the_same_numbers(path, tmp_path):
    result, out = fit(path), tmp_path / "folds.json"

    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(FitInterrupted, match="3 of 9 folds are done and kept in") as stopped:
        crossvalidate(result, out=out, progress=stop)
    assert stopped.value.is_resumable
    seen = []
    resumed = crossvalidate(result, out=out, resume=True, progress=lambda *done: seen.append(done))
    assert seen[-1] == (9, 9)
    assert resumed.table().equals(crossvalidate(result).table())
    assert len(json.loads(out.read_text())["folds"]) == 9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": "rows"}, "by: no folds by 'rows'; did you mean 'row'"),
        ({"by": []}, "by: name at least one of row, visit, source"),
        ({"resume": True}, "resume: goes on with the folds of an earlier call"),
    ],
)
def test_wrong_arguments_are_refused(path, arguments, message):
    with pytest.raises(InputError, match=message):
        crossvalidate(fit(path), **arguments)


def test_a_fit_of_one_row_or_one_source_is_refused(project):
    one = fit(project.fit(ROWS[0], free={"A0": A0}))
    with pytest.raises(InputError, match="'one' has one fitted row: nothing is left to fit"):
        crossvalidate(one)
    two = fit(project.fit(*ROWS[:2], free={"A0": A0}))
    with pytest.raises(InputError, match="by: fit 'one' has one source, choice: nothing is left to fit"):
        crossvalidate(two, by="source")


def test_a_name_needs_a_committed_result_that_is_not_older(path):
    with pytest.raises(InputError, match="has no committed result; run 'kinetics fit"):
        crossvalidate(path)
    fit(path).save()
    assert len(crossvalidate(path, by="row").numbers) == 4
    path.write_text(path.read_text().replace("upper = 100", "upper = 90"))
    with pytest.raises(InputError, match="older than its problem or tables"):
        crossvalidate(path)


def test_folds_of_another_problem_are_not_taken(path, project, tmp_path):
    out = tmp_path / "folds.json"
    crossvalidate(fit(path), by="row", out=out)
    other = fit(project.fit(*ROWS[:3], free={"A0": A0}))
    with pytest.raises(InputError, match="has folds of another problem, seed or optimum"):
        crossvalidate(other, by="row", out=out, resume=True)
    out.write_text('{"key": 1}')
    with pytest.raises(InputError, match="not the folds of an earlier call"):
        crossvalidate(other, by="row", out=out, resume=True)


# predictions

RECOVERY = tuple(
    {
        "output": "N_blood",
        "regimen": "../models/regimens/once.toml",
        "time": f"{day} day",
        "value": value,
        "log_se": 0.02,
    }
    for day, value in ((10, 0.5), (20, 0.5), (30, 0.95), (40, 0.7))
)
G = 'lower = 0.0001, upper = 0.9, unit = "1/day"'


@pytest.fixture
def fitted(project):
    """A fit, saved, of a model that does not describe its rows."""
    result = fit(project.fit(*RECOVERY, free={"g": G}))
    result.save()
    return result


def regimen(project, name="once"):
    return Regimen.load(project.models / "regimens" / f"{name}.toml")


def test_a_prediction_shows_the_discrepancy_apart_unless_it_is_turned_off(project, fitted):
    saved = crossvalidate(fitted).save()
    assert saved == project.fits / "one.discrepancy.toml"
    options = {"until": "60 day", "every": "1 day", "draws": 40, "seed": 3}
    on, off = (predict(fitted, regimen(project), discrepancy=choice, **options) for choice in (True, False))
    assert "discrepancy" not in off.children
    np.testing.assert_array_equal(on["interval"]["N_blood"].values, off["interval"]["N_blood"].values)
    width, wide = (np.ptp(on[group]["N_blood"].values[[0, 2]], axis=0) for group in ("interval", "discrepancy"))
    assert wide[0] == pytest.approx(width[0])  # before the course nothing is predicted
    assert (wide[35:] > 2 * width[35:]).all()
    assert (on.attrs["discrepancy_of_fit"], off.attrs["discrepancy_of_fit"]) == ("one", "none")
    assert on["discrepancy"].attrs["data_hash"] == fitted.problem.data_hash
    assert "[95 % with the discrepancy of the model too]" in " ".join(report(on).split())
    again = predict(fitted, regimen(project), **options)
    np.testing.assert_array_equal(on["discrepancy"]["N_blood"].values, again["discrepancy"]["N_blood"].values)


def test_an_interval_with_the_discrepancy_has_the_width_of_student_s_t(project, fitted):
    classes = {("visit", "N_blood", "value"): DiscrepancySD(0.1, 1e6, 9)}
    discrepancy = replace(crossvalidate(fitted).discrepancy, classes=classes)
    tree = predict(fitted, regimen(project), until="40 day", every="1 day", draws=2000, discrepancy=discrepancy)
    lower, _, upper = tree["discrepancy"]["N_blood"].values[:, 38]
    of_parameters = np.diff(np.log(tree["interval"]["N_blood"].values[[0, 2], 38]))[0] / (2 * 1.96)
    assert np.log(upper / lower) / (2 * 1.96) == pytest.approx(np.hypot(0.1, of_parameters), rel=0.06)
    assert tree["discrepancy"]["N_blood_log_sd"].values[[0, 38]] == pytest.approx([0.0, 0.1])


@pytest.mark.parametrize("every", ["1 day", "10 day", "40 day"])
def test_recovery_without_any_discrepancy_is_that_of_the_parameters_whatever_the_step(project, fitted, every):
    classes = {("visit", "N_blood", "value"): DiscrepancySD(0.0, 4.0, 9)}
    discrepancy = replace(crossvalidate(fitted, by="row").discrepancy, classes=classes)
    tree = predict(fitted, regimen(project), until="80 day", every=every, draws=20, discrepancy=discrepancy)
    moved, own = tree["discrepancy"]["recovery_quantiles"], tree["recovery"]["quantiles"]
    np.testing.assert_allclose(moved.values, own.sel(output=moved["output"]).values, rtol=1e-12)


def test_a_discrepancy_of_zero_has_no_standard_error(project):
    exact = [{"time": f"{time} day", "value": 2 * np.exp(-time / 10), "log_se": 0.1} for time in (1, 5, 9)]
    path = project.fit(*exact, free={"A0": A0})
    rows = report(crossvalidate(fit(path), by="row")).split("Discrepancy of the model")[1].splitlines()
    assert [row.split()[3:5] for row in rows if row.startswith("visit")] == [["0.000", "-"]] * 2


def test_a_future_trial_is_a_step_further_from_the_data(project, fitted):
    classes = {
        ("visit", "N_blood", "value"): DiscrepancySD(0.1, 1e6, 9),
        ("source", "*", "*"): DiscrepancySD(0.3, 1e6, 9),
    }
    discrepancy = replace(crossvalidate(fitted, by="row").discrepancy, classes=classes)
    options = {"until": "40 day", "every": "20 day", "draws": 200, "patients": 16, "study": 500, "seed": 3}
    group = predict(fitted, regimen(project), discrepancy=discrepancy, **options)["discrepancy"]
    median, mean = (
        np.log(group[f"N_blood_{name}"].sel(quantile=[0.025, 0.975]).values[:, -1])
        for name in ("population_median", "mean")
    )
    of_parameters = np.ptp(median) ** 2 - (2 * 1.96 * 0.1) ** 2
    assert np.ptp(mean) ** 2 == pytest.approx(of_parameters + (2 * 1.96) ** 2 * (0.1**2 + 0.3**2), rel=0.3)


def test_shares_and_times_of_recovery_are_as_far_off_as_their_classes_say(project, fitted):
    """The logit of a share, and the logarithm of a time, have the variance of the draws and that of the class."""
    classes = {
        ("visit", "N_blood", "value"): DiscrepancySD(0.0, 1e6, 9),
        ("source", "*", "*"): DiscrepancySD(0.0, 1e6, 9),
        ("source", "*", "share"): DiscrepancySD(0.8, 1e6, 9),
        ("source", "*", "time"): DiscrepancySD(0.2, 1e6, 9),
    }
    discrepancy = replace(crossvalidate(fitted, by="row").discrepancy, classes=classes)
    options = {"until": "120 day", "every": "2 day", "draws": 400, "patients": 64, "study": 400, "seed": 3}
    tree = predict(fitted, regimen(project), discrepancy=discrepancy, **options)
    group, study = tree["discrepancy"].to_dataset(), tree["study"].to_dataset()
    day = int(np.argmin(np.abs(study["N_blood_share_below"].sel(quantile=0.5).values - 0.5)))

    def begun(days):  # an offset begins smoothly within a month
        share = min(float(days) / 30.4375, 1.0)
        return share**2 * (3 - 2 * share)

    def width(values, scale):
        return np.ptp(scale(values.sel(quantile=[0.025, 0.975]).values))

    at = {"time": day}
    without, moved = (width(each["N_blood_share_below"].isel(at), logit) for each in (study, group))
    sd = 0.8 * begun(study["time"][day])
    assert moved**2 == pytest.approx(without**2 + (2 * 1.96 * sd) ** 2, rel=0.25)
    own = tree["population_recovery"]["median_quantiles"].sel(output="N_blood").isel(course=0)
    without = width(own, np.log)
    moved = width(group["N_blood_recovery_median_of_patients"].isel(course=0), np.log)
    sd = 0.2 * begun(own.sel(quantile=0.5))
    assert moved**2 == pytest.approx(without**2 + (2 * 1.96 * sd) ** 2, rel=0.25)
    assert "Recovery over patients with the discrepancy of the model" in report(tree)


def test_a_discrepancy_is_read_as_it_was_written_and_checked(project, fitted):
    validated = crossvalidate(fitted)
    saved = validated.save()
    found = read_discrepancy(saved)
    assert list(found.classes) == list(validated.discrepancy.classes)
    for key, one in found.classes.items():
        assert one.log_sd == pytest.approx(validated.discrepancy.classes[key].log_sd, rel=1e-9)
    assert found.arms[0].months == pytest.approx(40 / 30.4375)
    assert repr(load(saved)) == repr(found)
    check(saved)
    saved.write_text(saved.read_text().replace("numbers = 4", "numbers = 5"))
    with pytest.warns(ChecksumWarning, match="edited by hand"):
        read_discrepancy(saved)
    saved.write_text('[discrepancy]\nfit = "one"\n[[classes]]\ndistance = "visits"\nnumber = "mean"\n[more]\n')
    with pytest.raises(InputError) as error:
        read_discrepancy(saved)
    assert {fault.name for fault in error.value.faults} >= {
        "more",
        "discrepancy",
        "classes.0.distance",
        "classes.0.number",
    }


def test_a_discrepancy_of_another_fit_is_refused_and_an_old_one_not_used(project, fitted):
    saved = crossvalidate(fitted).save()
    options = {"until": "40 day", "every": "1 day", "draws": 4}
    other = replace(crossvalidate(fitted).discrepancy, fit="two")
    with pytest.raises(InputError, match="discrepancy: is of fit 'two' in a state that is not behind this prediction"):
        predict(fitted, regimen(project), discrepancy=other, **options)
    renamed = saved.read_text().replace('fit = "one"', 'fit = "two"')
    saved.write_text(renamed)
    with pytest.warns(ChecksumWarning), pytest.raises(InputError, match="is of fit 'two', not of 'one'"):
        predict(fitted, regimen(project), **options)
    crossvalidate(fitted).save()
    changed = fit(project.fit(*RECOVERY[:3], free={"g": G}))
    changed.save()
    with pytest.warns(UserWarning, match="not used, it is of an earlier state of fit 'one'"):
        tree = predict(changed, regimen(project), **options)
    assert "discrepancy" not in tree.children


# offsets

TIMES, STARTS = np.arange(0.0, 49.0), np.array([2.0, 24.0])
ARM = FittedArm("first", "", 1, 12.0)


def discrepancy_of(log_sd=0.2, freedom=1e6):
    from kinetics.crossvalidation import Discrepancy

    return Discrepancy("one", "", "", 1, {("visit", "*", "value"): DiscrepancySD(log_sd, freedom, 9)}, (ARM,))


NEAR = Distance(2.0, 0, (), np.zeros(TIMES.size))


def test_offsets_are_smooth_start_at_the_first_course_and_are_independent_between_courses():
    drawn = drawn_offsets(discrepancy_of(), ["A", "B"], NEAR, TIMES, STARTS, 1.0, 4000, 7)
    assert drawn.shape == (4000, 2, TIMES.size)
    assert not drawn[:, :, TIMES <= 2].any()
    np.testing.assert_array_equal(drawn[:, :, 3:25], drawn[:, :, 3:4].repeat(22, axis=2))  # one draw a course
    assert drawn[:, 0, 10].std() == pytest.approx(0.2, rel=0.04)
    correlations = np.corrcoef([drawn[:, 0, 10], drawn[:, 1, 10], drawn[:, 0, 40]])
    assert np.abs(correlations - np.eye(3)).max() < 0.05
    np.testing.assert_array_equal(
        drawn[:3], drawn_offsets(discrepancy_of(), ["A", "B"], NEAR, TIMES, STARTS, 1.0, 3, 7)
    )


def test_offsets_of_few_degrees_of_freedom_have_student_s_tails():
    drawn = drawn_offsets(discrepancy_of(freedom=5.0), ["A"], NEAR, TIMES, STARTS, 1.0, 20_000, 1)[:, 0, 10]
    assert np.quantile(drawn, [0.05, 0.95]) == pytest.approx([-0.2 * 2.0150, 0.2 * 2.0150], rel=0.04)


def test_each_step_away_from_the_data_widens_the_offset(project):
    once, twice = regimen(project), regimen(project, "twice")
    arm = FittedArm("first", first_course(once), 1, 12.0)
    near = distance_from([arm], True, once, TIMES[:12], np.array([0.0]), 1.0)
    assert near.is_near
    later = distance_from([arm], True, once, TIMES, np.array([0.0]), 1.0)
    assert later.later[[12, 24, 48]].tolist() == [0.0, 1.0, 2.0]
    far = distance_from([arm], False, twice, TIMES, STARTS, 1.0)
    assert (far.constant, far.courses) == (1, (24.0,))
    own = discrepancy_of(0.1)
    sd = offset_sd(own, "A", far, TIMES, STARTS, 1.0)
    # the data, another cohort, and from month 25 a further course
    assert sd[[10, 30]] == pytest.approx([0.1 * np.sqrt(2), 0.1 * np.sqrt(3)])
