"""The explorer without its page: states, links, regimen files, commands, and the numbers that are shown."""

import base64
import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import kinetics
from kinetics.explorer.checks import check_state
from kinetics.explorer.commands import command_lines, file_names, python_code
from kinetics.explorer.curves import Computation
from kinetics.explorer.histories import histories_of
from kinetics.explorer.link import link_text, state_from_link
from kinetics.explorer.listening import check_address
from kinetics.explorer.points import points_of, read_points
from kinetics.explorer.regimens import doses_of, regimen_of, regimen_text, rules_named
from kinetics.explorer.state import DoseSeries, Scenario, State, read_state, state_text
from kinetics.explorer.tables import count_cells, curves_csv, recovery_cells, rule_cells
from kinetics.files.library import library_names
from kinetics.patients import PatientData
from kinetics.patients.data.records import Observation, Patient
from kinetics.regimen import DoseRecord
from kinetics.units import parse_unit

MONTH = 30.4375


@pytest.fixture(scope="module")
def model(tmp_path_factory, held_down):
    """A in mg falls at 0.05/day, N = 1/(1 + A): from 12 mg back at 0.5 after ln(12)/0.05 days."""
    path = tmp_path_factory.mktemp("explorer") / "held.toml"
    path.write_text(
        held_down.replace('k = { value = 0.05, unit = "1/day"', 'k = { value = 0.05, unit = "1/day", spread = 0.3')
    )
    return kinetics.Model.load(path)


@pytest.fixture(scope="module")
def state(model):
    dose = DoseSeries(drug="drug_a", amount="12 mg")
    scenarios = (
        Scenario(name="one dose", doses=(dose,)),
        Scenario(name="faster", parameters={"k": 0.1}, doses=(dose,)),
    )
    return State(model=model.reference, until=12.0, outputs=("N", "amount"), scenarios=scenarios)


def faults_of(call):
    with pytest.raises(kinetics.InputError) as caught:
        call()
    return {fault.name: fault.message for fault in caught.value.faults}


def with_first(state, **changes):
    first, *others = state.scenarios
    return state.model_copy(update={"scenarios": (first.model_copy(update=changes), *others)})


# numbers


def test_a_curve_is_the_closed_form(model, state):
    one, faster = Computation(model).of(state)
    for curves, rate in ((one, 0.05), (faster, 0.1)):
        amount = 12 * np.exp(-rate * MONTH * curves.months)
        assert curves.middle("amount")[1:] == pytest.approx(amount[1:], rel=1e-5, abs=1e-9)
        assert curves.middle("N")[1:] == pytest.approx(1 / (1 + amount[1:]), rel=1e-5)


def test_a_time_of_recovery_is_the_closed_form(model, state):
    cells = recovery_cells(state, Computation(model).of(state), model)
    assert cells["head"] == ["", "one dose", "faster"]
    ((name, *times),) = cells["rows"]
    assert name == "N"
    assert [float(time) for time in times] == pytest.approx(
        [math.log(12) / rate / MONTH for rate in (0.05, 0.1)], rel=5e-3
    )


def test_what_is_shown_of_patients_is_what_simulate_gives(model, state):
    state = state.model_copy(update={"patients": 30, "seed": 3})
    curves = Computation(model).of(state)[0]
    regimen = kinetics.Course.of("drug_a", "12 mg").repeat(1)
    result = kinetics.simulate(
        model, regimen, until="12 month", every="0.03 month", patients=30, seed=3, measures="recovery", engine="batch"
    )
    expected = np.quantile(result["N"].values, [0.05, 0.5, 0.95], axis=0)
    np.testing.assert_array_equal(curves.band("N")[0], expected[0])
    np.testing.assert_array_equal(curves.middle("N"), expected[1])
    np.testing.assert_array_equal(curves.band("N")[1], expected[2])
    assert kinetics.recovery(result) == curves.recovery
    assert (curves.band("N")[0] <= curves.middle("N")).all()


