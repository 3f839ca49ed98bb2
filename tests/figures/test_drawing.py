"""`draw` takes a name, a file, a checked figure or a result; a wrong argument is named with what would be right."""

import numpy as np
import pytest
import xarray as xr

from kinetics.errors import InputError
from kinetics.estimate import Estimates, FitProblem, fit
from kinetics.figures import draw, read_figure
from kinetics.figures import resolving as resolving_module
from kinetics.results import variable, write_result
from kinetics.simulation.simulating import simulate
from kinetics.units import parse_unit

from .cases import write_case


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("case"))


def test_a_file_is_read_once_for_all_its_formats(folder, tree, monkeypatch):
    reads = []

    def counted(name):
        reads.append(name)
        return read_figure(name)

    monkeypatch.setattr(resolving_module, "read_figure", counted)
    out = [folder / "a.svg", folder / "b.png", folder / "c.pdf"]
    drawing = draw(folder / "figure.toml", out, input=tree)
    assert len(reads) == 1
    assert drawing.files == tuple(out)
    assert all(path.stat().st_size > 1000 for path in out)


def test_each_format_has_the_bytes_it_has_alone(folder, tree):
    draw(folder / "figure.toml", [folder / "a.png", folder / "a.svg"], input=tree)
    draw(folder / "figure.toml", folder / "b.svg", input=tree)
    assert (folder / "a.svg").read_bytes() == (folder / "b.svg").read_bytes()


def test_a_checked_figure_is_drawn_without_reading_its_file_again(folder, tree):
    figure = read_figure(folder / "figure.toml")
    (folder / "figure.toml").unlink()
    assert draw(figure, folder / "a.svg", input=tree).kind is figure


def test_the_font_and_the_page_are_those_asked_for(folder, tree):
    drawing = draw(folder / "figure.toml", input=tree, font_size=8, width=120, height=150)
    assert drawing.figure.get_size_inches() * 25.4 == pytest.approx([120, 150])
    assert drawing.figure.axes[0].xaxis.label.get_fontsize() == 8
    sizes = [text.get_fontsize() for text in drawing.figure.legends[0].get_texts()]
    assert sizes == pytest.approx([8 * 6 / 7] * len(sizes))
    assert repr(drawing) == "<Drawn figure, time_course, 120 x 150 mm>"


def test_a_drawing_can_be_changed_and_saved(folder, tree):
    drawing = draw(folder / "figure.toml", input=tree)
    drawing.figure.axes[0].set_xlabel("months, by another name")
    drawing.save(folder / "changed.svg")
    assert "months, by another name" in (folder / "changed.svg").read_text()
    assert drawing._repr_png_().startswith(b"\x89PNG")
    assert drawing._repr_html_().startswith('<img src="data:image/png;base64,')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"figure": 3}, r"figure: must be the name of a figure, such as 'recovery', .* or a result; found int"),
        ({"figure": "recovry"}, "no figure 'recovry'; did you mean 'recovery'"),
        ({"figure": "recovery", "font_size": "9"}, "font_size: .* found '9'"),
        (
            {"figure": "recovery", "width": 1},
            "width: must be one of single, .*, or a number of mm from 40 to 400, found 1",
        ),
        (
            {"figure": "recovery", "out": ["a.svg", "b.gif"]},
            r"out: b\.gif: a figure is written as \.svg, \.pdf, \.png, \.tiff",
        ),
        ({"figure": "recovery", "input": 3}, "input: must be a result, a fit, its estimates, or the path of a"),
        ({"figure": "recovery", "outputs": ["CD4"]}, "outputs: is for a result"),
        ({"figure": xr.Dataset(), "input": xr.Dataset()}, "input: is for a figure that is named"),
        ({"figure": xr.Dataset()}, r"does not say its model; --model FILE names it, draw\(result, model=FILE\)"),
        (
            {"figure": xr.Dataset(attrs={"model": "none_such"})},
            r"'none_such', which does not ship; --model FILE names it, draw\(result, model",
        ),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises(InputError, match=message):
        draw(**arguments)


