"""Schedules of visits: their times against lists made by hand, and every fault of a bad file with its line."""

import numpy as np
import pint
import pytest

from kinetics.errors import InputError, UnitError, UnknownNameError
from kinetics.observation import Series, VisitSchedule
from kinetics.units import parse_unit

DAY, MONTH = parse_unit("day"), parse_unit("month")
HEADER = '[visits]\ntitle = "Visits"\nsource = "choice"\n'
MONTHLY = '\n[[series]]\nname = "counts"\nevery = "1 month"\nuntil = "4 month"\n'


@pytest.fixture
def load(tmp_path):
    def load(text: str) -> VisitSchedule:
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return VisitSchedule.load(path)

    return load


def faults(load, text) -> list[str]:
    """The faults, without the folder."""
    with pytest.raises(InputError) as error:
        load(text)
    return [str(fault)[str(fault).find("mine.toml") :] for fault in error.value.faults]


def months(schedule, output, starts=(0.0,), until=600.0) -> list[float]:
    return schedule.times(output, MONTH, np.array(starts), until).round(9).tolist()


# --- those that ship


def test_monitoring_is_monthly_until_48_months_after_the_last_course():
    monitoring = VisitSchedule.load("monitoring")
    assert months(monitoring, "CD4") == list(range(49))
    assert months(monitoring, "CD4", (0, 12)) == list(range(61))
    assert months(monitoring, "CD4", (0, 12, 36)) == list(range(85))
    assert months(monitoring, "CD4", (0, 12, np.nan)) == list(range(61))


def test_kidney_is_monthly_and_thyroid_quarterly_until_48_months_after_the_last_course():
    monitoring = VisitSchedule.load("monitoring")
    by_name = {series.name: series for series in monitoring.series}
    assert by_name.keys() == {"blood_counts", "kidney", "thyroid"}
    assert by_name["kidney"].tests == ("serum creatinine", "urinalysis with cell counts")
    for name, step in (("kidney", 1), ("thyroid", 3)):
        times = monitoring.times_of(by_name[name], MONTH, np.array([0.0, 12.0]), 600.0)
        assert times.round(9).tolist() == list(range(0, 61, step))


def test_quarterly_is_ten_years():
    assert months(VisitSchedule.load("quarterly"), "CD4", (0, 48)) == [0, 1, *range(3, 121, 3)]


def test_the_visits_of_the_first_year():
    days = VisitSchedule.load("care_ms").times("CD8", DAY, np.array([0.0, 365.25]), 3652.5)
    assert days.tolist() == [0.0, 30.4375, 91.3125, 182.625, 273.9375, 365.25]


# --- times


def test_the_end_of_a_simulation_is_the_last_visit():
    monitoring = VisitSchedule.load("monitoring")
    assert months(monitoring, "CD4", until=6.5) == list(range(7))
    end = np.nextafter(35 * 30.4375, 0.0)
    times = monitoring.times("CD4", DAY, np.array([0.0]), end)
    assert (times.size, times[-1]) == (36, end)


def test_times_count_from_the_first_dose():
    schedule = VisitSchedule([Series(name="a", at="1 week", every="10 day", begin="20 day", until="40 day")])
    assert schedule.times("A", DAY, np.array([5.0]), 100.0).tolist() == [12.0, 25.0, 35.0, 45.0]
    assert schedule.times("A", DAY, np.empty(0), 100.0).tolist() == [7.0, 20.0, 30.0, 40.0]
    assert schedule.times("A", parse_unit("hour"), np.array([120.0]), 700.0).tolist() == [288.0, 600.0]


def test_a_visit_of_both_kinds_is_one():
    schedule = VisitSchedule([Series(name="a", at=["3 month", "0 day"], every="1 month", until="3 month")])
    assert months(schedule, "A") == [0, 1, 2, 3]


def test_an_output_has_its_own_series_or_that_of_the_rest():
    own = Series(name="own", outputs=["A", "B"], at=["1 day"])
    rest = Series(name="rest", at=["2 day"])
    schedule = VisitSchedule([own, rest])
    assert [schedule.series_of(name) for name in ("A", "B", "C")] == [own, own, rest]
    alone = VisitSchedule([own])
    assert alone.series_of("C") is None
    assert alone.times("C", DAY, np.zeros(1), 10.0).size == 0


