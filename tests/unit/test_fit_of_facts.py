"""Fits of facts on a model of closed forms: minima and standard errors that are known, and every fault of a problem."""

import csv
import math

import numpy as np
import pytest
from scipy.special import logit
from typer.testing import CliRunner

from kinetics.cli.app import app
from kinetics.errors import InputError
from kinetics.estimate import Estimates, FitProblem, fit
from kinetics.estimate.objective.facts import FactsObjective
from kinetics.estimate.problem.fact_target import FactTarget
from kinetics.identifiability import identify
from kinetics.published import NORMAL_95, EvidenceRow

MODEL = """
[model]
title = "Decay, an event, and a level that differs between patients"
time = "day"

[parameters]
A0 = { value = 2.0, unit = "1e9/L", source = "choice" }
k = { value = 0.05, unit = "1/day", prior = 1.0, source = "choice" }
h = { value = 0.002, unit = "1/day", source = "choice" }
N0 = { value = 1.0, unit = "1e9/L", spread = 0.3, prior = 1.0, source = "choice" }
cut = { value = 1.2, unit = "1e9/L", source = "choice" }

[states.A]
unit = "1e9/L"
initial = "A0"
rate = "-k*A"

[states.T]
unit = "day"
initial = "0"
rate = "1"

[outputs]
A_blood = { unit = "1e9/L", value = "A" }
N_blood = { unit = "1e9/L", value = "N0" }
P = { unit = "1", value = "1 - exp(-h*T)" }

[cohorts.plain]
about = "all alike but for N0"

[cohorts.fast]
about = "twice as fast"

[cohorts.fast.parameters]
h = { value = 0.004, unit = "1/day", source = "choice" }
"""

COUNT = {
    "name": "count",
    "mark": "S",
    "use": "calibrate",
    "statement": "a number",
    "kind": "count",
    "statistic": "mean",
    "model": "../models/decay.toml",
    "cohort": "plain",
    "output": "A_blood",
    "time": "10 day",
    "value": 0.8,
    "unit": "1e9/L",
    "source": "choice",
}
EVENT = COUNT | {"name": "event", "kind": "event_share", "statistic": "", "output": "P", "unit": "percent"}
EVENT |= {"time": "100 day", "value": 30}


@pytest.fixture
def facts(tmp_path):
    """Writes a fit of rows, and gives its path."""

    def write(*rows, free, facts="", header="", tables=""):
        for folder in ("models", "fits"):
            (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / "models" / "decay.toml").write_text(MODEL)
        with (tmp_path / "fits" / "facts.csv").open("w", newline="") as file:
            table = csv.DictWriter(file, list(EvidenceRow.model_fields), restval="")
            table.writeheader()
            table.writerows(rows)
        names = ", ".join(f'"{row["name"]}"' for row in rows)
        path = tmp_path / "fits" / "own.toml"
        path.write_text(
            f'[fit]\ntitle = "t"\nmodel = "../models/decay.toml"\nstarts = 1\n{header}\n'
            f'[facts]\n{facts or f"""table = "facts.csv"{chr(10)}rows = [{names}]{chr(10)}patients = 64"""}\n'
            f"[free]\n{free}\n{tables}"
        )
        return path

    return write


NEAR = 0.1
"""A search ends within about this share of a standard error."""

K = 'k = { lower = 0.001, upper = 1, unit = "1/day", prior = "flat" }'
H = 'h = { lower = 0.0001, upper = 0.1, unit = "1/day", prior = "flat" }'
N0 = 'N0 = { lower = 0.1, upper = 10, unit = "1e9/L", prior = "flat" }'


def test_a_rate_from_a_count_is_that_of_the_closed_form(facts):
    found = fit(facts(COUNT | {"sd": 0.2, "n": 25}, free=K))
    rate = math.log(2.0 / 0.8) / 10
    assert found.estimates["k"].value == pytest.approx(rate, rel=NEAR * 0.055)
    # ln A = ln A0 - k t, so that d ln A / d ln k = - k t; central differences of a step of 0.1 are off by 0.2 %
    assert found.estimates["k"].log_se == pytest.approx(0.2 / 0.8 / 5 / (rate * 10), rel=0.01)
    assert found.best.converged


