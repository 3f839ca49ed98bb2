"""Measures of curves whose nadir, crossings and area have closed forms."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from kinetics.errors import InputError, UnitError
from kinetics.measures import (
    MEASURES,
    AreaUnderCurve,
    Nadir,
    Overshoot,
    Plateau,
    TimeBelow,
    TimeOfNadir,
    TimeOfOvershoot,
    TimeToThreshold,
    evaluate,
    evaluate_all,
    read_level,
    read_measures,
)
from kinetics.units import parse_unit

K = 0.01  # per day
DEPTH = 3.2  # nadir is 1 - DEPTH/4 of baseline
END = 2000.0


@dataclass(frozen=True)
class Analytic:
    """A curve from a formula, with knots a step of an integrator apart."""

    function: Callable[[np.ndarray], np.ndarray]
    knots: np.ndarray
    slack: float = 0.0

    def __call__(self, times):
        return self.function(np.asarray(times, dtype=float))


def dip(times, depth=DEPTH, rate=K):
    """Exponential fall and recovery: 1 - depth (x - x^2), x = exp(-rate t); the lowest value at x = 1/2."""
    x = np.exp(-rate * times)
    return 1 - depth * (x - x**2)


def crossings(level, depth=DEPTH, rate=K):
    """Times at which `dip` falls below and comes back to ``level``."""
    root = np.sqrt(1 - 4 * (1 - level) / depth)
    return -np.log((1 + root) / 2) / rate, -np.log((1 - root) / 2) / rate


def dip_area(end, depth=DEPTH, rate=K):
    return end - depth * ((1 - np.exp(-rate * end)) / rate - (1 - np.exp(-2 * rate * end)) / (2 * rate))


DIP = Analytic(dip, np.linspace(0, END, 101))


def take(measure, curve=DIP, starts=(0.0,), until=END, unit="1/nL", time_unit="day"):
    return evaluate(measure, curve, np.array(starts), until, unit, time_unit)


def test_nadir_and_its_time():
    assert take(Nadir("A"))[0] == pytest.approx(1 - DEPTH / 4, rel=1e-14)
    assert take(TimeOfNadir("A"))[0] == pytest.approx(np.log(2) / K, rel=1e-6)


@pytest.mark.parametrize("level", [0.25, 0.4, 0.9, 0.999])
def test_threshold_times(level):
    down, up = crossings(level)
    assert take(TimeToThreshold("A", f"{level} 1e9/L"))[0] == pytest.approx(up, rel=1e-12)
    assert take(TimeBelow("A", f"{level} 1e9/L"))[0] == pytest.approx(up - down, rel=1e-12)


def test_area():
    assert take(AreaUnderCurve("A"))[0] == pytest.approx(dip_area(END), rel=1e-13)


def test_plateau():
    year = 365.25
    assert take(Plateau("A"))[0] == pytest.approx((dip_area(END) - dip_area(END - year)) / year, rel=1e-13)
    assert take(Plateau("A", "1000 day"))[0] == pytest.approx((dip_area(END) - dip_area(1000.0)) / 1000, rel=1e-13)


def test_plateau_of_exactly_its_window_and_of_a_shorter_one():
    whole = take(Plateau("A"), starts=(0.0, 365.25), until=500.0)
    assert whole[0] == pytest.approx(dip_area(365.25) / 365.25, rel=1e-13)
    assert np.isnan(whole[1])


def test_overshoot_of_a_damped_oscillation():
    rate, turn, size = 0.004, 0.01, 0.8
    curve = Analytic(lambda t: 2 - 2 * size * np.exp(-rate * t) * np.sin(turn * t), np.linspace(0, END, 81))
    low = np.arctan(turn / rate) / turn
    high = low + np.pi / turn
    assert take(TimeOfNadir("A"), curve)[0] == pytest.approx(low, rel=1e-6)
    assert take(TimeOfOvershoot("A"), curve)[0] == pytest.approx(high, rel=1e-6)
    assert take(Overshoot("A"), curve)[0] == pytest.approx(1 - size * np.exp(-rate * high) * np.sin(turn * high))


def test_overshoot_ignores_what_lies_before_the_nadir():
    curve = Analytic(lambda t: np.where(t < 100, 1 + t / 50, dip(t - 100)), np.linspace(0, END, 201))
    assert take(Overshoot("A"), curve)[0] == pytest.approx(dip(END - 100))
    assert take(TimeOfOvershoot("A"), curve)[0] == END


def test_overshoot_has_no_meaning_without_a_positive_baseline():
    rise = Analytic(lambda t: t / 10, np.linspace(0, 10, 11))
    assert np.isnan(take(Overshoot("A"), rise)[0])


def test_not_back_is_infinite():
    assert take(TimeToThreshold("A", "0.9 1e9/L"), until=crossings(0.9)[1] - 1e-6)[0] == np.inf
    assert take(TimeToThreshold("A", "baseline"))[0] == np.inf


def test_never_below_is_not_at_risk():
    assert np.isnan(take(TimeToThreshold("A", f"{1 - DEPTH / 4 - 1e-9} 1e9/L"))[0])
    assert take(TimeBelow("A", "0.1 1e9/L"))[0] == 0


def test_a_dip_inside_one_step_is_not_missed():
    curve = Analytic(dip, np.array([0.0, 400.0, 800.0, END]))
    assert take(Nadir("A"), curve)[0] == pytest.approx(1 - DEPTH / 4, rel=1e-12)
    assert take(TimeToThreshold("A", "0.5 1e9/L"), curve)[0] == pytest.approx(crossings(0.5)[1], rel=1e-12)


def test_a_level_met_only_between_samples():
    """Samples lie at multiples of 25; the dip to 0.5 at 112.5 and the peak of 1.5 at 212.5 between them."""
    curve = Analytic(
        lambda t: 1 - 0.5 * np.exp(-(((t - 112.5) / 20) ** 2)) + 0.5 * np.exp(-(((t - 212.5) / 20) ** 2)),
        np.arange(0.0, 401.0, 100.0),
    )
    half = 20 * np.sqrt(np.log(0.5 / 0.45))
    assert half < 12.5
    assert take(TimeBelow("A", "0.55 1e9/L"), curve, until=400.0)[0] == pytest.approx(2 * half, rel=1e-6)
    assert take(TimeToThreshold("A", "0.55 1e9/L"), curve, until=400.0)[0] == pytest.approx(112.5 + half, rel=1e-6)
    assert take(TimeToThreshold("A", "1.45 1e9/L"), curve, until=400.0)[0] == pytest.approx(212.5 - half, rel=1e-6)


def test_nothing_is_read_past_the_next_dose():
    def dosed(t):
        return np.where(t <= 700.1, 1 - t / 1000, 1e-6)

    curve = Analytic(dosed, np.linspace(0, END, 41))
    assert take(Nadir("A"), curve, starts=(0.0, 700.1))[0] == dosed(700.1)
    assert take(TimeOfNadir("A"), curve, starts=(0.0, 700.1))[0] == 700.1


def test_the_lowest_of_valleys_of_like_depth_is_found():
    def valleys(t):
        return 2 + np.cos(2 * np.pi * t / 100) * (1 + t / 1e4)

    curve = Analytic(valleys, np.arange(0.0, 500.1, 11.0))
    assert take(TimeOfNadir("A"), curve, until=500.0)[0] == pytest.approx(450, abs=0.1)


def test_first_crossing_after_the_nadir_counts():
    curve = Analytic(lambda t: np.interp(t, [0, 10, 20, 30, 40, 60], [1, 0.4, 0.7, 0.2, 0.6, 0.3]), np.arange(0, 61.0))
    assert take(TimeToThreshold("A", "0.5 1e9/L"), curve, until=60.0)[0] == pytest.approx(37.5)
    below = (10 - 10 * 5 / 6) + 10 / 3 + (37.5 - 24) + (60 - 40 - 20 / 3)
    assert take(TimeBelow("A", "0.5 1e9/L"), curve, until=60.0)[0] == pytest.approx(below)


def test_a_jump_is_crossed_where_it_is():
    curve = Analytic(lambda t: np.where((t > 10) & (t <= 50), 0.1, 1.0), np.arange(0.0, 101.0, 5.0))
    assert take(TimeToThreshold("A", "0.5 1e9/L"), curve, until=100.0)[0] == pytest.approx(50)
    assert take(TimeBelow("A", "0.5 1e9/L"), curve, until=100.0)[0] == pytest.approx(40)
    assert take(AreaUnderCurve("A"), curve, until=100.0)[0] == pytest.approx(64, rel=1e-14)


COURSES = (0.0, 700.0, 1500.0)
DEPTHS = (3.2, 2.0, 1.2)


def repeated(times):
    pieces = [dip(times - start, depth) for start, depth in zip(COURSES, DEPTHS, strict=True)]
    return np.select([times <= 700, times <= 1500], pieces[:2], pieces[2])


REPEATED = Analytic(repeated, np.linspace(0, 3000, 301))


def test_times_are_counted_from_each_course():
    nadirs = take(TimeOfNadir("A"), REPEATED, COURSES, 3000.0)
    np.testing.assert_allclose(nadirs, np.log(2) / K, rtol=1e-6)
    np.testing.assert_allclose(take(Nadir("A"), REPEATED, COURSES, 3000.0), 1 - np.array(DEPTHS) / 4, rtol=1e-13)


def test_threshold_of_each_course():
    times = take(TimeToThreshold("A", "0.6 1e9/L"), REPEATED, COURSES, 3000.0)
    assert times[0] == pytest.approx(crossings(0.6, 3.2)[1])
    assert times[1] == pytest.approx(crossings(0.6, 2.0)[1])
    assert np.isnan(times[2])


def test_a_course_not_given_is_nan_and_ends_no_window():
    areas = take(AreaUnderCurve("A"), REPEATED, (0.0, np.nan, 1500.0), 3000.0)
    assert areas[0] == pytest.approx(dip_area(700, 3.2) + dip_area(800, 2.0))
    assert np.isnan(areas[1])


def test_a_course_at_or_after_the_end_has_an_empty_window():
    assert np.isnan(take(Nadir("A"), starts=(0.0, END, END + 5))).tolist() == [False, True, True]


def test_no_course_gives_nothing_but_checks_units():
    assert take(Nadir("A"), starts=()).shape == (0,)
    with pytest.raises(UnitError, match="not a kind of"):
        take(TimeToThreshold("A", "0.4 mg"), starts=())


def test_share_of_baseline_is_of_time_zero_in_every_course():
    curve = Analytic(lambda t: 5 * repeated(t), REPEATED.knots)
    ratio = take(TimeToThreshold("A", "60 % of baseline"), curve, COURSES, 3000.0)
    np.testing.assert_array_equal(ratio, take(TimeToThreshold("A", "3 1e9/L"), curve, COURSES, 3000.0))


def test_a_curve_that_begins_after_time_zero_has_no_baseline():
    late = Analytic(dip, np.linspace(30, END, 50))
    for measure in (TimeToThreshold("A", "baseline"), TimeBelow("A", "40 % of baseline"), Overshoot("A")):
        assert np.isnan(take(measure, late)[0])
    assert take(TimeOfNadir("A"), late)[0] == pytest.approx(np.log(2) / K, rel=1e-6)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_curve_that_is_not_finite_gives_nan_in_that_course_only(wrong):
    curve = Analytic(lambda t: np.where((t > 800) & (t < 900), wrong, repeated(t)), REPEATED.knots)
    for measure in (Nadir("A"), TimeOfOvershoot("A"), TimeBelow("A", "baseline"), AreaUnderCurve("A")):
        assert np.isnan(take(measure, curve, COURSES, 3000.0)).tolist() == [False, True, False]


def test_a_constant_has_its_nadir_at_once():
    flat = Analytic(lambda t: np.full(np.shape(t), 0.7), np.linspace(0, 100, 11))
    assert take(TimeOfNadir("A"), flat, until=100.0)[0] == 0
    assert take(Overshoot("A"), flat, until=100.0)[0] == 1
    assert np.isnan(take(TimeToThreshold("A", "baseline"), flat, until=100.0)[0])


@pytest.mark.parametrize("method", ["LSODA", "BDF", "Radau"])
def test_dense_solution_of_an_integrator(method):
    """x' = -K x, so that the dip is a function of the dense solution."""
    solution = solve_ivp(
        lambda t, x: -K * x, (0, END), [1.0], method=method, rtol=1e-9, atol=1e-12, dense_output=True
    ).sol
    curve = Analytic(lambda t: 1 - DEPTH * (solution(t)[0] - solution(t)[0] ** 2), solution.ts)
    assert take(Nadir("A"), curve)[0] == pytest.approx(1 - DEPTH / 4, abs=1e-7)
    assert take(TimeToThreshold("A", "0.9 1e9/L"), curve)[0] == pytest.approx(crossings(0.9)[1], rel=1e-6)
    assert take(AreaUnderCurve("A"), curve)[0] == pytest.approx(dip_area(END), rel=1e-7)


