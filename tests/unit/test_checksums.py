"""Results say when they are not what was written: edited by hand, damaged, or older than what they are of."""

import re
import tomllib
import warnings

import h5py
import numpy as np
import pytest
import xarray as xr

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.errors import Faults, InputError
from kinetics.estimate import Estimates, FitProblem
from kinetics.estimate.result_file import write_estimates
from kinetics.files.checksums import ChecksumWarning, table_checksum, tree_checksum
from kinetics.files.library import library_folder
from kinetics.model import Model
from kinetics.results import read_result, write_result

FREE = {"A0": 'lower = 0.1, upper = 10, unit = "1e9/L", prior = "flat"'}
ROW = {"time": "0 day", "value": 3.0, "log_se": 0.05, "cohort": "first"}


@pytest.fixture
def committed(project):
    """A result of fit ``one``, as a fit writes it."""
    problem, path = FitProblem.load(project.fit(ROW, free=FREE)), project.fits / "one.result.toml"
    facts = {"package_version": "0", "model_hash": problem.model.content_hash, "data_hash": problem.data_hash}
    facts |= {"seed": 1, "cost": 0.5, "condition_number": 1.0, "about": "x"}
    one = np.ones(1)
    estimates = Estimates("one", str(project.model), "first", ("A0",), ("1e9/L",), ("",), 3 * one, 0.01 * np.eye(1), (),
                          np.empty(0), np.empty((1, 0)), facts)  # fmt: skip
    write_estimates(estimates, path)
    return path


def warned(call):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        call()
    return [str(one.message) for one in told]


def checked(path, kind="result"):
    from kinetics.checking.files import lint

    faults = Faults()
    told = warned(lambda: lint(kind, path, faults))
    return told, [str(fault) for fault in faults]


def test_a_result_that_was_written_is_sound(committed):
    assert checked(committed) == ([], [])
    assert warned(lambda: Estimates.load(committed)) == []


def test_every_change_of_a_byte_is_said_unless_it_changes_nothing(committed):
    """A digit, a hash, a unit, a name, the checksum itself: refused, or called edited by hand."""
    text = committed.read_text()
    content = tomllib.loads(text)
    changed = 0
    for place, byte in enumerate(text):
        committed.write_text(text[:place] + ("7" if byte != "7" else "3") + text[place + 1 :])
        try:
            same = tomllib.loads(committed.read_text()) == content
        except tomllib.TOMLDecodeError:
            continue
        try:
            told = warned(lambda: Estimates.read(committed))
        except InputError:
            continue
        assert same == (told == []), text[place - 20 : place + 20]
        changed += not same
    assert changed > 200


def test_comments_and_layout_are_not_content(committed):
    committed.write_text("# a note\n\n" + committed.read_text().replace(" = ", "   =  "))
    assert warned(lambda: Estimates.read(committed)) == []


def test_whoever_takes_a_result_that_was_edited_says_so_once_by_its_name(committed, project):
    committed.write_text(committed.read_text().replace("value = 3.0", "value = 5.0"))
    said = f"{committed}: edited by hand since the fit: not what its checksum is of"
    model = Model.load(project.model)
    for use in (lambda: cohort_parameters(model, "first"), lambda: Estimates.load(committed)):
        assert [line.split(";")[0] for line in warned(use)] == [said]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(3):
            cohort_parameters(model, "first")
    assert [one.category for one in told] == [ChecksumWarning]
    assert cohort_parameters_of(model) == 5.0
    told, faults = checked(committed)
    assert [line.split(";")[0] for line in told] == [said]
    assert faults == []


def cohort_parameters_of(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cohort_parameters(model, "first").values["A0"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("value = 3.0", "value = 30.0"), r"estimates.A0.value: 30 is outside its bounds 0.1 to 10 "),
        (('unit = "1e9/L"', 'unit = "furlong/L"'), r"estimates.A0: .*is not a kind of"),
        (('unit = "1e9/L"', 'unit = "((("'), r"estimates.A0: cannot read unit"),
    ],
)
def test_check_refuses_estimates_outside_their_bounds_and_units_that_are_none(committed, change, fault):
    committed.write_text(committed.read_text().replace(*change))
    line = committed.read_text().split("\n").index("[estimates]") + 2
    _, faults = checked(committed)
    assert len(faults) == 1
    assert re.match(rf"{re.escape(str(committed))}:{line}: {fault}", faults[0])


def test_a_result_older_than_its_data_or_model_is_said_by_its_name(committed, project):
    table = project.fits / "one.csv"
    table.write_text(table.read_text().replace("0.05", "0.06"))
    (line,) = warned(lambda: Estimates.load(project.fits / "one.toml"))
    assert line.startswith(f"{committed}: older than its problem or tables")
    project.model.write_text(project.model.read_text().replace("k = { value = 0.1", "k = { value = 0.2"))
    (line,) = warned(lambda: cohort_parameters(Model.load(project.model), "first"))
    assert line.startswith(f"{committed}: older than its model")
    told, faults = checked(committed)
    assert (len(told), faults) == (1, [])
    assert "older than its problem or tables and its model" in told[0]


