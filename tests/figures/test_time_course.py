"""What is drawn is what the result, the model and the tables say."""

import warnings

import numpy as np
import pytest
import xarray as xr
from matplotlib.text import Text

from kinetics.errors import InputError
from kinetics.figures import draw, read_figure
from kinetics.figures.base.style import COLOURS, LINES, MARKERS, style
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.results import variable
from kinetics.units import parse_unit

from .conftest import FIGURE


def artist(figure, gid):
    found = figure.findobj(lambda each: each.get_gid() == gid)
    assert len(found) == 1, gid
    return found[0]


def drawn(path, tree):
    figure = read_figure(path)
    figure.check(tree)
    with style():
        return figure.draw(tree).figure


@pytest.fixture
def picture(folder, tree):
    return drawn(folder / "figure.toml", tree)


def test_curves_carry_the_data(picture, tree):
    for name in ("N", "M"):
        line = artist(picture, f"simulated-counts-{name}")
        np.testing.assert_allclose(line.get_xdata(), np.arange(25), atol=1e-12)
        np.testing.assert_array_equal(line.get_ydata(), tree[name].values)


def test_bands_carry_the_interval(picture, tree):
    vertices = artist(picture, "band-counts-N").get_paths()[0].vertices
    at_ten = vertices[np.isclose(vertices[:, 0], 10), 1]
    count = float(tree["N"][10])
    assert at_ten.min() == pytest.approx(0.5 * count)
    assert at_ten.max() == pytest.approx(2 * count)


def test_the_limit_is_the_models(picture):
    assert list(artist(picture, "limit-counts-N").get_ydata()) == [0.4, 0.4]
    assert not picture.findobj(lambda each: each.get_gid() == "limit-counts-M")
    assert any(text.get_text() == "LLN, N cells" for text in picture.findobj(match=is_text))


def is_text(each):
    return isinstance(each, Text)


@pytest.mark.parametrize(("row", "x", "y"), [("recovery", 7, 0.4), ("count_6", 6, 0.5), ("percent_3", 3, 0.6)])
def test_published_points_stand_where_they_were_published(picture, row, x, y):
    line = artist(picture, f"published-{row}")
    assert (line.get_xdata()[0], line.get_ydata()[0]) == pytest.approx((x, y))


def test_bars_are_what_was_published(picture):
    bars = [
        segment
        for container in picture.axes[0].containers
        for lines in container.lines[2]
        for segment in lines.get_segments()
    ]
    ends = [sorted(map(tuple, np.round(bar, 9).tolist())) for bar in bars]
    assert [(5, 0.4), (9, 0.4)] in ends  # 95 % interval of the recovery time
    assert [(6, 0.48), (6, 0.52)] in ends  # mean and SE: 0.1 over the root of 25
    assert [(9, 0.5), (9, 0.8)] in ends  # a range


def test_a_choice_is_not_called_published(folder, tree, picture):
    caption = draw(folder / "figure.toml", input=tree).caption
    assert "Points: own data, mean ± SE, n = 25" in caption
    assert "published" not in caption
    texts = [text.get_text() for text in picture.findobj(match=is_text)]
    assert "own data" in texts
    assert "published" not in texts


def test_standard_deviations_on_request(folder, tree):
    (folder / "figure.toml").write_text(FIGURE.replace('bars = "se"', 'bars = "sd"'))
    picture = drawn(folder / "figure.toml", tree)
    bars = [
        segment
        for container in picture.axes[0].containers
        for lines in container.lines[2]
        for segment in lines.get_segments()
    ]
    assert any(np.allclose(sorted(bar[:, 1]), [0.4, 0.6]) and np.allclose(bar[:, 0], 6) for bar in bars)
    assert "mean ± SD" in draw(folder / "figure.toml", input=tree).caption


def test_courses_are_marked(folder, tree, picture):
    assert list(artist(picture, "courses-counts").get_xdata()) == pytest.approx([0, 12])
    caption = draw(folder / "figure.toml", input=tree).caption
    assert "Triangles: drug a, 12 mg at month 0, 6 mg at month 12." in caption


def test_axes_have_units(picture):
    axes = picture.axes[0]
    assert axes.get_xlabel() == "time since the first dose (months)"
    assert axes.get_ylabel() == "count (10⁹/L)"
    assert axes.get_yscale() == "log"


