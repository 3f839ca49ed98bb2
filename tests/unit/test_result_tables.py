"""Results as tables: every number of a dataset is in them once, beside its coordinates and with its unit."""

import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from kinetics import InputError, write_result
from kinetics.result_tables import result_tables
from kinetics.results import read_result


def result(reason: str = "") -> xr.Dataset:
    return xr.Dataset(
        {
            "CD4": (("patient", "time"), np.arange(6.0).reshape(2, 3), {"units": "1e9/L"}),
            "nadir": (("patient", "course"), [[1.5], [np.nan]], {"units": "1e9/L"}),
            "failure": ("patient", np.array(["", reason], dtype=object)),
            "size": ((), 2.5, {"units": "1"}),
        },
        {"time": ("time", [0.0, 1.0, 2.0], {"units": "day"}), "patient": [7, 9], "course": [1]},
        {"package": "lymphokinetics"},
    )


def test_every_number_is_in_a_table_beside_its_coordinates(tmp_path):
    written = write_result(result(), tmp_path / "x.csv")
    assert [path.name for path in written] == ["x.csv", "x.patient-course.csv", "x.patient.csv", "x.values.csv"]
    main = pd.read_csv(written[0])
    assert list(main) == ["patient", "time [day]", "CD4 [1e9/L]"]
    assert main.values.tolist() == [[7, 0, 0], [7, 1, 1], [7, 2, 2], [9, 0, 3], [9, 1, 4], [9, 2, 5]]
    assert written[1].read_text() == "patient,course,nadir [1e9/L]\n7,1,1.5\n9,1,\n"
    assert written[3].read_text() == "size\n2.5\n"


def test_groups_of_a_tree_have_tables_of_their_own():
    tree = xr.DataTree.from_dict({"/": result()[["size"]], "draws": result()[["CD4"]]})
    assert list(result_tables(tree)) == ["draws.patient-time", "values"]


def test_a_workbook_has_a_sheet_a_table_and_its_provenance(tmp_path):
    (path,) = write_result(result("=1+1"), tmp_path / "x.xlsx")
    sheets = pd.read_excel(path, sheet_name=None)
    assert list(sheets) == ["patient-time", "patient-course", "patient", "values", "provenance"]
    assert sheets["patient-time"]["CD4 [1e9/L]"].tolist() == [0, 1, 2, 3, 4, 5]
    assert sheets["patient"]["failure"].tolist()[1] == "'=1+1"
    assert sheets["provenance"].values.tolist() == [["package", "lymphokinetics"]]


def test_no_text_in_a_table_is_a_formula(tmp_path):
    written = write_result(result("=cmd()"), tmp_path / "x.csv")
    assert "9,'=cmd()\n" in written[2].read_text()


def test_a_missing_extra_says_how_it_is_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"run: python -m pip install 'lymphokinetics\[excel\]'"):
        write_result(result(), tmp_path / "x.xlsx")
    assert not list(tmp_path.iterdir())


def test_another_suffix_is_refused_with_those_that_are_written(tmp_path):
    with pytest.raises(InputError, match=r"\.nc or \.csv or \.xlsx"):
        write_result(result(), tmp_path / "x.xls")


def test_programs_in_c_read_the_netcdf(tmp_path):
    """R's ncdf4 and RNetCDF read files through the same library of netCDF."""
    netcdf = pytest.importorskip("netCDF4", reason="needs the C library of netCDF")
    write_result(result(), tmp_path / "x.nc")
    with netcdf.Dataset(tmp_path / "x.nc") as file:
        assert file["CD4"].units == "1e9/L"
        assert file["CD4"].dimensions == ("patient", "time")
        assert file["CD4"][:].tolist() == read_result(tmp_path / "x.nc")["CD4"].values.tolist()
        assert file["failure"][:].tolist() == ["", ""]
