"""Figures of cross-validations and of models that compete: every number is where it was computed to be."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm

from kinetics.crossvalidation import CrossValidation
from kinetics.crossvalidation.folds import Fold
from kinetics.crossvalidation.left_out import FoldResult, LeftOutNumber
from kinetics.errors import InputError
from kinetics.estimate import Estimates, FitProblem
from kinetics.figures import read_figure
from kinetics.figures.evidence.labels import WORDS
from kinetics.published.kinds import KINDS
from kinetics.variants import FittedVariant, ModelComparison

from .cases import write_case
from .parts import artist

REACH = norm.ppf(0.95) * math.hypot(0.3, 0.4)
"""Of the logarithm, of numbers with these standard deviations by sampling and by parameters."""


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("evaluated"))


@pytest.fixture(scope="module")
def problem(figures):
    return FitProblem.load(figures.parent / "population.toml")


def folds(*numbers, by="visit"):
    """A fold for each number: row, which number, error, and standard deviation by the parameters."""
    for row, number, error, sd in numbers:
        yield FoldResult(Fold(by, row, (row,)), (LeftOutNumber(row, "N", number, error, 0.3, sd),), True, 0.0)


def validated(problem):
    """Errors are smaller than their standard deviations, so that the model has no discrepancy."""
    own = folds(("early", "value", 0.1, 0.4), ("early", "sd", -0.2, 0.4), ("low_20", "share", 0.3, 0.4),
                ("late", "value", 0.4, 1.5))  # fmt: skip
    return CrossValidation(problem, (*own, *folds(("early", "value", 0.0, 0.4), by="row")))


def compared(problem, *numbers):
    """Variants with log posteriors and, if they have one, log scores of visits."""
    estimates = object.__new__(Estimates)
    return ModelComparison(tuple(
        FittedVariant(replace(problem, name=name), estimates,
                      posterior, posterior, (), {} if score is None else {"visit": score, "other_2001": 1.0})
        for name, posterior, score in numbers
    ))  # fmt: skip


def test_a_left_out_number_stands_over_its_prediction(problem):
    drawn = validated(problem).plot()
    data = drawn.data.set_index(["series", "kind"])
    assert data["x"]["visit-early", "published"] == pytest.approx(math.exp(0.1))
    bar = data["x"]["visit-early", "model"]
    assert bar.tolist() == pytest.approx([math.exp(-REACH), math.exp(REACH)])
    lines = drawn.result.to_dataset()
    model = dict(zip(lines["line"].values, lines["model"].values, strict=True))
    assert model["visit-early"] == pytest.approx(0.2 * math.exp(-0.1))
    assert model["visit-early.sd"] == pytest.approx(0.09 * math.exp(0.2))
    assert model["visit-low_20"] == pytest.approx(100 * expit(logit(0.9) - 0.3))
    upper = lines["model_upper"].sel(line="visit-low_20")
    assert float(upper) == pytest.approx(100 * expit(logit(0.9) - 0.3 + REACH))


def test_what_the_rest_does_not_predict_is_a_square_without_a_bar(problem):
    drawn = validated(problem).plot()
    assert artist(drawn.figure, "published-visit-late").get_marker() == "s"
    assert not drawn.figure.findobj(lambda each: each.get_gid() == "model-visit-late")
    assert "3 of 3 numbers that the rest predicts are inside" in drawn.caption


def test_what_the_log_score_is_of_is_drawn_unless_a_file_says_so(problem, figures):
    assert set(validated(problem).plot().result["use"].values) == {"visit"}
    path = figures / "left_out.toml"
    path.write_text('[figure]\nkind = "crossvalidation"\nfit = "../population.toml"\nby = "row"\n')
    kind = read_figure(path)
    assert list(kind.tree(validated(problem))["line"].values) == ["row-early"]
    path.write_text(path.read_text().replace('"row"', '"source"'))
    with pytest.raises(InputError, match="has no numbers by source; it has row, visit"):
        read_figure(path).tree(validated(problem))


def test_the_discrepancy_widens_the_interval_that_judges(problem):
    wild = folds(*(("early", "value", error, 0.1) for error in (2.0, -2.0, 1.5, -1.5)), ("late", "value", 1.2, 0.1))
    lines = CrossValidation(problem, tuple(wild)).plot().result.to_dataset().sel(line="visit-late")
    assert float(lines["published"] / lines["model"]) == pytest.approx(math.exp(1.2))
    assert float(lines["outer_lower"]) < float(lines["model_lower"])
    assert float(lines["model_upper"]) < float(lines["published"]) < float(lines["outer_upper"])
    assert int(lines["inside"]) == 1


def test_a_fit_that_was_never_left_out_has_no_figure(problem):
    with pytest.raises(InputError, match="has no number to draw"):
        CrossValidation(problem, ()).plot()


def test_every_kind_with_an_error_has_a_word():
    assert {name for name, kind in KINDS.items() if kind.discrepancy_class} <= set(WORDS)


def test_dots_are_at_log_posteriors_and_scores(problem):
    drawn = compared(problem, ("one", -12.5, -3.0), ("two", -10.0, None)).plot()
    assert artist(drawn.figure, "log_posterior-two").get_xdata()[0] == -10.0
    assert artist(drawn.figure, "visit-one").get_xdata()[0] == -3.0
    assert not drawn.figure.findobj(lambda each: each.get_gid() == "visit-two")
    texts = [text.get_text() for axes in drawn.axes for text in axes.texts]
    assert {"−12.5", "−10.0", "−3.0", "–"} <= set(texts)
    assert [np.ptp(axes.get_ylim()) for axes in drawn.axes] == [drawn.axes[0].get_ylim()[0]] * 2
    assert drawn.caption.startswith("**Models fitted to the same rows.**")


def test_models_that_are_alike_can_be_drawn(problem):
    drawn = compared(problem, ("one", -1.0, None), ("two", -1.0, None)).plot(width="single")
    low, high = drawn.axes[0].get_xlim()
    assert low < -1.0 < high


def test_a_variant_that_is_missing_is_a_fault_of_its_file(figures):
    path = figures / "models.toml"
    path.write_text('[figure]\nkind = "model_comparison"\nfit = "../population.toml"\nvariants = ["nope"]\n')
    with pytest.raises(InputError, match=r"models.toml:4: nope: no 'nope' in "):
        read_figure(path)


@pytest.mark.parametrize("plot", ["left out", "compared"])
def test_both_are_described_in_each_language(problem, plot):
    result = validated(problem) if plot == "left out" else compared(problem, ("one", 1.0, 2.0), ("two", 3.0, 1.0))
    english, german = result.plot(), result.plot(language="de")
    assert len(english.alt) > 10
    assert english.caption != german.caption
    assert english.data["x"].equals(german.data["x"])
