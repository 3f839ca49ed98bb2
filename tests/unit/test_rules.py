"""Rules: what they say, what is refused, what they do to a regimen, and what a result tells of them."""

import math
import warnings

import numpy as np
import pytest

from kinetics.compile import compile_model
from kinetics.engines import batch, scipy
from kinetics.errors import InputError, UnitError, UnknownNameError
from kinetics.model import Model
from kinetics.regimen import Course, Dose, Regimen, Rule, segments, triggers, with_retreatment
from kinetics.results import read_result, write_result
from kinetics.simulation.simulating import simulate

GOOD = {"output": "Y", "level": "40 % of baseline", "drug": "drug", "amount": "0.3 mg"}
START = Course.of("drug", "0.9 mg")
FIRST = math.log(0.9 / 0.6) / 0.1


def rule(**changes) -> Rule:
    return Rule(**{**GOOD, **changes})


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"output": "a.b"}, "output: must be the name of an output"),
        ({"output": 3}, "output: must be the name of an output"),
        ({"level": "0 mg"}, "level: must be positive, found '0 mg'"),
        ({"level": "-1 mg"}, "level: must be positive"),
        ({"level": "0 % of baseline"}, "level: level '0 % of baseline': a share of baseline is positive"),
        ({"level": "40 %% of baseline"}, "level: level"),
        ({"level": 0.4}, "level: must be text"),
        ({"drug": "1a"}, "drug: must be a name"),
        ({"amount": "-1 mg"}, "amount: must be positive"),
        ({"amount": "one"}, "amount: cannot read quantity"),
        ({"duration": "-1 hour"}, "duration: must not be negative"),
        ({"duration": "1 mg"}, "duration: 'mg' is not a kind of 'day'"),
        ({"direction": "sideways"}, "direction: must be 'up' or 'down'"),
        ({"most": 0}, "most: must be a whole number from 1 to 1000"),
        ({"most": 1001}, "most: must be a whole number from 1 to 1000"),
        ({"most": 2.0}, "most: must be a whole number"),
        ({"most": True}, "most: must be a whole number"),
        ({"apart": "-1 day"}, "apart: must not be negative"),
        ({"apart": "1 mg"}, "apart: 'mg' is not a kind of 'day'"),
        ({"after_course": 0}, "after_course: must be the number of a course"),
        ({"after_course": True}, "after_course: must be the number of a course"),
        ({"count": 2}, "every: missing: 2 repeats need the time from one to the next"),
        ({"count": 0, "every": "1 day"}, "count: must be a whole number from 1 to 10000"),
        ({"count": 1.0}, "count: must be a whole number"),
        ({"count": 2, "every": "0 day"}, "every: must be positive, found '0 day'"),
        ({"count": 2, "every": "1 mg"}, "every: 'mg' is not a kind of 'day'"),
    ],
)
def test_a_bad_rule_is_named(changes, fault):
    with pytest.raises(InputError) as error:
        rule(**changes)
    assert len(error.value.faults) == 1
    assert str(error.value).startswith(fault)


def test_every_fault_of_a_rule_at_once():
    with pytest.raises(InputError) as error:
        Rule("a.b", "0 mg", "1a", "-1 mg", "-1 day", "sideways", 0, "-1 day", -1, "-1 day", 0)
    assert [fault.name for fault in error.value.faults] == [
        "output",
        "level",
        "drug",
        "amount",
        "duration",
        "direction",
        "most",
        "apart",
        "after_course",
        "count",
        "every",
    ]


def test_a_rule_is_what_it_does_however_it_is_written():
    one = Rule("N", "0.4 1e9/L", "drug", "12 mg", "4 hour", apart="1 day")
    same = Rule("N", "400 cells/uL", "drug", "0.012 g", "240 minute", apart="24 hour")
    assert one == same
    assert hash(one) == hash(same)
    for changes in (
        {"output": "Z"},
        {"level": "41 % of baseline"},
        {"drug": "other"},
        {"amount": "0.31 mg"},
        {"duration": "1 hour"},
        {"direction": "down"},
        {"most": 2},
        {"apart": "1 day"},
        {"after_course": 1},
        {"count": 2, "every": "1 day"},
    ):
        assert rule(**changes) != rule()
        assert (START + rule(**changes)).content_hash != (START + rule()).content_hash


