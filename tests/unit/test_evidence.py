"""Facts beside a model of closed forms: A decays at the rate k, N loses everything at a dose and comes back at g."""

import csv
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from typer.testing import CliRunner

from kinetics.checking.files import check_file
from kinetics.cli.app import app
from kinetics.errors import Faults, InputError, IntegrationError
from kinetics.files.kinds import kind_of
from kinetics.files.library import library_folder
from kinetics.files.tables import read_table
from kinetics.measures.patient_statistics import statistic_of
from kinetics.measures.sampled import SampledCurves, sampled_extremes
from kinetics.published import AgreementCount, EvidenceRow, evaluate_evidence, facts, read_facts
from kinetics.published.arm import integrated_patients
from kinetics.published.evaluating import NEVER_FITTED
from kinetics.published.kinds import KINDS
from kinetics.published.kinds.courses_share import Actions
from kinetics.published.likelihoods.predicted_summary import Interval
from kinetics.published.settings import versus_columns
from kinetics.reports.evidence import evidence_json, evidence_markdown, evidence_text

MODEL = """
[model]
title = "Decay, recovery after a drug, an event"
time = "day"

[parameters]
A0 = { value = 2.0, unit = "1e9/L", source = "choice" }
k = { value = 0.1, unit = "1/day", source = "choice" }
g = { value = 0.05, unit = "1/day", source = "choice" }
h = { value = 0.001, unit = "1/day", source = "choice" }
peak = { value = 400.0, unit = "day", source = "choice" }
half_N0 = { value = 0.5, unit = "1e9/L", source = "choice" }
N0 = { value = 1.0, unit = "1e9/L", spread = 0.3, source = "choice" }

[derived]
half_life = { value = "log(2)/k", unit = "day" }

[doses.drug]
unit = "mg"
into = "D"

[states.A]
unit = "1e9/L"
initial = "A0"
rate = "-k*A"

[states.N]
unit = "1e9/L"
initial = "N0"
rate = "g*(N0 - N) - 1000*D/s*N"

[states.D]
unit = "mg"
initial = "0"
rate = "-50*D/day"

[states.T]
unit = "day"
initial = "0"
rate = "1"

[outputs]
A_blood = { unit = "1e9/L", value = "A" }
A_noisy = { unit = "1e9/L", value = "A", noise = 0.2 }
N_blood = { unit = "1e9/L", value = "N" }
P = { unit = "1", value = "1 - exp(-h*T)" }
Q = { unit = "1", value = "A0/(A0 + N0)" }
S = { unit = "1", value = "1/(1 + exp((peak - T)/wide))" }

[cohorts.plain]

[cohorts.slow.parameters]
g = { value = 0.025, unit = "1/day", source = "choice" }
""".replace("1000*D/s*N", "loss*D*N").replace("-50*D/day", "-out*D")
PARAMETERS = """loss = { value = 50000.0, unit = "1/mg/day", source = "choice" }
out = { value = 500.0, unit = "1/day", source = "choice" }
wide = { value = 60.0, unit = "day", source = "choice" }
"""
ONCE = """[regimen]
title = "once"
source = "choice"
[[courses]]
start = "0 day"
doses = [{ drug = "drug", amount = "1 mg" }]
"""
RULE = """[[rules]]
output = "N_blood"
level = "50 % of baseline"
drug = "drug"
amount = "1 mg"
every = "1 day"
count = 3
most = 2
"""
ROW = {
    "mark": "S",
    "use": "validate",
    "statement": "a fact",
    "kind": "count",
    "statistic": "mean",
    "model": "../models/toy.toml",
    "cohort": "plain",
    "regimen": "../models/regimens/once.toml",
    "source": "choice",
}
A_AT = {"output": "A_blood", "time": "10 day", "unit": "1e9/L"}
N_BACK = {"kind": "time_to_threshold", "output": "N_blood", "level": "50 % of baseline", "unit": "day"}


@pytest.fixture
def table(tmp_path):
    """Writes facts beside the model; what a row does not say is as in ``ROW``, its name the number of the row."""
    (tmp_path / "models" / "regimens").mkdir(parents=True)
    (tmp_path / "fits").mkdir()
    model = MODEL.replace("[derived]", f"{PARAMETERS}\n[derived]")
    (tmp_path / "models" / "toy.toml").write_text(model)
    (tmp_path / "models" / "regimens" / "once.toml").write_text(ONCE)
    (tmp_path / "fits" / "mistyped.toml").write_text(
        '[visits]\ntitle = "t"\nsource = "choice"\n[[series]]\nname = "a"\nat = ["1 day"]\noutputs = ["N_blod"]\n'
    )

    def write(*rows):
        path = tmp_path / "fits" / "facts.csv"
        filled = [{"name": f"row_{number}", **ROW, **row} for number, row in enumerate(rows, 1)]
        columns = list(dict.fromkeys(key for row in filled for key in row))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(filled)
        return path

    return write


