"""What visits show: noise, limit and rounding against closed forms, draws by key, and recovery by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from kinetics.errors import InputError, UnitError, UnknownNameError
from kinetics.measures import Nadir, TimeToThreshold, ever_back, observed_nadir, observed_recovery
from kinetics.model import Model
from kinetics.model.quantities import Output
from kinetics.observation import Series, VisitSchedule, observe
from kinetics.observation.observing import measured, normal_draws
from kinetics.regimen import Course, Regimen, Rule
from kinetics.results import read_result, variable, write_result
from kinetics.simulation.simulating import simulate
from kinetics.units import parse_unit

DAY = parse_unit("day")
MG = parse_unit("mg")
ONCE = Regimen([Course.of("drug", "0.8 mg")])
TWICE = ONCE + Course.of("drug", "0.8 mg").at("50 day")
SHORT = {"until": "100 day", "every": "10 day", "patients": 3, "seed": 4}


def visits(*at: str, every: str | None = None, until: str | None = None) -> VisitSchedule:
    return VisitSchedule([Series(name="counts", at=at, every=every, until=until)], name="mine")


DAILY = visits("0 day", every="1 day", until="100 day")


def measuring(model: Model, **keys: float) -> Model:
    """The model with its output Y measured in this way."""
    return replace(model, outputs={**model.outputs, "Y": replace(model.outputs["Y"], **keys)})


@pytest.fixture(scope="module")
def noisy(deficit):
    return measuring(deficit, noise=0.3)


def constant(patients: int, times: int, value: float = 1.0) -> xr.Dataset:
    """Patients whose true Y never changes."""
    return xr.Dataset(
        {
            name: variable(("patient", "time"), np.full((patients, times), value), MG, "")
            for name in ("Y", "Z", "given")
        },
        {"patient": np.arange(patients), "time": variable(("time",), np.arange(float(times)), DAY, "")},
    )


# --- one measurement


def output(**keys: float) -> Output:
    return replace(Output(name="A", unit="1/nL", value=0), **keys)


SIZE, LEVEL, SD = 40_000, 0.7, 0.3


@pytest.fixture(scope="module")
def normal():
    return normal_draws(5, range(400), SIZE // 400, 1, [0]).ravel()


def test_noise_has_its_moments(normal):
    seen = measured(output(noise=SD), np.full(SIZE, LEVEL), normal)
    logs = np.log(seen / LEVEL)
    assert abs(logs.mean()) < 4 * SD / math.sqrt(SIZE)
    assert logs.std() == pytest.approx(SD, rel=4 / math.sqrt(2 * SIZE))
    assert np.median(seen) == pytest.approx(LEVEL, rel=4 * SD * math.sqrt(math.pi / 2 / SIZE))
    assert seen.mean() == pytest.approx(LEVEL * math.exp(SD**2 / 2), rel=4 * SD / math.sqrt(SIZE))


@pytest.mark.parametrize("limit", [0.4, 0.7, 1.1])
def test_the_limit_of_quantification_stands_for_what_is_below(normal, limit):
    seen = measured(output(noise=SD, quantification=limit), np.full(SIZE, LEVEL), normal)
    a = math.log(limit / LEVEL) / SD
    assert seen.min() == limit
    assert (seen == limit).mean() == pytest.approx(norm.cdf(a), abs=2 / math.sqrt(SIZE))
    expected = limit * norm.cdf(a) + LEVEL * math.exp(SD**2 / 2) * norm.cdf(SD - a)
    assert seen.mean() == pytest.approx(expected, rel=4 * SD / math.sqrt(SIZE))


def test_the_order_is_noise_then_limit_then_rounding():
    row = output(noise=0.1, quantification=0.033, rounding=0.02)
    assert measured(row, np.array([0.001, 1.0, 0.0, np.nan]), np.array([0.0, 1.0, 3.0, 0.0])).tolist()[:3] == [
        0.04, 1.1, 0.04,
    ]  # fmt: skip
    assert np.isnan(measured(row, np.array([np.nan]), np.zeros(1)))


def test_without_keys_a_measurement_is_the_true_value():
    true = np.random.default_rng(1).uniform(0, 2, 50)
    assert (measured(output(), true) == true).all()


@given(st.integers(0, 10**6), st.integers(0, 6), st.floats(-0.499, 0.499))
def test_a_rounded_value_is_what_its_decimal_text_means(steps, digits, off):
    step = float(f"1e-{digits}")
    seen = measured(output(rounding=step), np.array([(steps + off) * step]))
    assert seen[0] == float(f"{steps}e-{digits}")


@given(st.floats(0.0, 100.0), st.floats(1e-3, 10.0))
def test_rounding_moves_a_value_by_half_a_step_at_most(value, step):
    seen = measured(output(rounding=step), np.array([value]))[0]
    assert abs(seen - value) <= step / 2 * (1 + 1e-9)
    assert seen / step == pytest.approx(round(seen / step), abs=1e-9)


# --- keys of an output in a model file

ROW = 'unit = "1"\nvalue = "A"\n'
FILE = f"""[model]
title = "One state"
time = "day"