def test_a_course_of_one_dose_is_a_dose():
    assert rule(count=1, every="1 day") == rule()
    assert rule(count=3, every="24 hour") == rule(count=3, every="1 day")
    assert len({rule(), rule(count=2, every="1 day"), rule(count=3, every="1 day"), rule(count=3, every="2 day")}) == 4


def test_the_fingerprint_of_a_single_dose_is_what_it_was_before_there_were_courses():
    one = Rule("N", "0.4 1e9/L", "drug", "12 mg", "4 hour", most=2, apart="1 day")
    given = ["drug", "1.20000000000e-02", "gram", "0.166666667"]
    assert one.fingerprint == ["N", "4.00000000000e+11", "1/m^3", *given, "up", 2, "1.000000000", None]


def test_a_regimen_shows_its_rules():
    regimen = START + rule(most=2, apart="60 day", duration="4 hour", after_course=1) + rule(direction="down")
    assert " ".join(str(regimen).split()).endswith(
        "rule 1: when Y rises to 40 % of baseline after course 1: "
        "drug 0.3 mg over 4 hour, at most 2 times, 60 day apart "
        "rule 2: when Y falls to 40 % of baseline: drug 0.3 mg, once"
    )
    assert regimen.name == "course at 0 day + rule on Y + rule on Y"
    assert (START + rule(drug="other")).drugs == ("drug", "other")


def numbers(regimen: Regimen) -> list[int | None]:
    return [each.after_course for each in regimen.rules]


def test_rules_follow_their_course():
    watched = START + rule(after_course=1)
    later = START.at("1 year")
    assert numbers(watched + later) == [1]
    assert numbers(START + watched.shift("1 year")) == [2]
    assert numbers(watched.shift("1 year") + START) == [2]
    assert numbers(watched.repeat(3, "1 year")) == [1, 2, 3]
    assert numbers(with_retreatment(watched.shift("1 day"), START, ["1 hour", "1 year"])) == [2]
    assert numbers(watched + Regimen([START])) == [1]
    assert numbers((START + rule()).repeat(3, "1 year")) == [None]
    assert numbers(Regimen.none() + rule()) == [None]
    first, second = (rule(after_course=number, every="1 day", count=3) for number in (1, 2))
    assert (START + first).repeat(2, "1 year").rules == (first, second)
    assert (Regimen.none() + rule()) + START == START + rule()


def test_the_same_rule_twice_counts_once():
    assert START + rule() + rule() == START + rule()


def test_a_regimen_without_rules_keeps_its_hash():
    assert Regimen([START]).content_hash == Regimen([START], rules=[]).content_hash
    assert Regimen([START]) != START + rule()


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ([rule(after_course=2)], "rules.0.after_course: there is no course 2; the last is 1"),
        ([rule(most=1000, level=f"{n} % of baseline") for n in range(1, 12)], "rules: more than 10000 doses"),
        ([rule(most=101, count=100, every="1 day")], "rules: more than 10000 doses; .* 'most' or 'count'"),
        ([START], r"rules\[0\]: must be a Rule, as in \[Rule\(\.\.\.\)\]"),
        (rule(), "rules: must be a list, such as"),
    ],
)
def test_rules_that_a_regimen_cannot_have(rules, fault):
    with pytest.raises(InputError, match=fault):
        Regimen([START], rules=rules)


HEADER = '[regimen]\ntitle = "A regimen"\nsource = "choice"\n\n[[courses]]\nstart = "0 day"\n'
HEADER += 'doses = [{ drug = "drug", amount = "0.9 mg" }]\n\n'
ROW = '[[rules]]\noutput = "Y"\nlevel = "40 % of baseline"\ndrug = "drug"\namount = "0.3 mg"\n'


