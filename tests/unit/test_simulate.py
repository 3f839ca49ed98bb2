"""`simulate`: shapes, times, units, provenance, refusals, and patients that fail."""

import numpy as np
import pint
import pint_xarray  # noqa: F401
import pytest
import sympy as sp

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.errors import InputError, IntegrationError, UnitError, UnknownNameError
from kinetics.measures import Nadir, TimeToThreshold
from kinetics.model import Model
from kinetics.model.quantities import Derived, Input, Output, Parameter, State
from kinetics.model.quantities import Dose as DoseInput
from kinetics.regimen import Course, Dose, Regimen
from kinetics.simulation import output_times, simulate
from kinetics.units import unit_text

LICENSED = Regimen.load("ms_licensed")
SHORT = {"until": "3 month", "every": "1 month"}


@pytest.fixture(scope="module")
def reconstitution():
    return Model.load("reconstitution")


@pytest.fixture(scope="module")
def typical(reconstitution):
    return simulate(reconstitution, LICENSED, until="2 year", every="1 month", cohort="relapsing", states=True)


@pytest.fixture(scope="module")
def patients(reconstitution):
    return simulate(reconstitution, LICENSED, **SHORT, cohort="relapsing", patients=4, seed=9)


def decay(spread: float | None = None, rate=None) -> Model:
    """A count that decays from its baseline, with a drug beside it."""
    n, a, k = sp.symbols("N A k")
    return Model.from_symbols(
        "decay",
        time="day",
        parameters=[
            Parameter(name="k", value=0.1, unit="1/day", spread=spread),
            Parameter(name="N_0", value=2.0, unit="1e9/L"),
        ],
        inputs=[Input(name="loss", unit="1/day", rest=0.0)],
        derived=[Derived(name="reserve", unit="1/day", value=4 * k, minimum=0.0)],
        doses=[DoseInput(name="drug", unit="mg", into="A")],
        states=[
            State(name="N", unit="1e9/L", initial=sp.Symbol("N_0"), rate=-(k + sp.Symbol("loss")) * n),
            State(name="A", unit="mg", initial=0, rate=-k * a if rate is None else rate(a, k)),
        ],
        outputs=[
            Output(name="count", unit="cells/uL", value=n, about="cells"),
            Output(name="drug", unit="ug", value=a),
        ],
    )


def explosive() -> Model:
    """dy/dt = k y^2 from 1: a pole at 1/k."""
    y, k = sp.symbols("y k")
    return Model.from_symbols(
        "explosive",
        time="day",
        parameters=[Parameter(name="k", value=0.05, unit="1/day", spread=1.0)],
        states=[State(name="y", unit="1", initial=1, rate=k * y**2)],
        outputs=[Output(name="size", unit="1", value=y)],
    )


# --- times


@pytest.mark.parametrize(
    ("until", "every", "expected"),
    [
        (10.0, 4.0, [0, 4, 8, 10]),
        (10.0, 5.0, [0, 5, 10]),
        (1.0, 3.0, [0, 1]),
        (0.3, 0.1, [0, 0.1, 0.2, 0.3]),
        (1.0, 1 / 3, [0, 1 / 3, 2 / 3, 1]),
    ],
)
def test_times_have_both_ends(until, every, expected):
    times = output_times(until, every)
    np.testing.assert_allclose(times, expected, rtol=1e-14)
    assert (times[0], times[-1]) == (0.0, until)


@pytest.mark.parametrize("months", [1, 7, 35, 120])
def test_monthly_times_have_both_ends(months):
    times = output_times(months * 30.4375, 30.4375)
    assert len(times) == months + 1
    assert times[-1] == months * 30.4375


def test_a_value_at_a_dose_time_is_the_value_before_it():
    regimen = Regimen([Course([Dose("drug", "4 mg"), Dose("drug", "2 mg", "0.3 day")])])
    found = simulate(decay(), regimen, until="0.6 day", every="0.1 day")
    amount = 4000 * np.exp(-0.1 * found.time.values)
    amount[0] = 0.0
    amount[4:] += 2000 * np.exp(-0.1 * (found.time.values[4:] - 0.3))
    np.testing.assert_allclose(found["drug"], amount, rtol=1e-6)


# --- dims, coords, values


def test_typical_patient_has_time_alone(typical, reconstitution):
    assert set(typical.sizes) == {"time", "course"}
    assert typical.time.dtype == np.float64
    assert typical.time.attrs["units"] == "day"
    assert typical.time.values[[0, -1]].tolist() == [0.0, 730.5]
    for name in reconstitution.outputs:
        assert typical[name].dims == ("time",)
    for name in reconstitution.states:
        assert typical[name].dims == ("time",)
    np.testing.assert_array_equal(typical.course, [1, 2])
    np.testing.assert_array_equal(typical.course_start, [0.0, 365.25])
    assert "failure" not in typical


