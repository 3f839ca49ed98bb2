"""Cohorts: which value wins, and results that are missing, malformed or hostile."""

import time
from dataclasses import replace

import pytest

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.cohorts.lineage import fits_behind
from kinetics.compile import compile_model
from kinetics.errors import InputError, UnknownNameError
from kinetics.estimate import Estimates, FitProblem
from kinetics.estimate.draws import chain_of_fits, drawn_cohorts, estimated_cohort
from kinetics.files.library import library_folder
from kinetics.model import Model

from .conftest import Project

# results of these tests are written by hand
pytestmark = pytest.mark.filterwarnings("ignore:.*has no checksum:UserWarning")

RESULT = """[result]
fit = "one"
model = "../models/toy.toml"
cohort = "first"

[estimates]
{rows}

[covariance]
log = [[0.01]]

[response]
given = []
at = []
log = [[]]
"""
ROW = '"{name}" = {{ value = {value}, unit = "{unit}", log_se = 0.1, verdict = "" }}'


def committed(project, name="one", rows=None, **row):
    text = rows if rows is not None else ROW.format(**({"name": "A0", "value": 3.0, "unit": "1e9/L"} | row))
    path = project.fits / f"{name}.result.toml"
    path.write_text(RESULT.format(rows=text))
    return path


K = 'lower = 0.001, upper = 1, unit = "1/day", prior = "flat"'


def from_fit(project, value):
    """The model, whose cohort ``first`` takes its estimates from these fits."""
    project.model.write_text(project.model.read_text().replace('from_fit = "one"', f"from_fit = {value}"))
    return Model.load(project.model)


def test_values_come_from_the_model_then_extends_then_own_then_the_fit(project):
    first = '[cohorts.first.parameters]\nA0 = { value = 9.0, unit = "1e9/L", source = "choice" }\n'
    first += 'N0 = { value = 4000.0, unit = "cells/uL", source = "choice", spread = 0.1 }\n'
    second = '[cohorts.second.parameters]\nN0 = { value = 5.0, unit = "1e9/L", source = "choice" }\n'
    project.model.write_text(project.model.read_text() + first + second)
    committed(project)
    committed(project, "two", value=7.0)
    model = Model.load(project.model)
    first, second = (cohort_parameters(model, name) for name in ("first", "second"))
    assert (first.values["A0"], first.values["N0"], first.values["k"]) == (3.0, 4.0, 0.1)
    assert (second.values["A0"], second.values["N0"]) == (7.0, 5.0)
    assert (first.fits, second.fits) == (("one",), ("one", "two"))
    assert first.spreads == {"N0": 0.1}
    assert cohort_parameters(model, "second", fits=["one"]).values["A0"] == 3.0
    assert cohort_parameters(model, "first", fits=[]).values["A0"] == 9.0
    assert fits_behind(model, "second") == ("one", "two")
    assert fits_behind(model, "plain") == ()


@pytest.mark.parametrize(("order", "value"), [(("one", "other"), 7.0), (("other", "one"), 3.0)])
def test_of_several_fits_the_later_estimate_counts(project, order, value):
    committed(project)
    committed(
        project,
        "other",
        rows="\n".join(ROW.format(name=n, value=7.0, unit=u) for n, u in (("A0", "1e9/L"), ("j", "1"))),
    )
    committed(project, "two", rows=ROW.format(name="c", value=1.0, unit="1"))
    model = from_fit(project, list(order))
    first, second = (cohort_parameters(model, name) for name in ("first", "second"))
    assert (first.values["A0"], first.values["j"]) == (second.values["A0"], second.values["j"]) == (value, 7.0)
    assert first.estimated == {"A0": order[-1], "j": "other"}
    assert (first.fits, second.fits) == (order, (*order, "two"))
    assert fits_behind(model, "second") == (*order, "two")
    assert cohort_parameters(model, "second", fits=["other"]).values["A0"] == 7.0


def test_no_fit_and_one_fit_as_lists(project):
    committed(project)
    model = from_fit(project, "[]")
    assert cohort_parameters(model, "first").fits == ()
    assert model.cohorts["first"].from_fit == ()
    assert Model.load(project.model).cohorts["second"].from_fit == ("two",)