@pytest.fixture
def load(tmp_path):
    def load(text: str) -> Regimen:
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return Regimen.load(path)

    return load


def test_a_file_with_rules(load):
    more = 'duration = "4 hour"\ndirection = "down"\nmost = 3\napart = "60 day"\nafter_course = 1\n'
    assert load(HEADER + ROW + "\n" + ROW + more).rules == (
        rule(),
        rule(duration="4 hour", direction="down", most=3, apart="60 day", after_course=1),
    )
    assert load(HEADER + ROW + 'every = "1 day"\ncount = 3\n').rules == (rule(every="1 day", count=3),)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (ROW + "x = 1\n", "14: rules.0.x: unknown key; there are output, level, drug"),
        (ROW.replace("40 %", "0 %"), "11: rules.0.level: level '0 % of baseline'"),
        (ROW.replace("40 % of baseline", "0 mg"), "11: rules.0.level: must be positive"),
        (ROW.replace('"40 % of baseline"', "0.4"), "11: rules.0.level: input should be a valid string"),
        (ROW.replace('output = "Y"\n', ""), "9: rules.0: missing 'output'"),
        (ROW.replace('"drug"', '"1a"'), "12: rules.0.drug: must be a name"),
        (ROW.replace("0.3", "-0.3"), "13: rules.0.amount: must be positive"),
        (ROW + 'duration = "-1 hour"\n', "14: rules.0.duration: must not be negative"),
        (ROW + 'direction = "left"\n', "14: rules.0.direction: input should be 'up' or 'down'"),
        (ROW + "most = 0\n", "14: rules.0.most: input should be greater than or equal to 1"),
        (ROW + "most = 1001\n", "14: rules.0.most: input should be less than or equal to 1000"),
        (ROW + "most = 1.5\n", "14: rules.0.most: input should be a valid integer"),
        (ROW + 'apart = "-1 day"\n', "14: rules.0.apart: must not be negative"),
        (ROW + "after_course = 0\n", "14: rules.0.after_course: input should be greater than or equal to 1"),
        (ROW + "after_course = 2\n", "14: rules.0.after_course: there is no course 2; the last is 1"),
        (ROW + "count = 3\n", "9: rules.0.every: missing: 3 repeats need the time from one to the next"),
        (ROW + 'every = "1 day"\n', "14: rules.0.every: needs 'count', the number of doses"),
        (ROW + 'count = 2\nevery = "0 day"\n', "15: rules.0.every: must be positive"),
        (ROW + 'count = 0\nevery = "1 day"\n', "14: rules.0.count: input should be greater than or equal to 1"),
        (ROW + 'most = 200\ncount = 100\nevery = "1 day"\n', "9: rules: more than 10000 doses"),
        ("rules = 3\n", "rules: input should be a valid list"),
    ],
)
def test_a_bad_rule_of_a_file_is_named_with_its_line(load, row, fault):
    with pytest.raises(InputError) as error:
        load(HEADER + row if row.startswith("[[") else row + HEADER)
    found = [str(one).partition("mine.toml:")[2] for one in error.value.faults]
    assert len(found) == 1, found
    assert fault in found[0]


def test_every_fault_of_the_rules_of_a_file_at_once(load):
    bad = '[[rules]]\noutput = "a.b"\nlevel = "0 mg"\namount = "-1 mg"\ndirection = "left"\nmost = 0\nx = 1\n'
    with pytest.raises(InputError) as error:
        load(HEADER + bad + "\n" + ROW.replace("0.3", "-0.3") + "after_course = 7\n")
    assert len(error.value.faults) == 9


def engine_view(model: Model, regimen: Regimen, until: float = 100.0):
    doses = {name: dose.unit for name, dose in model.doses.items()}
    outputs = {name: output.unit for name, output in model.outputs.items()}
    return segments(regimen, doses, model.time, until), triggers(regimen, outputs, doses, model.time)


