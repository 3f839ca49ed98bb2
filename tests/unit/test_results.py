"""Results on disk: whole or not at all, and the same when read back."""

import numpy as np
import pint_xarray  # noqa: F401
import pytest
import xarray as xr

from kinetics.errors import InputError
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.results import provenance, read_result, variable, write_result
from kinetics.simulation.simulating import simulate
from kinetics.units import parse_unit, unit_text


def is_same(claimed, meant) -> bool:
    """Whether two units, maybe of different registries, have one dimension and one size."""
    sizes = [(1 * unit).to_base_units().magnitude for unit in (claimed, meant)]
    return dict(claimed.dimensionality) == dict(meant.dimensionality) and sizes[0] == pytest.approx(sizes[1], rel=1e-12)


@pytest.fixture(scope="module")
def result() -> xr.Dataset:
    return simulate(
        Model.load("reconstitution"), Regimen.load("ms_licensed"), until="2 month", every="1 month",
        cohort="progressive", patients=2, seed=1, states=True,
    )  # fmt: skip


def test_a_dataset_comes_back_as_it_went(result, tmp_path):
    path = tmp_path / "result.nc"
    write_result(result, path)
    back = read_result(path).to_dataset()
    xr.testing.assert_identical(back, result)
    assert back.attrs == result.attrs
    assert back.time.dtype == np.float64


def test_units_hold_after_the_round_trip(result, tmp_path):
    path = tmp_path / "result.nc"
    write_result(result, path)
    model = Model.load("reconstitution")
    quantified = read_result(path).to_dataset().pint.quantify()
    for name, row in (*model.outputs.items(), *model.states.items()):
        assert is_same(quantified[name].pint.units, row.unit)
    assert is_same(quantified["time"].pint.units, parse_unit("day"))
    assert is_same(quantified["course_start"].pint.units, parse_unit("day"))


def test_a_tree_comes_back_as_it_went(result, tmp_path):
    tree = xr.DataTree.from_dict({"/": result[["CD4"]], "draws": result[["B"]].rename(patient="draw")})
    write_result(tree, tmp_path / "tree.nc")
    back = read_result(tmp_path / "tree.nc")
    xr.testing.assert_identical(back["draws"].to_dataset(), tree["draws"].to_dataset())


def test_a_dataset_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "result.nc"
    path.write_bytes(b"what was there")
    unwritable = xr.Dataset({"A": ("x", np.array([object()], dtype=object))})
    with pytest.raises((TypeError, ValueError)):
        write_result(unwritable, path)
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["missing/result.nc", "result.txt"])
def test_places_that_cannot_be_written_are_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"cannot be written|end the name in \.nc"):
        write_result(xr.Dataset(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"", b"not a NetCDF file", b"\x89HDF\r\n\x1a\n" + bytes(40)])
def test_files_that_are_no_result_are_refused(tmp_path, content):
    path = tmp_path / "wrong.nc"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"wrong\.nc: "):
        read_result(path)


@pytest.mark.parametrize("unit", ["mg/L", "1e9/L", "1e9/L/day", "1", "L*mg/day^2", "cells/uL", "month", "%"])
def test_a_variable_claims_a_unit_that_pint_reads(unit):
    made = variable(("x",), [1.0, 2.0], parse_unit(unit), "made")
    assert made.attrs == {"units": unit_text(parse_unit(unit)), "long_name": "made"}
    quantified = xr.Dataset({"A": made}).pint.quantify()
    assert is_same(quantified["A"].pint.units, parse_unit(unit))


def test_provenance_leaves_out_what_is_none():
    facts = provenance(model="pk", seed=None, engine="scipy LSODA")
    assert facts["model"] == "pk"
    assert facts["engine"] == "scipy LSODA"
    assert "seed" not in facts
    assert {"package", "package_version", "created", "Conventions"} <= set(facts)
