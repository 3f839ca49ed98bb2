"""The figure of one patient shows the numbers of its result: counts, curve, intervals, courses and recovery."""

import numpy as np
import pytest

from kinetics import fit_patient, recovery
from kinetics.errors import InputError
from kinetics.figures import draw, read_figure
from tests.unit import patient_cases as cases

TIMES = np.array([-5.0, 5.0, 10.0, 20.0, 40.0, 80.0, 120.0])
MAPPING = """
[patients]
counts = "counts.csv"
doses = "doses.csv"
model = "./recovery.toml"
[columns]
patient = "patient"
time = "day"
analyte = "analyte"
value = "value"
[dose_columns]
patient = "patient"
time = "day"
drug = "drug"
amount = "amount"
[time]
unit = "day"
[analytes.N]
output = "N"
unit = "1e9/L"
[drugs.drug_a]
dose = "drug_a"
unit = "mg"
duration = "0 day"
"""
COUNTS = "patient,day,analyte,value\nP1,-5,N,1.2\nP1,5,N,<0.1\nP1,10,N,0.13\nP1,40,N,0.6\nP1,120,N,0.9\nP2,0,N,1\n"
DOSES = "patient,day,drug,amount\nP1,0,drug_a,20\n"
FIGURE = """
[figure]
kind = "patient"
title = "One patient"
note = "Made up."
data = "clinic.toml"
patient = "P1"
cohort = "adults"
retreat = ["12 month"]
until = "24 month"
draws = 20
"""


@pytest.fixture(scope="module")
def fit(tmp_path_factory):
    model = cases.model(tmp_path_factory.mktemp("pool"), cases.POOL)
    counts = cases.pool(np.maximum(TIMES, 0), 1.2, 0.03) * np.array([1.1, 0.9, 1.0, 1.2, 0.9, 1.1, 0.95])
    return fit_patient(cases.data(cases.patient("P1", TIMES, counts, below=0.1)), "P1", model=model, cohort="adults")


@pytest.fixture(scope="module")
def tree(fit):
    return fit.predict(until="24 month", retreat="12 month", draws=20)


@pytest.mark.parametrize(("until", "unit", "days"), [("130 day", "month", 30.4375), ("50 day", "day", 1.0)])
def test_a_short_result_has_an_axis_of_short_times(fit, until, unit, days):
    tree = fit.predict(until=until, every="1 day", draws=2)
    figure = draw(tree).figure
    np.testing.assert_allclose(artist(figure, "curve-N").get_xdata(), tree["time"].values / days)
    axes = figure.axes[0]
    assert axes.get_xlabel().endswith(f"({unit}s)")
    low, high = axes.get_xlim()
    assert sum(low <= tick <= high for tick in axes.get_xticks()) >= 3


def artist(figure, gid):
    (found,) = figure.findobj(lambda one: one.get_gid() == gid)
    return found


def test_curve_counts_and_recovery_are_those_of_the_result(tree):
    figure = draw(tree).figure
    month = 30.4375
    curve = artist(figure, "curve-N")
    np.testing.assert_allclose(curve.get_xdata(), tree["time"].values / month)
    np.testing.assert_array_equal(curve.get_ydata(), tree["N"].values)
    is_censored = tree["observations"]["N_censored"].values[0] != 0
    assert 0 < is_censored.sum() < TIMES.size
    for gid, chosen in (("counts-N", ~is_censored), ("censored-N", is_censored)):
        np.testing.assert_allclose(artist(figure, gid).get_xdata(), TIMES[chosen] / month)
        np.testing.assert_array_equal(artist(figure, gid).get_ydata(), tree["observations"]["N"].values[0][chosen])
    assert set(artist(figure, "limit-N").get_ydata()) == {0.4}
    first, second = recovery(tree)
    for row, start in ((first, 0.0), (second, 12.0)):
        mark = artist(figure, f"recovery-N-{row['course']}")
        assert mark.get_xdata()[0] == pytest.approx(start + row["months"])
        assert mark.get_ydata()[0] == 0.4
    ends = f"{second['months']:.3g} ({second['lower']:.3g} to {second['upper']:.3g})"
    assert f"course 2: back in {ends} months" in draw(tree).caption
    assert artist(figure, "course-N-2").get_markerfacecolor() == "white"
    assert artist(figure, "course-N-1").get_markerfacecolor() != "white"


