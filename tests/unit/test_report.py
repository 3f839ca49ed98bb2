"""What is printed says what was published, what was given, and what could not be had."""

import numpy as np
import pytest
import xarray as xr

from kinetics import FitProblem
from kinetics.cli.terminal import progress
from kinetics.cli.terminal.compilation import Compilation
from kinetics.measures import TimeToThreshold
from kinetics.model import Model
from kinetics.reports.course import chosen_times
from kinetics.reports.fit import targets_table
from kinetics.reports.models import model_text
from kinetics.reports.recovery import recovery_rows, recovery_table
from kinetics.results import variable
from kinetics.units import parse_unit

DAY, MONTH = parse_unit("day"), 30.4375


@pytest.fixture(params=["care_ms_course_1", "hill_cawthorne_2012"])
def rows(request):
    problem = FitProblem.load(request.param)
    return [{**target.row.summary(), "fitted": 1.0} for target in problem.targets]


def test_the_table_of_a_fit_keeps_what_was_published(rows):
    text = str(targets_table(rows))
    assert max(map(len, text.splitlines())) <= 100
    for row in rows:
        (line,) = [line for line in text.splitlines() if line.split()[0] == row["name"]]
        assert row["source"] in text
        assert row["statistic"].replace("_", " ") in line
        assert (str(row["n"]) if row["n"] else " - ") in line
    lines = {line.split()[0]: line for line in text.splitlines()}
    if "B_recovery" in lines:
        assert "  7.1 [5.3, 9.5]    geometric mean   36 " in lines["B_recovery"]
        assert "  20  " in lines["CD8_recovery"]
    else:
        assert "  0.042  " in lines["CD4_month_1"]
        assert "  120 to 180  " in lines["B_month_12"]


def test_units_in_json_are_written_as_in_tables(rows):
    assert {row["unit"] for row in rows} <= {"1e9/L", "percent", "month"}


@pytest.fixture
def result():
    """Four patients, two courses: recovered, censored, failed, never below."""
    months = np.array([[6.0, 3.0], [np.inf, 5.0], [np.nan, np.nan], [np.nan, np.nan]])
    return xr.Dataset(
        {
            "back": variable(("patient", "course"), months * MONTH, DAY, "time to the limit"),
            "course_start": variable(("course",), np.array([0.0, 12 * MONTH]), DAY, "first dose"),
            "failure": ("patient", np.array(["", "", "stopped", ""], dtype=object)),
        },
        {"time": variable(("time",), np.array([0.0, 36 * MONTH]), DAY, "time"), "course": [1, 2]},
    )


def test_patients_who_failed_are_not_taken_for_healthy_ones(result):
    first, second = recovery_rows(result, {"A": "back"})
    assert (first["patients"], first["failed"], first["share_recovered"]) == (4, 1, 0.5)
    assert (first["window"], second["window"]) == pytest.approx((12, 24))
    text = str(recovery_table([first, second], "Recovery"))
    assert "patients recovered" in text
    assert "1 of the patients could not be integrated" in text
    (lost,) = recovery_rows(result.isel(patient=[2], course=[0]), {"A": "back"})
    (healthy,) = recovery_rows(result.isel(patient=[3], course=[0]), {"A": "back"})
    assert "failed" in str(recovery_table([lost], "Recovery")).splitlines()[2]
    assert "never below" in str(recovery_table([healthy], "Recovery"))


def test_what_is_not_reached_says_within_how_long(result):
    (row,) = recovery_rows(result.isel(patient=[1], course=[0]), {"A": "back"})
    assert str(recovery_table([row], "Recovery")).count("not in 36 months") == 2
    (row, _) = recovery_rows(result.isel(patient=[1]), {"A": "back"})
    assert str(recovery_table([row], "Recovery", "draws")).count("not in 12 months") == 2
    assert "draws recovered" in str(recovery_table([row], "Recovery", "draws"))


@pytest.mark.parametrize(("days", "unit"), [([0, 1, 2], "day"), ([0, 0.5, 1, 1.5, 2], "hour"), ([0, 30, 400], "month")])
def test_times_are_shown_in_the_unit_they_were_asked_in(days, unit):
    result = xr.Dataset(coords={"time": variable(("time",), np.array(days, dtype=float), DAY, "time")})
    assert chosen_times(result)[0] == unit


@pytest.mark.parametrize("level", ["0.4 1e9/L", "0.40 1/nL", "0.4  1e9/L"])
def test_a_level_has_one_name(level):
    assert TimeToThreshold("A", level).name == "A_time_to_0p4_1_per_nL"


def test_progress_off_a_terminal_begins_before_the_first_long_pause(monkeypatch, capsys):
    assert (progress.PATIENCE, progress.LINE_EVERY) == (2.0, 10.0)
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    monkeypatch.setattr(progress, "LINE_EVERY", 1000.0)
    over = progress.threading.Event()
    told = progress.threading.Event()
    monkeypatch.setattr(progress, "tell", lambda text: (print(text), told.set()))
    steps = progress.Steps("work", Compilation())
    thread = progress.threading.Thread(target=progress._show_lines, args=(steps, over), daemon=True)
    thread.start()
    assert told.wait(30)
    over.set()
    thread.join(30)
    assert capsys.readouterr().out.count("work") == 1


def test_a_decimal_exponent_is_shown_as_it_is_written(tmp_path):
    path = tmp_path / "scaled.toml"
    path.write_text(
        """[model]
title = "Scaled"
time = "day"
[parameters]
k = { value = 0.3, unit = "1/day", source = "choice" }
w = { value = 70, unit = "1", source = "choice" }
[states.A]
unit = "1"
initial = "56^0.7513*w"
rate = "-k*(56/w)^0.7512345*A^-0.0125*w^0.25"
"""
    )
    text = model_text(Model.load(path))
    assert "A = 56^0.7513*w\n" in text
    assert "d/dt A = -A^-0.0125*k*w^(1/4)*(56/w)^0.7512345\n" in text
    latex = model_text(Model.load(path), latex=True)
    assert r"\sqrt[4]{w} \left(\frac{56}{w}\right)^{0.7512345}" in latex
    assert r"A(0) &= 56^{0.7513} w" in latex