def test_courses_out_of_order_are_refused():
    with pytest.raises(InputError, match="first doses of courses: time must increase; 0 comes after 10"):
        take(Nadir("A"), starts=(10.0, 0.0))


def test_time_must_be_a_time():
    with pytest.raises(UnitError, match="'mg' is not a unit of time"):
        take(Nadir("A"), time_unit="mg")


def test_names_are_identifiers_and_distinct():
    measures = [
        Nadir("A"),
        TimeOfNadir("A"),
        Overshoot("A"),
        TimeOfOvershoot("A"),
        AreaUnderCurve("A"),
        Plateau("A"),
        Plateau("A", "6 month"),
        TimeToThreshold("A", "0.4 1e9/L"),
        TimeToThreshold("A", "baseline"),
        TimeToThreshold("A", "40 % of baseline"),
        TimeBelow("A", "40 % of baseline"),
        TimeBelow("A", "-1 mg/L"),
        TimeBelow("A", "1 mg/L"),
    ]
    names = [measure.name for measure in measures]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name.startswith("A_") for name in names)


def test_units_follow_those_of_the_output():
    count, day = parse_unit("1/nL"), parse_unit("day")
    assert Nadir("A").unit(count, day) == Plateau("A").unit(count, day) == count
    assert TimeOfNadir("A").unit(count, day) == TimeBelow("A", "baseline").unit(count, day) == day
    assert AreaUnderCurve("A").unit(count, day) == count * day
    assert Overshoot("A").unit(count, day) == parse_unit("1")