def test_a_rate_from_a_share_has_the_binomial_error_on_the_logit(facts):
    found = fit(facts(EVENT | {"n": 200}, free=H))
    rate = -math.log(1 - 0.3) / 100
    assert found.estimates["h"].value == pytest.approx(rate, rel=NEAR * 0.13)
    slope = rate * 100 * math.exp(-rate * 100) / (0.3 * 0.7)
    assert found.estimates["h"].log_se == pytest.approx(1 / math.sqrt(200 * 0.3 * 0.7) / slope, rel=0.01)


def test_two_numbers_that_disagree_are_weighted_by_their_errors(facts):
    rows = [
        EVENT | {"name": name, "value": value, "rounding": step} for name, value, step in (("a", 20, 2), ("b", 40, 10))
    ]
    found = fit(facts(*rows, free=H, header="discrepancy = 0.1"))
    p = np.array([0.2, 0.4])
    variance = (np.array([0.02, 0.1]) / (p * (1 - p))) ** 2 / 12 + 0.1**2
    share = 1 - math.exp(-found.estimates["h"].value * 100)
    assert logit(share) == pytest.approx(np.average(logit(p), weights=1 / variance), abs=2e-3)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"lower": 0.6, "upper": 1.0}, math.log(1.0 / 0.6) / (2 * NORMAL_95)),
        ({"rounding": 0.1}, 0.1 / 0.8 / math.sqrt(12)),
        ({"sd": 0.3, "n": 16}, 0.3 / 0.8 / 4),
        ({"sd": 0.3, "n": 16, "rounding": 0.1}, math.hypot(0.3 / 0.8 / 4, 0.1 / 0.8 / math.sqrt(12))),
    ],
    ids=["interval", "rounding", "sd", "both"],
)
def test_the_error_of_a_number(facts, row, expected):
    for header, more in (("", 0.0), ("discrepancy = 0.2", 0.2)):
        (target,) = FitProblem.load(facts(COUNT | row, free=K, header=header)).targets
        assert isinstance(target, FactTarget)
        assert target.error_sd == pytest.approx(math.hypot(expected, more))


def test_without_an_sd_the_error_of_a_mean_is_that_of_simulated_patients(facts):
    row = COUNT | {"output": "N_blood", "value": 1.3, "n": 400}
    found = fit(facts(row, free=N0))
    spread = math.sqrt(math.exp(0.3**2) - 1)  # over the mean, of a log-normal
    assert found.estimates["N0"].value == pytest.approx(1.3 / math.exp(0.3**2 / 2), rel=0.01)
    assert found.estimates["N0"].log_se == pytest.approx(spread / 20, rel=0.05)


def test_a_direction_that_holds_leaves_its_parameter_to_the_prior(facts):
    row = COUNT | {"relation": "below", "value": 1.9}
    found = fit(facts(row, free='k = { lower = 0.001, upper = 1, unit = "1/day" }', header="discrepancy = 0.1"))
    assert found.estimates["k"].value == pytest.approx(0.05)
    assert found.estimates["k"].verdict == "not identified: the prior alone"


def test_a_direction_that_does_not_hold_pulls_until_it_does(facts):
    row = COUNT | {"relation": "below", "value": 0.5}
    found = fit(facts(row, free=K, header="discrepancy = 0.1"))
    assert 0.45 < found.values[0] <= 0.505


def test_a_direction_between_two_sides_is_of_their_ratio(facts):
    row = COUNT | {"relation": "about", "versus": "time = 0 day", "value": "", "unit": "", "lower": 0.2, "upper": 0.8}
    found = fit(facts(row, free=K))
    assert math.exp(-10 * found.estimates["k"].value) == pytest.approx(0.4, rel=NEAR * 0.35)
    assert found.values[0] == pytest.approx(0.4, rel=NEAR * 0.35)
    slope = 10 * found.estimates["k"].value
    assert found.estimates["k"].log_se == pytest.approx(math.log(0.8 / 0.2) / 2 / NORMAL_95 / slope, rel=0.01)