@pytest.mark.parametrize("value", ["3", '[""]', '["one", 3]', '[["one"]]', '["one", "one"]', '""', "{}", "true"])
def test_a_list_of_fits_holds_names_each_once(project, value):
    with pytest.raises(InputError, match=r"toy.toml:52: cohorts.first.from_fit: must be the name of a fit, or a list"):
        from_fit(project, value)


def test_each_fit_of_a_list_needs_a_result(project):
    committed(project)
    model = from_fit(project, '["one", "none_such"]')
    with pytest.raises(InputError, match=r"toy.toml:52: cohorts.first.from_fit: there is no result .*none_such"):
        cohort_parameters(model, "first")


@pytest.mark.parametrize("index", [0, 1])
def test_draws_follow_all_fits_of_a_list_whichever_is_predicted_from(project, index):
    committed(project)
    path = committed(project, "other", rows=ROW.format(name="k", value=0.2, unit="1/day"))
    text = path.read_text().replace('fit = "one"', 'fit = "other"').replace("0.01", "0.0")
    path.write_text(
        text.replace("given = []", 'given = ["A0"]').replace("at = []", "at = [3.0]").replace("[[]]", "[[0.5]]")
    )
    model = from_fit(project, '["one", "other"]')
    names = ("one", "other")
    chain = chain_of_fits(model, Estimates.read(project.fits / f"{names[index]}.result.toml"), "first")
    assert tuple(fit.fit for fit in chain) == estimated_cohort(model, chain, "first").fits == names
    assert estimated_cohort(model, chain, "first").values == pytest.approx(cohort_parameters(model, "first").values)
    drawn = drawn_cohorts(compile_model(model), chain, "first", 20, seed=1)
    assert len({cohort.values["A0"] for cohort in drawn}) == 20
    # the second fit has no variance of its own: k follows A0 with exponent 0.5
    for cohort in drawn:
        assert cohort.values["k"] == pytest.approx(0.2 * (cohort.values["A0"] / 3.0) ** 0.5)


def test_what_a_cohort_says_itself_beats_the_estimates_of_the_one_it_extends(project):
    own = '[cohorts.second.parameters]\nA0 = { value = 9.0, unit = "1e9/L", source = "choice" }\n'
    project.model.write_text(project.model.read_text() + own)
    committed(project)
    path = committed(project, "two", rows=ROW.format(name="c", value=1.5, unit="1"))
    path.write_text(
        path.read_text().replace('fit = "one"', 'fit = "two"').replace('cohort = "first"', 'cohort = "second"')
    )
    model = Model.load(project.model)
    chain = chain_of_fits(model, Estimates.read(path), "second")
    expected = cohort_parameters(model, "second")
    assert (expected.values["A0"], expected.values["c"], expected.estimated) == (9.0, 1.5, {"c": "two"})
    assert estimated_cohort(model, chain, "second").values == pytest.approx(expected.values)
    drawn = drawn_cohorts(compile_model(model), chain, "second", 20, seed=1)
    assert {cohort.values["A0"] for cohort in drawn} == {9.0}
    assert len({cohort.values["c"] for cohort in drawn}) == 20


OTHERS = ("", "[cohorts.other]\n", '[cohorts.other]\nextends = "plain"\n', '[cohorts.other]\nextends = "first"\n')


@pytest.mark.parametrize("other", OTHERS)
def test_estimates_handed_over_count_whichever_other_cohorts_take_the_same_fit(project, other):
    """A fit of ``plain``, which takes no committed result: its value and its draws are those of the estimates."""
    path = committed(project, "own", value=4.0)
    path.write_text(path.read_text().replace('fit = "one"', 'fit = "own"').replace('"first"', '"plain"'))
    committed(project)
    if other:
        project.model.write_text(project.model.read_text() + other + 'from_fit = "own"\n')
    model = Model.load(project.model)
    chain = chain_of_fits(model, Estimates.read(path), "plain")
    assert estimated_cohort(model, chain, "plain").values["A0"] == 4.0
    assert estimated_cohort(model, chain, "plain").fits == ("own",)
    assert len({one.values["A0"] for one in drawn_cohorts(compile_model(model), chain, "plain", 5, seed=1)}) == 5
    assert cohort_parameters(model, "plain", fits=["own"]).values["A0"] == 4.0
    assert cohort_parameters(model, "plain").values["A0"] == model.defaults["A0"]


