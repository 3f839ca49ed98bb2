"""A level that is known in closed form, the threshold of the file, and the days above it."""

import math

import numpy as np
import pytest

from kinetics import simulate
from kinetics.errors import InputError
from kinetics.figures import draw, read_figure
from kinetics.figures.base.rows import WIDTHS
from kinetics.figures.exposure.compute import time_above, with_crossings

from . import parts
from .parts import DOSE, EC50, K, V, artist
from .test_print import check_print, fitting

THRESHOLD = EC50 / 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return parts.write(tmp_path_factory.mktemp("exposure"))


@pytest.fixture(scope="module")
def drawn(folder):
    return draw(folder / "exposure.toml")


def test_curves_are_the_level_since_the_course_began(drawn, folder):
    line = artist(drawn.figure, "simulated-first")
    times = line.get_xdata()[2:]  # behind the dose, and the point at which it crosses the threshold
    np.testing.assert_allclose(line.get_ydata()[2:], 1000 * parts.level(times), rtol=2e-5)
    line = artist(drawn.figure, "simulated-second")
    times = line.get_xdata()[2:]
    after = parts.level(times + 100) + parts.level(times, DOSE / 2)
    np.testing.assert_allclose(line.get_ydata()[2:], 1000 * after, rtol=2e-5)
    files = folder / "model.toml", folder / "regimen.toml"
    simulated = simulate(*files, times=["101 day", "110 day"], cohort="adults")["level"].values
    np.testing.assert_allclose(np.interp([1, 10], line.get_xdata(), line.get_ydata()), 1000 * simulated, rtol=1e-5)


def test_the_days_above_are_those_of_the_closed_form(drawn):
    days = math.log(DOSE / V / THRESHOLD) / K
    rows = drawn.data[(drawn.data["kind"] == "above") & (drawn.data["series"] == "first")]
    shaded = rows[rows["upper"] > rows["lower"] * (1 + 1e-9)]
    assert shaded["x"].max() == pytest.approx(days, abs=1 / 24)
    np.testing.assert_allclose(rows["lower"], 1000 * THRESHOLD)
    texts = {text.get_text() for axes in drawn.axes for text in axes.texts}
    assert f"{days:.0f} days above" in texts
    assert set(artist(drawn.figure, "threshold-first").get_ydata()) == {1000 * THRESHOLD}


def test_the_time_above_is_a_sum_over_all_times_above():
    times = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    times, level = with_crossings(times, np.array([0.0, 2.0, 0.0, 2.0, 2.0]), 1.0)
    np.testing.assert_allclose(times, [0, 0.5, 1, 1.5, 2, 2.5, 3, 4])
    assert time_above(times, level, 1.0) == pytest.approx(1.0 + 1.5)
    assert time_above(times, level, 3.0) == 0


def test_a_level_that_stays_above_says_that_it_does(folder):
    file = folder / "short.toml"
    file.write_text(parts.EXPOSURE.replace('until = "50 day"', 'until = "12 day"'))
    texts = [text.get_text() for axes in draw(file).axes for text in axes.texts]
    assert "> 12 days above" in texts


def test_a_threshold_that_is_not_reached_has_no_words(folder):
    file = folder / "high.toml"
    file.write_text(parts.EXPOSURE.replace('"EC50/4"', '"EC50*4"'))
    texts = [text.get_text() for axes in draw(file).axes for text in axes.texts]
    assert not [text for text in texts if "days above" in text]


def test_panels_of_other_lengths_have_numbers_on_each_axis(folder):
    file = folder / "long.toml"
    file.write_text(parts.EXPOSURE.replace("course = 2", 'course = 2\nuntil = "80 day"'))
    _, axes = draw(file, width="single")
    assert all(each.get_xlabel() for each in axes)


def test_the_caption_says_the_threshold_and_the_doses(drawn):
    assert "Dashed: lytic threshold, 1000 µg/L." in drawn.caption
    assert "drug a, 100 mg at day 0, 50 mg at day 100" in drawn.caption


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_each_column(folder, drawn, width):
    check_print(*fitting(folder / "exposure.toml", drawn.result, width))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"EC50/4"', '"EC5/4"', "figure.threshold: "),
        ('"EC50/4"', '"k"', "figure.threshold: "),
        ('"EC50/4"', '"-EC50"', "figure.threshold: is -4000 ug/L; a threshold is positive"),
        ("course = 2", "course = 3", "panels.second: the regimen has 2 courses, and the panel shows course 3"),
        ("course = 2", 'until = "9000 day"', "panels.second.until: gives 216000 times; at most 20000"),
        ('output = "level"', 'output = "all"', "panels.first.unit: "),
        ('output = "level"', 'output = "levels"', "figure.output: .*has no output 'levels'"),
    ],
)
def test_a_file_with_a_fault_is_refused(folder, old, new, message):
    file = folder / "wrong.toml"
    file.write_text(parts.EXPOSURE.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_figure(file)


def test_the_result_of_another_course_is_refused(folder, drawn):
    file = folder / "other.toml"
    file.write_text(parts.EXPOSURE.replace("course = 2", "course = 1"))
    with pytest.raises(InputError, match="is of regimens"):
        draw(file, input=drawn.result)