@pytest.fixture(params=[scipy.integrate, batch.integrate], ids=["scipy", "batch"])
def fire(request, deficit):
    """A function (regimen, until) to times and rules of what was given, and which rules met their cap."""

    def fire(regimen: Regimen, until: float = 100.0) -> tuple[list[float], list[int], list[bool]]:
        system = compile_model(deficit)
        given, rules = engine_view(deficit, regimen, until)
        fired = request.param(system, system.constants(system.parameter_array()), given, triggers=rules).triggered_doses
        there = fired.rules > 0
        return fired.times[there].tolist(), fired.rules[there].tolist(), fired.capped.tolist()

    return fire


def test_a_rule_acts_once_by_default_and_tells_that_it_would_again(fire):
    times, _, capped = fire(START + rule())
    assert times == [pytest.approx(FIRST)]
    assert capped == [True]


def test_a_crossing_that_comes_too_early_is_lost(fire):
    step = math.log(0.7 / 0.6) / 0.1
    times, _, _ = fire(START + rule(most=10, apart="4 day", amount="0.1 mg"), until=30.0)
    # the second crossing is 1.54 day after the first and gives nothing, so the output rises on
    assert times == [pytest.approx(FIRST)]
    assert FIRST > 4 > step


def test_a_rule_keeps_apart_from_a_scheduled_course_of_its_drug(fire):
    """The crossing is 4.05 day after the only course."""
    assert fire(START + rule(apart="4 day"))[0] == [pytest.approx(FIRST)]
    assert fire(START + rule(apart="4.1 day"))[0] == []
    assert fire(START + rule(apart="4.1 day", drug="other"))[0] == [pytest.approx(FIRST)]


def test_a_rule_keeps_apart_from_a_course_to_come(fire):
    """A course 6 days after the first, 1.95 day after the crossing."""
    twice = START + Course.of("drug", "0.001 ug").at("6 day")
    assert fire(twice + rule(apart="1.9 day"))[0] == [pytest.approx(FIRST)]
    assert fire(twice + rule(apart="2 day"))[0] == []


def test_rules_of_one_drug_keep_apart_from_each_other(fire):
    """The second crosses its level 0.43 day after the first, which gives next to nothing."""
    first, second = rule(amount="0.001 ug"), {"level": "0.425 mg", "amount": "0.001 ug"}
    later = math.log(0.9 / 0.575) / 0.1
    assert fire(START + first + rule(**second, apart="0.4 day"))[0] == pytest.approx([FIRST, later], abs=1e-4)
    assert fire(START + first + rule(**second, apart="0.5 day"))[0] == pytest.approx([FIRST], abs=1e-4)
    both = fire(START + first + rule(**second, apart="0.5 day", drug="other"))[0]
    assert both == pytest.approx([FIRST, later], abs=1e-4)


def test_of_two_rules_of_one_drug_that_cross_together_the_second_keeps_apart(fire):
    one, other = rule(amount="0.001 ug"), rule(amount="0.002 ug", apart="1 day")
    assert fire(START + one + other)[1] == [1]
    assert fire(START + one + rule(amount="0.002 ug"))[1] == [1, 2]


def test_a_rule_waits_for_its_window(fire):
    twice = START + START.at("20 day")
    z = 0.9 * math.exp(-2.0) + 0.9
    second = 20 + math.log(z / 0.6) / 0.1
    for number, expected in ((1, [FIRST]), (2, [second]), (None, [FIRST, second])):
        times, _, capped = fire(twice + rule(after_course=number, most=1 if number else 2, amount="0.001 ug"))
        # what is given is next to nothing, and the next crossing follows within seconds: lost by the cap
        assert times == pytest.approx(expected if number else [FIRST, times[1]])
        assert capped[0]


def test_an_output_that_starts_beyond_its_level_must_go_back_first(fire):
    assert fire(Course.of("drug", "0.3 mg") + rule()) == ([], [], [False])
    assert fire(Regimen(rules=[rule()])) == ([], [], [False])