def test_estimates_that_count_nowhere_in_a_cohort_are_refused(project):
    path = committed(project)
    model = Model.load(project.model)
    message = "fit 'one' is of cohort 'first', from which cohort 'plain' takes nothing"
    chain = chain_of_fits(model, Estimates.read(path), "plain")
    with pytest.raises(InputError, match=message):
        estimated_cohort(model, chain, "plain")
    with pytest.raises(InputError, match=message):
        cohort_parameters(model, "plain", fits=["one"])


def test_the_fits_of_a_cohort_lie_beside_the_file_that_names_them(project, tmp_path):
    """The cohorts of an extension in another project take the base's results, and its own cohorts its own."""
    committed(project)
    committed(project, "two", value=7.0)
    own = Project(tmp_path / "own")
    committed(own, value=5.0)
    committed(own, "mine", value=6.0)
    head = f'[model]\ntitle = "e"\ntime = "day"\nextends = "{project.model}"\n'
    mine = '[cohorts.mine]\nfrom_fit = "mine"\n[cohorts.second]\nfrom_fit = "mine"\n'
    own.model.write_text(head + mine)
    model = Model.load(own.model)
    expected = {"first": 3.0, "second": 6.0, "mine": 6.0}
    assert {name: cohort_parameters(model, name).values["A0"] for name in expected} == expected
    own.model.write_text(head)
    estimates = Estimates.read(own.fits / "mine.result.toml")
    chain = chain_of_fits(Model.load(own.model), replace(estimates, fit="two", cohort="second"), "second")
    assert [float(fit.values[0]) for fit in chain] == [3.0, 6.0]
    own.model.write_text(head + '[cohorts.mine]\nfrom_fit = "one_more"\n')
    with pytest.raises(InputError, match=rf"there is no result {own.fits}/one_more.result.toml"):
        cohort_parameters(Model.load(own.model), "mine")


def test_what_a_fit_of_an_extension_builds_on_may_lie_beside_the_base(project, tmp_path):
    committed(project)
    own = Project(tmp_path / "own")
    own.model.write_text(f'[model]\ntitle = "e"\ntime = "day"\nextends = "{project.model}"\n[cohorts.plain]\n')
    problem = own.fit({"time": "0 day", "value": 3.0, "log_se": 0.1, "cohort": "first"}, free={"k": K}, name="next")
    problem.write_text(problem.read_text().replace("[free]", 'builds_on = ["one"]\n[free]'))
    assert FitProblem.load(problem).cohorts["first"].values["A0"] == 3.0


def test_estimates_are_converted_to_the_models_unit(project):
    committed(project, value=3000.0, unit="cells/uL")
    assert cohort_parameters(Model.load(project.model), "first").values["A0"] == pytest.approx(3.0)


def test_an_unknown_cohort_names_those_there_are(project):
    with pytest.raises(UnknownNameError, match="no cohort 'x'; there are first, plain, second"):
        cohort_parameters(Model.load(project.model), "x")


def test_a_missing_result_says_what_to_run(project):
    with pytest.raises(
        InputError, match=r"toy.toml:\d+: cohorts.first.from_fit: there is no result .*run 'kinetics fit"
    ):
        cohort_parameters(Model.load(project.model), "first")


def test_a_result_outside_the_folder_of_fits_is_not_read(project):
    project.model.write_text(project.model.read_text().replace('from_fit = "one"', 'from_fit = "../fits/one"'))
    committed(project)
    with pytest.raises(InputError, match=r"without a folder; found '\.\./fits/one'"):
        cohort_parameters(Model.load(project.model), "first")


