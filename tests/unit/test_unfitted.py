"""Sources that a fit never had, against closed forms: A = A0 exp(-k j t), and N comes back at rate g after a dose."""

import csv
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit
from scipy.stats import binom, norm

from kinetics.crossvalidation import crossvalidate
from kinetics.crossvalidation.discrepancy import estimated_classes
from kinetics.crossvalidation.estimating import DiscrepancySD, paule_mandel, summed_sd
from kinetics.crossvalidation.folds import UNFITTED, Fold
from kinetics.crossvalidation.left_out import FoldResult, LeftOutNumber
from kinetics.crossvalidation.scores import score_rows, scored_numbers
from kinetics.crossvalidation.unfitted import DRAWS, LARGEST, unfitted_facts
from kinetics.errors import InputError
from kinetics.estimate import FitProblem, fit
from kinetics.reports.reporting import report

COLUMNS = (
    *("name", "section", "mark", "use", "finding", "not_counted", "statement", "kind", "statistic", "model", "cohort"),
    *("regimen", "output", "over", "time", "since", "level", "visits", "expression", "set", "relation", "versus"),
    *("value", "unit", "lower", "upper", "rounding", "sd", "n", "source", "reason"),
)
FACT = {
    "mark": "S",
    "use": "validate",
    "statement": "a fact",
    "kind": "count",
    "statistic": "typical",
    "model": "../models/toy.toml",
    "cohort": "first",
    "regimen": "../models/regimens/once.toml",
    "output": "A_blood",
    "time": "5 day",
    "unit": "1e9/L",
    "rounding": 0.02,
    "value": 1.4,
    "source": "elsewhere_2001",
}
A0 = 'lower = 0.01, upper = 100, unit = "1e9/L"'
ROWS = tuple(
    {"time": f"{day} day", "value": value, "log_se": 0.1, "cohort": "first"}
    for day, value in ((1, 2.1), (4, 1.0), (9, 0.7))
)
BIBLIOGRAPHY = "".join(
    f"@article{{{name}, title = {{T}}, doi = {{10.1000/{number}}}, year = {{2001}}, author = {{Other, A.}}}}\n"
    for number, name in enumerate(("elsewhere_2001", "another_2001", "fitted_2001"), 1)
)


@pytest.fixture
def problem(project):
    """A fit of A0, saved; all else is known, so that a prediction draws no prior."""
    toy = project.models / "toy.toml"
    toy.write_text(re.sub(r"(?m)^(?!A0)(.*), prior = [\d.]+", r"\1", toy.read_text()))
    for folder in (project.models, project.fits):
        (folder / "references.bib").write_text(BIBLIOGRAPHY)
    path = project.fit(*ROWS, free={"A0": A0})
    fit(path).save()
    return path