def test_a_jump_across_a_level_counts_as_a_crossing(fire):
    """Z jumps from 0 to 0.9 mg at time 0, and Y from 1 to 0.1."""
    assert fire(START + rule(direction="down", amount="1 mg"))[0] == [0.0]
    assert fire(START.at("3 day") + rule(output="Z", level="0.2 mg", amount="1 mg"))[0] == [3.0]


def test_a_dose_by_a_rule_can_set_off_another_rule(fire):
    chain = START + rule(amount="5 mg") + rule(output="Z", level="4 mg", drug="other", amount="1 mg")
    times, rules, _ = fire(chain)
    assert rules == [1, 2]
    assert times == [pytest.approx(FIRST), times[0]]


def test_a_rule_that_sets_itself_off_acts_once_at_an_instant(fire):
    """Z rises to its level by what the rule gives; it must fall below before it counts again."""
    regimen = START.at("1 day") + rule(output="Z", level="0.5 mg", amount="1 mg", most=1000)
    times, _, capped = fire(regimen)
    assert times == [1.0]
    assert capped == [False]


def test_nothing_is_given_at_the_end(fire):
    assert fire(START + rule(), until=FIRST)[0] == []
    assert fire(START + rule(), until=FIRST + 1e-6)[0] == [pytest.approx(FIRST)]


def test_an_infusion_of_a_rule_is_cut_by_the_end(fire):
    assert fire(START + rule(duration="30 day"), until=FIRST + 1)[0] == [pytest.approx(FIRST)]


def test_a_crossing_at_a_scheduled_edge(fire):
    """A scheduled dose a rounding after the crossing changes nothing of it."""
    close = Dose("drug", "1e-9 mg", f"{FIRST + 1e-10!r} day")
    times, _, _ = fire(Regimen([Course([Dose("drug", "0.9 mg"), close])], rules=[rule(amount="2 mg")]))
    assert times == [pytest.approx(FIRST)]


def test_a_thousand_doses(fire):
    """Hardly anything is given, so the next crossing follows at once."""
    times, _, capped = fire(START + rule(amount="1 ug", most=1000))
    assert len(times) == 1000
    assert capped == [True]
    assert min(np.diff(times)) > 0


def test_a_course_begun_in_its_window_is_given_to_its_end(fire):
    twice = START + START.at("6 day")
    assert fire(twice + rule(after_course=1, every="1 day", count=4))[0] == pytest.approx(FIRST + np.arange(4.0))