def facts_of(path):
    faults = Faults()
    found = read_facts(read_table(path, EvidenceRow, faults), faults)
    faults.raise_if_any()
    return found


def answers(path, patients=64):
    return [each.model for each in evaluate_evidence(facts_of(path), patients).verdicts]


def test_numbers_at_a_time_are_those_of_the_closed_forms(table):
    path = table(
        A_AT | {"value": 1},
        A_AT | {"value": 1, "statistic": "typical", "unit": "cells/uL"},
        A_AT | {"kind": "percent_of_baseline", "unit": "percent", "value": 1},
        A_AT | {"kind": "ratio", "over": "A_noisy", "statistic": "typical", "unit": "1", "value": 1},
        A_AT | {"kind": "event_share", "output": "P", "statistic": "", "unit": "percent", "value": 1},
        A_AT | {"kind": "event_share", "output": "P", "statistic": "", "unit": "1", "since": "5 day", "value": 1},
        A_AT | {"set": "k = 0.2 1/day; N0 = 1 1e9/L", "value": 1},
    )
    decayed = 2 * math.exp(-1)
    expected = [decayed, 1000 * decayed, 100 * math.exp(-1), 1.0, 100 * (1 - math.exp(-0.01))]
    expected += [math.exp(-0.005) - math.exp(-0.01), 2 * math.exp(-2)]
    assert answers(path) == pytest.approx(expected, rel=1e-4)


def test_noise_is_in_means_and_spreads_of_counts(table):
    noisy = A_AT | {"output": "A_noisy", "value": 1}
    mean, sd, median, below = answers(
        table(
            noisy,
            noisy | {"statistic": "sd"},
            noisy | {"statistic": "median"},
            noisy | {"kind": "share_below", "level": "0.6 1e9/L", "statistic": "share", "unit": "1"},
        )
    )
    true, variance = 2 * math.exp(-1), 0.2**2
    assert mean is not None
    assert mean == pytest.approx(true * math.exp(variance / 2), rel=1e-3)
    assert sd == pytest.approx(mean * math.sqrt(math.expm1(variance)), rel=0.02)
    assert median == pytest.approx(true, rel=1e-3)
    z = math.log(0.6 / true) / 0.2
    assert below == pytest.approx(0.5 * math.erfc(-z / math.sqrt(2)), abs=0.01)


def test_a_fact_has_the_same_noise_whatever_else_is_asked(table):
    noisy = A_AT | {"output": "A_noisy", "value": 1}
    alone = answers(table(noisy))
    with_others = answers(table(noisy, noisy | {"time": "3 day"}, noisy | {"time": "700 day"}))
    assert with_others[0] == pytest.approx(alone[0], rel=1e-6)


def test_courses_are_those_of_the_closed_forms(table):
    # N is lost whole within the first hours and comes back as 1 - exp(-g t)
    since_lost = {"output": "N_blood", "since": "10 day", "statistic": "median"}
    path = table(
        N_BACK | {"value": 1},
        N_BACK | {"value": 1, "statistic": "survival_median", "time": "10 day"},
        N_BACK | {"kind": "time_below", "value": 1},
        N_BACK | {"kind": "share_recovered", "statistic": "share", "time": "10 day", "unit": "1", "lower": -0.1},
        N_BACK | {"kind": "share_recovered", "statistic": "share", "time": "20 day", "unit": "1", "value": 1},
        since_lost | {"kind": "nadir", "unit": "percent", "value": 1, "time": "30 day"},
        since_lost | {"kind": "fall", "unit": "percent", "value": 1, "time": "30 day"},
        since_lost | {"kind": "time_of_nadir", "unit": "day", "value": 1, "time": "30 day"},
        since_lost | {"kind": "overshoot", "unit": "percent", "value": 1, "time": "30 day"},
        since_lost | {"kind": "time_of_overshoot", "unit": "day", "value": 1, "time": "30 day"},
        {"kind": "event_peak", "output": "S", "statistic": "", "unit": "day", "value": 1},
    )
    found = answers(path)
    half = math.log(2) / 0.05
    low, high = 100 * (1 - math.exp(-0.5)), 100 * (1 - math.exp(-1.5))
    assert found[0] == pytest.approx(half, abs=0.1)
    assert found[1] == math.inf
    assert found[2] == pytest.approx(half, abs=0.6)  # the fall within the first day is a straight line
    assert found[3:5] == [0.0, 1.0]
    assert found[5:10] == pytest.approx([low, 100 - low, 10, high, 30], abs=0.1)
    assert found[10] == pytest.approx(400, abs=31)