def test_schedules_are_what_they_visit():
    one = VisitSchedule([Series(name="a", every="1 year", until="2 year", outputs=["A", "B"])], name="one")
    same = VisitSchedule([Series(name="a", every="12 month", begin="1 year", until="24 month", outputs=["B", "A"])])
    assert one.content_hash == same.content_hash
    others = [
        {"until": "3 year"},
        {"outputs": ["A"]},
        {"after": "last"},
        {"at": ["1 day"]},
        {"begin": "0 day"},
        {"window": "3 day"},
        {"window": "4 day"},
    ]
    given = {"name": "a", "every": "1 year", "until": "2 year", "outputs": ["A", "B"]}
    hashes = {VisitSchedule([Series(**{**given, **other})]).content_hash for other in others}
    assert len(hashes | {one.content_hash}) == 8


def test_quantities_of_pint_are_times():
    quantity = pint.get_application_registry().Quantity(2, "week")
    assert Series(name="a", at=[quantity]).days([0.0]) == [14.0]


def test_too_many_and_too_few():
    with pytest.raises(InputError, match="more than 10000 visits until '10 year'"):
        Series(name="a", every="1 hour", until="10 year")
    late = Series(name="a", every="1 day", until="10 day", after="last")
    assert len(late.days([0.0, 1000.0])) == 1010
    with pytest.raises(InputError, match="more than 10000 visits, the last course being at 20000 day"):
        late.days([0.0, 20000.0])
    with pytest.raises(UnitError):
        VisitSchedule([late]).times("A", parse_unit("mg"), np.zeros(1), 1.0)


# --- files


def test_a_good_file(load):
    text = HEADER + 'about = "All chosen."\n' + MONTHLY + 'after = "last"\noutputs = ["A"]\n'
    schedule = load(text)
    assert schedule == VisitSchedule(
        [Series(name="counts", outputs=["A"], every="1 month", until="4 month", after="last")]
    )
    assert str(schedule).splitlines() == [
        "mine: Visits (choice)",
        "All chosen.",
        "counts: A; every 1 month from 1 month to 4 month after the last course",
    ]


def test_a_name_that_does_not_ship():
    with pytest.raises(UnknownNameError, match="did you mean 'monitoring'"):
        VisitSchedule.load("monitorin")


def test_outputs_of_no_model_are_faults_where_the_schedule_meets_one(deficit_like):
    named = VisitSchedule([Series(name="a", at=["1 day"], outputs=["N", "thyroid", "X"])], "mine")
    with pytest.raises(UnknownNameError) as error:
        named.check_outputs(deficit_like)
    assert [str(fault) for fault in error.value.faults] == [
        f"model 'small' has no output '{name}', which series 'a' of visits 'mine' measures; there are N, and what no "
        "model has goes under 'tests'"
        for name in ("thyroid", "X")
    ]
    VisitSchedule([Series(name="a", at=["1 day"], outputs=["N"]), Series(name="b", at=["2 day"])]).check_outputs(
        deficit_like
    )


def test_a_mistyped_output_is_suggested(deficit_like):
    named = VisitSchedule([Series(name="a", at=["1 day"], outputs=["NN"])], "mine")
    with pytest.raises(
        UnknownNameError, match="no output 'NN', which series 'a' of visits 'mine' measures; did you mean 'N'"
    ):
        named.check_outputs(deficit_like)


def test_a_series_of_tests_measures_nothing_and_has_dates():
    tests = Series(name="thyroid", tests=["TSH"], every="3 month", until="1 year")
    schedule = VisitSchedule([tests, Series(name="rest", at=["1 month"])])
    assert months(schedule, "A") == [1]
    assert (schedule.times_of(tests, MONTH, np.zeros(1), 600.0)).round(9).tolist() == [3, 6, 9, 12]
    assert str(tests) == "thyroid: tests of TSH; every 3 month from 3 month to 12 month"
    other = Series(name="thyroid", tests=["T4"], every="3 month", until="1 year")
    assert VisitSchedule([tests]).content_hash != VisitSchedule([other]).content_hash
    with pytest.raises(InputError, match="tests: a series measures 'outputs' or has 'tests'; make two series"):
        Series(name="a", at=["1 day"], outputs=["A"], tests=["TSH"])
    with pytest.raises(InputError, match="tests: must be words, found ' '"):
        Series(name="a", at=["1 day"], tests=[" "])


