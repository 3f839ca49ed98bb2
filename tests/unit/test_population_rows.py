"""Published rows of a population fit: what each kind and statistic makes, and every bad row is reported."""

import math

import numpy as np
import pytest
from typer.testing import CliRunner

from kinetics.cli import app
from kinetics.errors import InputError
from kinetics.estimate import FitProblem
from kinetics.observation.population_values import CountProbe, PopulationValues, RecoveryProbe
from kinetics.published import PopulationTarget
from kinetics.published.likelihoods import (
    Extremes,
    Mean,
    Median,
    Proportion,
    Quartiles,
    ReportedRange,
)

NOISE = {"A_blood": 0.1, "Q": 0.3, "N_blood": 0.2}
VISITS = """
[visits]
title = "every four days"
source = "choice"

[[series]]
name = "all"
at = ["0 day"]
every = "4 day"
until = "80 day"
"""
COUNT = {"kind": "count", "statistic": "mean", "time": "10 day", "value": 0.7, "n": 30}
ONCE = {"output": "N_blood", "regimen": "../models/regimens/once.toml"}
TIME = ONCE | {
    "kind": "time_to_threshold",
    "statistic": "survival_median",
    "level": "0.5 1e9/L",
    "value": 12,
    "unit": "day",
    "visits": "visits.toml",
    "n": 40,
}
SHARE = {
    "kind": "share_below",
    "statistic": "share",
    "time": "10 day",
    "level": "0.5 1e9/L",
    "value": 40,
    "unit": "percent",
    "n": 50,
}
BACK = ONCE | {
    "kind": "share_recovered",
    "statistic": "share",
    "level": "0.5 1e9/L",
    "value": 0.6,
    "unit": "1",
    "visits": "visits.toml",
    "n": 40,
}
FREE = {"A0": 'lower = 0.1, upper = 10, unit = "1e9/L"'}


@pytest.fixture
def load(project):
    """Load a population fit of some rows over the toy model with noise, and visits every four days."""
    text = project.model.read_text().replace("A0 = { ", "A0 = { spread = 0.4, ", 1)
    for name, noise in NOISE.items():
        text = text.replace(f'{name} = {{ unit = "1e9/L",', f'{name} = {{ unit = "1e9/L", noise = {noise},')
    text = text.replace('noise = 0.1, value = "A"', 'noise = 0.1, quantification = 0.02, value = "A"')
    project.model.write_text(text)
    (project.fits / "visits.toml").write_text(VISITS)

    def loaded(*rows):
        path = project.fit(*rows, free=FREE)
        path.write_text(path.read_text() + "\n[population]\npatients = 16\n")
        return FitProblem.load(path)

    return loaded


def target(load, row) -> PopulationTarget:
    (found,) = load(row).targets
    assert isinstance(found, PopulationTarget)
    return found


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Mean(30, 0.7)),
        ({"sd": 0.3, "rounding": 0.1}, Mean(30, 0.7, sd=0.3, rounding=0.1)),
        ({"statistic": "geometric_mean"}, Mean(30, math.log(0.7), log=True)),
        ({"statistic": "median"}, Median(30, 0.7)),
        # an interval of a median says no more than n does
        ({"statistic": "median", "lower": 0.6, "upper": 0.8}, Median(30, 0.7)),
        ({"statistic": "median", "lower": 0.5, "upper": 1, "interval": "quartiles"}, Quartiles(30, 0.5, 0.7, 1.0)),
        ({"statistic": "median", "lower": 0.1, "upper": 3, "interval": "extremes"}, Extremes(30, 0.1, 0.7, 3.0)),
        ({"statistic": "unstated", "log_se": 0.2}, ReportedRange(0.7, 0.7, 0.2)),
        ({"statistic": "range", "value": "", "lower": 0.5, "upper": 0.9, "log_se": 0.2}, ReportedRange(0.5, 0.9, 0.2)),
    ],
)
def test_each_statistic_makes_its_summary(load, change, expected):
    assert target(load, COUNT | change).summary == expected