def test_percent_of_baseline(folder, tree):
    text = FIGURE.replace('unit = "1e9/L"\nscale = "log"', 'unit = "percent"\npercent_of_baseline = true')
    text = text.replace("lower = 0.01\nupper = 2\n", "").replace('"count_6", ', "")
    (folder / "figure.toml").write_text(text)
    same_start = tree["interval"].to_dataset().copy(deep=True)
    same_start["M"][:, 0] = 0.5
    same_start["N"][:, 0] = 1.0
    picture = drawn(folder / "figure.toml", xr.DataTree.from_dict({"/": tree.to_dataset(), "interval": same_start}))
    np.testing.assert_allclose(artist(picture, "simulated-counts-M").get_ydata(), 200 * tree["M"].values)
    assert artist(picture, "limit-counts-N").get_ydata()[0] == pytest.approx(40)
    assert artist(picture, "published-recovery").get_ydata()[0] == pytest.approx(40)
    assert artist(picture, "published-percent_3").get_ydata()[0] == pytest.approx(60)
    assert picture.axes[0].get_ylabel() == "count, share of baseline (%)"
    with pytest.raises(InputError, match="needs the group 'draws'"):
        drawn(folder / "figure.toml", tree)


def test_nothing_leaves_the_paper_and_no_text_is_small_or_overlaps(picture):
    paper = picture.bbox
    texts = [text for text in picture.findobj(match=is_text) if text.get_visible() and text.get_text().strip()]
    ticks = {
        label
        for axes in picture.axes
        for axis in (axes.xaxis, axes.yaxis)
        for label in axis.get_ticklabels(which="both")
    }
    boxes = []
    for text in texts:
        assert text.get_fontsize() >= 5
        if text in ticks:
            continue
        box = text.get_window_extent()
        assert box.x0 >= paper.x0 - 1
        assert box.y0 >= paper.y0 - 1
        assert box.x1 <= paper.x1 + 1
        assert box.y1 <= paper.y1 + 1
        boxes.append((text.get_text(), box))
    for index, (one, box) in enumerate(boxes):
        for other, its in boxes[index + 1 :]:
            width = min(box.x1, its.x1) - max(box.x0, its.x0)
            height = min(box.y1, its.y1) - max(box.y0, its.y0)
            assert width < 1 or height < 1, (one, other)


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_the_same_figure_gives_the_same_bytes(folder, tree, suffix):
    first, second = folder / f"a{suffix}", folder / f"b{suffix}"
    draw(folder / "figure.toml", first, input=tree)
    draw(folder / "figure.toml", second, input=tree)
    assert first.read_bytes() == second.read_bytes()


def test_text_stays_text_in_svg(folder, tree):
    draw(folder / "figure.toml", folder / "a.svg", input=tree)
    text = (folder / "a.svg").read_text()
    assert "count (10⁹/L)" in text
    assert 'id="simulated-counts-N"' in text
    assert "<dc:date>" not in text


def test_the_users_own_settings_are_left_alone(folder, tree):
    import matplotlib as mpl

    with mpl.rc_context({"lines.linewidth": 9.0, "font.size": 31.0}):
        line = artist(drawn(folder / "figure.toml", tree), "simulated-counts-N")
        assert line.get_linewidth() == 0.8
        assert mpl.rcParams["lines.linewidth"] == 9.0
        assert mpl.rcParams["font.size"] == 31.0


def test_an_unknown_suffix_is_refused_before_any_work(folder, monkeypatch):
    monkeypatch.setattr("kinetics.figures.resolving.read_figure", lambda name: pytest.fail("worked"))
    with pytest.raises(InputError, match=r"a\.jpeg: a figure is written as \.svg, \.pdf, \.png, \.tiff"):
        draw("recovery", folder / "a.jpeg")


def test_a_failure_leaves_the_file_that_was_there(folder, tree):
    out = folder / "a.svg"
    out.write_text("mine")
    with pytest.raises(InputError):
        draw(folder / "figure.toml", out, input=tree.to_dataset().drop_vars("M"))
    assert out.read_text() == "mine"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_a_result_that_does_not_fit_is_refused_whole(folder, tree):
    root = tree.to_dataset().drop_vars("M").assign_attrs(cohort="children", model_hash="0")
    with pytest.raises(InputError) as raised:
        read_figure(folder / "figure.toml").check(xr.DataTree(root))
    text = str(raised.value)
    assert "cohort 'children'" in text
    assert "another version of model 'model'" in text
    assert "no output 'M'" in text


def test_patients_are_refused(folder, tree):
    root = tree.to_dataset().expand_dims(patient=2)
    with pytest.raises(InputError, match=r"'N' is on \(patient, time\)"):
        read_figure(folder / "figure.toml").check(xr.DataTree(root))