def test_visits_are_over_so_long_after_the_last_dose():
    series = Series(name="a", at=["100 day"], every="10 day", until="30 day", after="last")
    days = np.array([10.0, 30.0, 40.0, 70.0, 80.0, 100.0])
    over = series.is_over(days, np.array([0.0, 40.0]))
    assert over.tolist() == [[False, False, True, True, True, False], [False, False, False, False, True, False]]
    first = Series(name="a", every="10 day", until="30 day")
    assert not first.is_over(days, np.array([0.0, 40.0])).any()


@pytest.fixture
def deficit_like():
    from kinetics.model import Model, Output, State

    state = State(name="S", unit="1/nL", initial=0, rate=0)
    return Model.from_symbols("small", time="day", states=[state], outputs=[Output(name="N", unit="1", value=1)])


def series(*lines: str) -> str:
    return "\n".join([HEADER, "[[series]]", *lines]) + "\n"


NAMED = 'name = "counts"'
REGULAR = (NAMED, 'every = "1 month"', 'until = "4 month"')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[series]]\n" + NAMED + '\nat = ["0 day"]\n', ["mine.toml:1: missing 'visits'"]),
        (HEADER, ["mine.toml:1: missing 'series'"]),
        (HEADER.replace("choice", "me_2020"), ["missing 'series'", "mine.toml:3: visits.source: source 'me_2020'"]),
        (HEADER + "series = []\n", ["missing 'series'", "mine.toml:4: visits.series: unknown key"]),
        (series(NAMED), ["mine.toml:6: series.0.name: has no visits; give 'at' or 'every'"]),
        (series(*REGULAR, 'colour = "red"'), ["mine.toml:9: series.0.colour: unknown key"]),
        (series('name = "a b"', 'at = ["1 day"]'), ["mine.toml:6: series.0.name: 'a b' is reserved or no identifier"]),
        (series('at = ["1 day", "2"]'), ["mine.toml:5: series.0: missing 'name'", ":6: series.0.at: quantity"]),
        (series(NAMED, 'at = ["-1 day"]'), ["mine.toml:7: series.0.at: is before the first dose, found '-1 day'"]),
        (series(NAMED, 'at = ["1 mg"]'), ["mine.toml:7: series.0.at: 'mg' is not a kind of 'day'"]),
        (series(NAMED, "at = [1]"), ["mine.toml:7: series.0.at: input should be a valid string"]),
        (series(*REGULAR, "outputs = []"), ["mine.toml:9: series.0.outputs: list should have at least 1 item"]),
        (series(*REGULAR, 'outputs = ["a-b"]'), ["mine.toml:9: series.0.outputs: 'a-b' is no name of an output"]),
        (series(*REGULAR, 'after = "end"'), ["mine.toml:9: series.0.after: input should be 'first' or 'last'"]),
        (series(*REGULAR, 'begin = "5 month"'), ["mine.toml:8: series.0.until: is before the first regular visit"]),
        (series(NAMED, 'every = "1 month"'), ["mine.toml:7: series.0.every: regular visits need 'until'"]),
        (series(NAMED, 'every = "0 day"', 'until = "1 day"'), ["mine.toml:7: series.0.every: must be positive"]),
        (series(NAMED, "every = 1", 'until = "1"'), ["7: series.0.every: input", "8: series.0.until: quantity"]),
        (series(NAMED, 'every = "1"', "until = 1"), ["8: series.0.until: input", "7: series.0.every: quantity"]),
        (series(NAMED, 'at = ["1 day"]', 'until = "1 day"'), ["mine.toml:8: series.0.until: is of regular visits"]),
        (HEADER + MONTHLY + MONTHLY.replace("counts", "more"), [":11: series.1.name: 'counts' has no outputs"]),
        (
            HEADER + MONTHLY + 'outputs = ["A"]\n' + MONTHLY + 'outputs = ["B", "A"]\n',
            [
                "mine.toml:12: series.1.name: another series is called 'counts'",
                "mine.toml:15: series.1.outputs: 'A' has visits in 'counts'",
            ],
        ),
    ],
)  # fmt: skip
def test_every_fault_has_its_line(load, text, expected):
    found = faults(load, text)
    assert len(found) == len(expected), found
    for fault, part in zip(found, expected, strict=True):
        assert part in fault


def test_what_is_no_table_is_a_fault_and_no_failure(load):
    for text in ("visits = 1\nseries = 2\n", "visits = {}\nseries = [1, [2]]\n", HEADER + "[series]\na = 1\n"):
        assert faults(load, text)