def test_measures_are_frozen_and_equal_by_value():
    assert TimeBelow("A", "baseline") == TimeBelow("A", "baseline") != TimeToThreshold("A", "baseline")
    with pytest.raises(FrozenInstanceError):
        Nadir("A").output = "B"


@pytest.mark.parametrize("text", ["40 % of baseline", "40% of baseline", "40 percent  of baseline"])
def test_spellings_of_a_share(text):
    level = read_level(text)
    assert level.unit is None
    assert level.number == pytest.approx(0.4)


@pytest.mark.parametrize(
    "text",
    ["", "0.4", "above baseline", "0 % of baseline", "-5 % of baseline", "5 day of baseline", "1 10**10**8", "nan mg"],
)
def test_levels_that_cannot_be_read(text):
    with pytest.raises(UnitError, match="level"):
        TimeToThreshold("A", text)


@pytest.mark.parametrize("length", ["1", "0 day", "-1 year", "1 mg"])
def test_lengths_that_are_no_duration(length):
    with pytest.raises(UnitError):
        Plateau("A", length)


def test_every_measure_has_a_name_in_text_and_says_what_it_is():
    arguments = {"time_to": "90 % of baseline", "time_below": "0.5 1", "time_above": "0.5 1", "value": "100 day"}
    for name, kind in MEASURES.items():
        text = f"A {name} {arguments.get(name, '')}".strip()
        (measure,) = read_measures(text, ["A", "B"], {})
        assert type(measure) is kind
        assert measure.name.startswith("A_")
        assert "A" in measure.long_name
        assert "{" not in measure.long_name
        assert np.isfinite(evaluate(measure, DIP, np.zeros(1), END, "1", "day")).all(), name
    assert len({measure.suffix for measure in MEASURES.values()}) == len(MEASURES)


