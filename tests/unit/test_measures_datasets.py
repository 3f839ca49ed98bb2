"""Measures of datasets: data with gaps, many patients, units."""

import numpy as np
import pint_xarray
import pytest
import xarray as xr

from kinetics.errors import InputError, UnitError, UnknownNameError
from kinetics.measures import (
    AreaUnderCurve,
    Nadir,
    Overshoot,
    Plateau,
    TimeBelow,
    TimeOfNadir,
    TimeOfOvershoot,
    TimeToThreshold,
    measure,
)
from kinetics.measures.curves import interpolated
from kinetics.units import parse_unit

DAY = {"units": "day"}
COUNT = {"units": "1/nL"}
VISITS = [0.0, 30.0, 90.0, 180.0, 360.0]
VALUES = [1.0, 0.1, 0.3, 0.5, 0.9]
EVERY = [
    Nadir("A"),
    TimeOfNadir("A"),
    TimeToThreshold("A", "0.4 1e9/L"),
    TimeToThreshold("A", "baseline"),
    TimeBelow("A", "40 % of baseline"),
    Overshoot("A"),
    TimeOfOvershoot("A"),
    AreaUnderCurve("A"),
    Plateau("A", "100 day"),
]


def dataset(values, times=VISITS, dims=("time",), attrs=COUNT, time_attrs=DAY, **more):
    return xr.Dataset({"A": (dims, values, attrs), **more}, {"time": ("time", times, time_attrs)})


def test_one_series():
    result = measure(dataset(VALUES), EVERY)
    assert result.sizes == {"course": 1}
    assert result.A_nadir.item() == 0.1
    assert result.A_time_of_nadir.item() == 30
    assert 90 < result.A_time_to_0p4_1_per_nL.item() < 180
    assert result.A_time_to_baseline.item() == np.inf
    assert result.A_overshoot.item() == 0.9
    assert result.A_time_of_overshoot.item() == 360
    assert 0.5 < result.A_plateau_100_day.item() < 0.9
    assert 0.1 * 360 < result.A_area_under_curve.item() < 360


def test_every_result_has_the_unit_it_claims():
    result = measure(dataset(VALUES, course_start=("course", [0.0, 90.0], DAY)), EVERY)
    quantified = result.pint.quantify()
    expected = {"A_nadir": "1/nL", "A_time_of_nadir": "day", "A_overshoot": "", "A_area_under_curve": "day/nL"}
    for name, unit in expected.items():
        assert quantified[name].pint.units == pint_xarray.unit_registry.Unit(unit), name
    for measured in EVERY:
        claimed = measured.unit(parse_unit("1/nL"), parse_unit("day"))
        assert parse_unit(f"{quantified[measured.name].pint.units:~C}" or "1") == claimed
        assert result[measured.name].attrs["long_name"] == measured.long_name
        assert result[measured.name].dtype == np.float64
    assert result.course.values.tolist() == [1, 2]


def test_missing_visits_are_left_out():
    gaps = dataset(
        [1.0, np.nan, 0.1, np.nan, 0.3, 0.5, 0.9, np.nan], [0.0, 10.0, 30.0, 60.0, 90.0, 180.0, 360.0, 400.0]
    )
    xr.testing.assert_identical(measure(gaps, EVERY), measure(dataset(VALUES), EVERY))


def test_who_leaves_before_recovery_is_censored():
    result = measure(
        dataset([1.0, 0.1, 0.3, np.nan, np.nan]), [TimeToThreshold("A", "0.4 1e9/L"), Plateau("A", "2 month")]
    )
    assert result.A_time_to_0p4_1_per_nL.item() == np.inf
    assert np.isfinite(result.A_plateau_2_month.item())


def test_who_has_no_data_is_nan_and_who_has_one_visit_is_read_off_it():
    values = np.full((2, 5), np.nan)
    values[1, 1] = 0.1
    result = measure(dataset(values, dims=("patient", "time")), EVERY)
    assert all(np.isnan(result[m.name].sel(course=1, patient=0)) for m in EVERY)
    second = result.isel(patient=1, course=0)
    assert second.A_nadir == 0.1
    assert second.A_time_to_0p4_1_per_nL == np.inf
    assert second.A_area_under_curve == 0
    assert np.isnan(second.A_time_to_baseline)