def test_start_of_a_simulation_is_the_cohorts_baseline(typical, reconstitution):
    values = cohort_parameters(reconstitution, "relapsing").values
    at = typical.isel(time=0)
    assert float(at.CD4) == pytest.approx(values["cd4_CD4_0"], rel=1e-14)
    assert float(at.CD8) == pytest.approx(values["cd8_CD8_0"], rel=1e-14)
    assert float(at.Treg_fraction) == pytest.approx(values["cd4_treg_fraction"], rel=1e-14)


def test_patients_have_a_dim_and_no_states(patients, reconstitution):
    assert patients.CD4.dims == ("patient", "time")
    assert patients.sizes["patient"] == 4
    assert not set(reconstitution.states) & set(patients.data_vars)
    assert patients.failure.values.tolist() == [""] * 4
    assert len(np.unique(patients.CD4.values[:, 0])) == 4


def test_same_seed_same_numbers_whatever_the_number_of_patients(reconstitution, patients):
    again = simulate(reconstitution, LICENSED, **SHORT, cohort="relapsing", patients=2, seed=9)
    for name in reconstitution.outputs:
        np.testing.assert_array_equal(again[name], patients[name][:2])
    other = simulate(reconstitution, LICENSED, **SHORT, cohort="relapsing", patients=1, seed=10)
    assert (other.CD4.values[0] != patients.CD4.values[0]).all()


def test_draws_are_those_parameter_sets():
    rates = (0.1, 0.2, 0.4)
    found = simulate(decay(), Regimen.none(), until="10 day", every="1 day", parameters=[{"k": k} for k in rates])
    assert found["count"].dims == ("draw", "time")
    np.testing.assert_allclose(found["count"], 2000 * np.exp(-np.outer(rates, found.time)), rtol=1e-6)
    assert "course" not in found.dims


def test_parameters_may_be_quantities():
    found = simulate(
        decay(), Regimen.none(), until="1 day", every="1 day", parameters={"k": "0.01 1/hour", "loss": 0.5}
    )
    np.testing.assert_allclose(found["count"][-1], 2000 * np.exp(-0.74), rtol=1e-6)
    assert found.attrs["parameters"] == "k = 0.24 1/day, loss = 0.5 1/day"


def test_measures_are_taken_on_the_dense_solution():
    level = TimeToThreshold("count", "100 cells/uL")
    found = simulate(
        decay(), Course.of("drug", "1 mg").repeat(2, every="10 day"), until="50 day", every="50 day",
        measures=[Nadir("count"), level],
    )  # fmt: skip
    np.testing.assert_allclose(found[Nadir("count").name], 2000 * np.exp([-1.0, -5.0]), rtol=1e-6)
    assert np.isnan(found[level.name][0])  # never below in the first window
    assert np.isinf(found[level.name][1])  # not back in the second


# --- units


def test_every_unit_is_the_one_claimed(typical, reconstitution):
    quantified = typical.pint.quantify()
    for name, row in (*reconstitution.outputs.items(), *reconstitution.states.items()):
        assert typical[name].attrs["units"] == unit_text(row.unit)
        claimed = quantified[name].pint.units
        assert dict(claimed.dimensionality) == dict(row.unit.dimensionality)
        assert (1 * claimed).to_base_units().magnitude == pytest.approx(
            (1 * row.unit).to_base_units().magnitude, rel=1e-12
        )
    for name in ("time", "course_start"):
        assert str(quantified[name].pint.units) == "day"
    cells = quantified.CD4.pint.to("1/microliter")
    np.testing.assert_allclose(cells.pint.magnitude, 1000 * typical.CD4, rtol=1e-12)


def test_every_variable_of_patients_and_measures_quantifies(reconstitution):
    found = simulate(
        reconstitution, LICENSED, **SHORT, cohort="relapsing", patients=1, measures=[TimeToThreshold("B", "0.1 1e9/L")]
    )
    assert all("units" in found[name].attrs for name in {*found.data_vars, "time"} - {"failure"})
    quantified = found.pint.quantify()
    assert str(quantified["B_time_to_0p1_1_per_nL"].pint.units) == "day"
    assert all("long_name" in found[name].attrs for name in (*found.data_vars, *found.coords))


def test_quantities_of_any_registry_are_understood():
    asked = {"until": pint.Quantity(48, "hour"), "every": pint.UnitRegistry().Quantity(1, "day")}
    found = simulate(decay(), Regimen.none(), **asked, parameters={"k": pint.Quantity(0.01, "1/hour")})
    np.testing.assert_allclose(found["count"], 2000 * np.exp([0, -0.24, -0.48]), rtol=1e-6)