def test_whoever_takes_a_result_without_a_checksum_says_so_by_its_name(committed, project):
    committed.write_text(re.sub("checksum = .*\n", "", committed.read_text()))
    said = f"{committed}: has no checksum: written by hand, or by an earlier version"
    model = Model.load(project.model)
    for use in (lambda: cohort_parameters(model, "first"), lambda: Estimates.load(committed)):
        assert [line.split(";")[0] for line in warned(use)] == [said]
    told, faults = checked(committed)
    assert ([line.split(";")[0] for line in told], faults) == ([said], [])


def test_the_results_that_ship_are_what_fits_wrote():
    for path in library_folder("fits").glob("*.result.toml"):
        data = tomllib.loads(path.read_text())
        assert data["result"]["checksum"] == table_checksum(data, "result")


@pytest.fixture
def tree():
    numbers = xr.Dataset(
        {
            "A": (("time",), [1.0, np.nan, -0.0], {"units": "mg", "flags": [1, 2], "one": [1]}),
            "count": ("time", [1, 2, 3]),
            "small": ("time", np.array([1, 0, 1], dtype=np.int8)),
            "single": ("time", np.array([1.5, 2, 3], dtype=np.float32)),
            "why": ("patient", np.array(["", "µ reason"], dtype=object)),
            "scalar": ((), 2.5),
        },
        {"time": ("time", [0.0, 1.0, 2.0], {"units": "day"}), "nothing": ("nothing", np.array([], dtype=object))},
        {"created": "now", "seed": 3, "text": "", "tolerance": 1e-8},
    )
    return xr.DataTree.from_dict({"/": numbers, "draws": numbers[["A"]].rename(time="t"), "same": numbers[["A"]]})


def test_a_checksum_is_of_content_and_not_of_the_layout_of_a_file(tree, tmp_path):
    write_result(tree, tmp_path / "a.nc")
    assert warned(lambda: read_result(tmp_path / "a.nc")) == []
    back = read_result(tmp_path / "a.nc")
    assert tree_checksum(back) == tree_checksum(tree)
    back.attrs["checksum"] = tree_checksum(tree)
    zipped = {"/": {name: {"zlib": True} for name in ("A", "count")}}
    back.to_netcdf(tmp_path / "b.nc", engine="h5netcdf", encoding=zipped)
    assert warned(lambda: read_result(tmp_path / "b.nc")) == []
    assert checked(tmp_path / "b.nc", "dataset") == ([], [])


CHANGES = {
    "value": lambda tree: tree["A"].values.__setitem__(0, 1.0 + 1e-15),
    "nan": lambda tree: tree["A"].values.__setitem__(1, 0.0),
    "integer": lambda tree: tree["count"].values.__setitem__(2, 4),
    "text": lambda tree: tree["why"].values.__setitem__(1, "µ reasom"),
    "coordinate": lambda tree: tree["draws"]["A"].values.__setitem__(2, 9.0),
    "unit": lambda tree: tree["A"].attrs.update(units="g"),
    "attribute": lambda tree: tree.attrs.update(seed=4),
    "lost attribute": lambda tree: tree.attrs.pop("tolerance"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_netcdf_result_is_said_and_a_fault_for_check(tree, tmp_path, change):
    path = tmp_path / "a.nc"
    write_result(tree, path)
    damaged = tree.copy(deep=True)
    CHANGES[change](damaged)
    damaged.attrs["checksum"] = tree_checksum(tree)
    damaged.to_netcdf(path, engine="h5netcdf")
    said = "damaged, or edited since it was written: not what its checksum is of"
    assert warned(lambda: read_result(path)) == [f"{path}: {said}"]
    assert checked(path, "dataset") == ([], [f"{path}: {said}"])


def test_a_changed_byte_of_a_netcdf_result_is_refused_before_it_is_opened(tree, tmp_path, monkeypatch):
    """A changed byte can keep HDF5 busy for minutes, or end the process."""
    path = tmp_path / "a.nc"
    write_result(tree, path)
    whole = path.read_bytes()
    monkeypatch.setattr("kinetics.results.check_netcdf", lambda _: pytest.fail("opened"))
    for place in np.random.default_rng(1).integers(0, len(whole) - 88, 200).tolist():
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InputError, match="is damaged"):
            read_result(path)


def test_a_netcdf_result_is_a_plain_file_to_other_programs(tree, tmp_path):
    """They read it without knowing of the seal, and what they change in it is called edited, not damaged."""
    path = tmp_path / "a.nc"
    write_result(tree, path)
    with xr.open_dataset(path) as opened:
        assert opened["count"].values.tolist() == [1, 2, 3]
    with h5py.File(path, "r+") as file:
        file["count"][2] = 4
    assert warned(lambda: read_result(path))[-1].startswith(f"{path}: damaged, or edited since it was written")