def test_a_fit_is_drawn_beside_its_published_numbers(figures, tmp_path):
    found = fit(FitProblem.load(figures.parent / "typical.toml"))
    drawing = draw(found)
    assert drawing.kind.name == "agreement"
    assert drawing.name == "typical"
    values = drawing.result.to_dataset()
    np.testing.assert_allclose(values["model"].sel(line="early"), found.values[0], rtol=1e-6)
    path = figures / "typical_figure.toml"
    path.write_text((figures / "prior_posterior.toml").read_text().replace("population", "typical"))
    by_file = draw(path, input=found)
    assert float(by_file.result["estimates"]["value"][0]) == pytest.approx(float(found.estimates.values[0]))
    by_estimates = draw(path, input=found.estimates)
    assert float(by_estimates.result["estimates"]["value"][0]) == pytest.approx(float(found.estimates.values[0]))
    with pytest.raises(InputError, match=r"figure: is the result of a fit; draw\(FIGURE, input=RESULT\)"):
        draw(found.tree())
    other = Estimates.load(figures.parent / "population.toml")
    with pytest.raises(InputError, match=r"^input: the estimates are of population; the figure is of fit 'typical'"):
        draw(path, input=other)


def test_the_name_of_a_kind_is_no_figure():
    with pytest.raises(InputError, match=r"^figure: 'time_course' is a kind of figure; draw\(result\)"):
        draw("time_course")


def test_a_result_is_drawn_as_its_outputs_over_time(folder, tree, tmp_path):
    drawing = draw(tree, model=folder / "model.toml", outputs=["N"])
    (line,) = drawing.figure.findobj(lambda each: each.get_gid() == "simulated-panel_1-N")
    np.testing.assert_array_equal(line.get_ydata(), tree["N"].values)
    assert not drawing.figure.findobj(lambda each: each.get_gid() == "simulated-panel_1-M")
    write_result(tree, tmp_path / "result.nc")
    assert draw(tmp_path / "result.nc", model=folder / "model.toml").result["N"].equals(tree["N"])
    with pytest.raises(InputError, match="the result has no output 'Q'; there are N, M"):
        draw(tree, model=folder / "model.toml", outputs=["Q"])


def test_patients_are_drawn_as_their_median_and_ninety_percent(folder):
    time, unit = np.arange(10) * 30.0, parse_unit("1e9/L")
    counts = np.linspace(1, 2, 101)[:, None] * np.ones(10)
    patients = xr.Dataset(
        {"N": variable(("patient", "time"), counts, unit, "N")},
        {"time": variable(("time",), time, parse_unit("day"), "time"), "patient": np.arange(101)},
        {"model": "model", "cohort": "adults"},
    )
    drawing = draw(patients, model=folder / "model.toml")
    (line,) = drawing.figure.findobj(lambda each: each.get_gid() == "simulated-panel_1-N")
    np.testing.assert_allclose(line.get_ydata(), 1.5)
    (area,) = drawing.figure.findobj(lambda each: each.get_gid() == "band-panel_1-N")
    heights = area.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((1.05, 1.95))
    assert "median of 101 patients" in drawing.caption
    assert "5 to 95 % of 101 patients" in drawing.caption


def test_a_simulation_is_drawn_as_it_comes(folder):
    drawing = draw(
        simulate(folder / "model.toml", folder / "regimen.toml", until="2 year", every="1 month"),
        model=folder / "model.toml",
    )
    assert len(drawing.figure.axes) == 2  # counts, and the drug in mg


@pytest.mark.parametrize("name", ["recovry", "individual_fit"])
def test_an_unknown_name_has_the_nearest_and_every_figure_and_kind(name):
    with pytest.raises(InputError, match=r"did you mean '(recovery|individual_fits)'.*goodness_of_fit.*spaghetti"):
        read_figure(name)


def test_a_kind_is_no_figure_and_the_message_says_what_it_needs():
    with pytest.raises(InputError, match="'exposure' is a kind of figure"):
        read_figure("exposure")