# --- refusals


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"until": "10 mg"}, UnitError, "'mg' is not a kind of 'day'"),
        ({"until": 10}, UnitError, "no unit"),
        ({"until": "10"}, UnitError, "no unit"),
        ({"every": "1 mg/day"}, UnitError, "is not a kind of 'day'"),
        ({"until": "0 day"}, InputError, "positive"),
        ({"until": "-3 day"}, InputError, "positive"),
        ({"every": "0 day"}, InputError, "positive"),
        ({"until": "30 year", "every": "1 minute"}, InputError, "longer"),
        ({"cohort": "elderly"}, UnknownNameError, "no cohort 'elderly'.*relapsing, progressive"),
        ({"parameters": {"cd4.phy": 1.0}}, InputError, "no parameter 'cd4.phy'"),
        ({"parameters": {"alemtuzumab.CL": "2 mg"}}, InputError, "alemtuzumab.CL: 'mg' is not a kind of 'L/day'"),
        ({"parameters": {"alemtuzumab.CL": np.nan}}, InputError, "alemtuzumab.CL: is not a finite number"),
        (
            {"parameters": {"cd4.naive_fraction": 0.99}},
            InputError,
            "derived.M4_0.value: is -.*below its minimum 0.*naive_fraction",
        ),
        ({"parameters": []}, InputError, "at least one"),
        ({"parameters": [{}], "patients": 2}, InputError, "either patients or"),
        ({"patients": 0}, InputError, "at least 1"),
        ({"patients": 1, "seed": -4}, InputError, "seed: must be a whole number from 0 to .*; found -4"),
        ({"method": "Euler"}, InputError, "unknown method 'Euler'; there are LSODA, BDF, Radau"),
        ({"measures": [Nadir("CD5")]}, UnknownNameError, "no output or state 'CD5'"),
        ({"measures": [TimeToThreshold("CD4", "4 mg")]}, UnitError, "is not a kind of"),
        ({"regimen": Regimen([Course.of("aspirin", "1 mg")])}, UnknownNameError, "unknown drug 'aspirin'"),
        ({"regimen": Regimen([Course.of("alemtuzumab", "1 day")])}, UnitError, "'day' is not a kind of 'mg'"),
    ],
)
def test_wrong_arguments_are_refused(reconstitution, changes, kind, said):
    arguments = {"regimen": LICENSED, **SHORT, **changes}
    with pytest.raises(kind, match=said):
        simulate(reconstitution, **arguments)


def test_every_wrong_parameter_is_told_at_once(reconstitution):
    wrong = {"cd4.phy": 1.0, "alemtuzumab.V1": "3 mg", "cd8.phi": np.inf}
    with pytest.raises(InputError) as caught:
        simulate(reconstitution, LICENSED, **SHORT, parameters=wrong)
    assert len(caught.value.faults) == 3


# --- failures


def test_typical_patient_that_fails_raises():
    with pytest.raises(
        IntegrationError, match=r"LSODA stopped in segment 1 of 1 \(0 to 30\) at time 20, state y: .*Try"
    ):
        simulate(explosive(), Regimen.none(), until="30 day", every="10 day")


@pytest.mark.parametrize("method", ["LSODA", "BDF", "Radau"])
def test_a_failing_draw_is_nan_and_the_others_are_right(method):
    rates = (0.01, 0.2, 0.02)
    with pytest.warns(UserWarning, match="1 of 3 could not be integrated; see the variable 'failure'") as told:
        found = simulate(
            explosive(), Regimen.none(), until="30 day", every="10 day", parameters=[{"k": k} for k in rates],
            method=method,
        )  # fmt: skip
    assert told[0].filename == __file__
    assert np.isnan(found["size"][1]).all()
    right = 1 / (1 - np.outer(rates, found.time))
    np.testing.assert_allclose(found["size"][[0, 2]], right[[0, 2]], rtol=1e-6)
    assert found.failure.values[[0, 2]].tolist() == ["", ""]
    assert f"{method} stopped in segment 1 of 1 (0 to 30) at time 5, state y" in str(found.failure.values[1])


def test_failing_patients_never_end_the_run():
    done = []
    with pytest.warns(UserWarning, match="could not be integrated"):
        found = simulate(
            explosive(), Regimen.none(), until="30 day", every="30 day", patients=20, seed=3, measures=[Nadir("size")],
            progress=lambda step, count: done.append((step, count)),
        )  # fmt: skip
    failed = found.failure.values != ""
    assert 0 < failed.sum() < 20
    np.testing.assert_array_equal(np.isnan(found["size"]).all("time"), failed)
    assert (found["size"][~failed, 0] == 1).all()
    assert done == [(i + 1, 20) for i in range(20)]