def test_a_direction_between_shares_has_the_sampling_error_of_both(facts):
    row = EVENT | {"relation": "below", "versus": "time = 200 day", "value": 0.1, "unit": "", "n": 250}
    problem = FitProblem.load(facts(row, free=H, header="discrepancy = 0.1"))
    objective = FactsObjective(problem)
    shares = 1 - np.exp(-0.002 * np.array([100, 200]))
    variance = sum((1 - p) / (250 * p) for p in (0.1 * shares[1], shares[1])) + 0.1**2
    (error,) = objective.rows(objective.start, []).values
    assert error == pytest.approx(math.log(shares[0] / shares[1] / 0.1) / math.sqrt(variance), rel=1e-5)


def test_a_narrow_step_is_more_exact(facts):
    text = 'table = "facts.csv"\nrows = ["count"]\npatients = 16\nstep = '
    slopes = []
    for step in (0.2, 0.01):
        objective = FactsObjective(FitProblem.load(facts(COUNT | {"rounding": 0.8}, free=K, facts=f"{text}{step}")))
        slopes.append(float(objective.rows(objective.start, ["k"]).jacobian[0, 0] / math.sqrt(12)))
    # ln A = ln A0 - 0.5 at the start, and its derivative by ln k is - k t
    assert abs(slopes[1] + 0.5) < 1e-4 < abs(slopes[0] + 0.5) < 0.01


def test_a_level_that_is_free_moves_with_its_parameter_and_a_spread_is_estimated(facts):
    above = COUNT | {"kind": "share_above", "statistic": "share", "output": "N_blood", "unit": "percent"}
    above |= {"time": "1 day", "n": 500}
    rows = [above | {"name": "high", "level": "cut", "value": 20}, above | {"name": "low", "level": "0.7 1e9/L"}]
    rows[1]["value"] = 90
    free = 'cut = { lower = 0.5, upper = 5, unit = "1e9/L", prior = "flat" }'
    spreads = '[spreads]\nN0 = { lower = 0.05, upper = 2, prior = "flat" }'
    text = 'table = "facts.csv"\nrows = ["high", "low"]\npatients = 1024'
    found = fit(facts(*rows, free=free, facts=text, tables=spreads))
    # ln N is normal about 0: 10 % lie below ln 0.7, and 20 % above the logarithm of the level
    spread = -math.log(0.7) / 1.2815515655446004
    assert found.estimates["N0.spread"].value == pytest.approx(spread, rel=0.03)
    assert found.estimates["cut"].value == pytest.approx(math.exp(0.8416212335729143 * spread), rel=0.02)


def test_rows_of_several_cohorts_and_the_other_side_of_a_row_are_of_their_own_cohort(facts):
    row = EVENT | {"relation": "about", "versus": "cohort = fast", "value": "", "unit": "", "lower": 0.3, "upper": 0.9}
    problem = FitProblem.load(facts(row, free=K, header="discrepancy = 0.1"))
    assert sorted(problem.cohorts) == ["fast", "plain"]
    objective = FactsObjective(problem)
    (predicted,) = objective.predicted(objective.start, problem.targets)
    assert predicted.interval.value == pytest.approx((1 - math.exp(-0.2)) / (1 - math.exp(-0.4)))