def test_another_regimen_is_drawn_without_published_points(folder, tree):
    root = tree.to_dataset().assign_attrs(regimen_hash="other", regimen="mine")
    picture = drawn(folder / "figure.toml", xr.DataTree(root))
    assert not picture.findobj(lambda each: str(each.get_gid()).startswith("published-"))
    caption = draw(folder / "figure.toml", input=xr.DataTree(root)).caption
    assert "Triangles: mine." in caption
    assert "own data" not in caption


def test_a_note_speaks_only_of_what_is_drawn(folder, tree):
    path = folder / "figure.toml"
    path.write_text(
        FIGURE.replace('note = "A note."', 'note = "Always."\nnote_published = "Points."\nnote_band = "Bands."')
    )
    root = tree.to_dataset()
    other = xr.DataTree(root.assign_attrs(regimen_hash="other", regimen="mine"))

    assert draw(path, input=tree).caption.endswith(" Always. Points. Bands.")
    assert draw(path, input=xr.DataTree(root)).caption.endswith(" Always. Points.")
    assert draw(path, input=other).caption.endswith(" Always.")


def test_without_a_result_the_figure_is_simulated(folder):
    out = folder / "a.svg"
    steps = []
    draw(folder / "figure.toml", out, progress=lambda done, total: steps.append((done, total)))
    assert out.stat().st_size > 1000
    assert steps == [(1, 1)]


def _shipped_tree(name, model, cohort, regimen, until):
    """The shape of a prediction, with numbers of no meaning."""
    spec = read_figure(name).spec
    time = np.linspace(0, until, 100)
    outputs = {
        o.name: variable(
            ("time",), np.linspace(0.9, 0.2, 100) * (0.3 if o.name == "Treg_fraction" else 1), o.unit, o.name
        )
        for o in model.outputs.values()
    }
    starts = np.array([course.start.magnitude for course in regimen.courses])
    outputs["course_start"] = variable(("course",), starts, parse_unit("day"), "first dose")
    attrs = {"model": model.name, "cohort": cohort, "regimen_hash": spec.regimen.content_hash}
    return xr.DataTree(xr.Dataset(outputs, {"time": variable(("time",), time, parse_unit("day"), "time")}, attrs))


def test_recovery_shows_the_published_thresholds():
    month = 30.4375
    tree = _shipped_tree(
        "recovery", Model.load("reconstitution"), "progressive", Regimen.load("single_100mg"), 60 * month
    )
    picture = drawn("recovery", tree)
    for row, x, level in (("B", 7.1, 0.1), ("CD8", 20, 0.2), ("CD4", 35, 0.4)):
        point = artist(picture, f"published-{row}_recovery")
        assert (point.get_xdata()[0], point.get_ydata()[0]) == pytest.approx((x, level))
        assert artist(picture, f"limit-counts-{row}").get_ydata()[0] == pytest.approx(level)
    bars = [bar for c in picture.axes[0].containers for lines in c.lines[2] for bar in lines.get_segments()]
    assert len(bars) == 1  # only the interval of B is published
    assert sorted(bars[0][:, 0]) == pytest.approx([5.3, 9.5])


def test_retreatment_shows_every_lineage():
    spec = read_figure("retreatment").spec
    tree = _shipped_tree("retreatment", spec.model, "relapsing", spec.regimen, 72 * 30.4375)
    picture = drawn("retreatment", tree)
    shown = {
        each.get_gid().split("-")[-1] for each in picture.findobj(lambda a: str(a.get_gid()).startswith("simulated-"))
    }
    assert shown == {"CD4", "CD8", "B", "NK", "Treg", "Treg_fraction"}
    point = artist(picture, "published-CD4_month_6")
    assert (point.get_xdata()[0], point.get_ydata()[0]) == pytest.approx((6, 0.163))
    assert artist(picture, "simulated-treg_share-Treg_fraction").get_ydata()[0] == pytest.approx(27)
    assert [axes.get_ylabel() for axes in picture.axes if axes.get_ylabel().endswith("(%)")] == ["share (%)"]


def test_colours_differ_for_every_kind_of_sight():
    # Viénot, Brettel and Mollon 1999, doi 10.1002/(SICI)1520-6378(199908)24:4<243::AID-COL5>3.0.CO;2-3, linear RGB
    protan = np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]])
    deutan = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
    colours = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in COLOURS.values()])
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    for sight in (np.eye(3), protan, deutan):
        seen = np.clip(linear @ sight.T, 0, 1) ** (1 / 2.2)
        apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1) + np.eye(len(seen))
        assert apart.min() > 0.12
    assert len(set(map(str, LINES))) >= 4
    assert len(set(MARKERS)) >= 4


def test_drawing_warns_of_nothing(folder, tree):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(folder / "figure.toml", folder / "a.png", input=tree)