def test_visits_see_a_return_at_the_first_visit_that_is_back(table):
    path = table(N_BACK | {"visits": "../models/visits/weekly.toml", "value": 1})
    (path.parent.parent / "models" / "visits").mkdir()
    (path.parent.parent / "models" / "visits" / "weekly.toml").write_text(
        '[visits]\ntitle = "weekly"\nsource = "choice"\n'
        '[[series]]\nname = "counts"\nat = ["0 day"]\nevery = "7 day"\nuntil = "70 day"\n'
    )
    assert answers(path) == [14.0]  # log(2)/0.05 is 13.9 days


def test_followed_patients_who_never_fall_or_never_return():
    followed = SampledCurves(
        np.array([0.0, 1.0, 2.0]), np.array([[1.0, 0.2, 0.6], [1.0, 0.2, 0.3], [1.0, 0.9, 1.0]]), at_visits=False
    )
    back = followed.return_to(np.full(3, 0.5))
    assert back[0] == pytest.approx(1.75)
    assert back[1] == math.inf
    assert math.isnan(back[2])
    assert followed.time_below(np.full(3, 0.5)).tolist() == pytest.approx([0.375 + 0.75, 1.375, 0.0])


def test_the_infinite_come_last_in_a_median():
    assert statistic_of(np.array([1.0, np.inf, np.inf]), "median") == math.inf
    assert statistic_of(np.array([3.0, 1.0, np.inf, 2.0, np.nan]), "survival_median") == 2.5
    assert np.isnan(statistic_of(np.array([np.inf, np.nan]), "mean"))


def test_numbers_of_parameters_alone(table):
    number = {"kind": "parameter", "statistic": "", "use": "input", "value": 1}
    path = table(
        number | {"expression": "log(2)/k", "unit": "day"},
        number | {"expression": "half_life", "unit": "hour"},
        number | {"expression": "1/g", "unit": "day", "cohort": "slow"},
    )
    half = math.log(2) / 0.1
    assert answers(path) == pytest.approx([half, 24 * half, 40])


def test_a_covariate_is_weighted_by_the_event_or_by_none(table):
    # with q = 1/(1 + N0/A0) all means follow from that of q: N0 q = A0 (1 - q), and N0 itself is log-normal
    of_event = {"kind": "covariate_with_event", "output": "Q", "statistic": "", "time": "1 day", "unit": "1e9/L"}
    of_event |= {"expression": "N0", "value": 1}
    without = of_event | {"kind": "covariate_without_event"}
    share = {"kind": "event_share", "output": "Q", "statistic": "", "time": "1 day", "unit": "1", "value": 1}
    path = table(of_event, without, share, of_event | {"expression": "2*A0"})
    with_event, without_event, q, same = (float(each or 0) for each in answers(path, 256))
    assert with_event == pytest.approx(2 * (1 - q) / q, rel=1e-6)
    assert without_event == pytest.approx((math.exp(0.3**2 / 2) - 2 * (1 - q)) / (1 - q), rel=5e-3)
    assert same == pytest.approx(4)
    compared = of_event | {"relation": "below", "versus": "kind = covariate_without_event", "value": "", "unit": ""}
    assert evaluate_evidence(facts_of(table(compared)), 64).verdicts[0].agrees


def test_correlations_are_those_of_the_closed_forms(table):
    # after the loss N = N0 (1 - exp(-g t)), and A, which is the same in all patients, has noise of its own each time
    two = {"kind": "correlation", "statistic": "", "unit": "1", "value": 1, "time": "20 day"}
    path = table(
        two | {"output": "N_blood", "over": "N_blood", "since": "10 day"},
        two | {"output": "N_blood", "over": "Q"},
        two | {"output": "A_noisy", "over": "A_noisy", "since": "10 day"},
        two | {"output": "A_noisy", "over": "A_noisy"},
        two | {"output": "A_blood", "over": "N_blood"},
    )
    grown, falling, noise, itself, constant = answers(path, 256)
    assert [grown, itself] == pytest.approx([1, 1])
    assert -1 < falling < -0.95
    assert abs(noise) < 0.1
    assert math.isnan(constant)