def test_a_typical_patient_has_no_band(model, state):
    assert Computation(model).of(state)[0].band("N") is None


def test_the_limit_of_normal_follows_its_parameter(model, state):
    curves = Computation(model).of(with_first(state, parameters={"limit_N": 0.8}))
    assert [one.limits["N"] for one in curves] == [0.8, 0.5]


def test_only_the_scenario_that_changed_is_computed_anew(model, state):
    computation = Computation(model)
    first, second = computation.of(state)
    changed, same = computation.of(with_first(state, parameters={"k": 0.06}))
    assert same is second
    assert changed is not first


def test_the_csv_holds_the_curves(model, state):
    curves = Computation(model).of(state)
    lines = curves_csv(state, curves, model).splitlines()
    assert lines[0] == "scenario,output,unit,statistic,month,value,lower,upper"
    assert len(lines) == 1 + 2 * 2 * curves[0].months.size
    name, output, unit, statistic, _, value, lower, upper = lines[1].split(",")
    assert (name, output, unit, statistic, lower, upper) == ("one dose", "N", "1e9/L", "typical patient", "", "")
    assert float(value) == curves[0].middle("N")[0]


def test_counts_stand_at_their_months(model, state):
    cells = count_cells(state, Computation(model).of(state), model)
    assert [row[0] for row in cells["rows"]] == ["0", "1", "3", "6", "9", "12"]
    assert float(cells["rows"][1][1]) == pytest.approx(1 / (1 + 12 * math.exp(-0.05 * MONTH)), rel=6e-3)


# states, links


def test_a_link_restores_its_state(state):
    assert state_from_link(link_text(state)) == state
    assert state_from_link(f"http://127.0.0.1:1/token/?state={link_text(state)}") == state


@pytest.mark.parametrize("link", ["", "%%%", "http://127.0.0.1/", "http://[", "x" * 90_000, "/w", "?state=a&state=b"])
def test_a_link_that_is_none_is_refused(link):
    with pytest.raises(kinetics.InputError):
        state_from_link(link)


def test_every_fault_of_a_hostile_link_is_named(model):
    content = {
        "version": 1,
        "model": model.reference,
        "until": 1e9,
        "outputs": ["N"] * 17,
        "evil": "<script>",
        "scenarios": [
            {"name": "a", "doses": [{"drug": "drug_a", "amount": "1 mg", "count": 10**9, "month": math.nan}]}
        ],
    }
    link = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
    names = faults_of(lambda: state_from_link(link))
    assert {"until", "outputs", "evil", "scenarios.0.doses.0.count", "scenarios.0.doses.0.month"} <= names.keys()


def test_every_name_and_number_that_a_model_does_not_take_is_named(model, state):
    doses = (
        DoseSeries(drug="drug_b", amount="12 mg"),
        DoseSeries(drug="drug_a", amount="12 metre", month=1.0),
        DoseSeries(drug="drug_a", amount="-1 mg", month=2.0),
    )
    bad = with_first(state, cohort="nobody", parameters={"kk": 1.0}, doses=doses)
    bad = bad.model_copy(update={"outputs": ("N", "M")})
    names = faults_of(lambda: check_state(bad, model))
    assert {"outputs.1", "scenarios.0.cohort", "scenarios.0.parameters.kk"} <= names.keys()
    assert "scenarios.0.doses.2.amount" in names


@pytest.mark.parametrize(
    ("dose", "name"),
    [
        (DoseSeries(drug="drug_b", amount="12 mg"), "doses.0"),
        (DoseSeries(drug="drug_a", amount="12 metre"), "doses.0"),
        (DoseSeries(drug="drug_a", amount="12 mg", month=12.0), "doses.0.month"),
        (DoseSeries(drug="drug_a", amount="12 litter"), "doses.0.amount"),
    ],
)
def test_a_fault_of_a_dose_stands_at_its_row(model, state, dose, name):
    names = faults_of(lambda: check_state(with_first(state, doses=(dose,)), model))
    assert all(one.startswith(f"scenarios.0.{name}") for one in names), names