def write(path, *rows):
    """A file of facts; what a row does not say is as in ``FACT``."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({"name": f"fact_{number}", **FACT, **row} for number, row in enumerate(rows, 1))
    return path


def predicted(problem, *rows, **options):
    """The numbers of sources that were never fitted, by row."""
    file = write(problem.with_name("facts.csv"), *rows)
    validated = crossvalidate(problem, by="source", evidence=file, **options)
    return {one.left_out.row: one.left_out for one in validated.numbers if one.fold.by == UNFITTED}


def optimum():
    """Mean and standard deviation of ln A0: its prior is of SD 0.5 about 2."""
    precision = np.array([0.1] * 3 + [0.5]) ** -2.0
    data = np.append(np.log([2.1, 1.0, 0.7]) + np.array([0.1, 0.4, 0.9]), np.log(2.0))
    return precision @ data / precision.sum(), precision.sum() ** -0.5


def test_a_count_has_the_error_of_the_estimates_rounding_and_parameters(problem):
    mean, sd = optimum()
    (one,) = predicted(problem, {}).values()
    assert one.error == pytest.approx(math.log(1.4) - (mean - 0.5), abs=1e-5)
    assert one.sampling_sd == pytest.approx(math.log(1.41 / 1.39) / math.sqrt(12))
    assert one.parameter_sd == pytest.approx(sd, rel=3 / math.sqrt(2 * DRAWS))
    assert (one.number, one.steps, one.weight) == ("value", 1.0 + 1.0, 1.0)  # another source, another first course


def test_a_mean_of_n_patients_has_the_standard_error_of_a_mean(problem):
    # all of N is proportional to N0, which is log-normal with SD 0.2; no parameter of the fit changes it
    row = {"output": "N_blood", "statistic": "mean", "n": 25, "rounding": "", "value": 0.5}
    (one,) = predicted(problem, row).values()
    assert one.sampling_sd == pytest.approx(math.sqrt(math.expm1(0.04) / 25), rel=0.02)
    assert one.parameter_sd < 1e-12


def test_a_share_is_on_the_logit_with_the_binomial_interval(problem):
    none = {"regimen": "../models/regimens/twice.toml", "time": "59 day", "output": "N_blood", "rounding": ""}
    row = {"kind": "share_below", "statistic": "share", "level": "0.8 1e9/L", "unit": "percent", "value": 30, "n": 50}
    (one,) = predicted(problem, {**none, **row}).values()
    remains = recovered(59)
    share = norm.cdf(math.log(0.8 / remains) / 0.2)
    assert one.error == pytest.approx(logit(0.3) - logit(share), abs=0.05)
    lower, upper = binom.ppf([0.025, 0.975], 50, share) / 50
    assert one.sampling_sd == pytest.approx((logit(upper) - logit(lower)) / (2 * 1.96), abs=0.03)
    assert one.number == "share"


def recovered(day):
    """N of the typical patient on a day after 1 mg, which is gone at the rate of 1 a day and kills at 5 per mg."""
    from scipy.integrate import solve_ivp

    solved = solve_ivp(lambda t, n: 0.05 * (1 - n) - 5 * np.exp(-t) * n, (0, day), [1.0], rtol=1e-9, atol=1e-12)
    return float(solved.y[0, -1])


def test_a_fall_is_judged_on_what_remains_and_a_recovery_on_its_logarithm(problem):
    lowest = min(recovered(day) for day in range(1, 11))  # curves are looked at daily
    back = next(day for day in np.linspace(10, 20, 401) if recovered(day) >= 0.5)
    numbers = predicted(
        problem,
        {"kind": "fall", "output": "N_blood", "time": "30 day", "unit": "percent", "value": 90, "rounding": 1},
        {"kind": "time_to_threshold", "output": "N_blood", "time": "", "level": "0.5 1e9/L", "unit": "day"}
        | {"value": 20, "rounding": 1},
    )
    assert numbers["fact_1"].error == pytest.approx(math.log(0.1 / lowest), abs=0.02)
    assert numbers["fact_1"].sampling_sd == pytest.approx(math.log(0.105 / 0.095) / math.sqrt(12))
    assert numbers["fact_2"].error == pytest.approx(math.log(20 / back), abs=0.02)
    assert [one.number for one in numbers.values()] == ["value", "time"]


def test_a_time_that_the_model_never_has_counts_as_the_largest_error(problem):
    row = {"kind": "time_to_threshold", "output": "N_blood", "time": "", "level": "0.999999 1e9/L", "unit": "day"}
    twice = {"regimen": "../models/regimens/twice.toml", "value": 20, "rounding": 1}
    (one,) = predicted(problem, row | twice).values()
    assert (one.error, one.parameter_sd) == (-LARGEST, LARGEST)


def test_steps_are_those_of_a_prediction(problem):
    twice = "../models/regimens/twice.toml"
    rows = ({"cohort": "first"}, {"regimen": twice, "time": "70 day"}, {"regimen": twice, "time": "50 day"})
    numbers = predicted(problem, *rows)
    # fitted until day 9, without a course: the source, the course, a further one, and the time since the latest
    assert [one.steps for one in numbers.values()] == pytest.approx(
        [2.0, 3.0 + math.log2(10 / 9) ** 2, 2.0 + math.log2(50 / 9) ** 2]
    )


def test_only_numbers_of_other_sources_that_the_fit_predicts_are_taken(problem):
    reject = [
        {"source": "choice"},  # the fit has it
        {"source": "fitted_2001"},  # another fit has it
        {"source": "fitted_2001", "use": "fit"},
        {"use": "input"},
        {"mark": "m"},
        {"rounding": ""},  # nobody knows how far a study may be off
        {"value": "", "rounding": "", "lower": 1, "upper": 2},  # a range
        {"relation": "above", "rounding": ""},
        {"not_counted": "typed_in"},
        {"time": "0 day"},
        {"cohort": "plain"},  # does not take the estimates
        {"regimen": "../models/regimens/none.toml"},
        {"output": "D_blood", "unit": "mg"},  # of another unit
        {"kind": "time_of_nadir", "time": "", "unit": "day", "value": 3},
        {"statistic": "sd", "n": 9},
    ]
    path = write(problem.with_name("facts.csv"), *reject, {"name": "kept"})
    assert [fact.placed.row.name for fact in unfitted_facts(FitProblem.load(problem), ["source"], path)] == ["kept"]


def test_rows_of_one_finding_count_once(problem):
    rows = ({"finding": "F"}, {"finding": "F", "time": "7 day", "value": 1.2}, {"time": "6 day", "value": 1.3})
    assert [one.weight for one in predicted(problem, *rows).values()] == [0.5, 0.5, 1.0]
    validated = crossvalidate(problem, by="source", evidence=problem.with_name("facts.csv"))
    (row,) = validated.score_rows()
    assert (row["by"], row["folds"], row["numbers"], row["findings"]) == (UNFITTED, 1, 3, 2)
    assert "never fitted" in report(validated)


def test_evidence_beside_the_problem_is_taken_by_itself(problem):
    write(problem.with_name("evidence.csv"), {}, {"source": "another_2001"})
    assert [result.fold.by for result in crossvalidate(problem).results] == ["row"] * 3 + ["visit"] * 3 + [UNFITTED] * 2
    assert {result.fold.by for result in crossvalidate(problem, by="visit").results} == {"visit"}


def test_wrong_evidence_is_refused(problem):
    facts = write(problem.with_name("facts.csv"), {"cohort": "plain"})
    with pytest.raises(InputError, match="evidence: has no number of another source that fit 'one' predicts"):
        crossvalidate(problem, evidence=facts)
    with pytest.raises(InputError, match="evidence: has numbers of other sources; leave out sources too"):
        crossvalidate(problem, by="visit", evidence=facts)
    with pytest.raises(InputError, match="no 'nothing' in fits"):
        crossvalidate(problem, evidence="nothing")
    with pytest.raises(InputError, match="evidence: must be a Path"):
        crossvalidate(problem, evidence=3)  # pyright: ignore[reportArgumentType]
    write(facts, {"time": "5 mg"}, {"cohort": "nobody"}, {"output": "Nothing"})
    with pytest.raises(InputError) as error:
        crossvalidate(problem, evidence=facts)
    assert len(error.value.faults) == 3
    facts.write_text("name,kind\nx,count\n")
    with pytest.raises(InputError, match="is no file of evidence"):
        crossvalidate(problem, evidence=facts)


# estimators


def test_a_finding_of_two_numbers_weighs_as_one():
    errors, variances = [0.3, -0.5, 0.4], [0.01, 0.02, 0.03]
    twice = paule_mandel([*errors, 0.4], [*variances, 0.03], [1, 1, 0.5, 0.5])
    assert twice == pytest.approx(paule_mandel(errors, variances))


def unfitted(errors, steps=1.0, sampling=0.0):
    """A source for each error."""
    for number, error in enumerate(errors):
        one = LeftOutNumber(f"row_{number}", "A", "value", float(error), sampling, 0.0, steps)
        yield FoldResult(Fold(UNFITTED, str(number), (one.row,)), (one,), True, 0.0)


def test_a_step_has_its_share_of_an_error_of_several():
    errors = np.random.default_rng(1).normal(0, 0.6, 30)
    classes = estimated_classes(unfitted(errors, steps=4.0))
    assert classes["source", "*", "*"].log_sd == pytest.approx(np.sqrt(np.mean(errors**2) / 4))
    visit = replace(next(unfitted([0.1])), fold=Fold("visit", "0", ()))
    with_visits = estimated_classes([visit, *unfitted(errors, steps=4.0)])
    assert with_visits["source", "*", "*"].log_sd == pytest.approx(np.sqrt((np.mean(errors**2) - 0.01) / 4))


def test_a_step_adds_as_much_as_a_visit_has_at_least():
    visits = [replace(each, fold=Fold("visit", str(n), ())) for n, each in enumerate(unfitted([0.3, -0.3]))]
    classes = estimated_classes([*visits, *unfitted([0.01, -0.02])])
    assert classes["source", "*", "*"].log_sd == pytest.approx(0.3)


def test_a_sum_has_the_degrees_of_freedom_of_welch_and_satterthwaite():
    total = summed_sd(DiscrepancySD(0.3, 5.0, 9), DiscrepancySD(0.2, 8.0, 4), 2.0)
    assert total.log_sd == pytest.approx(math.sqrt(0.09 + 0.08))
    assert total.freedom == pytest.approx(0.17**2 / (0.09**2 / 5 + 0.08**2 / 8))


@pytest.mark.parametrize("step", [0.1, 0.25, 0.5])
def test_intervals_cover_sources_that_were_never_fitted(step):
    """Ten findings of six sources at one to three steps, predicted from the other sources."""
    generator, inside = np.random.default_rng(2), []
    sizes, steps = (3, 2, 1, 2, 1, 1), (1, 2, 3, 1, 2, 2, 1, 1, 3, 3)
    for _ in range(100):
        folds = [replace(one, fold=Fold("visit", one.fold.name, ())) for one in visits_of(generator)]
        numbers = []
        for number, (kind, far) in enumerate(zip(("time", "share", "value", "value", "time") * 2, steps, strict=True)):
            sampling, visit = generator.uniform(0.03, 0.2), 0.1 if kind == "value" else 0.0
            error = generator.normal(0, np.sqrt(sampling**2 + visit**2 + far * step**2))
            numbers.append(LeftOutNumber(f"{number}", "AB"[number % 2], kind, error, sampling, 0.0, far))
        for source, size in enumerate(sizes):
            own, numbers = tuple(numbers[:size]), numbers[size:]
            folds.append(FoldResult(Fold(UNFITTED, f"{source}", tuple(one.row for one in own)), own, True, 0.0))
        inside.append(score_rows(list(scored_numbers(folds)))[-1]["coverage_with"])
    assert 0.87 < np.mean(inside) < 0.95


def visits_of(generator):
    """Twelve visits of which the model is wrong by 0.1."""
    errors = generator.normal(0, np.hypot(0.1, 0.05), 12)
    for number, each in enumerate(unfitted(errors, sampling=0.05)):
        yield replace(each, numbers=tuple(replace(one, row=f"visit_{number}", steps=0.0) for one in each.numbers))


def test_a_variant_predicts_what_the_fit_it_extends_does(problem):
    """The same model under another name has the same numbers, and the scores of sources add up to that of all."""
    folder = problem.with_name("variants")
    folder.mkdir()
    variant = folder / "renamed.toml"
    variant.write_text(f'[fit]\ntitle = "renamed"\nextends = "../{problem.name}"\n')
    fit(variant).save()
    file = write(problem.with_name("facts.csv"), {}, {"source": "another_2001", "time": "7 day"})
    base, own = (crossvalidate(one, by="source", evidence=file) for one in (problem, variant))
    assert [one.left_out for one in own.numbers] == [one.left_out for one in base.numbers]
    scores = own.log_scores()
    assert {"elsewhere_2001", "another_2001"} <= scores.keys()
    rows = {row["by"]: row["log_score_with"] for row in own.score_rows()}
    assert scores["elsewhere_2001"] + scores["another_2001"] == pytest.approx(rows[UNFITTED])


def test_facts_are_drawn_over_what_the_errors_say(problem):
    once = {"output": "N_blood", "regimen": "../models/regimens/once.toml", "time": "40 day", "rounding": ""}
    share = {"kind": "share_below", "statistic": "share", "level": "0.8 1e9/L", "unit": "percent", "value": 30, "n": 50}
    fall = {
        "kind": "fall",
        "statistic": "typical",
        "output": "N_blood",
        "time": "40 day",
        "rounding": 1,
        "unit": "percent",
        "value": 60,
    }
    file = write(problem.with_name("facts.csv"), {}, once | share, {"regimen": once["regimen"]} | fall)
    validated = crossvalidate(problem, by="source", evidence=file)
    lines = validated.plot().result.to_dataset()
    numbers = {one.left_out.row: one.left_out for one in validated.numbers}
    model = {str(line): float(value) for line, value in zip(lines["line"].values, lines["model"].values, strict=True)}
    assert model["unfitted-fact_1"] == pytest.approx(1.4 * math.exp(-numbers["fact_1"].error))
    assert logit(0.3) - logit(model["unfitted-fact_2"] / 100) == pytest.approx(numbers["fact_2"].error)
    left = 1 - model["unfitted-fact_3"] / 100
    assert math.log(0.4 / left) == pytest.approx(numbers["fact_3"].error)
    assert (lines["model_lower"] <= lines["model"]).all()
    assert (lines["model"] <= lines["model_upper"]).all()