def test_having_an_event_correlates_as_its_probability_says(table):
    # with q = 1/(1 + N0/A0) the mean of N0 q is A0 (1 - E q), and N0 itself is log-normal
    event = {"kind": "correlation_with_event", "statistic": "", "unit": "1", "output": "Q", "time": "1 day"}
    share = {"kind": "event_share", "output": "Q", "statistic": "", "time": "1 day", "unit": "1", "value": 1}
    path = table(event | {"over": "N_blood", "since": "0 day", "lower": -1, "upper": 1, "value": ""}, share)
    found, q = (float(each or 0) for each in answers(path, 256))
    mean, variance = math.exp(0.3**2 / 2), math.exp(0.3**2) * (math.exp(0.3**2) - 1)
    assert found == pytest.approx((2 * (1 - q) - mean * q) / math.sqrt(q * (1 - q) * variance), rel=0.05)
    wrong = table(event | {"output": "N_blood", "over": "Q", "value": 1})
    with pytest.raises(InputError, match="row_1: '1/nL' is not a kind of '1'"):
        facts_of(wrong)


def test_a_level_may_be_the_value_of_a_parameter(table):
    back = N_BACK | {"value": 1}
    expected = answers(table(back | {"level": "0.6 1e9/L"}))
    assert answers(table(back | {"level": "half_N0", "set": "half_N0 = 0.6 1e9/L"})) == expected


def test_an_action_of_several_doses_counts_once(table):
    # N comes back to half of its baseline log(2)/g = 13.86 days after each loss
    share = {"kind": "courses_share", "statistic": "", "regimen": "../models/regimens/ruled.toml", "unit": "1"}
    path = table(
        share | {"level": "0", "time": "13 day", "value": 1},
        share | {"level": "1", "time": "20 day", "value": 1},
        share | {"level": "2", "time": "90 day", "value": 1},
        share | {"level": "2 or more", "time": "90 day", "value": 1},
        share | {"level": "3 or more", "time": "90 day", "lower": 0},
    )
    (path.parent.parent / "models" / "regimens" / "ruled.toml").write_text(ONCE + RULE)
    assert answers(path, 16) == [1.0, 1.0, 1.0, 1.0, 0.0]


def test_directions_compare_with_a_number_or_with_another_cohort_time_or_setting(table):
    later = {"relation": "above", "unit": ""}
    path = table(
        N_BACK | later | {"versus": "cohort = plain", "cohort": "slow"},
        N_BACK | later | {"versus": "g = 0.01 1/day"},
        N_BACK
        | later
        | {"versus": "cohort = plain", "cohort": "slow", "relation": "about", "lower": 1.9, "upper": 2.1},
        A_AT | later | {"versus": "time = 0 day", "relation": "below", "value": 0.5},
        A_AT | later | {"versus": "time = 0 day", "relation": "below", "value": 0.3},
        A_AT | {"relation": "below", "value": 800, "unit": "cells/uL"},
        A_AT | {"relation": "about", "value": 1, "lower": 0.9, "upper": 1.1, "unit": "1e9/L"},
    )
    verdicts = evaluate_evidence(facts_of(path), 16).verdicts
    assert [each.agrees for each in verdicts] == [True, False, True, True, False, True, False]
    assert {each.group for each in verdicts} == {"direction"}


def test_inside_is_the_published_interval_or_what_rounds_to_the_value(table):
    decayed = 2 * math.exp(-1)  # 0.736
    path = table(
        A_AT | {"value": round(decayed * 1.5, 3), "rounding": 0.1},
        A_AT | {"value": round(decayed * 1.5, 3), "mark": "m", "rounding": 0.1},
        A_AT | {"value": 0.7, "use": "fit", "rounding": 0.1},
        A_AT | {"value": round(decayed * 1.5, 3), "lower": 0.7, "upper": 1.2},
        A_AT | {"value": 0.75, "lower": 0.74, "upper": 0.76, "reason": "a narrow interval"},
        A_AT | {"statistic": "range", "time": "20 day", "upper": 0.8},
        A_AT | {"value": round(decayed, 3), "use": "input"},
        {"kind": "not_modelled", "statistic": "", "model": "", "cohort": "", "regimen": "", "reason": "of no model"},
        A_AT | {"value": 0.74, "statement": "nobody knows"},
    )
    evaluated = evaluate_evidence(facts_of(path), 16)
    agrees = [each.agrees for each in evaluated.verdicts]
    assert agrees == [False, False, True, True, False, True, None, None, None]
    # rows at 10 day are strata of the fitted one
    assert [each.group for each in evaluated.verdicts][3:6] == ["listed", "listed", "numeric"]
    assert (str(evaluated.agreement_count()), str(evaluated.agreement_count(in_fit=True))) == (
        "1 of 1 (100 %)",
        "1 of 1 (100 %)",
    )


