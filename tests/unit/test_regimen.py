"""Doses, courses and regimens: values known from the calendar, and everything that is refused."""

import pickle

import numpy as np
import pint
import pytest

from kinetics.errors import InputError, UnitError
from kinetics.files.library import library_names
from kinetics.regimen import Course, Dose, Regimen, with_retreatment
from kinetics.units import registry

COURSE = Course.of("drug_a", "12 mg", duration="4 hour", every="1 day", count=3)


def names(error: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [fault.name for fault in error.value.faults]


def test_dose_keeps_quantities():
    dose = Dose("drug_a", "12 mg", start="1 month", duration="4 hour")
    assert isinstance(dose.amount, pint.Quantity)
    assert str(dose.amount.units) == "milligram"
    assert dose.start.magnitude == 30.4375
    assert dose.duration.magnitude == 4 / 24
    assert dose.end.to("hour").magnitude == pytest.approx(30.4375 * 24 + 4)


def test_dose_accepts_pint_quantities():
    given = Dose("drug_a", registry.Quantity(np.int64(12), "mg"), start=registry.Quantity(1, "week"))
    assert given == Dose("drug_a", "12 mg", start="7 day")


@pytest.mark.parametrize(
    ("arguments", "name", "message"),
    [
        ({"amount": "-12 mg"}, "amount", "positive"),
        ({"amount": "0 mg"}, "amount", "positive"),
        ({"amount": "nan mg"}, "amount", "cannot read"),
        ({"amount": "inf mg"}, "amount", "cannot read"),
        ({"amount": "1e999 mg"}, "amount", "not finite"),
        ({"amount": registry.Quantity(float("nan"), "mg")}, "amount", "finite"),
        ({"amount": registry.Quantity(np.ones(2), "mg")}, "amount", "one finite number"),
        ({"amount": "12"}, "amount", "no unit"),
        ({"amount": 12}, "amount", "no unit"),
        ({"amount": "12 litter"}, "amount", "unknown unit"),
        ({"amount": "1 10**10**8"}, "amount", "cannot read unit"),
        ({"start": "-1 day"}, "start", "before time zero"),
        ({"start": "1 mg"}, "start", "not a kind of"),
        ({"start": "1e400 day"}, "start", "not finite"),
        ({"start": "1e308 year"}, "start", "not finite"),
        ({"start": 3}, "start", "no unit"),
        ({"duration": "-4 hour"}, "duration", "negative"),
        ({"duration": "4 mg"}, "duration", "not a kind of"),
        ({"drug": "drug a"}, "drug", "must be a name"),
        ({"drug": "__import__('os').system('true')"}, "drug", "must be a name"),
        ({"drug": "a.b"}, "drug", "must be a name"),
        ({"drug": "exp"}, "drug", "reserved"),
        ({"drug": 1}, "drug", "must be a name"),
        ({"drug": ""}, "drug", "must be a name"),
    ],
)
def test_bad_dose_is_refused_by_name(arguments, name, message):
    with pytest.raises(InputError, match=message) as error:
        Dose(**({"drug": "drug_a", "amount": "12 mg"} | arguments))
    assert names(error) == [name]


def test_all_faults_of_a_dose_at_once():
    with pytest.raises(InputError) as error:
        Dose("9", "-1 mg", "-1 day", "-1 hour")
    assert names(error) == ["drug", "amount", "start", "duration"]


@pytest.mark.parametrize(
    ("count", "every", "wrong"),
    [
        (0, "1 day", ["count"]),
        (-1, "1 day", ["count"]),
        (10_001, "1 day", ["count"]),
        (2.0, "1 day", ["count"]),
        (True, "1 day", ["count"]),
        (2, None, ["every"]),
        (2, "0 day", ["every"]),
        (2, "-1 day", ["every"]),
        (2, "1 mg", ["every"]),
        (0, "-1 day", ["count", "every"]),
    ],
)
def test_bad_repeats_are_refused(count, every, wrong):
    for thing in (Dose("drug_a", "1 mg"), COURSE, Regimen([COURSE])):
        with pytest.raises(InputError) as error:
            thing.repeat(count, every)
        assert names(error) == wrong


def test_course_starts_with_its_first_dose_and_ends_with_its_last_infusion():
    late, long = Dose("drug_a", "1 mg", "3 day"), Dose("drug_b", "1 g", "1 day", duration="5 day")
    course = Course([late, long])
    assert course.doses == (long, late)
    assert (course.start.magnitude, course.end.magnitude) == (1.0, 6.0)
    moved = course.at("36 month")
    assert [dose.start.magnitude for dose in moved.doses] == [1095.75, 1097.75]


@pytest.mark.parametrize("members", [[], ["drug_a"], "drug_a", None, [COURSE]])
def test_course_is_made_of_doses(members):
    with pytest.raises(InputError, match=r"needs at least one dose|doses(\[0\])?: must be a (list|Dose)"):
        Course(members)


@pytest.mark.parametrize("members", [["drug_a"], COURSE, COURSE.doses])
def test_regimen_is_made_of_courses(members):
    with pytest.raises(InputError, match=r"courses(\[0\])?: must be a (list|Course)"):
        Regimen(members)


def test_nothing_moves_before_time_zero():
    for thing in (COURSE, Regimen([COURSE.at("6 hour")])):
        with pytest.raises(InputError, match="before time zero"):
            thing.shift("-1 day")
    with pytest.raises(InputError, match="before time zero"):
        COURSE.at("-1 day")
    with pytest.raises(UnitError):
        Regimen.none().shift("1 mg")


def test_there_and_back_again_is_time_zero():
    there = COURSE.shift("0.1 day").shift("0.1 day").shift("0.1 day")
    assert there.shift("-0.3 day").start.magnitude == 0.0
    assert Dose("drug_a", "1 mg", "-0 day").fingerprint == Dose("drug_a", "1 mg").fingerprint


def test_algebra_reads_well():
    licensed = Course.of("drug_a", "12 mg", "4 hour", "1 day", 5) + COURSE.at("12 month")
    assert [course.start.to("month").magnitude for course in licensed.courses] == pytest.approx([0, 12])
    assert len(licensed.doses) == 8
    assert (licensed + COURSE.at("36 month")).courses[-1] == COURSE.shift("36 month")
    assert (licensed + Regimen.none()).content_hash == licensed.content_hash
    assert Regimen.none() + licensed is licensed
    assert sum([COURSE, COURSE.at("1 year")], Regimen.none()) == COURSE.repeat(2, "1 year")
    assert (COURSE + Course.of("drug_b", "1 g")).drugs == ("drug_a", "drug_b")
    for wrong in (Dose("drug_a", "1 mg"), "12 mg", 0):
        with pytest.raises(TypeError):
            licensed + wrong
        with pytest.raises(TypeError):
            COURSE + wrong


def test_names_follow_what_was_done():
    first = Regimen([COURSE], name="first", title="First", source="choice")
    assert (first + COURSE.at("12 month")).name == "first + course at 12 month"
    assert first.repeat(2, "1 year").name == "first, 2 times every 1 year"
    assert first.shift("1 month").name == "first, shifted by 1 month"
    assert (first + first.shift("1 year")).source == "choice"


def test_content_hash_sees_content_and_not_names_or_units():
    plain = Regimen([COURSE])
    same = Regimen([Course.of("drug_a", "0.012 g", "240 minute", "24 hour", 3)], name="other")
    assert plain.content_hash == same.content_hash
    different = [
        Course.of("drug_b", "12 mg", "4 hour", "1 day", 3),
        Course.of("drug_a", "12.000001 mg", "4 hour", "1 day", 3),
        Course.of("drug_a", "12 mg", "4.00001 hour", "1 day", 3),
        Course.of("drug_a", "12 mg", "4 hour", "1 day", 4),
        COURSE.shift("1 second"),
    ]
    assert len({Regimen([course]).content_hash for course in [COURSE, *different]}) == 6


def test_regimens_are_values():
    regimen = COURSE.repeat(2, "1 year")
    assert len({regimen, COURSE.repeat(2, "12 month")}) == 1
    assert pickle.loads(pickle.dumps(regimen)) == regimen
    with pytest.raises(AttributeError):
        regimen.courses = ()  # type: ignore[misc]


def test_table_shows_equal_doses_on_one_line():
    weekdays = [Dose("drug_a", "30 mg", f"{7 * week + day} day") for week in range(2) for day in (0, 2, 4)]
    regimen = Regimen([Course([*weekdays, Dose("drug_b", "0.5 mg/kg", "1 day", "2 hour")])], "three_a_week", "Often")
    assert str(regimen).splitlines() == [
        "three_a_week: Often",
        "course  start  drug    amount     duration  doses",
        "1       0 day  drug_a  30 mg      bolus     6 within 11 day",
        "1       1 day  drug_b  0.5 mg/kg  2 hour    1",
    ]
    assert str(Regimen.none()) == "none: no drug"


def test_retreatment_appends_the_course():
    again = with_retreatment(Regimen([COURSE], "first"), COURSE.at("5 year"), ["24 month", "12 month"])
    assert again == COURSE.repeat(3, "12 month")
    assert again.name == "first, again at 24 month, 12 month"
    assert with_retreatment(again, COURSE, []) is again
    assert with_retreatment(Regimen.none(), COURSE, ["1 month"]).courses == (COURSE.at("1 month"),)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (["-1 month"], "before time zero"),
        (["0 month"], "overlaps the course from 0 day"),
        (["1 day"], "overlaps the course from 0 day"),
        (["2.1 day"], "overlaps the course from 0 day"),
        (["364 day"], "overlaps the course from 12 month"),
        (["24 month", "731 day"], "overlaps the course from 24 month"),
        (["24"], "no unit"),
        (["24 mg"], "not a kind of"),
        (["soon"], "cannot read"),
    ],
)
def test_bad_retreatment_is_refused(times, message):
    with pytest.raises(InputError, match=message):
        with_retreatment(COURSE.repeat(2, "12 month"), COURSE, times)