@pytest.mark.parametrize(
    ("rows", "name", "message"),
    [
        (ROW.format(name="V9", value=1.0, unit="1"), "estimates.V9", "no parameter 'V9'"),
        (ROW.format(name="k_max", value=1.0, unit="1/day"), "estimates.k_max", "is an input"),
        (ROW.format(name="A0", value=1.0, unit="mg"), "estimates.A0", "is not a kind of"),
        (ROW.format(name="A0", value=1.0, unit="10**10**8"), "estimates.A0", "cannot read unit"),
        (ROW.format(name="A0", value="nan", unit="1e9/L"), "estimates.A0.value", "finite"),
        (ROW.format(name="A0", value="inf", unit="1e9/L"), "estimates.A0.value", "finite"),
        (ROW.format(name="A0", value="-1.0", unit="1e9/L"), "estimates.A0.value", "greater than 0"),
        (ROW.format(name="A0", value='"__import__(1)"', unit="1e9/L"), "estimates.A0.value", "valid number"),
        ("A0 = 3.0", "estimates.A0", "must be a table"),
        ('A0 = { unit = "1e9/L" }', "estimates.A0", "missing 'value'"),
    ],
)
def test_each_fault_of_a_result_has_file_line_and_name(project, rows, name, message):
    path = committed(project, rows=rows)
    model = Model.load(project.model)
    started = time.process_time()
    with pytest.raises(InputError) as caught:
        cohort_parameters(model, "first")
    assert time.process_time() - started < 1
    found = str(caught.value).splitlines()
    assert any(line.startswith(f"{path}:7: {name}: ") and message in line for line in found), found


@pytest.mark.parametrize("text", ["", "estimates = 3", "[result", "x = " + "[" * 900, "\x00"])
def test_results_that_are_none(project, text):
    (project.fits / "one.result.toml").write_text(text)
    with pytest.raises(InputError, match=r"one\.result\.toml"):
        cohort_parameters(Model.load(project.model), "first")


def test_values_below_a_minimum_name_the_cohort(project):
    committed(project, rows=ROW.format(name="g", value=2.0, unit="1/day"))
    with pytest.raises(InputError, match=r"margin.value: cohort 'first': is -1, below its minimum 0; it follows from"):
        cohort_parameters(Model.load(project.model), "first")


@pytest.mark.parametrize("levels", [49, 50, 990])
def test_a_chain_of_cohorts_is_followed_or_refused_at_once(project, levels):
    rows = [f'[cohorts.c{i}]\nextends = "{f"c{i + 1}" if i < levels - 1 else "first"}"\n' for i in range(levels)]
    text = project.model.read_text().replace('from_fit = "one"', "")
    text = "".join(part for part in text.splitlines(keepends=True) if "from_fit" not in part)
    project.model.write_text(text + "".join(rows))
    started = time.process_time()
    if levels == 49:
        model = Model.load(project.model)
        assert cohort_parameters(model, "c0").values == cohort_parameters(model, "first").values
    else:
        with pytest.raises(InputError, match=r"cohorts\.c0\.extends: more than 50 levels of cohorts"):
            Model.load(project.model)
    assert time.process_time() - started < 5


def test_an_extension_of_a_shipped_model_beside_fits_of_its_own_has_the_shipped_fits(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "fits").mkdir()
    path = tmp_path / "models" / "mine.toml"
    path.write_text(
        '[model]\ntime = "day"\ntitle = "Mine"\nextends = "reconstitution"\n\n'
        '[cohorts.own]\nabout = "ours"\nfrom_fit = "hill_cawthorne_2012_population"\n'
    )
    model = Model.load(path)
    shipped = Estimates.read(library_folder("fits") / "hill_cawthorne_2012_population.result.toml")
    assert cohort_parameters(model, "own").values["cd4_phi"] == shipped.by_name["cd4.phi"].value
    (tmp_path / "fits" / "hill_cawthorne_2012_population.toml").write_text("[fit]\n")  # the user's own, not yet fitted
    with pytest.raises(InputError, match="there is no result"):
        cohort_parameters(model, "own")