def test_a_link_of_another_model_is_refused_before_anything_is_read(model, state):
    other = state.model_copy(update={"model": "/etc/passwd", "outputs": ("M",)})
    assert list(faults_of(lambda: check_state(other, model))) == ["model"]


@pytest.mark.parametrize("name", ["a\x1b[2J", "a\nb", "a\u202eb"])
def test_a_name_that_acts_on_a_display_is_refused(state, name):
    assert "scenarios.0.name" in faults_of(lambda: read_state(state_text(with_first(state, name=name))))


def test_two_scenarios_of_one_name_are_refused(state):
    assert "scenarios.1.name" in faults_of(lambda: read_state(state_text(with_first(state, name="faster"))))


# regimens, commands


@pytest.mark.parametrize("name", library_names("models/regimens"))
def test_rows_give_back_every_regimen_that_ships(tmp_path, name):
    regimen = kinetics.Regimen.load(name)
    scenario = Scenario(name="a", doses=doses_of(regimen), rules=rules_named(regimen))
    assert regimen_of(scenario).content_hash == regimen.content_hash
    path = tmp_path / "regimen.toml"
    path.write_text(regimen_text(scenario))
    assert kinetics.Regimen.load(path) == regimen_of(scenario)


def test_the_command_line_gives_the_numbers_of_the_page(tmp_path, model, state):
    state = state.model_copy(update={"patients": 5, "seed": 2})
    for scenario, name in zip(state.scenarios, file_names(state), strict=True):
        (tmp_path / name).write_text(regimen_text(scenario))
    command = command_lines(state, model).splitlines()[1]
    script = f"kinetics() {{ '{sys.executable}' -m kinetics.cli \"$@\"; }}\n{command}\n"
    subprocess.run(["bash", "-euc", script], cwd=tmp_path, check=True, capture_output=True)
    result = kinetics.read_result(tmp_path / "faster.nc")
    curves = Computation(model).of(state)[1]
    np.testing.assert_array_equal(result["N"].values, curves.result["N"].values)


def test_the_script_gives_the_numbers_of_the_page(tmp_path, monkeypatch, model, state, capsys):
    monkeypatch.chdir(tmp_path)
    for scenario, name in zip(state.scenarios, file_names(state), strict=True):
        (tmp_path / name).write_text(regimen_text(scenario))
    names = {}
    exec(python_code(state, model), names)  # our own text
    for curves in Computation(model).of(state):
        np.testing.assert_array_equal(names["results"][curves.scenario.name]["N"].values, curves.result["N"].values)
    assert "one dose" in capsys.readouterr().out


def test_a_hostile_name_stays_a_word_of_the_command_and_a_name_of_a_file(model, state):
    hostile = with_first(state, name="$(touch x); ../../'\"")
    assert file_names(hostile)[0] == "touch_x.toml"
    assert "$(" not in command_lines(hostile, model)
    compile(python_code(hostile, model), "script", "exec")


# rules


@pytest.fixture(scope="module")
def ruled():
    """The courses of a regimen that ships and its rules, until they have acted."""
    model, regimen = kinetics.Model.load("consequences"), kinetics.Regimen.load("retreatment_on_activity")
    scenario = Scenario(name="on activity", cohort="relapsing", doses=doses_of(regimen), rules=rules_named(regimen))
    return model, State(model="consequences", until=120.0, outputs=("CD4",), scenarios=(scenario,))