@pytest.mark.processor_time(5)
def test_many_retreatments_are_given_or_refused_in_time():
    months = [f"{month} month" for month in range(1000)]
    assert len(with_retreatment(Regimen.none(), COURSE, months).courses) == 1000
    with pytest.raises(InputError) as error:
        with_retreatment(Regimen.none(), COURSE, ["1 month"] * 1000)
    assert len(error.value.faults) == 1  # the same fault twice counts once
    with pytest.raises(InputError, match="1001 retreatments; at most 1000"):
        with_retreatment(Regimen.none(), COURSE, [*months, "1000 month"])


def test_all_faults_of_a_retreatment_at_once():
    with pytest.raises(InputError) as error:
        with_retreatment(Regimen([COURSE]), COURSE, ["-1 day", "1 day", "3 mg", "1 year"])
    assert names(error) == ["retreatment at -1 day", "retreatment at 1 day", "retreatment at 3 mg"]


@pytest.mark.parametrize("name", library_names("models/regimens"))
def test_every_regimen_that_ships_loads(name):
    regimen = Regimen.load(name)
    assert regimen.name == name
    assert regimen.courses[0].start.magnitude == 0.0


@pytest.mark.parametrize(
    ("name", "total", "starts"),
    [
        ("ms_first_course", 60, [0]),
        ("ms_licensed", 96, [0, 12]),
        ("single_100mg", 100, [0]),
        ("oncology_12_weeks", 1080, [0]),
        ("retreatment", 36, [0]),
    ],
)
def test_published_regimens_give_the_published_amounts(name, total, starts):
    regimen = Regimen.load(name)
    assert sum(dose.amount.to("mg").magnitude for dose in regimen.doses) == total
    assert [course.start.to("month").magnitude for course in regimen.courses] == pytest.approx(starts)