def test_the_time_above_a_level_and_below_it_are_the_whole_window():
    above, below, length = (
        float(evaluate(read_measures(f"A {text}", ["A"], {})[0], DIP, np.zeros(1), END, "1", "day")[0])
        for text in ("time_above 0.5 1", "time_below 0.5 1", "length")
    )
    fall, back = crossings(0.5)
    assert below == pytest.approx(back - fall, rel=1e-9)
    assert above + below == length == END


def test_the_peak_is_the_highest_point_before_the_nadir_or_after_it():
    upside_down = Analytic(lambda times: 2 - dip(times), DIP.knots)
    peak, time = (
        float(evaluate(MEASURES[name]("A"), upside_down, np.zeros(1), END, "1", "day")[0])
        for name in ("peak", "time_of_peak")
    )
    assert peak == pytest.approx(1 + DEPTH / 4, rel=1e-12)
    assert time == pytest.approx(np.log(2) / K, rel=1e-6)


def test_measures_together_are_those_alone_and_a_course_is_read_once_from_all_curves_in_turn():
    reads = []

    def recorded(name, function):
        def curve(times):
            if times.size > DIP.knots.size:  # the samples of a window, not those about one point
                reads.append((name, times.tobytes()))
            return function(times)

        return Analytic(curve, DIP.knots)

    curves = {"A": recorded("A", dip), "B": recorded("B", lambda times: 1 + dip(times))}
    measures = [kind(output) for kind in (Nadir, TimeOfNadir, Overshoot) for output in curves]
    starts, units, day = np.array([0.0, END / 2]), dict.fromkeys(curves, parse_unit("1/nL")), parse_unit("day")
    together = evaluate_all(measures, curves, starts, END, units, day)
    assert [name for name, _ in reads] == ["A", "B", "A", "B"]
    assert reads[0][1] == reads[1][1] != reads[2][1] == reads[3][1]
    alone = [evaluate(measure, curves[measure.output], starts, END, "1/nL", "day") for measure in measures]
    np.testing.assert_array_equal(together, alone)
