"""Stacked parts are those of `simulate`, add up to the line of the total, and are refused where they do not."""

import numpy as np
import pytest

from kinetics import simulate
from kinetics.errors import InputError
from kinetics.figures import draw, read_figure
from kinetics.figures.base.rows import WIDTHS

from . import parts
from .parts import artist
from .test_print import check_print, fitting


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return parts.write(tmp_path_factory.mktemp("lineages"))


@pytest.fixture(scope="module")
def simulated(folder):
    files = folder / "model.toml", folder / "regimen.toml"
    return simulate(*files, until="150 day", every="1 day", cohort="adults")


@pytest.fixture(scope="module")
def drawn(folder):
    return draw(folder / "lineages.toml")


def area(drawn, output):
    """The lower and the upper end of an area, from time zero on, per µL."""
    rows = drawn.data[(drawn.data["kind"] == "area") & (drawn.data["series"] == output) & (drawn.data["x"] >= 0)]
    return rows["lower"].to_numpy(), rows["upper"].to_numpy()


def test_areas_are_the_outputs_one_upon_the_other(drawn, simulated):
    lower, upper = area(drawn, "old cells")
    np.testing.assert_array_equal(lower, 0)
    np.testing.assert_allclose(upper, 1000 * simulated["old"].values, rtol=1e-12)
    low, high = area(drawn, "young cells")
    np.testing.assert_allclose(low, upper)
    np.testing.assert_allclose(high - low, 1000 * simulated["young"].values, rtol=1e-9)


def test_the_line_of_the_sum_is_the_total(drawn, simulated):
    line = artist(drawn.figure, "simulated-cells-all")
    kept = line.get_xdata() >= 0
    np.testing.assert_allclose(line.get_xdata()[kept], simulated["time"].values)
    np.testing.assert_allclose(line.get_ydata()[kept], 1000 * simulated["all"].values, rtol=1e-12)
    np.testing.assert_allclose(line.get_ydata()[kept], area(drawn, "young cells")[1], rtol=1e-9)


def test_left_of_zero_stands_the_count_before_treatment(drawn):
    line = artist(drawn.figure, "simulated-cells-all")
    before = line.get_xdata() < 0
    np.testing.assert_allclose(line.get_ydata()[before], 1000)
    assert "Left of time zero: before treatment." in drawn.caption


def test_limits_courses_and_words(drawn):
    assert set(artist(drawn.figure, "limit-cells").get_ydata()) == {500}
    np.testing.assert_allclose(artist(drawn.figure, "courses-cells").get_xdata(), [0, 100])
    assert "typical patient, adults" in drawn.caption
    assert "all of all cells" in drawn.caption
    assert "all cells: 1000 per µL at first" in drawn.alt


@pytest.mark.parametrize("name", ["lymphocyte_subsets"])
def test_the_parts_of_the_shipped_figure_add_up(name):
    figure = read_figure(name)
    data = figure.compute().to_dataset()
    for panel, row in figure.spec.panels.items():
        whole = sum(data[area.output].values for area in figure.spec.of_panel(panel))
        np.testing.assert_allclose(whole, data[row.total].values, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_each_column(folder, drawn, width):
    check_print(*fitting(folder / "lineages.toml", drawn.result, width))


def test_parts_that_are_not_the_whole_are_refused(folder):
    file = folder / "half.toml"
    file.write_text(parts.LINEAGES.replace('output = "young"', 'output = "all"'))
    with pytest.raises(InputError, match=r"panels.cells: the areas add up to 1[0-9.e+]+ 1/uL at .*, and 'all' is"):
        draw(file)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('output = "young"', 'output = "yuong"', "areas.1.output: .*has no output 'yuong'"),
        ('output = "young"', 'output = "old"', "output 'old' is in panel 'cells' already"),
        ('output = "young"', 'output = "level"', "areas.1.output: "),
        ('total = "all"', 'total = "alls"', "panels.cells.total: "),
        ('total = "all"\n', "", "^[^\n]*panels.cells: missing 'total'$"),
        ('unit = "1/uL"', 'unit = "1/uL"\nscale = "log"', "areas that add up need a linear axis"),
        ('panel = "cells"\noutput = "old"', 'panel = "cell"\noutput = "old"', "no panel 'cell'; there are cells"),
        ('regimen = "./regimen.toml"', 'regimen = "nothing"', "figure.regimen: "),
    ],
)
def test_a_file_with_a_fault_is_refused(folder, old, new, message):
    file = folder / "wrong.toml"
    file.write_text(parts.LINEAGES.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_figure(file)


def test_a_result_of_another_model_is_refused(folder, drawn):
    result = drawn.result.copy()
    result.attrs["model_hash"] = "another"
    with pytest.raises(InputError, match="is of model_hash 'another'"):
        draw(folder / "lineages.toml", input=result)