@pytest.mark.filterwarnings("ignore:cap reached")
def test_what_rules_give_is_what_simulate_says(ruled):
    model, state = ruled
    (curves,) = Computation(model).of(state)
    options = {"until": "120 month", "every": "0.3 month", "cohort": "relapsing", "engine": "batch"}
    result = kinetics.simulate(model, "retreatment_on_activity", measures="recovery", **options)
    np.testing.assert_array_equal(curves.result["triggered_time"].values, result["triggered_time"].values)
    np.testing.assert_array_equal(curves.middle("CD4"), result["CD4"].values)
    ((name, rule, given),) = rule_cells(state, [curves], model)["rows"]
    assert name == "on activity"
    assert rule.startswith("when ")
    months = result["triggered_time"].values / MONTH
    assert months.size
    assert given.startswith(f"at month {months[0]:.3g}"[:11])
    assert rule_cells(with_first(state, rules=""), [curves], model)["rows"] == []


def test_commands_and_links_keep_the_rules(ruled, tmp_path):
    model, state = ruled
    assert state_from_link(link_text(state)) == state
    only = with_first(state, doses=(), rules="whack_a_mole")
    for code in (command_lines(only, model), python_code(only, model)):
        assert "on_activity.toml" in code
    assert kinetics.explore(model, regimen="retreatment_on_activity").state.scenarios[0].rules


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("retreatment_on_activty", "did you mean 'retreatment_on_activity'"),
        ("ms_licensed", "has no rules"),
        ("../regimens/whack_a_mole.toml", "no regimen '../regimens/whack_a_mole.toml' ships"),
    ],
)
def test_rules_that_no_shipped_regimen_has_are_refused(ruled, rules, message):
    model, state = ruled
    assert message in faults_of(lambda: check_state(with_first(state, rules=rules), model))["scenarios.0.rules"]


def test_rules_need_their_course_and_an_output_of_the_model(ruled, model, state):
    full, ruled_state = ruled
    first = with_first(ruled_state, doses=ruled_state.scenarios[0].doses[:1])
    assert "course 2" in next(iter(faults_of(lambda: check_state(first, full)).values()))
    assert faults_of(lambda: check_state(with_first(state, doses=(), rules="whack_a_mole"), model))


def test_rules_of_a_regimen_of_ones_own_are_left_to_simulate(model):
    regimen = kinetics.Regimen(rules=[kinetics.Rule("N", "0.5 1e9/L", "drug_a", "12 mg")], name="mine")
    faults = faults_of(lambda: kinetics.explore(model, regimen=regimen))
    assert "follows those of regimens that ship" in faults["regimen"]


# counts


def test_counts_of_a_user_stand_at_their_months(tmp_path, model):
    table = b"patient,day,analyte,value,unit\nP1,0,N,950,cells/uL\nP1,60.875,N,<20,cells/uL\n"
    points = points_of(read_points("my counts.csv", table, model, tmp_path), model)["N"]
    assert points.months == pytest.approx((0.0, 2.0))
    assert points.values == pytest.approx((0.95, 0.02))
    assert points.censored == ("", "below")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [("counts.exe", b""), ("counts.csv", b"a" * 6_000_000), ("../../counts.csv", b"\xff\x00"), ("counts.csv", b"")],
)
def test_a_table_that_is_none_is_refused(tmp_path, model, name, content):
    with pytest.raises(kinetics.InputError):
        read_points(name, content, model, tmp_path)
    assert list(tmp_path.iterdir()) == []


# the verb


def test_the_verb_takes_a_result(model):
    regimen = kinetics.Course.of("drug_a", "12 mg").repeat(1)
    result = kinetics.simulate(model, regimen, until="2 month")
    explorer = kinetics.explore(result, model=model, regimen=regimen)
    assert explorer.state.scenarios[0].doses == (DoseSeries(drug="drug_a", amount="12 mg"),)
    assert explorer.state.outputs == ("N",)


def test_a_result_whose_regimen_is_not_known_asks_for_it(model):
    result = kinetics.simulate(model, kinetics.Course.of("drug_a", "12 mg").repeat(1), until="2 month")
    assert list(faults_of(lambda: kinetics.explore(result, model=model))) == ["regimen"]


def test_the_verb_restores_a_link(model, state):
    explorer = kinetics.explore(model, link=link_text(state))
    assert explorer.state == state
    assert explorer.link == link_text(state)