def test_an_inadmissible_draw_is_nan_with_its_reason(reconstitution):
    sets = [{}, {"cd4.naive_fraction": 0.99}]
    with pytest.warns(UserWarning, match="1 of 2"):
        found = simulate(reconstitution, LICENSED, **SHORT, cohort="relapsing", parameters=sets)
    assert np.isnan(found.CD4[1]).all()
    assert "cd4_M4_0" in str(found.failure.values[1])
    assert np.isfinite(found.CD4[0]).all()


def test_a_draw_without_a_number_is_nan_in_every_method():
    k, y = sp.symbols("k y")
    model = Model.from_symbols(
        "logarithm",
        time="day",
        parameters=[Parameter(name="k", value=1.0, unit="1/day"), Parameter(name="a", value=0.5, unit="1")],
        states=[State(name="y", unit="1", initial=1, rate=k * sp.log(y - sp.Symbol("a")))],
        outputs=[Output(name="size", unit="1", value=y)],
    )
    for method in ("LSODA", "BDF", "Radau"):
        with pytest.warns(UserWarning, match="1 of 2"):
            found = simulate(
                model,
                Regimen.none(),
                until="0.1 day",
                every="0.1 day",
                parameters=[{"a": -0.5}, {"a": 3.0}],
                method=method,
            )
        assert "not" in str(found.failure.values[1])
        assert np.isfinite(found["size"][0]).all()


def growing() -> Model:
    y, a, k = sp.symbols("y a k")
    return Model.from_symbols(
        "growing",
        time="day",
        parameters=[
            Parameter(name="k", value=1.0, unit="1/day", positive=True),
            Parameter(name="a", value=2.8, unit="1", maximum=30),
        ],
        states=[State(name="y", unit="1", initial=1, rate=k * y)],
        outputs=[Output(name="size", unit="1", value=y), Output(name="root", unit="1", value=sp.sqrt(a - y))],
    )


@pytest.mark.parametrize("engine", ["scipy", "batch"])
def test_an_output_without_a_value_is_told_with_its_time(engine):
    run = {"until": "3 day", "every": "1 day", "engine": engine}
    with pytest.raises(IntegrationError, match="root is nan at 2 day"):  # y is exp(time)
        simulate(growing(), Regimen.none(), **run)
    with pytest.warns(UserWarning, match="1 of 2"):
        found = simulate(growing(), Regimen.none(), **run, parameters=[{"a": 25.0}, {}])
    assert str(found.failure.values[1]).startswith("root is nan at 2 day")
    assert np.isnan(found["size"][1]).all()
    np.testing.assert_allclose(found.root[0], np.sqrt(25 - np.exp([0, 1, 2, 3])), rtol=1e-6)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"k": "0 1/day"}, "k: is 0 1/day, but must be positive"),
        ({"a": 30.5}, "a: is 30.5, above its maximum 30"),
    ],
)
def test_a_parameter_out_of_its_range_is_refused(values, told):
    with pytest.raises(InputError) as error:
        simulate(growing(), Regimen.none(), until="1 day", every="1 day", parameters=values)
    assert str(error.value) == told


# --- provenance


def test_provenance_is_complete(typical, patients, reconstitution):
    import kinetics

    cohort = cohort_parameters(reconstitution, "relapsing")
    attrs = typical.attrs
    assert attrs["package_version"] == kinetics.__version__
    assert (attrs["model"], attrs["model_hash"]) == ("reconstitution", reconstitution.content_hash)
    assert (attrs["regimen"], attrs["regimen_hash"]) == ("ms_licensed", LICENSED.content_hash)
    assert (attrs["cohort"], attrs["cohort_hash"], attrs["fits"]) == (
        "relapsing", cohort.content_hash, "care_ms_course_1_population, cladribine_nadirs, transplantation",
    )  # fmt: skip
    assert attrs["engine"] == "scipy LSODA"
    assert 0 < attrs["absolute_tolerance"] < attrs["relative_tolerance"] < 1e-6
    assert attrs["created"].endswith("+00:00")
    assert "seed" not in attrs
    assert "parameters" not in attrs
    assert patients.attrs["seed"] == 9
    assert all(isinstance(value, str | int | float) for value in attrs.values())


def test_changed_parameters_leave_a_trace():
    def run(**options):
        return simulate(decay(), Regimen.none(), until="1 day", every="1 day", **options).attrs

    assert run(parameters={"k": 0.1}).get("parameters") is None  # the model's own value
    assert run(parameters={"k": 0.3})["parameters"] == "k = 0.3 1/day"
    one, same, other = (run(parameters=[{"k": k}])["parameters_hash"] for k in (0.1, 0.1, 0.2))
    assert one == same != other
