"""``result.plot()`` draws what `kinetics.draw` draws of a result, and passes its options on."""

import pytest
import xarray as xr

import kinetics
from kinetics.crossvalidation import CrossValidation
from kinetics.figures.evidence.draw import EvidenceForest
from kinetics.files.tables import PlacedRow
from kinetics.published.evaluating import Evidence
from kinetics.published.evidence_row import EvidenceRow
from kinetics.published.verdict import Verdict
from kinetics.variants import ModelComparison


@pytest.fixture(scope="module")
def simulated():
    return kinetics.simulate("alemtuzumab", "single_100mg", until="30 day", every="1 day")


def test_a_dataset_plots_itself(simulated, tmp_path):
    drawn = simulated.kinetics.plot(tmp_path / "a.svg", width="single", title="Own")
    assert drawn.kind.name == "time_course"
    assert drawn.caption.startswith("**Own.**")
    assert (tmp_path / "a.svg").exists()


def test_a_tree_plots_itself(simulated):
    tree = simulated if isinstance(simulated, xr.DataTree) else xr.DataTree(simulated)
    figure, axes = tree.kinetics.plot()
    assert axes[0].lines
    assert figure is not None


@pytest.mark.parametrize(
    "result",
    [
        kinetics.Fit,
        kinetics.ClinicFit,
        kinetics.PatientFits,
        kinetics.PatientFit,
        Evidence,
        CrossValidation,
        ModelComparison,
    ],
)
def test_every_result_has_plot(result):
    assert callable(result.plot)


def test_a_fit_is_drawn_with_its_options(monkeypatch):
    asked = []
    monkeypatch.setattr(kinetics, "draw", lambda *values, **options: asked.append((*values, options)))
    fit = object.__new__(kinetics.Fit)
    fit.plot("a.svg", width="single")
    assert asked == [(fit, "a.svg", {"width": "single"})]


def fact(name, value, model, studies=None, **columns):
    row = EvidenceRow(
        name=name, mark="s", use="validate", statement="a", kind="count", model="cd4", time="6 month", unit="1e9/L",
        value=value, source="choice", statistic="mean",
        **{"cohort": "relapsing", "regimen": "ms_licensed", "output": "naive"} | columns,
    )  # fmt: skip
    return Verdict(PlacedRow(row, kinetics.figures.evidence.draw.__file__, 2), model, studies=studies)


def test_evidence_is_drawn_by_its_ratios(tmp_path):
    inside = fact("a", 0.2, 0.1, lower=0.05, upper=0.4)
    outside = fact("b", 0.1, 0.2, lower=0.05, upper=0.15)
    unjudged = fact("c", 0.1, 0.1)
    drawn = Evidence((inside, outside, unjudged), 8, 1, tmp_path / "facts.csv").plot()
    assert isinstance(drawn.kind, EvidenceForest)
    data = drawn.data.set_index(["series", "kind"])["x"]
    assert data["a", "published"] == pytest.approx(2)
    assert data["b", "published"] == pytest.approx(0.5)
    assert list(drawn.result["inside"].values) == [1, 0, -1]
    assert "1 of 3 independent findings" in drawn.caption
    assert (
        "3 published numbers: 1 inside, 1 outside, 1 without an interval to judge by. Outside: naive CD4" in drawn.alt
    )


def test_lines_of_evidence_that_would_read_the_same_say_what_they_differ_in(tmp_path):
    arms = [("ms_licensed", "relapsing"), ("single_100mg", "relapsing"), ("single_100mg", "progressive")]
    facts = [fact(f"{n}", 0.1, 0.1, regimen=regimen, cohort=cohort) for n, (regimen, cohort) in enumerate(arms)]
    facts += [fact("later", 0.1, 0.1, since="1 month"), fact("other", 0.1, 0.1, output="memory")]
    labels = Evidence(tuple(facts), 8, 1, tmp_path / "facts.csv").plot().result["label"].values.tolist()
    assert len(set(labels)) == 5, labels
    assert "100 mg" in labels[1]
    assert "progressive" in labels[2]
    assert labels[3].endswith("from month 1")
    assert labels[4].count(",") == 1, "a label that is alone says no more than it must"