def test_bands_are_the_intervals(tree):
    figure = draw(tree).figure
    for gid, group in (("true-N", "interval"), ("measured-N", "measured")):
        (path,) = artist(figure, gid).get_paths()
        ends = tree[group]["N"].sel(quantile=[0.025, 0.975]).values
        drawn = set(np.round(path.vertices[:, 1], 12))
        assert set(np.round(ends.ravel(), 12)) <= drawn


def test_without_a_plan_nothing_is_drawn_of_one(fit):
    figure = draw(fit.predict(until="24 month", draws=20)).figure
    assert not figure.findobj(lambda one: one.get_gid() == "without-N")
    assert "course planned" not in {text.get_text() for text in figure.legends[0].get_texts()}


def test_a_fit_draws_itself(fit, tmp_path):
    drawing = fit.plot(tmp_path / "P1.svg", until="24 month", draws=20)
    assert drawing.kind.name == "patient"
    assert "Patient P1: recovery, cohort adults" in (tmp_path / "P1.md").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="the result has no output 'M'; there are N"):
        draw(fit.predict(draws=2), outputs=["M"])


@pytest.fixture
def figure_file(tmp_path):
    cases.model(tmp_path, cases.POOL)
    (tmp_path / "counts.csv").write_text(COUNTS)
    (tmp_path / "doses.csv").write_text(DOSES)
    (tmp_path / "clinic.toml").write_text(MAPPING)
    (tmp_path / "figure.toml").write_text(FIGURE)
    return tmp_path / "figure.toml"


def test_a_file_says_who_is_drawn(figure_file):
    drawing = draw(figure_file)
    assert drawing.result.attrs["patient"] == "P1"
    assert drawing.result["course_start"].values.tolist() == [0, 365.25]
    other = drawing.result.copy()
    other.attrs["patient"] = "P2"
    with pytest.raises(InputError, match="is of patient 'P2', the figure of 'P1'"):
        draw(figure_file, input=other)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('patient = "P1"', 'patient = "P11"', "figure.patient: no patient 'P11'; the nearest is P1"),
        ('data = "clinic.toml"', 'data = "clinics.toml"', "figure.data: "),
        ('patient = "P1"\n', "", "figure.patient: missing: a figure of one patient names its patient"),
        ('cohort = "adults"', 'cohort = "adult"', "figure.cohort: .*did you mean 'adults'"),
        ('until = "24 month"', 'until = "24 mg"', "figure.until: "),
        ('retreat = ["12 month"]', 'retreat = ["12 mg"]', "figure.retreat.0: "),
        ("draws = 20", 'draws = 20\noutputs = ["M"]', "figure.outputs.0: .*no output 'M'"),
        ("draws = 20", 'draws = 20\nretreat_with = "nowhere"', "figure.retreat_with: no 'nowhere'"),
    ],
)
def test_a_file_with_a_fault_is_refused(figure_file, old, new, said):
    figure_file.write_text(FIGURE.replace(old, new))
    with pytest.raises(InputError, match=said):
        read_figure(figure_file)


@pytest.mark.parametrize(("side", "word"), [(-1, "below"), (1, "beyond")])
def test_the_key_says_on_which_side_of_their_limits_counts_are(tree, side, word):
    observed = tree["observations"].to_dataset()
    changed = tree.assign()
    changed["observations"] = observed.assign(N_censored=side * abs(observed["N_censored"]))
    texts = {text.get_text() for text in draw(changed).figure.findobj() if hasattr(text, "get_text")}
    assert f"{word} the limit" in texts