def dosed(days, **changes):
    counts = (Observation(0.0, "N", 1.0), Observation(400.0, "N", 0.5, sequence=1))
    doses = tuple(
        DoseRecord(day, "drug_a", 12.0, duration=0.25, sequence=2 + n, **changes) for n, day in enumerate(days)
    )
    day, mg = parse_unit("day"), parse_unit("mg")
    return PatientData({"P1": Patient("P1", counts, doses)}, day, {"N": parse_unit("1e9/L")}, {"drug_a": mg})


def test_what_a_patient_was_given_is_courses_of_the_scenario(model):
    (scenario,) = kinetics.explore(dosed([30.0, 31.0, 32.0, 400.0]), model=model).state.scenarios
    first, second = scenario.doses
    assert (first.month, first.count, first.every, first.hours) == (pytest.approx(30 / MONTH), 3, 1.0, 6.0)
    assert (second.month, second.count, second.drug) == (pytest.approx(400 / MONTH), 1, "drug_a")
    starts = [dose.start.to("day").magnitude for dose in regimen_of(scenario).doses]
    assert starts == pytest.approx([30, 31, 32, 400])


@pytest.mark.parametrize("data", [dosed([-3.0]), dosed([0.0], reset=True), dosed([0.0], steady_state=1, interval=7.0)])
def test_doses_that_rows_cannot_hold_are_not_offered(data, model):
    assert histories_of(data) == {}
    assert kinetics.explore(data, model=model).state.scenarios[0].doses == ()


def test_the_verb_takes_patients(tmp_path, model):
    path = tmp_path / "counts.csv"
    path.write_text("patient;day;analyte;value;unit\nP1;0;N;950;cells/uL\n")
    explorer = kinetics.explore(path, model=model)
    assert explorer.data is not None
    assert explorer.data.ids == ("P1",)


@pytest.mark.parametrize("subject", [12, "no_such_thing", "ms_licensed"])
def test_what_cannot_be_explored_is_refused(subject):
    with pytest.raises(kinetics.InputError, match="subject"):
        kinetics.explore(subject)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.7", "::", "example.org", ""])
def test_another_address_is_refused(address):
    with pytest.raises(kinetics.InputError, match="--unsafe-listen"):
        check_address(address, unsafe_listen=False)
    check_address(address, unsafe_listen=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_is_not_refused(address):
    check_address(address, unsafe_listen=False)


def test_without_the_extra_it_says_how_to_install_it(monkeypatch, model, state):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(kinetics.InputError, match=r"pip install 'lymphokinetics\[explore\]'"):
        kinetics.explore(model, link=link_text(state)).serve()


def test_a_fit_gives_its_model_its_cohort_and_its_estimates():
    estimates = kinetics.Estimates.load("hill_cawthorne_2012")
    explorer = kinetics.explore("hill_cawthorne_2012")
    assert explorer.model.reference == estimates.model
    assert explorer.state.scenarios[0].cohort == estimates.cohort
    # this cohort takes another fit's estimates; what is explored is this one
    assert explorer.state.scenarios[0].parameters == estimates.by_flat_name(explorer.model)


def test_the_estimates_of_a_fit_that_is_not_committed_are_set():
    estimates = kinetics.Estimates.load("hill_cawthorne_2012")
    fresh = replace(estimates, values=1.1 * estimates.values)
    explorer = kinetics.explore(fresh)
    expected = fresh.by_flat_name(explorer.model)
    assert explorer.state.scenarios[0].parameters == pytest.approx(expected)


def test_a_written_result_gives_its_regimen(tmp_path):
    result = kinetics.simulate("reconstitution", "ms_licensed", until="2 month", cohort="relapsing")
    kinetics.write_result(result, tmp_path / "result.nc")
    explorer = kinetics.explore(tmp_path / "result.nc")
    assert regimen_of(explorer.state.scenarios[0]) == kinetics.Regimen.load("ms_licensed")
    assert explorer.state.scenarios[0].cohort == "relapsing"
