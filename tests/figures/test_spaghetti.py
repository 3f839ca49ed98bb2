"""Curves of many patients are those of `simulate`, or the counts of a table; median and band are of all of them."""

import numpy as np
import pytest

from kinetics import simulate
from kinetics.errors import InputError
from kinetics.figures import draw, read_figure
from kinetics.figures.base.rows import WIDTHS
from kinetics.figures.spaghetti.compute import FEWEST, counted_quantiles
from kinetics.results import MEDIAN_AND_90

from . import parts
from .parts import artist
from .test_print import check_print, fitting

PATIENTS = [f"P{number}" for number in range(1, 13)]
DAYS = np.array([0, 10, 30, 90])
MAPPING = """
[patients]
counts = "counts.csv"
model = "./model.toml"
[columns]
patient = "patient"
time = "day"
analyte = "analyte"
value = "value"
[time]
unit = "day"
[analytes.N]
output = "all"
unit = "1e9/L"
"""
CLINIC = parts.SPAGHETTI.replace('regimen = "./regimen.toml"', 'data = "clinic.toml"').replace(
    "shown = 30", "shown = 5"
)


def counts():
    """The counts of each patient, (patient, day), 1e9/L, and the table; the last one of P1 is below 0.05."""
    values = np.arange(1, 13)[:, None] * np.array([0.1, 0.01, 0.05, 0.08])
    values[0, -1] = 0.05
    rows = [
        f"{patient},{day},N,{'<' if (patient, day) == ('P1', 90) else ''}{value:.6g}"
        for patient, own in zip(PATIENTS, values, strict=True)
        for day, value in zip(DAYS, own, strict=True)
    ]
    return values, "\n".join(["patient,day,analyte,value", *rows]) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = parts.write(tmp_path_factory.mktemp("spaghetti"), clinic=MAPPING, counted=CLINIC)
    (folder / "counts.csv").write_text(counts()[1])
    return folder


@pytest.fixture(scope="module")
def drawn(folder):
    return draw(folder / "spaghetti.toml")


@pytest.fixture(scope="module")
def counted(folder):
    return draw(folder / "counted.toml")


def test_curves_median_and_band_are_those_of_the_simulated_patients(drawn, folder):
    files = folder / "model.toml", folder / "regimen.toml"
    options = {"until": "150 day", "every": "5 day", "cohort": "adults", "patients": 40, "seed": 3}
    values = 1000 * simulate(*files, **options)["all"].transpose("patient", "time").values
    lines = [line for line in drawn.axes[0].lines if str(line.get_gid()).startswith("patient-cells-")]
    assert len(lines) == 30
    for line, expected in zip(lines, values, strict=False):
        np.testing.assert_array_equal(line.get_ydata(), expected)
    np.testing.assert_allclose(artist(drawn.figure, "median-cells").get_ydata(), np.median(values, axis=0))
    band = drawn.data[drawn.data["kind"] == "band"]
    lower, _, upper = np.quantile(values, MEDIAN_AND_90, axis=0)
    np.testing.assert_allclose(band["lower"], lower)
    np.testing.assert_allclose(band["upper"], upper)
    assert set(artist(drawn.figure, "limit-cells").get_ydata()) == {500}
    np.testing.assert_allclose(artist(drawn.figure, "courses-cells").get_xdata(), [0, 100])


def test_the_caption_says_how_many_are_shown_and_of_how_many_the_band_is(drawn):
    assert "Thin lines: 30 of 40 patients." in drawn.caption
    assert "median of 40 simulated patients, adults" in drawn.caption
    assert "5 to 95 % of 40 patients" in drawn.caption


def test_points_are_the_counts_of_the_table(counted):
    values, _ = counts()
    for patient, own in list(zip(PATIENTS, values, strict=True))[:5]:
        line = artist(counted.figure, f"patient-cells-{patient}")
        np.testing.assert_allclose(line.get_xdata(), DAYS)
        np.testing.assert_allclose(line.get_ydata(), 1000 * own)
        assert line.get_marker() == "o"
    assert not counted.figure.findobj(lambda one: one.get_gid() == "patient-cells-P6")
    np.testing.assert_allclose(artist(counted.figure, "censored-cells").get_xydata(), [[90, 50]])
    assert "counts of 5 of 12 patients" in counted.caption


def test_the_median_of_counts_is_that_of_everybody_at_a_visit(counted):
    line, (values, _) = artist(counted.figure, "median-cells"), counts()
    heights = np.exp(np.interp(DAYS, line.get_xdata(), np.log(line.get_ydata())))
    np.testing.assert_allclose(heights[[0, -1]], 1000 * np.median(values, axis=0)[[0, -1]], rtol=1e-9)
    np.testing.assert_allclose(heights[[1, 2]], 1000 * np.median(values, axis=0)[[1, 2]], rtol=0.05)


def test_there_is_no_median_where_few_are_followed():
    whole = {str(number): (np.array([0.0, 10.0]), np.array([1.0, 1.0 + number])) for number in range(FEWEST - 1)}
    some = {**whole, "last": (np.array([0.0, 5.0]), np.array([1.0, 1.0]))}
    times, quantiles = counted_quantiles(some, logarithmic=False)
    assert np.isfinite(quantiles[:, times < 5]).all()
    assert np.isnan(quantiles[:, times > 5]).all()
    assert np.isnan(counted_quantiles(whole, logarithmic=True)[1]).all()


def test_counts_on_the_median_of_simulated_patients(folder):
    file = folder / "both.toml"
    file.write_text(parts.SPAGHETTI.replace('regimen = "', 'data = "clinic.toml"\nregimen = "'))
    both = draw(file)
    lines = [line for line in both.axes[0].lines if str(line.get_gid()).startswith("patient-")]
    assert len(lines) == len(PATIENTS)
    assert artist(both.figure, "median-cells").get_xdata()[-1] == pytest.approx(150)
    assert "median of 40 simulated patients" in both.caption


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["spaghetti", "counted"])
def test_it_fits_each_column(folder, name, width):
    tree = read_figure(folder / f"{name}.toml").compute()
    check_print(*fitting(folder / f"{name}.toml", tree, width))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('data = "clinic.toml"\n', "", "name a regimen to simulate patients, or the data of a clinic"),
        ('data = "clinic.toml"', 'data = "clinics.toml"', "figure.data: "),
        ('output = "all"', 'output = "alll"', "panels.cells.output: .*has no output 'alll'"),
        ('output = "all"', 'output = "old"', "no count of 'old'; there are all"),
        ('unit = "1/uL"', 'unit = "mg"', "panels.cells.unit: "),
        ('cohort = "adults"', 'cohort = "adult"', "figure.cohort: "),
    ],
)
def test_a_file_with_a_fault_is_refused(folder, old, new, message):
    file = folder / "wrong.toml"
    file.write_text(CLINIC.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_figure(file)


def test_simulated_patients_need_a_model(folder):
    file = folder / "wrong.toml"
    file.write_text(parts.SPAGHETTI.replace('model = "./model.toml"\n', ""))
    with pytest.raises(InputError, match="simulated patients need a model"):
        read_figure(file)