def test_a_page_leads_with_findings_never_fitted_and_says_why_others_are_not_counted(table):
    path = table(
        A_AT | {"value": 0.7, "rounding": 0.1, "finding": "course"},
        A_AT | {"value": 1, "rounding": 0.1, "time": "12 day", "finding": "course", "reason": "too low"},
        A_AT | {"value": 0.27, "rounding": 0.01, "time": "20 day"},
        A_AT | {"value": 0.7, "time": "11 day", "statement": "nobody knows"},
        A_AT | {"value": 9, "time": "0 day", "rounding": 0.1},
        A_AT | {"value": 0.7, "rounding": 0.1, "time": "9 day", "not_counted": "typed_in"},
    )
    evaluated = evaluate_evidence(facts_of(path), 16)
    assert str(evaluated.agreement_count()) == "1 of 3 (33 %), 1 without n and interval"
    assert {each.not_counted for each in evaluated.of("listed")} == {"before_treatment", "typed_in"}
    page = evidence_markdown(evaluated, "facts.csv")
    lead = f"**Of the {NEVER_FITTED}, 1 of 3 are inside.**"
    order = [page.index(text) for text in (lead, "## Outside", "too low", "nobody knows", "## Inside", "## Listed")]
    assert order == sorted(order)
    assert page.count("before treatment, where the cohort is set") == 1
    facts_asked = evidence_json(evaluated)["facts"]
    assert [each["finding"] for each in facts_asked[:3]] == ["course", "course", "row_3"]


NOISY = A_AT | {"output": "A_noisy"}


def test_a_row_with_n_is_inside_where_studies_of_that_size_find_it(table):
    """Noise alone tells patients apart: counts are log-normal about 2/e, whose moments and quantiles are known."""
    n, true, noise = 36, 2 * math.exp(-1), 0.2
    mean, sd = true * math.exp(noise**2 / 2), true * math.exp(noise**2 / 2) * math.sqrt(math.expm1(noise**2))
    of_log = stats.norm(math.log(true), noise)
    beta = stats.beta((n + 1) / 2, (n + 1) / 2).ppf([0.025, 0.975])
    share = of_log.cdf(math.log(0.7))
    rows = [
        (NOISY, mean + sd / math.sqrt(n) * stats.norm.ppf([0.025, 0.975])),
        (NOISY | {"statistic": "geometric_mean"}, np.exp(math.log(true) + noise / 6 * stats.norm.ppf([0.025, 0.975]))),
        (NOISY | {"statistic": "median"}, np.exp(of_log.ppf(beta))),
        (
            NOISY | {"kind": "share_below", "level": "0.7 1e9/L", "statistic": "share", "unit": "1"},
            stats.binom(n, share).ppf([0.025, 0.975]) / n,
        ),
    ]
    path = table(*[row | {"n": n, "value": round(float(np.mean(ends)), 6)} for row, ends in rows])
    found = evaluate_evidence(facts_of(path), 256).verdicts
    for verdict, (_, ends) in zip(found, rows, strict=True):
        assert verdict.studies == pytest.approx(ends, rel=5e-3)
        assert verdict.agrees
    # the end of the interval, and half a step of rounding beyond it
    lower = rows[0][1][0]
    beyond = [NOISY | {"n": n, "value": round(lower - 0.009, 6), "rounding": step} for step in (0.002, 0.02)]
    assert [each.agrees for each in evaluate_evidence(facts_of(table(*beyond)), 256).verdicts] == [False, True]


