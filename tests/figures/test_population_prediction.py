"""The figure of a group shows every count, and the median and range of its result, with limits and doses."""

import numpy as np
import pytest
import xarray as xr

from kinetics.errors import InputError
from kinetics.figures import draw, read_figure
from tests.unit import patient_cases as cases

from .test_individual_fits import MONTH, PATIENTS, result
from .test_patient_figure import COUNTS, DOSES, MAPPING

NAME = "population_prediction"


def group():
    """Counts of `result`, and a range about a straight line, with a limit of A."""
    tree, times = result(), np.linspace(0, 400, 20)
    middle = np.array([0.5, 1.0, 2.0])[:, None] * (0.01 + times / 400)
    predicted = xr.Dataset(
        {
            name: (("count", "quantile", "time"), np.array([middle, 1.2 * middle]), {"units": "1/nL"})
            for name in ("A", "B")
        }
        | {"dose_time": ("dose", [10.0, 210.0], {"units": "day"})},
        {"time": ("time", times, {"units": "day"}), "quantile": [0.05, 0.5, 0.95], "count": ["true", "measured"]},
    )
    predicted["A"].attrs["lower_limit_level"] = "400 cells/uL"
    tree[NAME] = xr.DataTree(predicted)
    return tree


@pytest.fixture(scope="module")
def tree():
    return group()


def artist(figure, gid):
    (found,) = figure.findobj(lambda one: one.get_gid() == gid)
    return found


def test_counts_median_range_limit_and_doses_are_those_of_the_result(tree):
    figure = draw(NAME, input=tree).figure
    visits, predicted = tree["visits"].to_dataset(), tree[NAME].to_dataset()
    own, sides = visits["output"].values == "A", visits["censored"].values
    for gid, kept in (("counts-A", own & (sides == 0)), ("censored-A", own & (sides != 0))):
        expected = np.column_stack([visits["time"].values[kept] / MONTH, visits["value"].values[kept]])
        np.testing.assert_allclose(artist(figure, gid).get_xydata(), expected)
    assert len(artist(figure, "censored-A").get_xdata()) == len(PATIENTS)
    median = artist(figure, "median-A")
    np.testing.assert_allclose(median.get_xdata(), predicted["time"].values / MONTH)
    np.testing.assert_array_equal(median.get_ydata(), predicted["A"].sel(count="true", quantile=0.5).values)
    (path,) = artist(figure, "measured-A").get_paths()
    ends = predicted["A"].sel(count="measured", quantile=[0.05, 0.95]).values
    assert set(np.round(ends.ravel(), 12)) <= set(np.round(path.vertices[:, 1], 12))
    assert set(artist(figure, "limit-A").get_ydata()) == {0.4}
    assert not figure.findobj(lambda one: one.get_gid() == "limit-B")
    np.testing.assert_allclose(artist(figure, "doses-A").get_xdata(), np.array([10, 210]) / MONTH)


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        ({"model": "/home/me/v1.2.toml", "cohort": "adults"}, "v1.2, cohort adults"),
        ({"model": "recovery", "cohort": "adults", "clinic": "ours"}, "recovery, population of ours"),
        ({"model": "recovery"}, "recovery"),
        ({"model": "recovery", "clinic": "ours", "title": "Our patients"}, "Our patients"),
    ],
)
def test_the_title_names_whose_population_it_is_and_no_folder(facts, title):
    tree = group()
    tree.attrs = facts
    assert draw(NAME, input=tree).caption.startswith(f"**Population prediction: {title}.**")


@pytest.fixture
def figure_file(tmp_path):
    cases.model(tmp_path, cases.POOL)
    for name, text in {"counts.csv": COUNTS, "doses.csv": DOSES, "clinic.toml": MAPPING}.items():
        (tmp_path / name).write_text(text)
    file = tmp_path / "figure.toml"
    file.write_text(f'[figure]\nkind = "{NAME}"\ndata = "clinic.toml"\ncohort = "adults"\n')
    return file


def test_a_file_that_names_its_data_needs_no_result(figure_file, tmp_path):
    drawing = draw(figure_file, tmp_path / "group.svg")
    assert set(drawing.result["visits"]["patient"].values) == {"P1", "P2"}
    assert "<dc:identifier>" in (tmp_path / "group.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('cohort = "adults"', 'cohort = "adult"', "figure.cohort: .*did you mean 'adults'"),
        ('"clinic.toml"', '"clinics.toml"', "figure.data: "),
        ('data = "clinic.toml"\n', "", "figure.cohort: is for a figure that names its data"),
        ('cohort = "adults"', 'model = "nowhere"', "figure.model: "),
    ],
)
def test_a_file_with_a_fault_is_refused(figure_file, old, new, message):
    figure_file.write_text(figure_file.read_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        read_figure(figure_file)


def test_without_data_it_is_drawn_from_a_result(tree):
    with pytest.raises(InputError, match="is drawn from a result"):
        draw(NAME)
    with pytest.raises(InputError, match=f"has no group '{NAME}'"):
        draw(NAME, input=result())