def test_an_interval_of_a_mean_gives_its_standard_error(load):
    # Student's t with 29 degrees of freedom at 97.5 % is 2.045
    plain = target(load, COUNT | {"lower": 0.5, "upper": 0.9}).summary
    assert isinstance(plain, Mean)
    assert plain.standard_error == pytest.approx(0.2 / 2.0452, rel=1e-4)
    ratio = target(load, COUNT | {"statistic": "geometric_mean", "lower": 0.5, "upper": 0.9}).summary
    assert isinstance(ratio, Mean)
    assert ratio.standard_error == pytest.approx(math.log(0.9 / 0.5) / 2 / 2.0452, rel=1e-4)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, CountProbe("A_blood", 10.0, None, 1.0, 0.1, 0.02)),
        ({"unit": "cells/uL"}, CountProbe("A_blood", 10.0, None, 1000.0, 0.1, 20.0)),
        (
            {"kind": "percent_of_baseline", "unit": "percent"},
            CountProbe("A_blood", 10.0, ("A_blood", 0.0), 100.0, math.hypot(0.1, 0.1), 0.0),
        ),
        (
            {"kind": "ratio", "over": "Q", "unit": "1"},
            CountProbe("A_blood", 10.0, ("Q", 10.0), 1.0, math.hypot(0.1, 0.3), 0.0),
        ),
        (SHARE, CountProbe("A_blood", 10.0, None, 1.0, 0.1, 0.02)),
        (
            SHARE | {"kind": "share_above", "level": "40 % of baseline"},
            CountProbe("A_blood", 10.0, ("A_blood", 0.0), 1.0, math.hypot(0.1, 0.1), 0.0),
        ),
    ],
)
def test_each_kind_of_count_is_seen_as_it_was_measured(load, change, expected):
    found = target(load, COUNT | change).probe
    assert isinstance(found, CountProbe)
    assert (found.output, found.time, found.over) == (expected.output, expected.time, expected.over)
    numbers = [(one.factor, one.noise, one.limit) for one in (found, expected)]
    assert numbers[0] == pytest.approx(numbers[1])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Proportion(50, 0.4, 0.5)),
        ({"kind": "share_above"}, Proportion(50, 0.4, 0.5, above=True)),
        ({"level": "500 cells/uL", "value": 0.4, "unit": "1"}, Proportion(50, 0.4, 0.5)),
        ({"level": "40 % of baseline"}, Proportion(50, 0.4, 0.4)),
        ({"value": 0}, Proportion(50, 0.0, 0.5)),
        ({"value": 100}, Proportion(50, 1.0, 0.5)),
    ],
)
def test_a_share_has_its_level_in_the_unit_of_the_output(load, change, expected):
    found = target(load, SHARE | change).summary
    assert isinstance(found, Proportion)
    assert (found.n, found.above) == (expected.n, expected.above)
    assert (found.share, found.level) == pytest.approx((expected.share, expected.level))


@pytest.mark.parametrize("change", [{}, {"level": "40 % of baseline"}, {"unit": "week", "value": 2}])
def test_a_recovery_is_seen_at_the_visits_after_the_first_dose(load, change):
    found = target(load, TIME | change)
    probe, of_baseline = found.probe, "level" in change
    assert isinstance(probe, RecoveryProbe)
    assert found.visits == pytest.approx(np.arange(4, 81, 4))
    assert (probe.output, probe.start, probe.noise) == ("N_blood", 0.0, 0.2)
    assert (probe.level, probe.of_baseline) == (pytest.approx(0.4 if of_baseline else 0.5), of_baseline)
    assert probe.factor == pytest.approx(1 / 7 if "unit" in change else 1.0)
    assert found.horizon() == 80.0


def test_visits_end_where_the_next_course_begins(load):
    assert max(target(load, TIME | {"regimen": "../models/regimens/twice.toml"}).visits) <= 60


@pytest.mark.parametrize(
    ("change", "since", "until"),
    [
        ({}, 0.0, math.inf),
        ({"time": "2 month"}, 0.0, 2.0),
        ({"since": "1 month"}, 1.0, math.inf),
        ({"since": "1 month", "time": "2 month"}, 1.0, 2.0),
    ],
)
def test_a_share_that_recovers_does_so_between_two_times(load, change, since, until):
    found = target(load, BACK | change).summary
    assert isinstance(found, Proportion)
    assert (found.since, found.until) == (pytest.approx(since), pytest.approx(until))


def test_what_is_shown_is_in_the_unit_of_the_row(load):
    percent = target(load, SHARE | {"level": "1 1e9/L"})
    view = PopulationValues(np.array([10.0]), ["A_blood"], np.full((16, 1, 1), 1.0))
    # half of the measurements of a true value are below it, of 50 binomially: 18 to 32
    shown = percent.predicted(view).interval
    assert shown.value == pytest.approx(50.0)
    assert (shown.lower, shown.upper) == (pytest.approx(36.0), pytest.approx(64.0))


