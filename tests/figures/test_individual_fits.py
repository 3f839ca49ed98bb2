"""Pages of individual fits show every count, curve and dose of every patient, once, on axes that all pages share."""

import re

import numpy as np
import pytest
import xarray as xr

from kinetics.errors import InputError
from kinetics.figures import draw, read_figure
from kinetics.figures.base.page import heading_of

MONTH = 30.4375
PATIENTS = [f"P{number}" for number in range(1, 9)]
DAYS = np.array([0.0, 20.0, 60.0, 200.0, 400.0])
LIMIT = 0.02
NAME = "individual_fits"


def result(patients=PATIENTS, outputs=("A", "B")):
    """Counts of A, the second of which is below its limit, and of B, which vary little; a dose at day 10 and 210."""
    points, size = np.linspace(0, 400, 30), len(patients)
    factor = np.arange(1, size + 1)[:, None] / size
    shapes = {"A": 0.005 + (points / 400) ** 2, "B": 5 + points / 400}
    curves = {
        name: (("prediction", "patient", "point"), np.array([shapes[name] + 0 * factor, factor * shapes[name]]))
        for name in outputs
    }
    dims = ("patient", "point")
    fits = xr.Dataset(
        {name: (*curve, {"units": "1/nL"}) for name, curve in curves.items()}
        | {
            "time": (dims, np.tile(points, (size, 1)), {"units": "day"}),
            "dose_time": (("patient", "dose"), np.tile([10.0, 210.0, np.nan], (size, 1)), {"units": "day"}),
        },
        {"patient": np.array(patients, dtype=object), "prediction": ["PRED", "IPRED"]},
    )
    rows = [
        (patient, name, day, *((LIMIT, -1) if name == "A" and number == 1 else (float(shape), 0)))
        for row, patient in enumerate(patients)
        for name in outputs
        for number, (day, shape) in enumerate(
            zip(DAYS, 1.1 * factor[row] * np.interp(DAYS, points, shapes[name]), strict=True)
        )
    ]
    ids, names, times, values, sides = map(np.array, zip(*rows, strict=True))
    visits = xr.Dataset(
        {
            "patient": ("visit", ids.astype(object)),
            "output": ("visit", names.astype(object)),
            "unit": ("visit", np.full(len(rows), "1/nL", dtype=object)),
            "time": ("visit", times, {"units": "day"}),
            "value": ("visit", values),
            "censored": ("visit", sides),
        }
    )
    tree = xr.DataTree.from_dict({"visits": visits, NAME: fits})
    tree.attrs = {"model": "recovery", "cohort": "adults"}
    return tree


@pytest.fixture(scope="module")
def tree():
    return result()


def lines(figure):
    """Abscissas and ordinates of lines by gid."""
    return {line.get_gid(): line.get_xydata() for axes in figure.axes for line in axes.lines if line.get_gid()}


def test_every_count_curve_and_dose_stands_on_one_page(tree):
    drawing = draw(tree)
    assert (drawing.kind.name, len(drawing.pages)) == (NAME, 2)
    visits, fits = tree["visits"].to_dataset(), tree[NAME].to_dataset()
    pages = [lines(page.figure) for page in drawing.pages]
    assert not pages[0].keys() & pages[1].keys()
    found = pages[0] | pages[1]
    for row, patient in enumerate(PATIENTS):
        for name in ("A", "B"):
            own = (visits["patient"].values == patient) & (visits["output"].values == name)
            for gid, kept in (("counts", visits["censored"].values == 0), ("censored", visits["censored"].values < 0)):
                expected = np.column_stack([visits["time"][own & kept] / MONTH, visits["value"][own & kept]])
                np.testing.assert_allclose(found.get(f"{gid}-{patient}-{name}", np.empty((0, 2))), expected)
            for gid, prediction in (("individual", "IPRED"), ("typical", "PRED")):
                curve = fits[name].sel(prediction=prediction, patient=patient).values
                expected = np.column_stack([fits["time"].values[row] / MONTH, curve])
                np.testing.assert_allclose(found[f"{gid}-{patient}-{name}"], expected)
            np.testing.assert_allclose(found[f"doses-{patient}-{name}"][:2, 0], np.array([10, 210]) / MONTH)