[states.A]
unit = "1"
initial = "1"
rate = "0"

[outputs.Y]
{ROW}"""


def test_a_model_file_says_how_an_output_is_measured(tmp_path):
    path = tmp_path / "one.toml"
    path.write_text(FILE)
    plain = Model.load(path)
    assert plain.outputs["Y"].measurement == {}
    hashes = {plain.content_hash}
    for text in ("noise = 0.2\n", "quantification = 0.01\n", "rounding = 1\n"):
        path.write_text(FILE + text)
        given = Model.load(path)
        key, value = text.split(" = ")
        assert given.outputs["Y"].measurement == {key: float(value)}
        assert given.structure_hash == plain.structure_hash
        hashes.add(given.content_hash)
    assert len(hashes) == 4


def test_a_measurement_that_cannot_be_is_a_fault_with_its_line(tmp_path):
    path = tmp_path / "one.toml"
    path.write_text(f'{FILE}noise = 2.1\nquantification = 0\nrounding = "fine"\n')
    with pytest.raises(InputError) as error:
        Model.load(path)
    places = [(fault.where.rpartition(":")[2], fault.name) for fault in error.value.faults]
    assert places == [("13", "outputs.Y.noise"), ("14", "outputs.Y.quantification"), ("15", "outputs.Y.rounding")]


# --- a simulation with visits


def test_visits_off_the_grid_show_the_exact_value(deficit):
    schedule = visits("0 day", "1.7 day", "33.3 day")
    result = simulate(deficit, ONCE, **SHORT, observe=schedule, engine="scipy", states=True)
    at = result["visit_counts"].values
    assert at.tolist() == [0.0, 1.7, 33.3]
    assert result["time"].values.tolist() == list(range(0, 101, 10))
    shown = result["Z_seen"].values
    assert (shown[:, 0] == 0.0).all()
    rates = -np.log(result["z"].values[:, 1] / 0.8) / 10
    np.testing.assert_allclose(shown[:, 1:], 0.8 * np.exp(-rates[:, None] * at[1:]), rtol=1e-5)


def test_true_counts_do_not_change(noisy, deficit):
    asked = {**SHORT, "measures": [TimeToThreshold("Y", "0.5 mg")], "states": True}
    with_visits = simulate(noisy, TWICE, **asked, observe=DAILY)
    without = simulate(deficit, TWICE, **asked)
    for name in without.variables:
        np.testing.assert_array_equal(with_visits[name], without[name])
        assert with_visits[name].attrs == without[name].attrs
    assert set(with_visits.variables) - set(without.variables) == {
        "Y_seen", "Z_seen", "given_seen", "visit_counts",
    }  # fmt: skip
    assert {*with_visits.attrs} - {*without.attrs} == {"visits", "visits_hash", "visits_seed"}


def test_what_is_seen_has_units_and_says_how_it_was_measured(deficit):
    model = measuring(deficit, noise=0.3, quantification=0.01, rounding=0.05)
    result = simulate(model, ONCE, **SHORT, observe=DAILY)
    attrs = result["Y_seen"].attrs
    assert (attrs["units"], attrs["noise"], attrs["quantification"], attrs["rounding"]) == ("mg", 0.3, 0.01, 0.05)
    assert "noise" not in result["Z_seen"].attrs
    assert result["visit_counts"].attrs["units"] == "day"
    assert (result.attrs["visits"], result.attrs["visits_hash"]) == ("mine", DAILY.content_hash)


def test_noise_is_keyed_by_seed_and_patient(noisy):
    many = simulate(noisy, TWICE, **{**SHORT, "patients": 5}, observe=DAILY)
    few = simulate(noisy, TWICE, **{**SHORT, "patients": 2}, observe=DAILY)
    np.testing.assert_array_equal(many["Y_seen"][:2], few["Y_seen"])
    longer = simulate(noisy, TWICE, **{**SHORT, "patients": 2, "until": "120 day"}, observe=DAILY)
    shorter = simulate(noisy, TWICE, **{**SHORT, "patients": 2, "until": "60 day"}, observe=DAILY)
    np.testing.assert_allclose(longer["Y_seen"][:, :61], shorter["Y_seen"], rtol=1e-6)  # the last step is another
    other = simulate(noisy, TWICE, **{**SHORT, "seed": 5}, observe=DAILY)
    assert not np.isin(other["Y_seen"].values, many["Y_seen"].values).any()


def test_noise_is_no_draw_of_a_parameter():
    first = normal_draws(3, range(50), 4, 2, [0, 1])
    parameters = [np.random.default_rng(np.random.SeedSequence((3, n))).standard_normal(8) for n in range(50)]
    assert not np.isin(first, parameters).any()
    assert np.unique(first).size == first.size
    np.testing.assert_array_equal(normal_draws(3, [7], 2, 2, [1]), first[7:8, :2, 1:])
    with pytest.raises(InputError, match="must not be negative"):
        normal_draws(-1, [0], 1, 1, [0])


def test_an_observation_can_be_made_again_of_a_result(noisy, tmp_path):
    result = simulate(noisy, TWICE, **{**SHORT, "every": "1 day"}, observe=DAILY)
    write_result(result, tmp_path / "result.nc")
    again = observe(read_result(tmp_path / "result.nc").to_dataset(), noisy, DAILY, seed=4)
    for name in ("Y_seen", "visit_counts"):
        np.testing.assert_array_equal(again[name], result[name])
        assert again[name].attrs == result[name].attrs
    assert (observe(result, noisy, DAILY, seed=5)["Y_seen"].values[:, 1:] != result["Y_seen"].values[:, 1:]).any()


def test_a_stream_sees_the_same(noisy, tmp_path):
    asked = {**SHORT, "patients": 7, "observe": DAILY}
    memory = simulate(noisy, TWICE, **asked)
    store = simulate(noisy, TWICE, **asked, out=tmp_path / "result.zarr", chunk=3)
    assert (list(store.data_vars), set(store.coords)) == (list(memory.data_vars), set(memory.coords))
    for name in memory.variables:
        np.testing.assert_array_equal(store[name], memory[name])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patients": None}, "visits are of patients"),
        ({"observe": "monthly"}, "no 'monthly' in models/visits"),
        (
            {"observe": VisitSchedule([Series(name="a", at=["1 day"], outputs=["X"])])},
            "no output 'X', which series 'a' of visits",
        ),
        ({"observe": visits("101 day")}, "measures no output in this time"),
    ],
)
def test_what_cannot_be_observed(deficit, changes, message):
    with pytest.raises(InputError, match=message):
        simulate(deficit, ONCE, **{**SHORT, "observe": DAILY, **changes})


def test_a_result_that_is_not_of_the_visits(deficit):
    with pytest.raises(InputError, match=r"visit at 1\.5 day is none of the output times"):
        observe(constant(2, 5), deficit, visits("1.5 day"))
    with pytest.raises(UnknownNameError, match="has no output Z"):
        observe(constant(2, 5).drop_vars("Z"), deficit, visits("1 day"))
    with pytest.raises(InputError, match="simulate with patients=N"):
        observe(constant(2, 5).isel(patient=0), deficit, visits("1 day"))


def test_a_name_that_is_taken(deficit):
    clash = replace(deficit, outputs={**deficit.outputs, "Y_seen": replace(deficit.outputs["Z"], name="Y_seen")})
    with pytest.raises(InputError, match="would be called Y_seen, as an output or state is"):
        simulate(clash, ONCE, **SHORT, observe=DAILY)


# --- recovery as it is seen


def seen(rows: list[list[float]], at: list[float], starts: list[float] | None = None) -> xr.Dataset:
    data = {"Y_seen": variable(("patient", "visit_counts"), np.array(rows), MG, "")}
    if starts is not None:
        data["course_start"] = variable(("course",), np.array(starts), DAY, "")
    coords = {"visit_counts": variable(("visit_counts",), np.array(at), DAY, "")}
    return xr.Dataset(data, {**coords, "patient": [3, 4, 5, 6, 7, 8][: len(rows)]})


BY_HAND = seen(
    [
        # before, then course 1 up to the visit on the day of course 2 (30), then course 2
        [1.0, 0.1, 0.4, 0.3, 0.5, 0.2, 0.6],  # at the level counts as back; a later fall does not matter
        [1.0, 0.1, 0.2, 0.3, 0.3, 0.2, 0.3],  # never back
        [1.0, 0.9, 0.4, 0.6, 0.5, 0.4, 0.9],  # never below
        [0.1, 0.9, 0.1, 0.9, 0.1, 0.1, 0.1],  # the visit before the first dose does not count
        [1.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.1],  # back on the day of course 2; below again at the last visit
        [np.nan] * 7,
    ],
    [0.0, 5.0, 10.0, 20.0, 30.0, 35.0, 50.0],
    [0.0, 30.0],
)


def test_recovery_by_hand():
    found = observed_recovery(BY_HAND, "Y", "0.4 mg")
    nan, inf = np.nan, np.inf
    expected = [[10, 20], [inf, inf], [nan, nan], [20, inf], [30, inf], [nan, nan]]
    np.testing.assert_array_equal(found, expected)
    assert (found.dims, found.attrs["units"]) == (("patient", "course"), "day")
    assert (found["course"].values.tolist(), found["patient"].values.tolist()) == ([1, 2], [3, 4, 5, 6, 7, 8])
    np.testing.assert_array_equal(observed_recovery(BY_HAND, "Y", "400 ug"), expected)


def test_nadir_by_hand():
    found = observed_nadir(BY_HAND, "Y")
    np.testing.assert_array_equal(found, [[0.1, 0.2], [0.1, 0.2], [0.4, 0.4], [0.1, 0.1], [0.1, 0.1], [np.nan, np.nan]])
    assert found.attrs["units"] == "mg"


def test_return_to_ones_own_baseline_by_hand():
    table = seen([[1.0, 0.2, 0.9, 1.0], [0.5, 0.2, 0.4, 0.3], [0.2, 0.2, 0.2, 0.3]], [0.0, 5.0, 10.0, 20.0])
    np.testing.assert_array_equal(ever_back(table, "Y"), [[1.0], [0.0], [np.nan]])
    np.testing.assert_array_equal(ever_back(table, "Y", "80 % of baseline"), [[1.0], [1.0], [np.nan]])
    np.testing.assert_array_equal(observed_recovery(table, "Y", "80 % of baseline"), [[10.0], [10.0], [np.nan]])
    with pytest.raises(InputError, match="no visit shows the baseline of 'Y'"):
        ever_back(table.isel(visit_counts=slice(1, None)), "Y")


def test_a_course_without_a_visit_is_not_seen():
    table = seen([[0.1, 0.9]], [5.0, 10.0], [0.0, 20.0])
    np.testing.assert_array_equal(observed_recovery(table, "Y", "0.4 mg"), [[10.0, np.nan]])
    np.testing.assert_array_equal(observed_nadir(table, "Y"), [[0.1, np.nan]])


def test_what_visits_do_not_show():
    with pytest.raises(UnknownNameError, match="visits show no 'X'; they show Y"):
        observed_recovery(BY_HAND, "X", "0.4 mg")
    with pytest.raises(UnitError):
        observed_recovery(BY_HAND, "Y", "0.4 L")


@pytest.mark.parametrize("step", [5.0, 0.5, 0.05])
def test_visits_without_noise_show_the_crossing_at_the_next_visit(deficit, step):
    dense = visits("0 day", every=f"{step} day", until="100 day")
    level = TimeToThreshold("Y", "0.5 mg")
    result = simulate(deficit, TWICE, **SHORT, observe=dense, measures=[level, Nadir("Y")])
    shown = observed_recovery(result, "Y", level.level).values
    crossing = result[level.name].values
    assert np.isfinite(crossing).all()
    np.testing.assert_allclose(shown, np.ceil(crossing / step) * step, rtol=1e-9)
    # Y rises from its nadir right after the dose: the first visit shows the lowest value
    nadir = result["Y_nadir"].values
    rates = np.log(0.8 / 0.5) / crossing[:, 0]
    shown = 1 - observed_nadir(result, "Y").values
    np.testing.assert_allclose(shown, (1 - nadir) * np.exp(-rates * step)[:, None], rtol=1e-5)


def test_noise_sees_recovery_earlier(noisy, deficit):
    """Of many noisy visits one is at the level before the true crossing; the wait for a visit works against that."""
    asked = {**SHORT, "patients": 200, "until": "50 day", "measures": [TimeToThreshold("Y", "0.9 mg")]}
    result = simulate(noisy, ONCE, **asked, observe=visits(every="0.5 day", until="50 day"))
    shown = observed_recovery(result, "Y", "0.9 mg").values
    true = result["Y_time_to_0p9_mg"].values
    assert np.median(shown) < np.median(true) - 5


def test_a_long_wait_for_a_visit_sees_recovery_as_often_as_it_is_probable(deficit):
    """At a visit where Y is true, a measurement is at a level with the probability of the normal distribution."""
    model, size = measuring(deficit, noise=0.2), 4000
    true = constant(size, 3)
    true["Y"][:, 1] = 0.1
    true["Y"][:, 2] = 0.8
    found = ever_back(observe(true, model, visits("0 day", "1 day", "2 day"), seed=1), "Y", "0.9 mg")
    expected = 1 - norm.cdf(math.log(0.9 / 0.8) / 0.2)
    assert float(found.mean()) == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / size))


def test_first_seen_back_has_the_probabilities_of_independent_measurements(deficit):
    """r is being first seen back at a visit, w waiting after a visit below, a never seen below."""
    size, sd, true = 4000, 0.3, [1.0, 0.4, 0.6, 0.8, 0.8, 1.0]
    result = constant(size, len(true))
    result["Y"][:] = np.array(true)
    found = observed_recovery(observe(result, measuring(deficit, noise=sd), DAILY, seed=2), "Y", "0.8 mg").values[:, 0]
    waiting, above = 0.0, 1.0
    for day, value in list(enumerate(true))[1:]:
        p = norm.cdf(math.log(value / 0.8) / sd)
        assert (found == day).mean() == pytest.approx(waiting * p, abs=2 / math.sqrt(size))
        waiting, above = (waiting + above) * (1 - p), above * p
    assert np.isinf(found).mean() == pytest.approx(waiting, abs=2 / math.sqrt(size))
    assert np.isnan(found).mean() == pytest.approx(above, abs=2 / math.sqrt(size))


# --- what ends a series, and series of tests


def test_monitoring_goes_on_after_a_dose_of_a_rule(deficit):
    """1 - Y decays as exp(-k t): of 0.9 mg at time 0, Y is back at 0.4 mg after log(1.5)/k, k about 0.1 a day."""
    schedule = VisitSchedule([Series(name="a", at="0 day", every="1 day", until="5 day", after="last")], name="mine")
    rule = Rule("Y", "0.4 mg", "drug", "0.1 mg")
    request = {**SHORT, "observe": schedule}
    course = Course.of("drug", "0.9 mg")
    without = simulate(deficit, course.repeat(1), **request)
    assert without["visit_a"].values.tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.warns(UserWarning, match="cap reached"):
        result = simulate(deficit, course + rule, **request)
    given = result["triggered_time"].values[:, :1]
    assert ((given > 1) & (given < 10)).all()
    days = result["visit_a"].values
    assert days.tolist() == list(range(101))
    np.testing.assert_array_equal(np.isfinite(result["Y_seen"].values), days <= given + 5)
    # a rule that never acts leaves the end as it is, and the visits before it as they are
    idle = simulate(deficit, course + Rule("Y", "0.4 mg", "drug", "0.1 mg", apart="1 year"), **request)
    kept = idle.isel(visit_a=slice(6))["Y_seen"]
    np.testing.assert_array_equal(kept, without["Y_seen"])
    assert np.isnan(idle["Y_seen"].isel(visit_a=slice(6, None))).all()


def test_the_lowest_seen_value_leaves_out_visits_after_the_end(deficit):
    schedule = VisitSchedule([Series(name="a", at="0 day", every="1 day", until="5 day", after="last")])
    regimen = Course.of("drug", "0.9 mg") + Rule("Y", "0.4 mg", "drug", "0.1 mg")
    with pytest.warns(UserWarning, match="cap reached"):
        result = simulate(deficit, regimen, **SHORT, observe=schedule)
    np.testing.assert_array_equal(observed_nadir(result, "Y").values[:, 0], result["Y_seen"].isel(visit_a=1))


def test_series_of_tests_are_dates_in_a_result(deficit, tmp_path):
    thyroid = Series(name="thyroid", tests=["TSH", "T4"], every="20 day", until="60 day")
    schedule = VisitSchedule([*visits("5 day").series, thyroid], name="mine")
    result = simulate(deficit, ONCE, **SHORT, observe=schedule)
    assert result["visit_thyroid"].values.tolist() == [20, 40, 60]
    assert result["visit_thyroid"].attrs["tests"] == "TSH, T4"
    assert result["visit_thyroid"].attrs["units"] == "day"
    assert not [name for name, array in result.data_vars.items() if "visit_thyroid" in array.dims]
    write_result(result, tmp_path / "dates.nc")
    read = read_result(tmp_path / "dates.nc").to_dataset()
    np.testing.assert_array_equal(read["visit_thyroid"], result["visit_thyroid"])
    stored = simulate(deficit, ONCE, **SHORT, observe=schedule, out=tmp_path / "dates.zarr", chunk=2)
    np.testing.assert_array_equal(stored["visit_thyroid"], result["visit_thyroid"])
