"""What engines integrate: edges, rates and boluses worked out by hand."""

import numpy as np
import pytest

from kinetics.errors import InputError, UnitError, UnknownNameError
from kinetics.regimen import Course, Dose, Regimen, course_starts, segments
from kinetics.units import parse_unit
from tests.conftest import total_doses

MG, DAY, HOUR, MONTH = map(parse_unit, ("mg", "day", "hour", "month"))


def cut(*doses: Dose, until: float = 10.0, drugs=("drug_a",), time=DAY):
    return segments(Regimen([Course(doses)] if doses else []), dict.fromkeys(drugs, MG), time, until)


def test_drug_free_is_one_segment():
    found = cut(drugs=("drug_a", "drug_b"))
    np.testing.assert_array_equal(found.edges, [0, 10])
    assert found.rates.shape == found.boluses.shape == (1, 2)
    assert not found.rates.any()
    assert not found.boluses.any()
    assert found.edges.dtype == found.rates.dtype == found.boluses.dtype == np.float64


def test_model_that_accepts_no_drug():
    assert segments(Regimen.none(), {}, DAY, 1.0).rates.shape == (1, 0)


def test_bolus_stands_at_the_start_of_its_segment():
    found = cut(Dose("drug_a", "1 g"), Dose("drug_a", "2 mg", start="3 day"))
    np.testing.assert_array_equal(found.edges, [0, 3, 10])
    np.testing.assert_array_equal(found.boluses[:, 0], [1000, 2])
    assert not found.rates.any()


def test_overlapping_infusions_add():
    found = cut(
        Dose("drug_a", "4 mg", "1 day", "4 day"),
        Dose("drug_a", "6 mg", "3 day", "3 day"),
        Dose("drug_b", "9 mg", "3 day", "3 day"),
        drugs=("drug_b", "drug_a"),
    )
    np.testing.assert_array_equal(found.edges, [0, 1, 3, 5, 6, 10])
    np.testing.assert_allclose(found.rates, [[0, 0], [0, 1], [3, 3], [3, 2], [0, 0]], rtol=1e-14)
    assert found.drugs == ("drug_b", "drug_a")
    assert len(found) == 5


def test_the_same_dose_twice_is_twice_the_dose():
    dose = Dose("drug_a", "4 mg", duration="1 day")
    np.testing.assert_array_equal(cut(dose, dose).rates[:, 0], [8, 0])


def test_an_infusion_across_the_end_is_cut():
    found = cut(Dose("drug_a", "8 mg", "8 day", "4 day"))
    np.testing.assert_array_equal(found.edges, [0, 8, 10])
    np.testing.assert_array_equal(found.rates[:, 0], [0, 2])


@pytest.mark.parametrize("start", ["10 day", "11 day", "9.9999999995 day"])
@pytest.mark.parametrize("duration", ["0 day", "1 day"])
def test_what_starts_at_the_end_is_left_out(start, duration):
    found = cut(Dose("drug_a", "8 mg", start, duration))
    np.testing.assert_array_equal(found.edges, [0, 10])
    assert not total_doses(found).any()


def test_an_infusion_to_the_end_is_whole():
    for duration in ("1 day", "0.9999999995 day", "1.0000000005 day"):
        assert total_doses(cut(Dose("drug_a", "8 mg", "9 day", duration))) == pytest.approx([8], rel=1e-14)


def test_close_edges_merge_and_keep_the_amount():
    found = cut(Dose("drug_a", "3 mg", duration="1 day"), Dose("drug_a", "6 mg", "1.0000000005 day", "2 day"))
    np.testing.assert_allclose(found.edges, [0, 1, 3.0000000005, 10], rtol=1e-15)
    np.testing.assert_allclose(found.rates[:, 0], [3, 3, 0], rtol=1e-9)
    assert total_doses(found) == pytest.approx([9], rel=1e-14)


def test_an_infusion_shorter_than_any_is_a_bolus():
    found = cut(Dose("drug_a", "3 mg", "1 day", "1e-10 day"))
    np.testing.assert_array_equal(found.edges, [0, 1, 10])
    np.testing.assert_array_equal(found.boluses[:, 0], [0, 3])


def test_a_run_of_close_times_does_not_collapse():
    close = [Dose("drug_a", "1 mg", f"{1 + 0.6e-9 * i:.12f} day") for i in range(10)]
    found = cut(*close)
    assert (np.diff(found.edges) > 0.9e-9).all()
    assert total_doses(found) == pytest.approx([10])


@pytest.mark.parametrize(("time", "until", "edges"), [(HOUR, 48.0, [0, 4, 24, 28, 48]), (DAY, 2.0, None)])
def test_model_time_unit(time, until, edges):
    course = Course.of("drug_a", "12 mg", "4 hour", "1 day", 2)
    found = segments(Regimen([course]), {"drug_a": MG}, time, until)
    np.testing.assert_array_equal(found.edges, edges or [0, 4 / 24, 1, 1 + 4 / 24, 2])
    assert total_doses(found) == pytest.approx([24], rel=1e-15)


@pytest.mark.parametrize("until", [0.0, -1.0, float("nan"), float("inf"), True, "10 day", None])
def test_bad_end_is_refused(until):
    with pytest.raises(InputError, match="until must be a positive finite number of day"):
        cut(until=until)


def test_a_unit_that_is_no_time_is_refused():
    with pytest.raises(UnitError, match="not a kind of"):
        cut(time=MG)


def test_unknown_drug_is_named_with_those_known():
    course = Course.of("drug_x", "1 mg", every="1 day", count=5)
    with pytest.raises(UnknownNameError) as error:
        segments(Regimen([course, course.at("1 year")], name="mine"), {"drug_a": MG, "drug_b": MG}, DAY, 1.0)
    assert [str(fault) for fault in error.value.faults] == [
        "mine: course 1, dose 1: unknown drug 'drug_x'; the model accepts drug_a, drug_b"
    ]


def test_wrong_dimension_names_course_and_dose():
    regimen = Course.of("drug_a", "1 mg") + Course([Dose("drug_a", "1 mg", "5 day"), Dose("drug_a", "2 L", "6 day")])
    with pytest.raises(UnitError, match=r"course 2, dose 2: amount 2 L of drug_a: 'L' is not a kind of 'mg'"):
        segments(regimen, {"drug_a": MG}, DAY, 1.0)


def test_all_that_does_not_fit_the_model_at_once():
    course = Course([Dose("drug_x", "1 mg"), Dose("drug_a", "1 L"), Dose("drug_b", "1 L")])
    with pytest.raises(UnknownNameError) as error:
        segments(Regimen([course]), {"drug_a": MG, "drug_b": MG}, DAY, 1.0)
    assert len(error.value.faults) == 3


def test_course_starts():
    course = Course([Dose("drug_a", "1 mg", "3 day"), Dose("drug_a", "1 mg", "4 day")])
    regimen = course.repeat(2, "12 month") + Course.of("drug_b", "1 mg").at("3 day")
    np.testing.assert_array_equal(course_starts(regimen, DAY), [3, 368.25])
    np.testing.assert_array_equal(course_starts(course.at("24 month") + course.at("0 day"), MONTH), [0, 24])
    assert course_starts(Regimen.none(), DAY).shape == (0,)
    with pytest.raises(UnitError):
        course_starts(regimen, MG)
