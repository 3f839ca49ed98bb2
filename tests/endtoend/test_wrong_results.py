"""A result of another kind, program or version: what it is, and the command that makes the right one."""

import pytest
import xarray as xr

import kinetics
from kinetics.cli.arguments.pictures import PICTURES
from kinetics.errors import InputError
from kinetics.figures.rendering import FORMATS
from kinetics.files.kinds import files_of
from kinetics.results import read_result, write_result


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A simulation, the same of another version, and a file of another program."""
    place = tmp_path_factory.mktemp("results")
    made = kinetics.simulate("alemtuzumab", "ms_licensed", until="20 day", every="1 day")
    write_result(made, place / "simulation.nc")
    write_result(made.assign_attrs(package_version="0.0.1"), place / "old.nc")
    write_result(xr.Dataset({"A": ("time", [1.0, 2.0], {"units": "1"})}), place / "foreign.nc")
    return place


WHAT = {
    "simulation.nc": "a simulation of model 'alemtuzumab'",
    "old.nc": "a simulation of model 'alemtuzumab', written by lymphokinetics 0.0.1",
    "foreign.nc": "of another program",
}


@pytest.mark.parametrize("name", sorted(WHAT))
def test_predict_says_what_it_was_given_and_what_makes_a_fit(run, folder, name):
    answer = run("predict", folder / name, "--regimen", "ms_licensed", "--until", "2 year")
    assert answer.status == 2
    says = f"not the result of a fit: it is {WHAT[name]}; 'kinetics fit FIT --out FILE.nc' writes one"
    assert answer.err == f"error: {folder / name}: {says}\n"


def test_a_report_says_what_it_was_given_and_what_makes_what_it_takes(run, folder, tmp_path):
    pytest.importorskip("jinja2", reason="the extra 'report' is not installed")
    data = xr.Dataset({"n": ("patient", [1])}, {"patient": ["a"]}, {"package": "lymphokinetics", "model": "pk"})
    write_result(data.assign_attrs(package_version=kinetics.__version__), tmp_path / "data.nc")
    named = {tmp_path / "data.nc": "a table of patients of model 'pk'", folder / "foreign.nc": WHAT["foreign.nc"]}
    for path, what in named.items():
        answer = run("report", path, "--out", tmp_path / "a.html")
        assert answer.status == 2
        assert f"error: {path}: is {what}; a report is of a fit, a prediction, a simulation" in answer.err
        assert "kinetics fit, predict, simulate, compare, patient and fit-population write one" in answer.err
    old = read_result(folder / "old.nc").to_dataset()
    del old.attrs["regimen"]
    write_result(old, tmp_path / "old.nc")
    answer = run("report", tmp_path / "old.nc", "--out", tmp_path / "a.html")
    assert answer.status == 2
    assert f"old.nc: is {WHAT['old.nc']}, and has no 'regimen', which a report needs" in answer.err
    assert "'kinetics simulate MODEL --out FILE.nc' writes one" in answer.err
    assert not (tmp_path / "a.html").exists()


def test_a_fit_of_another_version_that_lacks_something_says_so(run, folder, tmp_path):
    attrs = {"package": "lymphokinetics", "package_version": "0.0.1", "fit": "one", "model": "pk", "cohort": ""}
    groups = {"/": xr.Dataset(attrs=attrs), "estimates": xr.Dataset(), "covariance": xr.Dataset()}
    write_result(xr.DataTree.from_dict(groups), tmp_path / "fit.nc")
    answer = run("predict", tmp_path / "fit.nc", "--regimen", "ms_licensed", "--until", "2 year")
    assert "the result of a fit of model 'pk', written by lymphokinetics 0.0.1, and has no 'model_hash'" in answer.err
    assert "'kinetics fit FIT --out FILE.nc' writes one" in answer.err


@pytest.mark.parametrize("verb", ["fit", "simulate"])
def test_a_result_for_a_text_file_is_named_as_such(run, folder, verb):
    answer = run(verb, folder / "simulation.nc")
    assert answer.status == 2
    assert "is NetCDF, and a text file is needed; 'kinetics show', 'figure' and 'report' take results" in answer.err


@pytest.mark.parametrize(
    ("figure", "remedy"), [("goodness_of_fit", "kinetics fit-population"), ("recovery", "without")]
)
def test_a_figure_says_what_its_input_is(run, folder, tmp_path, figure, remedy):
    answer = run("figure", figure, folder / "simulation.nc", "--out", tmp_path / "x.svg")
    assert answer.status == 2
    assert f"simulation.nc: is {WHAT['simulation.nc']}, and {figure} cannot be drawn from it; " in answer.err
    assert remedy in answer.err
    assert list(tmp_path.iterdir()) == []


def test_check_notes_another_program_and_another_version(run, folder):
    assert run("check", folder / "simulation.nc").out == "1 file, no fault\n"
    for name in ("old.nc", "foreign.nc"):
        assert run("check", folder / name).out == f"{folder / name}: is {WHAT[name]}\n1 file, no fault\n"


def test_an_unknown_figure_is_answered_with_the_nearest_and_the_list(run, tmp_path):
    answer = run("figure", "goodness_of_ft", "--out", tmp_path / "x.svg", "--width", "5", "--language", "deu")
    assert "no figure 'goodness_of_ft'; did you mean 'goodness_of_fit'?; there are alemtuzumab_exposure, " in answer.err
    assert "--width: must be one of single, one-and-a-half, double, or a number of mm from 40 to 400" in answer.err
    assert "--language: no language 'deu'; did you mean 'de'?" in answer.err


@pytest.mark.parametrize(
    ("name", "kind"), [("hill_cawthorne_2012", "fit"), ("reconstitution", "model"), ("ms_licensed", "regimen")]
)
@pytest.mark.parametrize("by_path", [False, True])
def test_a_file_of_another_kind_is_named_where_a_figure_is_needed(run, tmp_path, name, kind, by_path):
    given = files_of(name)[0][1] if by_path else name
    answer = run("figure", given, "--out", tmp_path / "x.svg")
    assert answer.status == 2
    assert f"of kind {kind}, and one of kind figure is needed; " in answer.err
    assert "takes this one" in answer.err


@pytest.mark.parametrize(("name", "kind"), [("recovery", "figure"), ("ms_licensed", "regimen")])
def test_what_is_no_result_is_told_by_its_kind(run, name, kind):
    assert f"'{name}' is of kind {kind}" in run("cite", name).err
    with pytest.raises(InputError, match=f"'{name}' is of kind {kind}"):
        kinetics.explore(name)


def test_width_and_language_without_a_picture_are_refused(run, tmp_path):
    answer = run("compare", "ms_licensed", "--out", tmp_path / "x.csv", "--width", "single", "--language", "de")
    assert answer.err.count("is of a picture; name its file with --out") == 2


def test_commands_that_draw_take_what_figures_are_written_as():
    assert tuple(FORMATS) == PICTURES
