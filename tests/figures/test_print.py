"""What a journal asks of a figure: legible, within its column, distinct in grey, fonts embedded, units as printed."""

import io
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from kinetics.errors import InputError
from kinetics.figures import draw, read_figure
from kinetics.figures import fitting as fitting_in
from kinetics.figures.base.layout import LEAST_AXES, LayoutError, check_layout, drawn_texts
from kinetics.figures.base.panels import in_lines, set_log_ticks
from kinetics.figures.base.rows import WIDTHS
from kinetics.figures.base.style import COLOURS, LINES, MARKERS, MM, contrast, style, text_colour, text_width
from kinetics.files.library import library_names

from .cases import FIGURES, write_case
from .conftest import FIGURE

_WRONG_UNITS = re.compile(r"1e9|\^\d|\bmonth\)|\d+ month\b(?! \d)|cells/uL|\d%")
"""A unit as a file has it, or glued to its number."""
_IDENTIFIER = re.compile(r"\b[a-z]+_[a-z_]+\b")
SHIPPED = library_names("fits/figures")


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("print"))


def check_print(drawn, width):
    """Everything that a figure of a width, mm, must be."""
    figure = drawn.figure
    assert figure.get_size_inches()[0] / MM == pytest.approx(width)
    check_layout(figure, drawn.axes)
    for text in drawn_texts(figure):
        assert 5 <= text.get_fontsize() <= 8, text.get_text()
        assert contrast(text.get_color()) >= 4.5 or text.get_color() in ("white", "w"), text.get_text()
        assert not _WRONG_UNITS.search(text.get_text()), text.get_text()
        assert not _IDENTIFIER.search(text.get_text()), text.get_text()
    assert not _WRONG_UNITS.search(drawn.caption), drawn.caption
    pdf = io.BytesIO()
    figure.savefig(pdf, format="pdf")
    assert drawn.alt
    assert len(drawn.data)
    check_bands(drawn.data)


def check_bands(data):
    """The curve of a band is of the same thing: within it, and on none of its edges, wherever it has a width."""
    bands, curves = (data[data["kind"].isin(kinds)] for kinds in (["band"], ["simulated", "median"]))
    both = bands.merge(curves, on=["panel", "series", "x"], suffixes=("", "_curve"))
    wide = both[both["upper"] > 1.02 * both["lower"].clip(lower=1e-9)]
    place = (wide["y_curve"] - wide["lower"]) / (wide["upper"] - wide["lower"])
    assert place.between(0.02, 0.98).all(), wide[~place.between(0.02, 0.98)]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", FIGURES)
def test_a_figure_fits_each_column_or_says_which_it_fits(figures, kind, width):
    tree = read_figure(figures / f"{kind}.toml").compute()
    check_print(*fitting(figures / f"{kind}.toml", tree, width))


def fitting(figure, tree, width):
    """A figure in a column, or in the width that its refusal names; and that width."""
    try:
        return draw(figure, input=tree, width=width), WIDTHS[width]
    except InputError as error:
        said = re.search(r"does not fit in [\d.]+ mm: .*; it fits in ([\d.]+) mm", str(error))
    wider = float(said[1])
    return draw(figure, input=tree, width=wider), wider


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:cap reached")
@pytest.mark.parametrize("name", SHIPPED)
def test_a_figure_that_ships_fits_each_column_or_says_which_it_fits(name):
    whole = draw(name)
    check_print(whole, whole.kind.page.mm)
    for width in WIDTHS:
        check_print(*fitting(name, whole.result, width))


def test_axes_and_letters_that_are_too_small_are_refused(folder, tree):
    with pytest.raises(InputError, match=r"does not fit in 40 mm: .*; it fits in "):
        draw(folder / "figure.toml", input=tree, height=40, width=40)
    figure = Figure(figsize=(2, 2))
    figure.text(0.5, 0.5, "one")
    figure.text(0.5, 0.52, "two")
    figure.text(0.95, 0.2, "beyond the edge")
    figure.text(0.1, 0.9, "tiny", fontsize=4)
    narrow = figure.add_axes((0.3, 0.3, 0.1, 0.5))
    narrow.axis("off")
    with pytest.raises(LayoutError) as refused:
        check_layout(figure, [narrow])
    messages = " ".join(fault.message for fault in refused.value.faults)
    assert "'one' overlaps 'two'" in messages
    assert "'beyond the edge' leaves the page by" in messages
    assert "text of 4 points; at least 5" in messages
    assert f"axes would be 5 mm wide; at least {LEAST_AXES:g} mm" in messages