def run(deficit, regimen, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return simulate(deficit, regimen, until="60 day", every="1 day", **options)


@pytest.mark.parametrize("engine", ["scipy", "batch"])
def test_a_result_tells_what_was_given(deficit, engine):
    result = run(deficit, START + rule(most=3, amount="0.3 mg"), engine=engine)
    np.testing.assert_allclose(result["triggered_time"], FIRST * np.arange(1, 4), rtol=1e-6)
    assert result["triggered_time"].attrs["units"] == "day"
    assert result["triggered_amount"].values.tolist() == [0.3] * 3
    assert result["triggered_amount"].attrs["units"] == "mg"
    assert result["triggered_rule"].values.tolist() == [1, 1, 1]
    assert result["trigger_capped"].values.tolist() == [1]
    text = "1: when Y rises to 40 % of baseline: drug 0.3 mg, at most 3 times"
    assert result.attrs["rules"] == result["triggered_rule"].attrs["rules"] == text
    assert result.attrs["regimen_hash"] == (START + rule(most=3)).content_hash


@pytest.mark.parametrize("engine", ["scipy", "batch"])
def test_a_result_lists_each_dose_of_a_course(deficit, engine):
    """Two courses of 0.3 mg in all cannot keep Y down until day 60; the cap is on courses."""
    regimen = START + rule(most=2, amount="0.1 mg", every="12 hour", count=3)
    with pytest.warns(UserWarning, match=r"rule 1 \(.*drug 0\.1 mg, a course of 3 every 12 hour, at most 2 times\)"):
        result = simulate(deficit, regimen, until="60 day", every="1 day", engine=engine)
    assert result.sizes["trigger"] == 6
    times = result["triggered_time"].values.reshape(2, 3)
    np.testing.assert_allclose(times - times[:, :1], [[0, 0.5, 1.0]] * 2, atol=1e-12)
    assert times[0, 0] == pytest.approx(FIRST)
    assert result["triggered_amount"].values.tolist() == [0.1] * 6
    assert result["triggered_rule"].values.tolist() == [1] * 6
    assert result["trigger_capped"].values.tolist() == [1]


@pytest.mark.parametrize("engine", ["scipy", "batch"])
def test_patients_have_their_own_times(deficit, engine, tmp_path):
    regimen = START + rule(most=2) + rule(level="80 % of baseline", drug="other", amount="0.1 mg")
    result = run(deficit, regimen, engine=engine, patients=5, seed=3)
    assert result["triggered_time"].dims == ("patient", "trigger")
    assert result["trigger_capped"].dims == ("patient", "rule")
    assert result.sizes["trigger"] == 3
    assert len(np.unique(result["triggered_time"][:, 0])) == 5
    write_result(result, tmp_path / "given.nc")
    assert read_result(tmp_path / "given.nc").to_dataset().identical(result)


def test_engines_tell_the_same(deficit):
    regimen = START + rule(most=2) + rule(level="80 % of baseline", drug="other", amount="0.1 mg")
    slow, fast = (run(deficit, regimen, engine=engine, patients=4) for engine in ("scipy", "batch"))
    np.testing.assert_allclose(fast["triggered_time"], slow["triggered_time"], rtol=1e-7)
    np.testing.assert_array_equal(fast["triggered_rule"], slow["triggered_rule"])
    np.testing.assert_array_equal(fast["trigger_capped"], slow["trigger_capped"])


def test_parameter_sets_have_their_own_times(deficit):
    result = run(deficit, START + rule(most=4), parameters=[{"k": 0.1}, {"k": 0.05}])
    np.testing.assert_allclose(result["triggered_time"][:, 0], [FIRST, 2 * FIRST], rtol=1e-6)


def test_a_patient_that_fails_was_given_nothing(deficit):
    system, regimen = compile_model(deficit), START + rule()
    given, rules = engine_view(deficit, regimen)
    table = np.array([system.constants(system.parameter_array({"k": k})) for k in (0.1, np.nan)])
    plans, times = [(given, np.zeros(1))], np.linspace(0, 100, 5)
    found = batch.integrate_many(system, table, plans, np.zeros(2, int), times, triggers=rules)
    assert found.triggered_doses is not None
    assert found.reasons[0] == ""
    assert "not finite" in found.reasons[1]
    assert found.triggered_doses.times[0] == pytest.approx(FIRST)
    assert np.isnan(found.triggered_doses.times[1]).all()
    assert not found.triggered_doses.rules[1].any()
    assert not found.triggered_doses.capped[1].any()


def test_a_result_without_rules_says_nothing_of_them(deficit):
    result = run(deficit, Regimen([START]))
    assert not [name for name in result.variables if "trigger" in str(name) or name == "rule"]
    assert "rules" not in result.attrs


def test_a_cap_that_is_reached_is_told(deficit):
    with pytest.warns(UserWarning, match=r"cap reached: rule 1 \(when Y rises .*\) would act again; raise its 'most'"):
        simulate(deficit, START + rule(), until="60 day", every="1 day")
    with pytest.warns(UserWarning, match=r"cap reached in 3 of 3: rule 1"):
        simulate(deficit, START + rule(), until="60 day", every="1 day", patients=3)


def test_a_measure_sees_what_a_rule_gave(deficit):
    from kinetics.measures import TimeToThreshold

    measure = TimeToThreshold("Y", "60 % of baseline")
    found = [
        float(run(deficit, regimen, measures=[measure])[measure.name][0])
        for regimen in (Regimen([START]), START + rule())
    ]
    wait = math.log(0.9 / 0.6) / 0.1
    expected = math.log(0.9 / 0.4) / 0.1
    assert found == [pytest.approx(expected), pytest.approx(expected + wait)]


@pytest.mark.parametrize("who", [{}, {"patients": 2}, {"parameters": [{"k": 0.1}, {"k": 0.2}]}])
@pytest.mark.parametrize(
    ("changes", "kind", "fault"),
    [
        ({"output": "X"}, UnknownNameError, "rule 1, output: the model has no output 'X'; outputs are Y, Z, given"),
        ({"output": "z"}, UnknownNameError, "rule 1, output: the model has no output 'z'"),
        ({"level": "1 day"}, UnitError, "rule 1, level: 'day' is not a kind of 'mg'"),
        ({"drug": "aspirin"}, UnknownNameError, "rule 1: unknown drug 'aspirin'; the model accepts drug, other"),
        ({"amount": "1 day"}, UnitError, "rule 1: amount 1 day of drug: 'day' is not a kind of 'mg'"),
        ({"level": "baseline"}, InputError, "rule 1, level: baseline is not below the baseline of Y, 1"),
        ({"level": "110 % of baseline"}, InputError, "it cannot rise back to it"),
        ({"level": "1 mg"}, InputError, "rule 1, level: 1 mg is not below the baseline of Y"),
        ({"output": "Z"}, InputError, "rule 1, level: is 0: Z is 0 before any drug"),
    ],
)
def test_a_rule_that_does_not_fit_the_model_is_named(deficit, changes, kind, fault, who):
    with pytest.raises(kind, match=fault):
        simulate(deficit, START + rule(**changes), until="60 day", every="1 day", **who)


def test_an_output_that_starts_at_zero_may_rise_to_any_level(deficit):
    result = run(deficit, START + rule(output="Z", level="0.5 mg"))
    assert result["triggered_time"].values.tolist() == [0.0]


def test_amounts_of_two_dimensions_stand_apart():
    import sympy as sp

    from kinetics.model.quantities import Dose as DoseInput
    from kinetics.model.quantities import Output, Parameter, State

    a, b, k, a0, b0 = sp.symbols("a b k a0 b0")
    model = Model.from_symbols(
        "two",
        time="day",
        parameters=[
            Parameter(name="k", value=0.1, unit="1/day"),
            Parameter(name="a0", value=1.0, unit="mg"),
            Parameter(name="b0", value=1.0, unit="L"),
        ],
        doses=[DoseInput(name="heavy", unit="mg", into="a"), DoseInput(name="many", unit="L", into="b")],
        states=[
            State(name="a", unit="mg", initial=a0, rate=-k * a),
            State(name="b", unit="L", initial=b0, rate=-2 * k * b),
        ],
        outputs=[Output(name="A", unit="mg", value=a), Output(name="B", unit="L", value=b)],
    )
    falls = {"level": "50 % of baseline", "direction": "down"}
    regimen = Regimen(
        rules=[Rule("A", drug="many", amount="3 L", **falls), Rule("B", drug="heavy", amount="1 g", **falls)]
    )
    result = simulate(model, regimen, until="9 day", every="1 day", engine="scipy")
    assert result["triggered_rule"].values.tolist() == [2, 0]
    np.testing.assert_array_equal(result["triggered_amount_heavy"], [1000.0, np.nan])
    np.testing.assert_array_equal(result["triggered_amount_many"], [np.nan, np.nan])
    assert result["triggered_amount_many"].attrs["units"] == "L"
    assert "triggered_amount" not in result


def test_a_fit_refuses_rules(project):
    from kinetics.estimate import FitProblem

    path = project.models / "regimens" / "ruled.toml"
    path.write_text((project.models / "regimens" / "once.toml").read_text() + ROW.replace('"Y"', '"N_blood"'))
    row = {
        "output": "N_blood",
        "time": "1 day",
        "value": 0.5,
        "log_se": 0.1,
        "regimen": f"../models/regimens/{path.name}",
    }
    with pytest.raises(InputError, match="regimen 'ruled' has rules; a fit needs doses at times known beforehand"):
        FitProblem.load(project.fit(row, free={"k": 'lower = 0.01, upper = 1.0, unit = "1/day"'}))
