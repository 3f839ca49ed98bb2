"""Names in messages: what the user typed, and the nearest right name as it has to be written."""

import pytest

from kinetics import InputError, Model, simulate
from kinetics.text.suggestions import did_you_mean


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("CL", "'alemtuzumab.CL' or 'rituximab.CL'"),
        ("cd4.ph", "'cd4.phi'"),
        ("cd4_ph", "'cd4.phi'"),
        ("CD4.PHI", "'cd4.phi'"),
        ("EC5", "'alemtuzumab.EC50'"),
    ],
)
def test_a_parameter_of_a_used_model_is_suggested_with_its_dot(written, nearest):
    with pytest.raises(InputError) as caught:
        Model.load("reconstitution").flat_name(written)
    assert f"has no parameter '{written}'" in str(caught.value)
    assert f"did you mean {nearest}" in str(caught.value)


def test_what_a_user_sets_is_named_as_it_was_written():
    with pytest.raises(InputError, match=r"'CL'; did you mean 'alemtuzumab.CL' or 'rituximab.CL'\?"):
        simulate("reconstitution", until="1 month", parameters={"CL": "2 L/day"})


def test_a_name_that_nothing_resembles_has_no_hint():
    assert did_you_mean("oxygen", ["pk.CL", "pk.V1"]) == ""
