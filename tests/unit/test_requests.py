"""What a caller may write: names for models and regimens, whole numbers of patients, values that are the cohort's."""

import pytest
import xarray as xr

from kinetics import InputError, Model, Regimen, simulate
from kinetics.estimate import Estimates
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
    with pytest.raises(InputError, match="patients must be a whole number"):
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