def test_other_dims_and_their_coordinates_stay():
    values = np.array(VALUES) * np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])[..., None]
    data = dataset(values, dims=("patient", "draw", "time")).assign_coords(
        patient=["p", "q", "r"], sex=("patient", [0, 1, 0])
    )
    result = measure(data.assign_attrs(model="m"), [Nadir("A")])
    assert result.A_nadir.dims == ("patient", "draw", "course")
    assert result.attrs == {"model": "m"}
    assert result.sex.sel(patient="q") == 1
    np.testing.assert_allclose(result.A_nadir.values[..., 0], values.min(axis=-1))


def test_time_need_not_be_the_last_dim():
    values = np.outer(VALUES, [1.0, 2.0])
    result = measure(dataset(values, dims=("time", "patient")), [Nadir("A")])
    np.testing.assert_array_equal(result.A_nadir.values, [[0.1], [0.2]])


TWO = ([1.0, 0.1, 0.5, 0.9, 0.2, 0.6], [0.0, 30.0, 180.0, 360.0, 390.0, 700.0])


@pytest.mark.parametrize(
    "courses",
    [
        ["0 day", "360 day"],
        xr.DataArray([0.0, 360.0 / 7], dims="course", attrs={"units": "week"}),
        xr.DataArray([0, 360], {"course": [7, 8]}, "course", attrs=DAY),
    ],
)
def test_courses_as_text_or_array(courses):
    result = measure(dataset(*TWO), [Nadir("A"), TimeOfNadir("A"), TimeToThreshold("A", "0.5 1e9/L")], courses)
    assert result.A_nadir.values.tolist() == [0.1, 0.2]
    np.testing.assert_allclose(result.A_time_of_nadir, [30, 30])
    assert result.A_time_to_0p5_1_per_nL[0] == pytest.approx(180)
    assert result.course.values.tolist() == [1, 2]


def test_courses_of_each_patient():
    data = dataset([TWO[0], TWO[0]], TWO[1], ("patient", "time")).assign_coords(patient=[11, 12])
    starts = xr.DataArray([[0.0, 360.0], [0.0, np.nan]], {"patient": [11, 12]}, ("patient", "course"), attrs=DAY)
    result = measure(data, [TimeOfOvershoot("A")], starts)
    np.testing.assert_array_equal(result.A_time_of_overshoot.values, [[330 + 30, 340], [360, np.nan]])
    with pytest.raises(InputError, match="same patients"):
        measure(data, [Nadir("A")], starts.assign_coords(patient=[11, 13]))


def test_no_measures_and_no_courses():
    assert not measure(dataset(VALUES), []).data_vars
    assert measure(dataset(VALUES), [Nadir("A")], []).A_nadir.shape == (0,)


def test_times_are_in_the_unit_of_the_time_coordinate():
    weeks = dataset(VALUES, np.array(VISITS) / 7, time_attrs={"units": "week"})
    assert measure(weeks, [TimeOfNadir("A")]).A_time_of_nadir.attrs["units"] == "week"
    assert measure(weeks, [TimeOfNadir("A")], ["1 day"]).A_time_of_nadir.item() == pytest.approx(29 / 7)


def test_level_is_converted_to_the_unit_of_the_data():
    (one,) = measure(dataset(VALUES), [TimeToThreshold("A", "400 cells/uL")]).data_vars.values()
    (other,) = measure(dataset(VALUES), [TimeToThreshold("A", "0.4 1e9/L")]).data_vars.values()
    assert one.item() == other.item()


def test_the_integer_count_of_a_laboratory():
    result = measure(dataset([900, 100, 300], [0, 30, 60], attrs={"units": "cells/uL"}), [Nadir("A")])
    assert result.A_nadir.item() == 100


