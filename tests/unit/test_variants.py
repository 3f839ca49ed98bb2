"""Variants of a fit: problems that extend another, models that compete on the same rows, and bad variants."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import kinetics
from kinetics.cli import app
from kinetics.errors import InputError, UnknownNameError
from kinetics.estimate import FitProblem
from kinetics.reports.variants import models_json, models_markdown

K = "lower = 0.001, upper = 10, unit = '1/day', prior = 'flat'"
A0 = "lower = 0.1, upper = 10, unit = '1e9/L', prior = 'flat'"
FIT_HEAD = '[fit]\ntitle = "a variant"\nextends = "../one.toml"\n'
MODEL_HEAD = '[model]\ntitle = "a variant"\nextends = "./toy.toml"\n'
STATE = '[states.{name}]\nunit = "1e9/L"\ninitial = "{initial}"\nrate = "{rate}"\n'
FASTER = STATE.format(name="A", initial="A0", rate="-2*k*j*A")
RISING = STATE.format(name="N", initial="N0", rate="g*N0 - s*D*N")


@pytest.fixture
def base(project):
    """A population fit of decay: five means and SDs, and one row that is only compared."""
    text = project.model.read_text()
    text = text.replace("A0 = { ", "A0 = { spread = 0.4, ", 1)
    text = text.replace('A_blood = { unit = "1e9/L",', 'A_blood = { unit = "1e9/L", noise = 0.1,')
    project.model.write_text(text)
    cv = np.sqrt(np.exp(0.4**2 + 0.1**2) - 1)
    means = {time: 2 * np.exp(-0.1 * time) for time in (0, 2, 5, 9, 14)}
    rows = [{"time": f"{time} day", "value": mean, "sd": cv * mean, "n": 50} for time, mean in means.items()]
    later = {"name": "later", "use": "validate", "time": "30 day", "value": 0.1, "sd": 0.05, "n": 50}
    path = project.fit(*rows, later, free={"A0": A0, "k": K}, header="starts = 1")
    path.write_text(path.read_text() + "\n[population]\npatients = 64\n")
    (project.fits / "variants").mkdir()
    return path


@pytest.fixture
def variant(project, base):
    """Writes a variant, its model beside the toy: what its model adds, and what its problem adds."""

    def write(name, model="", problem=""):
        head = FIT_HEAD
        if model:
            (project.models / f"{name}.toml").write_text(MODEL_HEAD + model)
            head += f'model = "../../models/{name}.toml"\n'
        path = project.fits / "variants" / f"{name}.toml"
        path.write_text(head + problem)
        return path

    return write


def faults(call):
    with pytest.raises(InputError) as raised:
        call()
    return "\n".join(map(str, raised.value.faults))


def test_an_extension_takes_what_it_does_not_say_and_replaces_what_it_says(base, variant):
    path = variant(
        "wide", problem=f"without = ['A0']\nseed = 7\n[free]\nk = {{ {K.replace('10', '5')} }}\ng = {{ {K} }}\n"
    )
    problem, whole = FitProblem.load(path), FitProblem.load(base)
    assert [(one.name, one.upper) for one in problem.free] == [("k", 5), ("g", 10)]
    assert [one.row for one in problem.targets] == [one.row for one in whole.targets]
    assert (problem.model.name, problem.population, problem.seed) == ("toy", whole.population, 7)
    assert problem.extends == (path.parent / "../one.toml",)


def test_an_extension_of_an_extension_inherits_what_is_free_and_not_what_is_left_out(variant):
    variant("first", problem="without = ['A0']\n")
    second = variant("second", problem=f"[free]\nA0 = {{ {A0} }}\n")
    second.write_text(second.read_text().replace("../one.toml", "./first.toml"))
    assert [one.name for one in FitProblem.load(second).free] == ["k", "A0"]


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ("without = ['nope']\n", "variants/bad.toml:4: fit.without: one.toml has no free parameter 'nope'"),
        ("without = 'k'\n", "bad.toml:4: fit.without: must be a list of free parameters"),
        ("[free]\nnope = { lower = 1, upper = 2, unit = '1' }\n", "bad.toml:5: free.nope: "),
    ],
)
def test_a_wrong_extension_is_refused_at_its_line(variant, problem, message):
    path = variant("bad", problem=problem)
    assert message in faults(lambda: FitProblem.load(path))


def test_a_fit_that_extends_itself_or_nothing_is_refused(base, variant):
    path = variant("loop")
    path.write_text(path.read_text().replace("../one.toml", "./loop.toml"))
    assert "a fit that extends itself" in faults(lambda: FitProblem.load(path))
    path.write_text(path.read_text().replace("./loop.toml", "./gone.toml"))
    assert "gone.toml: fit.extends: cannot be read" in faults(lambda: FitProblem.load(path))
    base.write_text(base.read_text().replace("[free]", "without = ['k']\n[free]"))
    assert "the fit that 'extends' names; there is none" in faults(lambda: FitProblem.load(base))


def test_a_fault_of_the_base_names_the_line_of_the_base(base, variant):
    path = variant("heir")
    base.write_text(base.read_text().replace("upper = 10, unit = '1/day'", "upper = 0.0001, unit = '1/day'"))
    text = faults(lambda: FitProblem.load(path))
    assert "one.toml:8: free.k: " in text
    assert "heir.toml" not in text


def test_another_parameter_for_the_same_curve_has_the_same_likelihood(base, variant):
    # A' = -2 k A is the base with k halved; the other fixes a k that the rows refuse
    variant("faster", FASTER)
    variant("fixed", STATE.format(name="A", initial="A0", rate="-0.3*k_max*j*A"), "without = ['k']\n")
    first, faster, fixed = kinetics.compare_models(base).variants
    assert faster.log_posterior == pytest.approx(first.log_posterior, abs=1e-4)
    assert faster.estimates["k"].value == pytest.approx(first.estimates["k"].value / 2, rel=1e-4)
    assert faster.numbers_inside == first.numbers_inside == (10, 10)
    assert fixed.log_posterior < first.log_posterior - 20
    assert fixed.numbers_inside[0] < 10
    assert [one.row.name for one in first.compared] == ["later"]
    assert first.compared[0].interval.value == pytest.approx(2 * np.exp(-3), rel=0.03)  # 64 patients


def test_a_prior_is_in_the_log_posterior_and_not_in_the_log_likelihood(base, variant):
    variant("doubtful", problem=f"[free]\nk = {{ {K.replace(repr('flat'), '0.01')} }}\n")
    first, doubtful = kinetics.compare_models(base, ["doubtful"]).variants
    assert first.log_posterior == first.log_likelihood
    k = doubtful.estimates["k"].value
    assert doubtful.log_posterior - doubtful.log_likelihood == pytest.approx(-0.5 * (np.log(k / 0.1) / 0.01) ** 2)


def test_a_committed_result_is_taken_unless_it_is_older_than_its_model(base, variant, monkeypatch):
    variant("faster", FASTER)
    saved = kinetics.compare_models(base, save=True)
    monkeypatch.setattr("kinetics.variants.comparing.fit", lambda *_, **__: pytest.fail("fitted again"))
    again = kinetics.compare_models(base)
    assert [one.log_posterior for one in again.variants] == pytest.approx([one.log_posterior for one in saved.variants])
    variant("faster", FASTER.replace("2*", "4*"))
    with pytest.raises(pytest.fail.Exception, match="fitted again"):
        kinetics.compare_models(base)


def test_the_table_the_page_and_the_json_say_the_same(base, variant):
    variant("faster", FASTER)
    comparison = kinetics.compare_models(base)
    table, rows = comparison.table(), models_json(comparison)["variants"]
    assert list(table.index) == [row["variant"] for row in rows] == ["one", "faster"]
    assert list(table["log_posterior"]) == [row["log_posterior"] for row in rows]
    page = models_markdown(comparison).splitlines()
    assert page[0].endswith("| later, 1e9/L |")
    assert page[3].startswith(f"| one | 2 | {rows[0]['log_likelihood']:.1f} | ")
    assert page[3].endswith(f" {rows[0]['compared']['later']['verdict']} |")
    assert "faster: a variant" in kinetics.report(comparison)


def test_variants_that_are_not_saved_have_log_scores_too(base, variant):
    variant("faster", FASTER)
    answer = CliRunner().invoke(app, ["compare-models", str(base), "--crossvalidate", "row", "--json"])
    assert answer.exit_code == 0, answer.output
    first, faster = (row["scores"]["row"] for row in json.loads(answer.stdout)["variants"])
    assert faster == pytest.approx(first, abs=1e-3)
    assert not list(base.parent.rglob("*.result.toml"))


def test_a_score_of_the_caller_is_a_column(base, variant):
    variant("faster", FASTER)
    comparison = kinetics.compare_models(base, score=lambda problem, estimates: {"score": 10 * estimates["k"].value})
    assert list(comparison.table()["score"]) == pytest.approx([1.0, 0.5], rel=0.05)
    lines = models_markdown(comparison).splitlines()
    assert [line.split(" | ")[5] for line in lines if "---" not in line] == ["score", "", "1.0", "0.5"]
    assert "are scores, higher is better" in kinetics.report(comparison)
    assert "are scores" not in kinetics.report(kinetics.compare_models(base))


def test_names_from_a_table_do_not_break_the_page(project, base, variant):
    rows = project.fits / "one.csv"
    rows.write_text(rows.read_text().replace("later", "later | <b>"))
    variant("faster", FASTER)
    page = models_markdown(kinetics.compare_models(base))
    assert page.splitlines()[0].endswith(r"| later \| \<b\>, 1e9/L |")


def test_a_variant_of_other_rows_is_refused(project, base, variant):
    path = variant("other", FASTER)
    rows = (project.fits / "one.csv").read_text().splitlines()
    changed = [rows[0], rows[1].replace("2.0", "3.0"), *rows[3:]]
    (project.fits / "other.csv").write_text("\n".join(changed) + "\n")
    path.write_text(path.read_text() + 'tables = ["../other.csv"]\n')
    text = faults(lambda: kinetics.compare_models(base))
    assert f"{path}: fit.tables: its rows are not those of 'one': lacks row_2, row_1 differs in value" in text


def test_a_variant_of_other_patients_or_another_seed_is_refused(base, variant):
    variant("other", problem="seed = 3\n[population]\npatients = 32\n")
    text = faults(lambda: kinetics.compare_models(base))
    assert "other.toml: population: must be that of 'one'" in text
    assert "other.toml: seed: must be that of 'one', 0; found 3" in text


def test_a_variant_that_is_not_at_rest_is_refused(base, variant):
    # A decays in the base too; N rests there, and rises in the variant
    variant("rising", RISING)
    text = faults(lambda: kinetics.compare_models(base))
    assert "model 'rising': is not at rest without a drug, as the model of 'one' is: N moves" in text


def test_a_variant_that_names_an_unknown_output_or_symbol_is_refused_at_its_line(base, variant):
    variant("typo", '[outputs]\nQ = { unit = "1e9/L", value = "A_blod*c" }\n')
    variant("typo_of_state", STATE.format(name="A", initial="A0", rate="-k*jj*A"))
    text = faults(lambda: kinetics.compare_models(base))
    assert "models/typo.toml:5: outputs.Q.value: " in text
    assert "A_blod" in text
    assert "jj" in text


def test_names_of_variants_are_looked_for_beside_the_fit(base, variant):
    variant("faster", FASTER)
    with pytest.raises(UnknownNameError, match=r"no 'fastr' in .*variants; did you mean 'faster'\?"):
        kinetics.compare_models(base, ["fastr"])
    assert "there are two fits 'faster'" in faults(lambda: kinetics.compare_models(base, ["faster", "faster"]))


def test_a_fit_without_variants_or_without_a_population_is_refused(base):
    assert "no variants: " in faults(lambda: kinetics.compare_models(base))
    base.write_text(base.read_text().replace("[population]\npatients = 64", ""))
    assert "has no table [population]" in faults(lambda: kinetics.compare_models(base, [base]))