def test_the_sd_of_a_study_has_the_law_of_a_nearly_normal_sample(table):
    n, noise = 200, 0.2
    sd = 2 * math.exp(-1) * math.exp(noise**2 / 2) * math.sqrt(math.expm1(noise**2))
    path = table(NOISY | {"n": n, "value": round(sd, 4), "statistic": "sd"})
    ends = evaluate_evidence(facts_of(path), 256).verdicts[0].studies
    # with the kurtosis of a log-normal of this noise; the chi-square law has none
    w = math.exp(noise**2)
    reach = 1.96 * math.sqrt((w**4 + 2 * w**3 + 3 * w**2 - 4) / 4 / n)
    assert ends == pytest.approx((sd * math.exp(-reach), sd * math.exp(reach)), rel=0.02)


def test_a_fall_is_judged_on_what_remains_and_an_event_by_the_binomial_law(table):
    fall = {"kind": "fall", "output": "A_noisy", "time": "30 day", "unit": "percent", "n": 25}
    event = A_AT | {"kind": "event_share", "output": "P", "statistic": "", "unit": "percent", "n": 40}
    path = table(fall | {"value": 95}, event | {"value": 0})
    low, high = evaluate_evidence(facts_of(path), 256).verdicts
    left, noise = math.exp(-3), math.sqrt(2) * 0.2  # of two measurements
    mean = left * math.exp(noise**2 / 2)
    reach = 1.96 * mean * math.sqrt(math.expm1(noise**2) / 25)
    assert 100 - np.array(low.studies) == pytest.approx([100 * (mean + reach), 100 * (mean - reach)], rel=0.02)
    assert high.studies == pytest.approx(100 * stats.binom(40, 1 - math.exp(-0.01)).ppf([0.025, 0.975]) / 40)


def test_a_time_without_a_law_is_inside_by_its_sd_and_n():
    row = ROW | {"name": "a", "kind": "time_of_nadir", "output": "A", "unit": "day", "value": 10}
    found = EvidenceRow.model_validate(row | {"sd": 2, "n": 16, "rounding": 1}).interval
    assert found == pytest.approx((10 - 0.5 - 1.96 * 0.5, 10 + 0.5 + 1.96 * 0.5), rel=1e-3)


COUNTED = [
    A_AT | {"name": "one", "value": 0.7, "rounding": 0.1},
    A_AT | {"name": "two", "value": 0.2, "rounding": 0.1, "time": "12 day", "finding": "late"},
    A_AT | {"name": "three", "value": 0.27, "rounding": 0.01, "time": "20 day", "finding": "late"},
    A_AT | {"name": "fitted", "value": 0.5, "rounding": 0.1, "time": "14 day", "use": "fit"},
    A_AT | {"name": "stratum", "value": 0.3, "rounding": 0.1, "time": "14 day", "cohort": "slow"},
    A_AT | {"name": "unknown", "value": 0.7, "time": "11 day"},
]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(COUNTED))
def test_the_order_of_rows_changes_no_count(table, order):
    evaluated = evaluate_evidence(facts_of(table(*order)), 4)
    assert (evaluated.agreement_count(), evaluated.agreement_count(in_fit=True)) == (
        AgreementCount(1, 3, 1),
        AgreementCount(1, 1),
    )


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(repeated=st.lists(st.sampled_from([COUNTED[1], COUNTED[2], COUNTED[4]]), max_size=4))
def test_a_stratum_or_a_row_of_a_finding_again_changes_no_count(table, repeated):
    again = [row | {"name": f"again_{number}"} for number, row in enumerate(repeated)]
    evaluated = evaluate_evidence(facts_of(table(*COUNTED, *again)), 4)
    assert evaluated.agreement_count() == AgreementCount(1, 3, 1)