def test_text_is_as_wide_at_the_resolution_of_the_layout_as_in_print():
    text = "lymphocytes back at 1.0 × 10⁹/L, geom. mean"
    with style():
        for dpi in (100, 200, 1200):
            width = Figure(figsize=(4, 1), dpi=dpi).text(0, 0.5, text, fontsize=6).get_window_extent().width / dpi
            assert width == pytest.approx(text_width(text, 6) * MM, rel=0.01)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_beside_axes_fits_every_column(figures, width):
    drawn = draw(figures / "agreement.toml", width=width)
    check_print(drawn, WIDTHS[width])
    headings = {text.get_text() for text in drawn_texts(drawn.figure)}
    assert {"published", "model", "unit"} <= headings


def test_a_page_higher_than_print_names_the_column_that_holds_it(figures, monkeypatch):
    height = draw(figures / "agreement.toml", width="double").figure.get_size_inches()[1] / MM
    monkeypatch.setattr(fitting_in, "_PRINTED", height + 0.1)
    with pytest.raises(InputError, match=r"would be \d+ mm high, and a page of print has .*; it fits in 1(20|74) mm"):
        draw(figures / "agreement.toml", width="single")
    monkeypatch.setattr(fitting_in, "_PRINTED", 1.0)  # no column holds it: it is drawn all the same
    assert draw(figures / "agreement.toml", width="single").axes


def test_lines_of_a_label_are_even_and_keep_together_what_belongs_together():
    with style():
        assert in_lines("CD4 T cells, month 12, mean", 28) == "CD4 T cells,\nmonth 12, mean"
        assert in_lines("B cells back at 0.1 × 10⁹/L (Comi 2019)", 40) == "B cells back at\n0.1 × 10⁹/L (Comi 2019)"


def test_numbers_of_a_logarithmic_axis_are_all_plain_or_all_powers():
    axes = Figure().add_subplot()
    for ends, texts in (
        ((1e-4, 2), ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "1"]),
        ((0.001, 2), ["0.001", "0.01", "0.1", "1"]),
    ):
        axes.set(yscale="log", ylim=ends)
        set_log_ticks(axes)
        ticks = [tick for tick in axes.get_yticks() if ends[0] * 0.999 <= tick <= ends[1]]
        assert [axes.yaxis.get_major_formatter()(tick, 0) for tick in ticks] == texts


