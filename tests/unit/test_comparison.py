"""Regimens side by side: numbers of a whole treatment against closed forms, and what is wrong with a file."""

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

import kinetics
from kinetics.cli import app
from kinetics.comparison import compare, load_regimens, read_comparison
from kinetics.errors import InputError
from kinetics.figures import draw, figure_of_comparison
from kinetics.reports.comparison import comparison_json, comparison_text

TWO = """
[regimen]
title = "Two courses"
source = "choice"
[[courses]]
start = "0 day"
doses = [{ drug = "drug_a", amount = "3 mg" }]
[[courses]]
start = "100 day"
doses = [{ drug = "drug_a", amount = "7 mg" }]
"""

SPEC = """\
[comparison]
title = "A comparison"
model = "./model.toml"
cohort = "adults"
until = "400 day"
every = "2 day"
unit = "day"
note = "A note."

[[rows]]
output = "N"
label = "N cells"
measures = ["nadir", "time_of_nadir", "time_to_limit", "time_below_limit", "overshoot"]
percent_of_baseline = true
scale = "log"

[[rows]]
output = "amount"
label = "drug"
measures = ["peak", "time_of_peak", "mean", "final", "value 50 day", "time_above 1 mg"]
exploratory = true
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, held_down):
    path = tmp_path_factory.mktemp("comparison")
    (path / "model.toml").write_text(held_down)
    (path / "two.toml").write_text(TWO)
    (path / "one.toml").write_text(TWO[: TWO.rindex("[[courses]]")])
    (path / "spec.toml").write_text(SPEC)
    return path


@pytest.fixture(scope="module")
def compared(folder):
    comparison = read_comparison(folder / "spec.toml")
    regimens = load_regimens([folder / "two.toml", folder / "one.toml"], comparison)
    return comparison, regimens, compare(regimens, comparison)


def test_a_result_is_drawn_and_reported_by_itself():
    names = ["ms_licensed", "single_100mg"]
    result = kinetics.compare(names, until="2 year")
    assert kinetics.report(result) == comparison_text(read_comparison(until="2 year"), result)
    drawing = kinetics.draw(result)
    assert drawing.kind.name == "comparison"
    assert [regimen.name for regimen in drawing.kind.spec.regimens] == names
    with pytest.raises(InputError, match=r"^result: is of compare; report\(result\)"):
        kinetics.recovery(result)


def test_a_result_of_a_file_of_ones_own_says_what_draws_it(compared):
    for verb in (kinetics.draw, kinetics.report):
        with pytest.raises(
            InputError, match=r"^result: is of comparison 'spec', which does not ship; kinetics\.figures"
        ):
            verb(compared[2])


K = 0.05
SECOND = 7 + 3 * math.exp(-K * 100)


@pytest.mark.parametrize(
    ("name", "two", "one"),
    [
        ("N_nadir", 1 / (1 + SECOND), 1 / 4),
        ("N_nadir_percent", 100 / (1 + SECOND), 100 / 4),
        ("N_time_to_limit_first", math.log(3) / K, math.log(3) / K),
        ("N_time_to_limit_last", math.log(SECOND) / K, math.log(3) / K),
        ("N_time_below_limit", (math.log(3) + math.log(SECOND)) / K, math.log(3) / K),
        ("N_overshoot", 100 / (1 + SECOND * math.exp(-K * 300)), 100 / (1 + 3 * math.exp(-K * 400))),
        ("amount_peak", SECOND, 3),
        ("amount_final", SECOND * math.exp(-K * 300), 3 * math.exp(-K * 400)),
        ("amount_at_50_day", 3 * math.exp(-K * 50), 3 * math.exp(-K * 50)),
        ("amount_time_above_1_mg", (math.log(3) + math.log(SECOND)) / K, math.log(3) / K),
        (
            "amount_mean",
            (3 - 3 * math.exp(-K * 100) + SECOND - SECOND * math.exp(-K * 300)) / K / 400,
            (3 - 3 * math.exp(-K * 400)) / K / 400,
        ),
    ],
)
def test_numbers_of_a_treatment_are_those_of_the_closed_form(compared, name, two, one):
    np.testing.assert_allclose(compared[2][name].values, [two, one], rtol=2e-5)


def test_times_of_extremes_count_from_the_first_dose_of_all(compared):
    found = compared[2]
    np.testing.assert_allclose(found["N_time_of_nadir"], [100, 0], atol=1e-4)
    np.testing.assert_allclose(found["amount_time_of_peak"], [100, 0], atol=1e-4)
    assert found["N_time_of_nadir"].attrs["units"] == "day"


def test_tables_and_json_tell_what_is_exploratory_and_what_has_not_come(folder, compared):
    comparison, regimens, found = compared
    text = comparison_text(comparison, found)
    assert "drug (exploratory) (mg)" in text
    assert text.count("(exploratory)") == 1
    assert text.endswith("A note.")
    early = read_comparison(folder / "spec.toml", until="120 day")
    told = comparison_text(early, compare(regimens, early))
    assert "not in 20 day" in told
    rows = comparison_json(early, compare(regimens, early))["rows"]
    last = next(one for one in rows[0]["readings"] if one["name"] == "time_to_limit_last")
    assert last["censored"] == {"two": True, "one": False}
    assert [row["exploratory"] for row in rows] == [False, True]
    marked = {name for name, array in found.data_vars.items() if array.attrs.get("exploratory")}
    assert marked == {name for name in found.data_vars if name.split("_")[0] == "amount"}


def test_what_the_model_calls_exploratory_need_not_be_said_again(folder, compared, tmp_path):
    for name in ("model", "two", "one", "spec"):
        text = (folder / f"{name}.toml").read_text()
        if name == "model":
            assert text.count("[outputs.amount]\n") == 1
        text = text.replace("[outputs.amount]\n", "[outputs.amount]\nexploratory = true\n")
        (tmp_path / f"{name}.toml").write_text(text if name == "model" else text.replace("exploratory = true\n", ""))
    comparison = read_comparison(tmp_path / "spec.toml")
    assert [row.label for row in comparison.rows] == ["N cells", "drug (exploratory)"]
    assert comparison.model.content_hash == compared[0].model.content_hash


def test_curves_limits_and_numbers_are_drawn(tmp_path, compared):
    comparison, regimens, found = compared
    draw(figure_of_comparison(comparison, regimens), tmp_path / "out.svg", input=found)
    drawn = (tmp_path / "out.svg").read_text()
    for name in ("simulated-N-two", "simulated-amount-one", "limit-N", "reading-N-time_to_limit_first-one"):
        assert f'id="{name}"' in drawn
    assert "Exploratory, not fitted to data of this quantity: drug." in (tmp_path / "out.md").read_text()


@pytest.mark.parametrize(
    ("old", "new", "name", "message"),
    [
        ('output = "amount"', 'output = "M"', "rows.1.output", "no output 'M'; there are N, amount"),
        ('output = "amount"', 'output = "N"', "rows.1", "output 'N' is compared already"),
        ('"nadir", "time', '"nadirs", "time', "rows.0.measures", "unknown measure 'nadirs'; there are nadir"),
        ('"nadir", "time', '"nadir", "nadir", "time', "rows.0.measures", "'nadir' is measured twice"),
        ('"peak"', '"time_to_limit"', "rows.1.measures", "'amount' has none"),
        ('"time_above 1 mg"', '"time_above 1 L"', "rows.1.measures", "'L' is not a kind of 'mg'"),
        ('"value 50 day"', '"value 50 mg"', "rows.1.measures", "'mg' is not a kind of 'day'"),
        ('cohort = "adults"', 'cohort = "elders"', "comparison.cohort", "no cohort 'elders'; there are adults"),
        ('until = "400 day"', 'until = "0 day"', "comparison.until", "must be positive"),
        ("exploratory = true", 'exploratory = "yes"', "rows.1.exploratory", "boolean"),
        ('scale = "log"', 'scale = "log"\nlower = 0', "rows.0.lower", "must be positive on a log scale"),
        ("[[rows]]", "[[lines]]", "lines", "unknown table"),
    ],
)
def test_a_fault_is_placed(folder, old, new, name, message):
    path = folder / "bad.toml"
    path.write_text(SPEC.replace(old, new, 1))
    with pytest.raises(InputError) as raised:
        read_comparison(path)
    found = {fault.name: fault for fault in raised.value.faults}
    assert name in found, found
    assert message in found[name].message
    assert found[name].where.startswith(f"{path}:")


def test_everything_wrong_is_said_at_once_with_status_2(folder):
    path = folder / "bad.toml"
    path.write_text(SPEC.replace('output = "amount"', 'output = "M"').replace('"overshoot"', '"over"'))
    call = ["compare", str(folder / "two.toml"), str(folder / "two.toml"), "none_such", "--spec", str(path)]
    call += ["--cohort", "elders", "--out", str(folder / "out.jpeg")]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 2
    assert not done.stdout
    for said in (
        "no output 'M'",
        "unknown measure 'over'",
        "no cohort 'elders'",
        "no 'none_such'",
        "two regimens 'two'",
    ):
        assert said in done.stderr
    line = SPEC.splitlines().index('output = "amount"') + 1
    assert f"{path}:{line}: rows.1.output" in done.stderr
    assert "end the name in .svg" in done.stderr


def test_rows_that_a_model_in_place_of_the_files_own_lacks_are_left_out_and_named(folder, held_down):
    (folder / "fewer.toml").write_text(held_down.replace("[outputs.amount]", "[outputs.other]"))
    call = ["compare", str(folder / "two.toml"), "--spec", str(folder / "spec.toml"), "--json"]
    done = CliRunner().invoke(app, [*call, "--model", str(folder / "fewer.toml")])
    assert done.exit_code == 0
    assert [row["output"] for row in json.loads(done.stdout)["rows"]] == ["N"]
    told = done.stderr.splitlines()  # progress follows on a slow machine
    assert told[0] == "warning: rows left out, since model 'fewer' has no such output: amount"
    (folder / "none.toml").write_text(
        held_down.replace("outputs.amount", "outputs.other").replace("outputs.N", "outputs.M")
    )
    with pytest.raises(InputError, match="model: model 'none' has none of the outputs N, amount"):
        read_comparison(folder / "spec.toml", model=str(folder / "none.toml"))


def test_json_alone_is_printed(folder):
    call = ["compare", str(folder / "two.toml"), "--spec", str(folder / "spec.toml"), "--json"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["regimens"] == ["two"]


def test_the_comparison_that_ships_has_no_fault():
    assert len(read_comparison().rows) > 3


def test_a_name_in_the_place_of_the_comparison_is_refused_by_its_argument():
    with pytest.raises(InputError, match=r"comparison: must be the path .*; write model='reconstitution'"):
        compare(["ms_licensed"], "reconstitution")
