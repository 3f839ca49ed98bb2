"""What a caller may write: names for models and regimens, whole numbers of patients, values that are the cohort's."""

from pathlib import Path

import pytest
import xarray as xr

from kinetics import Course, InputError, Model, Regimen, fit, measure, predict, simulate
from kinetics.comparison import compare
from kinetics.estimate import Estimates, FitProblem, refit
from kinetics.files.library import library_folder
from kinetics.identifiability import MeasuredArm, structure
from kinetics.measures import Nadir
from kinetics.regimen import only_course

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


def test_what_is_no_fit_says_which_group_is_missing():
    with pytest.raises(InputError, match="it has no group 'estimates'"):
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
    if given is None and verb in ("simulate at visits", "compare"):
        return  # no visits, and the comparison that ships
    with pytest.raises(InputError, match=rf"^{argument}: must be (an? )?\w+"):
        call(given)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("given", ["no_such_name", "no/such.toml", Path("no/such.toml")])
def test_a_verb_says_that_there_is_no_such_file(verb, given):
    with pytest.raises(InputError, match=r"no_such_name|no/such"):
        VERBS[verb][0](given)


def test_a_course_in_place_of_a_regimen_and_a_fit_in_place_of_estimates_say_what_to_write():
    with pytest.raises(InputError, match=r"found a Course; write course.repeat\(1\)"):
        simulate("nk", ONE, **TIMES)
    with pytest.raises(InputError, match="found a FitProblem; fit it first"):
        predict(FitProblem.load("care_ms_course_1"), "ms_licensed", **TIMES)


def test_a_fit_that_is_named_is_the_one_that_is_loaded():
    path = library_folder("fits") / "care_ms_course_1.toml"
    committed = Estimates.read(path.with_name("care_ms_course_1.result.toml"))
    for given in ("care_ms_course_1", path, str(path), path.with_name("care_ms_course_1.result.toml")):
        assert (Estimates.load(given).values == committed.values).all()


@pytest.mark.parametrize("measures", ["nadir", ["nadir"], [Nadir], Nadir("NK"), [Nadir("NK"), "nadir"], 3, {"a": 1}])
def test_measures_that_are_none_are_refused(measures):
    where = r"measures(\[\d\])?: must be (a list|a Measure)"
    with pytest.raises(InputError, match=where):
        simulate("nk", Regimen.none(), measures=measures, **TIMES)
    with pytest.raises(InputError, match=where):
        measure(xr.Dataset(), measures)


def test_regimens_that_are_compared_are_a_list():
    with pytest.raises(InputError, match="regimens: must be a list"):
        compare("ms_licensed", library_folder("fits") / "comparison.toml")
    with pytest.raises(InputError, match="must be a Regimen"):
        compare([3], library_folder("fits") / "comparison.toml")