def test_rows_of_one_arm_share_a_simulation(table):
    path = table(A_AT | {"value": 1}, A_AT | {"value": 1, "time": "20 day"}, A_AT | {"value": 1, "cohort": "slow"})
    told = []
    evaluate_evidence(facts_of(path), 16, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (34, 34)  # two arms of 16 patients and the typical one


def test_rows_of_one_cohort_read_its_values_once(table, monkeypatch):
    # a table of thousands of rows would read and check them as often
    read = []
    monkeypatch.setattr(
        facts, "cohort_parameters", lambda *of, find=facts.cohort_parameters: (read.append(of), find(*of))[1]
    )
    found = facts_of(table(*[A_AT | {"value": 1, "cohort": cohort} for cohort in ("plain", "slow") * 20]))
    assert (len(found), len(read)) == (40, 2)


@pytest.mark.parametrize(
    ("change", "name", "message"),
    [
        ({"kind": "quotient"}, "row_2.kind", "input should be 'count'"),
        ({"mark": "x"}, "row_2.mark", "input should be 'S', 's', 'c' or 'm', found 'x'"),
        ({"time": ""}, "row_2", "kind 'count' needs a 'time'"),
        ({"level": "1 1e9/L"}, "row_2", "kind 'count' has no 'level'"),
        ({"statistic": "share"}, "row_2", "do not go together"),
        ({"value": ""}, "row_2", "needs a 'value'"),
        ({"finding": "row_1", "source": "hill_cawthorne_2012"}, "row_2.finding", "a finding is of one study"),
        ({"finding": "row_1", "use": "fit"}, "row_2.finding", "a finding is used in a fit, or it is not"),
        ({"not_counted": "boring"}, "row_2.not_counted", "input should be 'cannot_fail', 'repeats_fit' or 'typed_in'"),
        (
            {"kind": "time_of_nadir", "time": "", "unit": "day", "n": 20},
            "row_2",
            "'n' of a time_of_nadir gives no interval; add 'sd', 'lower', 'upper' or 'rounding'",
        ),
        ({"relation": "about"}, "row_2", "relation 'about' needs 'lower' and 'upper'"),
        ({"relation": "above", "lower": 0.5}, "row_2", "relation 'above' has no 'lower' and 'upper'"),
        ({"lower": 2}, "row_2", "excludes its own value"),
        ({"unit": ""}, "row_2", "needs a 'unit'"),
        ({"versus": "time = 0 day"}, "row_2", "'versus' needs a 'relation'"),
        ({"kind": "not_modelled", "statistic": "", "output": "", "time": ""}, "row_2", "needs a 'reason'"),
        ({"source": "nobody_1999"}, "row_2.source", "is in no references.bib"),
        (
            N_BACK | {"time": "", "visits": "mistyped.toml"},
            "row_2",
            "has no output 'N_blod', which series 'a' of visits 'mistyped' measures; did you mean 'N_blood'?",
        ),
        ({"output": "B"}, "row_2", "has no output or state 'B'"),
        ({"unit": "mg"}, "row_2", "is not a kind of"),
        ({"cohort": "fast"}, "row_2", "has no cohort 'fast'"),
        ({"regimen": "absent"}, "row_2", "no 'absent' in models/regimens"),
        ({"time": "-1 day"}, "row_2", "before the first dose"),
        ({"set": "k = 1 mg"}, "row_2", "is not a kind of"),
        ({"set": "q = 1 mg"}, "row_2", "has no parameter 'q'"),
        ({"kind": "courses_share", "statistic": "", "output": "", "level": "1"}, "row_2", "has no rules"),
        ({"relation": "above", "versus": "kind = guess", "unit": ""}, "row_2", "unknown kind 'guess'"),
        ({"relation": "above", "versus": "kind = not_modelled", "unit": ""}, "row_2", "unknown kind 'not_modelled'"),
        ({"relation": "above", "versus": "kind = time_below", "unit": ""}, "row_2", "needs a 'level'"),
        ({"relation": "above", "versus": "time", "unit": ""}, "row_2", "write COLUMN = TEXT"),
        (
            {"kind": "parameter", "statistic": "", "output": "", "time": "", "expression": "k + A0"},
            "row_2",
            "has unit",
        ),
    ],
)
def test_each_fault_has_file_line_and_name(table, change, name, message):
    good = A_AT | {"value": 1}
    columns = dict.fromkeys(
        ("level", "lower", "versus", "set", "relation", "expression", "reason", "finding", "not_counted", "n"), ""
    )
    path = table(columns | good, columns | good | change)
    with pytest.raises(InputError) as caught:
        facts_of(path)
    found = [str(fault) for fault in caught.value.faults]
    assert any(fault.startswith(f"{path}:3: {name}: ") and message in fault for fault in found), found
    assert all(fault.startswith(f"{path}:3: ") for fault in found)


def test_all_faults_are_told_at_once_and_check_knows_the_file(table):
    path = table(A_AT | {"value": 1, "output": "B"}, A_AT | {"value": 1}, A_AT | {"value": 1, "time": "soon"})
    assert kind_of(path) == "evidence"
    faults = Faults()
    check_file(path, "evidence", faults)
    assert [str(fault).split(": ")[0] for fault in faults] == [f"{path}:2", f"{path}:4"]


def test_the_command_writes_a_page_and_one_json_object(table, tmp_path):
    path, page = table(A_AT | {"value": 0.7, "rounding": 0.1}), tmp_path / "page.md"
    run = CliRunner().invoke(app, ["evidence", str(path), "--patients", "16", "--out", str(page), "--json"])
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert found["counts"] == {NEVER_FITTED: {"inside": 1, "total": 1, "unknown": 0}}
    assert found["facts"][0]["model"] == pytest.approx(2 * math.exp(-1), rel=1e-4)
    assert "| 1 of 1 (100 %) |" in page.read_text()


def test_facts_of_exploratory_outputs_are_marked(table, tmp_path):
    model = tmp_path / "models" / "toy.toml"
    plain, marked = '{ unit = "1e9/L", value = "A" }', '{ unit = "1e9/L", value = "A", exploratory = true }'
    model.write_text(model.read_text().replace(f"A_blood = {plain}", f"A_blood = {marked}"))
    path = table(A_AT | {"value": 0.7}, A_AT | {"output": "N_blood", "value": 0.7, "statement": "another"})
    evaluated = evaluate_evidence(facts_of(path), 4)
    assert [each.exploratory for each in evaluated.verdicts] == [True, False]
    text, page = evidence_text(evaluated, 100), evidence_markdown(evaluated, path.name)
    assert "row_1 (exploratory)" in text
    assert "| a fact (exploratory) |" in page
    assert (text + page).count("(exploratory)") == 2


def test_the_evidence_that_ships_is_right_and_its_names_are_its_own():
    folder, faults = library_folder("fits"), Faults()
    rows = read_table(folder / "evidence.csv", EvidenceRow, faults)
    assert rows
    assert not list(faults)
    others = {
        line.split(",")[0]
        for path in folder.glob("*.csv")
        if path.name != "evidence.csv"
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
    }
    assert not others & {each.row.name for each in rows}


def test_an_end_that_is_not_given_is_infinite():
    row = EvidenceRow.model_validate(
        ROW | {"name": "a", "output": "A", "time": "1 day", "statistic": "range", "upper": 2, "unit": "1"}
    )
    assert row.interval == (-math.inf, 2.0)


def test_a_twentieth_of_the_patients_may_be_lost_and_no_more():
    assert integrated_patients(["", "a step too short", *[""] * 18]).tolist() == [True, False, *[True] * 18]
    with pytest.raises(IntegrationError, match=r"^2 of 20 virtual patients cannot be simulated; a step too short$"):
        integrated_patients(["", "a step too short", "another reason", *[""] * 17])


def test_the_other_side_of_a_direction_has_columns_of_its_own_and_sets_what_is_none():
    row = ROW | {"name": "a", "output": "A", "time": "1 day", "relation": "above", "set": "j = 1 1"}
    other = versus_columns(EvidenceRow.model_validate(row | {"versus": "time = 2 day; pk.k = 3 1/day"}))
    assert (other.time, other.set) == ("2 day", "j = 1 1; pk.k = 3 1/day")
    assert versus_columns(EvidenceRow.model_validate(row)) is None


def test_columns_that_a_kind_needs_and_has_not_are_named():
    row = EvidenceRow.model_construct(kind="count", statistic="mean", output="A", level="0.4 1e9/L", time=None)
    kind = KINDS["count"]
    assert kind.columns.faults(row) == ["kind 'count' needs a 'time'", "kind 'count' has no 'level'"]


def test_actions_of_rules_are_a_number_or_that_and_more():
    assert (Actions.read("2"), Actions.read("3 or more")) == (Actions(2), Actions(3, or_more=True))


def test_the_highest_after_the_nadir_is_not_the_highest_of_all():
    extremes = sampled_extremes(np.array([0.0, 1.0, 2.0]), np.array([5.0, 1.0, 3.0]))
    assert extremes == (1.0, 1.0, 3.0, 2.0, 5.0, 0.0)


def test_a_published_number_is_inside_or_outside_or_nobody_knows():
    assert Interval(1.0, 0.8, 1.2).holds(1.1) is True
    assert Interval(1.0, math.nan, math.nan).holds(1.1) is None


def test_the_command_takes_a_name_of_the_library_as_the_verb_does():
    answer = CliRunner().invoke(app, ["evidence", "evidnce"])
    assert answer.exit_code == 2
    assert "no 'evidnce' in fits; did you mean 'evidence'?" in answer.output