def test_the_result_is_written_and_read_and_the_command_shows_its_rows(facts):
    path = facts(EVENT | {"n": 200}, COUNT | {"relation": "below", "value": 1.9}, free=H, header="discrepancy = 0.1")
    shown = CliRunner().invoke(app, ["fit", str(path), "--save"])
    assert shown.exit_code == 0, shown.output
    assert "below 1.9" in shown.output
    found = Estimates.read(path.with_name("own.result.toml"))
    assert found.names == ("h",)
    assert FitProblem.load(path).outdated(found.facts) == []
    path.write_text(path.read_text().replace("patients = 64", "patients = 32"))
    assert FitProblem.load(path).outdated(found.facts) == ["problem or tables"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({}, "count: has no error; it needs 'lower' and 'upper', 'n' or 'rounding', or the fit a discrepancy"),
        ({"use": "validate", "n": 4}, "count: use = validate; a fit of facts takes rows with use = calibrate"),
        ({"output": "C", "n": 4}, "count: model 'decay' has no output or state 'C'"),
        ({"kind": "not_modelled", "statistic": "", "output": "", "time": "", "reason": "r"}, "is not compared with"),
        ({"value": -1.0, "n": 4}, "-1 has no logarithm; only positive numbers are fitted"),
        ({"value": "", "lower": 0, "upper": 2}, "0 has no logarithm"),
        ({"lower": 0, "upper": 2}, "interval 0 to 2 is not of positive numbers, which are fitted"),
        ({"set": "k = 0.1 1/day", "n": 4}, "count: sets k, which is free in this fit"),
        ({"kind": "correlation", "statistic": "", "over": "N_blood", "rounding": 0.1, "unit": "1"}, "nor a logit"),
    ],
)
def test_rows_that_cannot_be_fitted(facts, row, message):
    path = facts(COUNT | row, free=K)
    with pytest.raises(InputError) as caught:
        FitProblem.load(path)
    (fault,) = str(caught.value).splitlines()
    assert fault.startswith(f"{path.with_name('facts.csv')}:2: ")
    assert message in fault


def test_a_share_of_everybody_has_no_logit(facts):
    with pytest.raises(InputError, match="a share of 1 has no logit; write it as a direction"):
        FitProblem.load(facts(EVENT | {"value": 100, "n": 20}, free=K))


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ('table = "facts.csv"\nrows = []', ["own.toml:8: facts.rows: list should have at least 1 item"]),
        ('table = "facts.csv"\nrows = ["cuont"]', ["has no row 'cuont'; did you mean 'count'?"]),
        ('table = "facts.csv"\nrows = ["count", "count"]', ["row 'count' is there more than once"]),
        ('table = "none.csv"\nrows = ["count"]', ["facts.table", "No such file"]),
        ('table = "facts.csv"\nrows = ["count"]\npatients = 8', ["facts.patients: ", "greater than or equal to 16"]),
        ('table = "facts.csv"\nrows = ["count"]\npatients = 1000000', ["facts.patients: "]),
        ('table = "facts.csv"\nrows = ["count"]\nstep = 0.0', ["facts.step: "]),
        ('table = "facts.csv"\nrows = ["count"]\nmodel = "decay"', ["facts.model: unknown key"]),
    ],
)
def test_a_table_of_facts_that_is_wrong(facts, text, messages):
    with pytest.raises(InputError) as caught:
        FitProblem.load(facts(COUNT | {"n": 4}, free=K, facts=text))
    for message in messages:
        assert message in str(caught.value)


def test_tables_that_do_not_go_with_facts_are_faults_all_at_once(facts):
    path = facts(
        COUNT | {"n": 4},
        free=K,
        header='tables = ["facts.csv"]\ncalibrate = true',
        tables="[population]\npatients = 16\n[between_studies]\nk = { lower = 0.1, upper = 1, start = 0.3 }",
    )
    with pytest.raises(InputError) as caught:
        FitProblem.load(path)
    text = str(caught.value)
    for message in (
        "own.toml:5: fit.tables: a fit has either tables or [facts]; leave one out",
        "own.toml:6: fit.calibrate: is of 'tables'; all rows of [facts] calibrate",
        "population: a fit of facts has no such table",
        "between_studies: a fit of facts has no such table",
    ):
        assert message in text


def test_a_fit_without_tables_and_facts(facts):
    path = facts(COUNT | {"n": 4}, free=K)
    text = path.read_text()
    path.write_text(text[: text.index("[facts]")] + text[text.index("[free]") :])
    with pytest.raises(InputError, match=r"own.toml:1: fit: missing 'tables'; or add a table \[facts\]"):
        FitProblem.load(path)


def test_verbs_that_need_rows_of_tables_refuse_a_fit_of_facts(facts):
    from kinetics.crossvalidation import crossvalidate

    path = facts(EVENT | {"n": 200}, free=H)
    fit(path).save()
    for verb in (crossvalidate, identify):
        with pytest.raises(InputError, match="a fit of facts"):
            verb(path)
