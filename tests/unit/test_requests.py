"""What a caller may write: names for models and regimens, whole numbers of patients, values that are the cohort's."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from kinetics import Course, InputError, Model, Regimen, fit, measure, predict, simulate
from kinetics.comparison import compare
from kinetics.estimate import Estimates, FitProblem, refit
from kinetics.files.library import library_folder
from kinetics.identifiability import MeasuredArm, structure
from kinetics.measures import Nadir, TimeToThreshold
from kinetics.regimen import only_course
from kinetics.simulation import SimulationRequest, load_request, run_request, simulating

TIMES = {"until": "40 day", "every": "10 day"}


def test_names_stand_for_what_they_name():
    named = simulate("reconstitution", "ms_licensed", **TIMES)
    loaded = simulate(Model.load("reconstitution"), Regimen.load("ms_licensed"), **TIMES)
    xr.testing.assert_equal(named, loaded)
    with pytest.raises(InputError, match="nonesuch"):
        simulate("reconstitution", "nonesuch", **TIMES)


@pytest.mark.parametrize("patients", [0, -1, 2.5, 2.0, True, "3"])
def test_odd_patients_are_refused(patients):
    with pytest.raises(InputError, match="patients: must be a whole number"):
        simulate("nk", Regimen.none(), patients=patients, **TIMES)


def test_a_loaded_request_is_not_loaded_again(monkeypatch):
    loaded = load_request(SimulationRequest(model="reconstitution", regimen="ms_licensed", **TIMES))
    monkeypatch.setattr(simulating, "load_request", None)
    assert run_request(loaded).sizes["time"] == 5


def test_recovery_of_a_simulated_dataset_is_to_the_limits_of_the_simulation(held_down, tmp_path):
    (tmp_path / "model.toml").write_text(held_down)
    result = simulate(tmp_path / "model.toml", Course.of("drug_a", "3 mg"), until="200 day", every="1 day")
    level = result["N"].attrs["lower_limit_level"]
    measured = measure(result, "recovery")
    assert measured.data_vars.keys() == measure(result, f"N time_to {level}").data_vars.keys()
    assert level.startswith("0.5 ")


def test_a_rounding_difference_is_no_change():
    model = Model.load("alemtuzumab")
    value = model.defaults["CL"]
    same, other = (
        simulate(model, Regimen.none(), parameters={"CL": value * factor}, **TIMES) for factor in (1 + 1e-12, 1 + 1e-6)
    )
    assert "parameters" not in same.attrs
    assert other.attrs["parameters"].startswith("CL = ")


def test_retreatment_is_with_one_course():
    assert only_course(Regimen.load("retreatment")).start.magnitude == 0
    with pytest.raises(InputError, match="regimen 'ms_licensed' has 2 courses; retreatment is with one"):
        only_course(Regimen.load("ms_licensed"))


def test_the_overlap_is_told_in_one_unit():
    from kinetics.regimen import with_retreatment

    course = only_course(Regimen.load("retreatment"))
    with pytest.raises(InputError, match=r"from 12 month to 12\.\d+ month; start"):
        with_retreatment(Regimen.load("ms_licensed"), course, ["366 day"])


def test_what_is_no_fit_says_what_it_is_and_which_command_writes_one():
    message = "^not the result of a fit: it is of another program; 'kinetics fit FIT --out FILE.nc' writes one$"
    with pytest.raises(InputError, match=message):
        Estimates.from_tree(xr.DataTree())


ONE = Course.of("drug", "1 mg")
VERBS = {
    "fit": (lambda given: fit(given), "problem"),
    "refit": (lambda given: refit(given), "problem"),
    "predict": (lambda given: predict(given, "ms_licensed", **TIMES), "estimates"),
    "predict under": (lambda given: predict("care_ms_course_1", given, **TIMES), "regimen"),
    "simulate": (lambda given: simulate(given, Regimen.none(), **TIMES), "model"),
    "simulate under": (lambda given: simulate("nk", given, **TIMES), "regimen"),
    "simulate at visits": (lambda given: simulate("nk", Regimen.none(), patients=1, observe=given, **TIMES), "observe"),
    "identify": (lambda given: structure(given, ["k"], [MeasuredArm(["A"])]), "model"),
    "compare": (lambda given: compare(["ms_licensed"], given), "comparison"),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "given", [3, None, {"name": "nk"}, ["nk"], b"nk", ONE, object()], ids=lambda one: type(one).__name__
)
def test_a_verb_takes_a_name_a_path_or_an_object_and_says_so_of_anything_else(verb, given):
    call, argument = VERBS[verb]
    defaults = (("simulate at visits", None), ("simulate under", None), ("compare", None), ("simulate under", ONE))
    if (verb, given) in defaults:
        return  # no visits; no drug; the comparison that ships; a course is a regimen
    with pytest.raises(InputError, match=rf"^{argument}: must be (an? )?\w+"):
        call(given)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("given", ["no_such_name", "no/such.toml", Path("no/such.toml")])
def test_a_verb_says_that_there_is_no_such_file(verb, given):
    with pytest.raises(InputError, match=r"no_such_name|no/such"):
        VERBS[verb][0](given)


def test_a_course_is_the_regimen_of_it_alone():
    course = Course.of("alemtuzumab", "12 mg", "4 hour")
    one, other = (simulate("alemtuzumab", given, **TIMES) for given in (course, course.repeat(1)))
    xr.testing.assert_equal(one, other)
    assert one.attrs["regimen_hash"] == other.attrs["regimen_hash"]


def test_a_course_in_place_of_a_regimen_and_a_fit_in_place_of_estimates_say_what_to_write():
    with pytest.raises(InputError, match=r"found a Course; write course.repeat\(1\)"):
        predict("care_ms_course_1", ONE, **TIMES)
    with pytest.raises(InputError, match="found a FitProblem; fit it first"):
        predict(FitProblem.load("care_ms_course_1"), "ms_licensed", **TIMES)


def test_a_fit_that_is_named_is_the_one_that_is_loaded():
    path = library_folder("fits") / "care_ms_course_1.toml"
    committed = Estimates.read(path.with_name("care_ms_course_1.result.toml"))
    for given in ("care_ms_course_1", path, str(path), path.with_name("care_ms_course_1.result.toml")):
        assert (Estimates.load(given).values == committed.values).all()


@pytest.mark.parametrize(
    ("measures", "said"),
    [
        (3, r"measures: must be a list, such as \['nadir'\]; found int 3"),
        ([Nadir], r"measures\[0\]: must be a Measure or its name, such as 'nadir'; found ABCMeta"),
        ([Nadir("NK"), 3], r"measures\[1\]: must be a Measure or its name"),
        ("nadirr", r"measures\[0\]: unknown measure 'nadirr'; .* one of nadir, .*; did you mean 'nadir'\?"),
        ({"a": 1}, r"measures\[0\]: unknown measure 'a'"),
        (["nadir", "NKT nadir"], r"measures\[1\]: unknown measure 'NKT nadir'"),
        ("time_to", r"measures\[0\]: 'time_to' needs a level, such as 'time_to 40 % of baseline'"),
        ("value", r"measures\[0\]: 'value' needs a time, such as 'value 12 month'"),
        ("nadir 3", r"measures\[0\]: 'nadir' takes nothing behind it; found '3'"),
        ("time_to 3 parsecs of x", r"measures\[0\]: level '3 parsecs of x'"),
    ],
)
def test_measures_that_are_none_are_refused(measures, said):
    with pytest.raises(InputError, match=said):
        simulate("nk", Regimen.none(), measures=measures, **TIMES)
    data = xr.Dataset({"NK": ("time", [1.0, 2.0])}, {"time": [0.0, 1.0]})
    with pytest.raises(InputError, match=said):
        measure(data, measures)


def test_measures_are_named_by_text(deficit):
    named = simulate(deficit, ONE, measures=["Y nadir", "Y time_to 40 % of baseline"], **TIMES)
    given = simulate(deficit, ONE, measures=[Nadir("Y"), TimeToThreshold("Y", "40 % of baseline")], **TIMES)
    xr.testing.assert_identical(named.drop_attrs(deep=False), given.drop_attrs(deep=False))
    xr.testing.assert_equal(simulate(deficit, ONE, measures="nadir", **TIMES).Y_nadir, given.Y_nadir)


def test_recovery_is_to_the_lower_limits_of_the_parameters_that_are_simulated():
    changed = {"limit_CD4": "0.3 1e9/L"}
    result = simulate("reconstitution", Regimen.none(), measures=["CD4 recovery"], parameters=changed, **TIMES)
    assert "CD4_time_to_0p3_1_per_nL" in result
    with pytest.raises(InputError, match=r"measures\[0\]: 'recovery' needs an output with a lower limit of normal"):
        simulate("nk", Regimen.none(), measures="recovery", **TIMES)


def test_the_arguments_that_are_wrong_are_named_at_once():
    with pytest.raises(InputError) as error:
        simulate(
            "nk", "nonesuch", until="3", every="-1 day", cohort="young", engine="fast", sampling="odd", observe="no"
        )
    assert [fault.name for fault in error.value.faults] == [
        "regimen", "until", "every", "engine", "sampling", "observe", "observe", "cohort",
    ]  # fmt: skip


def test_regimens_that_are_compared_are_a_list():
    with pytest.raises(InputError, match="regimens: must be a list"):
        compare("ms_licensed", library_folder("fits") / "comparison.toml")
    with pytest.raises(InputError, match="must be a Regimen"):
        compare([3], library_folder("fits") / "comparison.toml")


CHOSEN = ["0 day", "3 month", "40 day"]


@pytest.mark.parametrize("patients", [None, 3])
def test_output_times_as_a_list_are_those_in_their_order_and_the_values_there(patients):
    few = simulate("alemtuzumab", "ms_first_course", times=CHOSEN, patients=patients, seed=3)
    grid = simulate("alemtuzumab", "ms_first_course", until="3 month", every="10 day", patients=patients, seed=3)
    assert few["time"].values.tolist() == [0.0, 40.0, 91.3125]
    for name in Model.load("alemtuzumab").outputs:
        np.testing.assert_allclose(few[name], grid[name].sel(time=[0.0, 40.0, 91.3125]), rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"times": CHOSEN, "until": "3 month"}, "until: leave it out"),
        ({}, "until: missing"),
        ({"times": []}, "times: must be times from 0 on"),
        ({"times": ["-1 day", "3 day"]}, "times: must be times from 0 on"),
        ({"times": ["0 day"]}, "times: must be times from 0 on"),
        ({"times": ["3 litre"]}, "times: "),
    ],
)
def test_output_times_that_cannot_be_are_refused(asked, message):
    with pytest.raises(InputError, match=message):
        simulate("nk", **asked)