def test_all_pages_have_the_same_axes(tree):
    first, second = (page.figure for page in draw(tree).pages)
    ends = [{(axes.get_ylabel(), axes.get_xlim(), axes.get_ylim()) for axes in page.axes} for page in (first, second)]
    assert ends[0] == ends[1]
    assert {axes.get_ylabel(): axes.get_yscale() for axes in first.axes} == {"A (10⁹/L)": "log", "B (10⁹/L)": "linear"}


PAIR = ("changed-02.svg", "fits-02.svg")


def test_a_pdf_has_all_pages_and_other_formats_a_file_a_page(tree, tmp_path):
    drawing = draw(tree, [tmp_path / "fits.pdf", tmp_path / "fits.svg"])
    assert [path.name for path in drawing.files] == ["fits.pdf", "fits-01.svg", "fits-02.svg"]
    assert len(re.findall(rb"/Type /Page\b", (tmp_path / "fits.pdf").read_bytes())) == 2
    assert "counts-P8-A" in (tmp_path / "fits-02.svg").read_text(encoding="utf-8")
    again = draw(NAME, tmp_path / "again.pdf", input=tree)
    assert (tmp_path / "again.pdf").read_bytes() == (tmp_path / "fits.pdf").read_bytes()
    again.figure.axes[0].set_title("changed")
    again.save(tmp_path / "changed.svg")
    assert "changed" in (tmp_path / "changed-01.svg").read_text(encoding="utf-8")
    # ids are hashes of places to the last digit, which a second layout may move by a rounding
    other, same = (re.sub(r"\b[a-z][0-9a-f]{10}\b", "", (tmp_path / name).read_text(encoding="utf-8")) for name in PAIR)
    assert other == same


def test_one_page_is_one_file(tree, tmp_path):
    file = tmp_path / "figure.toml"
    file.write_text(f'[figure]\nkind = "{NAME}"\ntitle = "Two of them"\npatients = ["P3", "P8"]\noutputs = ["B"]\n')
    drawing = draw(file, tmp_path / "two.svg", input=tree)
    assert [path.name for path in drawing.files] == ["two.svg"]
    assert [heading_of(axes) for axes in drawing.axes] == ["P3", "P8"]


@pytest.mark.parametrize(("width", "outputs", "columns"), [(170, ("A", "B"), 2), (170, ("A",), 4), (85, ("A",), 2)])
def test_panels_of_a_patient_stand_beside_each_other(tree, width, outputs, columns):
    axes = draw(tree, outputs=outputs, width=width).figure.axes
    left = {round(one.get_subplotspec().colspan.start, 3) for one in axes}
    assert len(left) == columns


def test_patients_of_a_page_may_be_stated(tree, tmp_path):
    file = tmp_path / "figure.toml"
    file.write_text(f'[figure]\nkind = "{NAME}"\npatients_per_page = 3\n')
    drawing = draw(file, input=tree)
    assert [len(page.figure.axes) for page in drawing.pages] == [6, 6, 4]
    assert ", 3 pages" in repr(drawing)
    assert "Page 1 of 3" in drawing._repr_html_()


def test_what_it_cannot_draw_is_refused(tree, tmp_path):
    file = tmp_path / "figure.toml"
    file.write_text(f'[figure]\nkind = "{NAME}"\npatients = ["P9", "P1"]\n')
    with pytest.raises(InputError, match="patients: no patient 'P9'"):
        draw(file, input=tree)
    with pytest.raises(InputError, match="is drawn from a result"):
        draw(NAME)
    with pytest.raises(InputError, match="has no group 'individual_fits'"):
        draw(NAME, input=xr.DataTree())
    file.write_text(f'[figure]\nkind = "{NAME}"\npatients_per_page = 0\nfit = "x"\n')
    with pytest.raises(InputError) as caught:
        read_figure(file)
    assert len(caught.value.faults) == 2


def test_a_long_id_does_not_run_into_its_neighbour(tmp_path):
    drawing = draw(result(["x" * 80, "y"]))
    assert max(len(heading_of(axes)) for axes in drawing.axes) == 24