@pytest.mark.parametrize(
    ("data", "wanted", "kind", "message"),
    [
        (dataset(VALUES), Nadir("C"), UnknownNameError, "no variable 'C'; there are A"),
        (dataset(VALUES, attrs={}), Nadir("A"), UnitError, "'A' has no units"),
        (dataset(VALUES, attrs={"units": "furlongs!"}), Nadir("A"), UnitError, "'A': cannot read unit"),
        (dataset(VALUES), TimeToThreshold("A", "0.4 mg/L"), UnitError, "'mg/L' is not a kind of '1/nL'"),
        (dataset(VALUES), TimeBelow("A", "40 %"), UnitError, "'percent' is not a kind of '1/nL'"),
        (dataset(VALUES, time_attrs={}), Nadir("A"), UnitError, "'time' has no units"),
        (dataset(VALUES, time_attrs={"units": "mg"}), Nadir("A"), UnitError, "'mg' is not a unit of time"),
        (dataset(VALUES, np.arange(5).astype("timedelta64[ns]")), Nadir("A"), UnitError, "time must be numbers"),
        (dataset(VALUES, VISITS[::-1]), Nadir("A"), InputError, "time must increase; 180 comes after 360"),
        (dataset(VALUES, [0, 1, 2, np.nan, 3]), Nadir("A"), InputError, "not finite"),
        (dataset([], []), Nadir("A"), InputError, "not empty"),
        (dataset([1, 2, 3, np.inf, 4]), Nadir("A"), InputError, "infinite value at time 180"),
        (dataset(VALUES, n=("x", [1.0], COUNT)), Nadir("n"), InputError, "no series"),
        (dataset(["a"] * 5), Nadir("A"), InputError, "does not hold numbers"),
        (xr.Dataset({"A": ("time", VALUES, COUNT)}), Nadir("A"), UnknownNameError, "no coordinate 'time'"),
    ],
)
def test_refusals(data, wanted, kind, message):
    with pytest.raises(kind) as caught:
        measure(data, [wanted])
    assert type(caught.value) is kind
    assert message in str(caught.value)


def test_an_array_in_the_place_of_the_dataset_is_refused():
    with pytest.raises(InputError, match=r"data: must be an xarray.Dataset; found DataArray; write result\[\['A'\]\]"):
        measure(dataset(VALUES).A, "nadir")


def test_refused_courses():
    with pytest.raises(UnitError, match="'courses' has no units"):
        measure(dataset(VALUES), [Nadir("A")], xr.DataArray([0.0], dims="course"))
    with pytest.raises(UnitError, match="'mg' is not a kind of 'day'"):
        measure(dataset(VALUES), [Nadir("A")], ["0 mg"])
    with pytest.raises(InputError, match="need the dim 'course'"):
        measure(dataset(VALUES), [Nadir("A")], xr.DataArray([0.0], dims="x", attrs=DAY))
    with pytest.raises(InputError, match="first doses of courses"):
        measure(dataset(VALUES), [Nadir("A")], ["12 month", "0 month"])


def test_all_faults_are_named_at_once():
    with pytest.raises(InputError) as caught:
        measure(dataset(VALUES), [Nadir("C"), TimeBelow("A", "1 mg"), Plateau("A"), Plateau("A")])
    assert [fault.message.split(";")[0] for fault in caught.value.faults] == [
        "the data have no variable 'C'",
        "'mg' is not a kind of '1/nL'",
        "two measures have the name 'A_plateau_1_year'",
    ]


def test_documented_order_of_the_curve():
    """Errors of points h apart: order 3 where the function rises, order 2 next to its minimum."""

    def errors(step):
        times = np.arange(0.0, 4.0 + step / 2, step) + 0.37 * step
        curve = interpolated(times, np.cos(times))
        fine = np.linspace(0.5, 3.9, 5001)
        wrong = np.abs(curve(fine) - np.cos(fine))
        return wrong[(fine > 1) & (fine < 2)].max(), wrong.max()

    coarse, fine = np.array(errors(0.05)), np.array(errors(0.0125))
    orders = np.log(coarse / fine) / np.log(4)
    assert orders[0] > 2.8
    assert orders[1] > 1.8
