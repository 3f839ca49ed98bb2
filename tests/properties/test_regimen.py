"""The laws of the regimen algebra, and that no milligram is lost on the way to an engine."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics.regimen import Course, Dose, Regimen, course_starts, segments
from kinetics.units import parse_unit
from tests.conftest import total_doses

MG, DAY = parse_unit("mg"), parse_unit("day")
DRUGS = ("drug_a", "drug_b")

# Sixteenths of a day, months among them, are exact in binary: the laws hold to the last digit.
exact_times = st.one_of(
    st.integers(0, 16 * 400).map(lambda n: f"{n / 16} day"), st.integers(0, 48).map(lambda n: f"{n} month")
)
any_times = st.floats(0, 4000, allow_subnormal=False).map(lambda x: f"{x:.12f} day")
amounts = st.one_of(st.integers(1, 500).map(lambda n: f"{n} mg"), st.floats(1e-3, 9).map(lambda x: f"{x:.6f} g"))


def dose(times: st.SearchStrategy[str]) -> st.SearchStrategy[Dose]:
    return st.builds(Dose, st.sampled_from(DRUGS), amounts, times, st.one_of(st.just("0 day"), times))


def regimen(times: st.SearchStrategy[str]) -> st.SearchStrategy[Regimen]:
    courses = st.lists(dose(times), min_size=1, max_size=4).map(Course)
    return st.lists(courses, max_size=3).map(Regimen)


def total(given: Regimen, drug: str) -> float:
    return sum(dose.amount.to("mg").magnitude for dose in given.doses if dose.drug == drug)


def cover(given: Regimen) -> float:
    return max((dose.end.magnitude for dose in given.doses), default=0.0) + 1.0


@given(regimen(exact_times), exact_times, exact_times)
def test_shift_is_additive(one, first, then):
    together = f"{Dose('drug_a', '1 mg', first).shift(then).start.magnitude!r} day"
    assert one.shift(first).shift(then) == one.shift(together)
    assert one.shift("0 day") == one
    assert one.shift(first).shift(f"-{first}") == one


@given(regimen(exact_times), regimen(exact_times), exact_times)
def test_shift_distributes_over_sum(one, other, by):
    assert (one + other).shift(by) == one.shift(by) + other.shift(by)


@given(regimen(exact_times), st.integers(1, 5), st.integers(1, 48))
def test_repeat_is_a_sum_of_shifts(one, count, months):
    shifts = [one.shift(f"{months * i} month") for i in range(count)]
    assert one.repeat(count, every=f"{months} month") == sum(shifts, Regimen.none())


@given(regimen(any_times), regimen(any_times), regimen(any_times))
def test_sum_is_associative_and_order_independent(a, b, c):
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert (a + b).content_hash == (b + a).content_hash
    assert a + Regimen.none() == a == Regimen.none() + a
    assert len((a + b).doses) == len(a.doses) + len(b.doses)


@given(st.lists(dose(exact_times), min_size=1, max_size=5), exact_times)
def test_course_at_puts_the_first_dose_there(doses, start):
    course = Course(doses)
    moved = course.at(start)
    assert moved.start == Dose("drug_a", "1 mg", start).start
    assert moved.at(f"{course.start.magnitude!r} day") == course
    assert len(moved.doses) == len(doses)


@given(st.lists(dose(any_times), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_order_of_writing_does_not_matter(doses, random):
    shuffled = random.sample(doses, len(doses))
    assert Course(shuffled) == Course(doses)
    starts = [dose.start.magnitude for dose in Course(doses).doses]
    assert starts == sorted(starts)


@given(regimen(any_times), st.sampled_from(["minute", "hour", "day", "week", "month", "year"]))
def test_dose_is_conserved(one, unit):
    time = parse_unit(unit)
    per_day = 1.0 * parse_unit("day") / time
    until = cover(one) * float(per_day.to("").magnitude)
    found = segments(one, dict.fromkeys(DRUGS, MG), time, until)
    given_in_all = (np.diff(found.edges)[:, None] * found.rates).sum(axis=0) + found.boluses.sum(axis=0)
    np.testing.assert_allclose(given_in_all, [total(one, drug) for drug in DRUGS], rtol=1e-12)


@given(regimen(any_times), st.floats(0.01, 9000))
def test_edges_run_from_zero_to_the_end_and_merge(one, until):
    found = segments(one, dict.fromkeys(DRUGS, MG), DAY, until)
    assert (found.edges[0], found.edges[-1]) == (0.0, until)
    assert (np.diff(found.edges) > 0.999e-9).all()
    assert found.rates.shape == found.boluses.shape == (len(found.edges) - 1, 2)
    assert (found.rates >= 0).all()
    assert (found.boluses >= 0).all()
    wanted = {m for d in one.doses for m in (d.start.magnitude, d.end.magnitude) if m < until}
    for moment in wanted:
        assert np.abs(found.edges - moment).min() <= 1.001e-9


@given(dose(any_times), st.floats(0.01, 1))
def test_a_cut_infusion_gives_its_share(one, share):
    if one.duration.magnitude < 1e-3:
        return
    until = one.start.magnitude + share * one.duration.magnitude
    found = segments(Regimen([Course([one])]), {one.drug: MG}, DAY, until)
    assert total_doses(found)[0] == pytest.approx(share * one.amount.to("mg").magnitude, rel=1e-5)


@given(regimen(any_times), regimen(any_times))
def test_segments_of_a_sum_are_the_sum_of_segments(a, b):
    units, until = dict.fromkeys(DRUGS, MG), cover(a + b)
    together = total_doses(segments(a + b, units, DAY, until))
    apart = total_doses(segments(a, units, DAY, until)) + total_doses(segments(b, units, DAY, until))
    np.testing.assert_allclose(together, apart, rtol=1e-12)


@given(st.lists(exact_times, min_size=1, max_size=6))
def test_course_starts_are_increasing_and_complete(times):
    course = Course.of("drug_a", "1 mg", every="1 day", count=2)
    moved = Regimen([course.at(time) for time in times])
    starts = course_starts(moved, DAY)
    assert (np.diff(starts) > 0).all()
    assert set(starts) == {course.at(time).start.magnitude for time in times}