BAD = [
    (COUNT | {"lower": 0.8, "upper": 0.9}, "the interval excludes its own value 0.7"),
    (COUNT | {"n": ""}, "a mean needs the number of patients n"),
    (COUNT | {"statistic": "median", "n": ""}, "a median needs the number of patients n"),
    (SHARE | {"n": ""}, "a share needs the number of patients n"),
    (COUNT | {"statistic": "unstated"}, "needs a log_se"),
    (COUNT | {"statistic": "range", "value": "", "lower": 0.5, "upper": 0.9}, "needs a log_se"),
    (COUNT | {"n": 1, "sd": 0.2}, "one patient has no standard deviation"),
    (COUNT | {"n": 1, "lower": 0.5, "upper": 0.9}, "one patient has no standard deviation and no interval"),
    (COUNT | {"lower": 0.5}, "an interval needs both"),
    (COUNT | {"lower": 0.5, "upper": 0.9, "interval": "quartiles"}, "interval 'quartiles' needs the statistic median"),
    (
        COUNT | {"statistic": "median", "lower": 0.5, "upper": 0.7, "interval": "quartiles"},
        "the median 0.7 is not inside its quartiles",
    ),
    (
        COUNT | {"statistic": "median", "lower": 0.5, "upper": 0.9, "interval": "extremes", "n": 2},
        "extremes need three patients",
    ),
    (SHARE | {"value": 101}, "a share of patients is at most 100 %"),
    (SHARE | {"unit": "1e9/L"}, "a share of patients is in percent or 1"),
    (SHARE | {"statistic": "mean"}, "kind 'share_below' and statistic 'mean' do not go together"),
    (COUNT | {"statistic": "share"}, "kind 'count' and statistic 'share' do not go together"),
    (
        COUNT | {"statistic": "survival_median"},
        "'count' and statistic 'survival_median' do not go together; it may be",
    ),
    (COUNT | {"level": "0.5 1e9/L"}, "kind 'count' has no 'level'"),
    (COUNT | {"kind": "ratio", "unit": "1"}, "kind 'ratio' needs a 'over'"),
    (COUNT | {"kind": "ratio", "over": "V3", "unit": "1"}, "no output 'V3'"),
    (COUNT | {"time": "30 year"}, "outside the simulation"),
    (COUNT | {"output": "V3"}, "no output 'V3'"),
    (COUNT | {"output": "U"}, "has no 'noise'"),
    (COUNT | {"unit": "mg"}, "is not a kind of 'mg'"),
    (SHARE | {"level": "3 mg"}, "'mg' is not a kind of"),
    (SHARE | {"level": "0 1e9/L"}, "is not positive"),
    (SHARE | {"level": "0.02 1e9/L"}, "is not above the limit of quantification"),
    (COUNT | {"statistic": "median", "value": 0.02}, "0.02 1e9/L is not above the limit of quantification, 0.02"),
    (TIME | {"visits": ""}, "names no 'visits'"),
    (TIME | {"visits": "absent.toml"}, "cannot be read"),
    (TIME | {"regimen": "../models/regimens/none.toml"}, "needs a regimen with a course"),
    (TIME | {"value": 81}, "81 day is not after the first visit and by the last, 4 to 80"),
    (TIME | {"value": 4}, "4 day is not after the first visit and by the last, 4 to 80"),
    (TIME | {"level": "0 1e9/L"}, "is not positive"),
    (BACK | {"visits": ""}, "kind 'share_recovered' needs a 'visits'"),
    (BACK | {"time": "3 month"}, "time 3 month is not between the first dose and the last visit"),
    (BACK | {"since": "2 month", "time": "1 month"}, "since 2 month is not before time 1 month"),
]


@pytest.mark.parametrize(("row", "message"), BAD, ids=[message for _, message in BAD])
def test_each_bad_row_is_told_with_its_file_line_and_name(load, project, row, message):
    with pytest.raises(InputError) as caught:
        load(COUNT, row)
    (fault,) = str(caught.value).splitlines()
    assert message in fault
    assert f"{project.fits / 'one.csv'}:3" in fault or "absent.toml" in fault
    assert "row_2" in fault


def test_all_bad_rows_are_told_together(load, project):
    # what a table alone tells comes before what a model does
    rows = [row for row, _ in BAD if row.get("visits") != "absent.toml"]
    with pytest.raises(InputError) as caught:
        load(*rows)
    found = str(caught.value).splitlines()
    assert {fault.split(": ")[1].split(".")[0] for fault in found} == {f"row_{k}" for k in range(1, len(rows) + 1)}
    for fault in found:
        place, name = fault.split(": ")[:2]
        assert place == f"{project.fits / 'one.csv'}:{int(name.split('.')[0].removeprefix('row_')) + 1}"


def test_a_row_that_is_only_compared_may_be_beyond_what_is_seen(load):
    (_, found) = load(COUNT, TIME | {"use": "validate", "value": 100}).targets
    assert found.row.value == 100


def test_rows_of_one_kind_in_units_that_contradict_are_told_without_a_model(project):
    path = project.table(COUNT, COUNT | {"unit": "mg"}, COUNT | {"kind": "ratio", "over": "Q", "unit": "1"})
    found = CliRunner().invoke(app, ["check", str(path)])
    assert found.exit_code != 0
    lines = [
        line for line in (found.stdout + found.stderr + str(found.exception)).splitlines() if "contradicts" in line
    ]
    assert len(lines) == 1
    assert f"{path}:3: row_2.unit: unit 'mg' contradicts '1e9/L' of row_1 at {path}:2" in lines[0]