def test_colours_differ_in_grey_on_converted_pixels():
    figure = Figure(figsize=(2, 2), dpi=50)
    axes = figure.add_axes((0, 0, 1, 1))
    for y, colour in enumerate(COLOURS.values()):
        axes.axhspan(y, y + 1, color=colour, linewidth=0)
    axes.set_ylim(0, len(COLOURS))
    axes.axis("off")
    content = io.BytesIO()
    figure.savefig(content, format="png")
    grey = np.asarray(Image.open(content).convert("L"), dtype=int)
    rows = np.linspace(0, grey.shape[0], 2 * len(COLOURS) + 1).astype(int)[1::2]
    seen = np.sort(grey[rows, grey.shape[1] // 2])
    assert np.diff(seen).min() >= 15
    assert len({*map(str, LINES)}) == len({*MARKERS}) == 5
    assert all(contrast(text_colour(colour)) >= 4.5 for colour in COLOURS.values())


def test_files_are_what_a_printer_takes(folder, tree):
    files = [folder / f"a{suffix}" for suffix in (".svg", ".pdf", ".png", ".tiff")]
    drawn = draw(folder / "figure.toml", files, input=tree, dpi=600)
    pdf = (folder / "a.pdf").read_bytes()
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    svg = (folder / "a.svg").read_text(encoding="utf-8")
    assert "'Arial', 'Helvetica', 'Liberation Sans', 'DejaVu Sans', sans-serif" in svg
    with Image.open(folder / "a.tiff") as picture:
        assert picture.mode == "RGB"
        assert picture.info["dpi"] == pytest.approx((600, 600))
        assert picture.size[0] == pytest.approx(85 / 25.4 * 600, abs=2)
    assert drawn.files == tuple(files)
    assert (folder / "a.md").read_text(encoding="utf-8").startswith(drawn.caption)


def test_the_numbers_beside_a_figure_are_those_of_the_result(folder, tree):
    drawn = draw(folder / "figure.toml", folder / "a.svg", input=tree)
    data = drawn.data
    curve = data[(data["kind"] == "simulated") & (data["series"] == "N cells")]
    np.testing.assert_allclose(curve["y"], tree["N"].values)
    assert set(curve["unit"]) == {"10⁹/L"}
    assert set(curve["x_unit"]) == {"months"}
    band = data[(data["kind"] == "band") & (data["series"] == "N cells")]
    np.testing.assert_allclose(band["lower"], 0.5 * tree["N"].values)
    np.testing.assert_allclose(band["upper"], 2 * tree["N"].values)
    written = (folder / "a.csv").read_text(encoding="utf-8").splitlines()
    assert written[0] == ",".join(data.columns)
    assert len(written) == 1 + len(data)


def test_a_curve_is_the_median_of_what_its_band_is_of(folder, tree):
    tree["interval"]["N"].loc[{"quantile": 0.5}] = 1.2 * tree["N"].values
    drawn = draw(folder / "figure.toml", input=tree)
    (line,) = drawn.figure.findobj(lambda each: each.get_gid() == "simulated-counts-N")
    np.testing.assert_allclose(line.get_ydata(), 1.2 * tree["N"].values)


def test_axes_and_settings_of_ones_own(folder, tree):
    import matplotlib as mpl

    own = Figure(figsize=(5, 3))
    left, right = own.subplots(1, 2)
    figure, axes = draw(folder / "figure.toml", input=tree, ax=right)
    assert figure is own
    assert axes == (right,)
    assert right.get_xlabel() == "time since the first dose (months)"
    assert not left.lines
    with pytest.raises(InputError, match="ax: the figure has one panel, and ax has 2"):
        draw(folder / "figure.toml", input=tree, ax=[left, right])
    with pytest.raises(InputError, match="ax: must be Axes of matplotlib"):
        draw(folder / "figure.toml", input=tree, ax=[3])
    with mpl.rc_context({"font.size": 11.0, "lines.linewidth": 3.0, "axes.spines.top": True}):
        drawn = draw(folder / "figure.toml", input=tree, style="own")
        (line,) = drawn.figure.findobj(lambda each: each.get_gid() == "simulated-counts-N")
        assert line.get_linewidth() == 3.0
        assert line.get_color() == "#1f77b4"
        assert drawn.axes[0].spines["top"].get_visible()


def test_a_bar_that_would_leave_a_log_axis_ends_at_it(folder, tree):
    table = (folder / "table.csv").read_text().replace("500,cells/uL,100", "500,cells/uL,4000")
    (folder / "table.csv").write_text(table)
    (folder / "figure.toml").write_text(FIGURE.replace('bars = "se"', 'bars = "sd"'))
    drawn = draw(folder / "figure.toml", input=tree)
    row = drawn.data[(drawn.data["kind"] == "published") & (drawn.data["x"] == 6)]
    assert float(row["lower"].iloc[0]) == pytest.approx(0.01)


def test_files_of_others_are_not_replaced(folder, tree):
    (folder / "mine.csv").write_text("patient,CD4\n")
    (folder / "notes.md").write_text("mine")
    for name in ("mine.svg", "notes.svg"):
        with pytest.raises(InputError, match="would be replaced; give the picture another name"):
            draw(folder / "figure.toml", folder / name, input=tree)
        assert not (folder / name).exists()
    for _ in range(2):
        draw(folder / "figure.toml", folder / "own.svg", input=tree)
