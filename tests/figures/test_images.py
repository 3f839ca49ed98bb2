"""One picture of each kind looks as it did: compared with `baseline/`, from inputs that take seconds to compute.

After a change that is meant: ``pytest tests/figures/test_images.py --mpl-generate-path=tests/figures/baseline``, then
look at each.
"""

from pathlib import Path

import matplotlib
import pytest

from kinetics import FitProblem, fit
from kinetics.comparison import load_regimens, read_comparison
from kinetics.figures import draw, figure_of_comparison
from kinetics.figures.kinds import KINDS
from tests.petab_files import write_problem

from . import parts
from . import test_evaluated as evaluated
from . import test_facts as facts
from . import test_forest as forests
from . import test_goodness_of_fit as goodness
from . import test_individual_fits as individual
from . import test_map as maps
from . import test_patient_figure as patients
from . import test_population_prediction as group
from .cases import MODEL, REGIMEN, write_case

BASELINES = Path(__file__).parent / "baseline"
DRAWN_WITH = "3.11"
"""The matplotlib of the baselines; another lays text out by pixels that differ."""
TOLERANCE = 2
"""Root mean square of the differences of all pixels, of 255: a moved label exceeds it, antialiasing does not."""

looks_as_before = pytest.mark.mpl_image_compare(
    baseline_dir="baseline", tolerance=TOLERANCE, savefig_kwargs={"dpi": 60}, style="default"
)
pytestmark = pytest.mark.skipif(
    not matplotlib.__version__.startswith(f"{DRAWN_WITH}."),
    reason=f"the baselines were drawn with matplotlib {DRAWN_WITH}",
)

COMPARISON = """\
[comparison]
title = "A comparison"
model = "./model.toml"
until = "200 day"
every = "2 day"
unit = "day"
note = "A note."
[[rows]]
output = "N"
label = "N cells"
measures = ["nadir", "time_to_limit"]
scale = "log"
percent_of_baseline = true
"""


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("images"))


def test_every_kind_has_a_baseline():
    drawn = {path.stem.removeprefix("test_") for path in BASELINES.glob("*.png")}
    assert drawn >= set(KINDS)


@looks_as_before
def test_time_course(folder, tree):
    return draw(folder / "figure.toml", input=tree).figure


@looks_as_before
def test_a_larger_font(folder, tree):
    return draw(folder / "figure.toml", input=tree, font_size=9, width=120).figure


@looks_as_before
def test_result(folder, tree):
    return draw(tree, model=folder / "model.toml").figure


@looks_as_before
def test_visual_predictive_check(figures):
    return draw(figures / "check.toml").figure


@looks_as_before
def test_agreement(figures):
    return draw(figures / "agreement.toml").figure


@looks_as_before
def test_prior_posterior(figures):
    return draw(figures / "prior_posterior.toml").figure


@looks_as_before
def test_tornado(figures):
    return draw(figures / "tornado.toml").figure


@looks_as_before
def test_forest(tmp_path):
    return draw(forests.project(tmp_path)).figure


@looks_as_before
def test_comparison(tmp_path):
    low = REGIMEN.replace("10 mg", "5 mg").replace("Once", "Half")
    for name, text in (("model", MODEL), ("whole", REGIMEN), ("half", low), ("comparison", COMPARISON)):
        (tmp_path / f"{name}.toml").write_text(text)
    comparison = read_comparison(tmp_path / "comparison.toml")
    regimens = load_regimens([tmp_path / "whole.toml", tmp_path / "half.toml"], comparison)
    return draw(figure_of_comparison(comparison, regimens)).figure


@looks_as_before
def test_map(tmp_path, held_down):
    for name, text in (("model", held_down), ("regimen", maps.REGIMEN), ("figure", maps.FIGURE)):
        (tmp_path / f"{name}.toml").write_text(text)
    return draw(tmp_path / "figure.toml").figure


@looks_as_before
def test_facts(tmp_path):
    files = {"model.toml": "MODEL", "regimen.toml": "REGIMEN", "evidence.csv": "EVIDENCE", "figure.toml": "FIGURE"}
    for name, constant in files.items():
        (tmp_path / name).write_text(getattr(facts, constant))
    return draw(tmp_path / "figure.toml").figure


@looks_as_before
def test_evidence(tmp_path):
    folder = tmp_path / "facts"  # paths of rows count from it, not from where the program runs
    folder.mkdir()
    files = {"model.toml": facts.MODEL, "regimen.toml": facts.REGIMEN, "evidence.csv": facts.EVIDENCE}
    for name, text in files.items():
        (folder / name).write_text(text)
    (tmp_path / "figure.toml").write_text(
        '[figure]\nkind = "evidence"\nevidence = "facts/evidence.csv"\npatients = 8\n'
    )
    return draw(tmp_path / "figure.toml").figure


@looks_as_before
def test_schematic(folder):
    return draw("schematic", model=folder / "model.toml").figure


@looks_as_before
def test_patient(tmp_path):
    files = {"recovery": patients.cases.POOL, "clinic": patients.MAPPING, "figure": patients.FIGURE}
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text)
    (tmp_path / "counts.csv").write_text(patients.COUNTS)
    (tmp_path / "doses.csv").write_text(patients.DOSES)
    return draw(tmp_path / "figure.toml").figure


@looks_as_before
def test_goodness_of_fit():
    return draw(goodness.result()).figure


@looks_as_before
def test_visual_predictive_check_of_counts():
    return draw("visual_predictive_check", input=goodness.result()).figure


@looks_as_before
def test_individual_fits():
    return draw(individual.result()).figure


@looks_as_before
def test_petab_fit(tmp_path):
    problem = FitProblem.from_petab(write_problem(tmp_path, 1))
    return draw(fit(problem, starts=3)).figure


@looks_as_before
def test_population_prediction():
    return draw("population_prediction", input=group.group()).figure


@looks_as_before
def test_lineages(tmp_path):
    return draw(parts.write(tmp_path) / "lineages.toml").figure


@looks_as_before
def test_exposure(tmp_path):
    return draw(parts.write(tmp_path) / "exposure.toml").figure


@looks_as_before
def test_spaghetti(tmp_path):
    return draw(parts.write(tmp_path) / "spaghetti.toml").figure


@looks_as_before
def test_crossvalidation(figures):
    return evaluated.validated(FitProblem.load(figures.parent / "population.toml")).plot().figure


@looks_as_before
def test_model_comparison(figures):
    problem = FitProblem.load(figures.parent / "population.toml")
    return evaluated.compared(problem, ("one", -12.5, -3.0), ("two", -10.0, None)).plot().figure
