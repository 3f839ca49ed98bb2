"""Figures of fits show what was computed, and that is what closed forms say."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from matplotlib.text import Text
from scipy.stats import binom, norm

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.cohorts.fit_results import result_path
from kinetics.compile import compile_model
from kinetics.engines import Tolerances, batch
from kinetics.errors import InputError
from kinetics.estimate import Estimates, FitProblem, fit
from kinetics.figures import draw, read_figure
from kinetics.figures.base.kind import Inputs
from kinetics.figures.base.style import COLOURS, style
from kinetics.figures.tornado.compute import recovery_elasticities
from kinetics.files.checksums import ChecksumWarning
from kinetics.measures import evaluate, recovery_measures
from kinetics.regimen import segments

from .cases import (
    ESTIMATES,
    KILL,
    LEVEL,
    LOG_SE,
    N_0,
    NOISE,
    SPREAD,
    K,
    commit,
    share_left,
    time_back,
    write_case,
)

TOTAL = np.hypot(SPREAD, NOISE)
"""Standard deviation of the logarithm of what a visit measures."""


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def drawn(figures):
    """Each figure with its computed tree and its picture."""
    made = {}
    for name in ("check", "agreement", "prior_posterior", "tornado"):
        figure = read_figure(figures / f"{name}.toml")
        tree = figure.compute()
        figure.check(tree)
        with style():
            made[name] = tree, figure.draw(tree).figure
    return made


def artist(picture, gid):
    found = picture.findobj(lambda each: each.get_gid() == gid)
    assert len(found) == 1, gid
    return found[0]


def point(picture, gid):
    x, y = artist(picture, gid).get_data()
    return x[0], y[0]


def log_normal(t):
    """Mean and SD of what is measured at a time."""
    mean = N_0 * share_left(t)[0] * np.exp(TOTAL**2 / 2)
    return mean, mean * np.sqrt(np.expm1(TOTAL**2))


# the visual predictive check


def test_quantiles_of_patients_are_those_of_a_log_normal(drawn):
    found = drawn["check"][0]["panel_1"].to_dataset()
    median = N_0 * share_left(found["time"].values)
    np.testing.assert_allclose(found["value"], median, rtol=0.01)
    reach = np.exp(norm.ppf(0.95) * TOTAL)
    np.testing.assert_allclose(found["population"], [median / reach, median * reach], rtol=0.02)


def test_medians_of_studies_scatter_as_the_smallest_one_says(drawn):
    found = drawn["check"][0]["panel_1"].to_dataset()
    lower, upper = found["study"].values
    # asymptotically the logarithm of a median has the SD of the population times sqrt(pi / 2n)
    expected = 2 * 1.96 * TOTAL * np.sqrt(np.pi / 2 / 40)
    np.testing.assert_allclose(np.log(upper / lower), expected, rtol=0.05)


def test_bands_of_a_check_are_in_order(drawn):
    for number, panel in enumerate(("counts", "low", "back"), 1):
        found = drawn["check"][0][f"panel_{number}"].to_dataset()
        lower, upper = found["study"].values
        assert (lower <= found["value"].values + 1e-9).all(), panel
        assert (found["value"].values <= upper + 1e-9).all(), panel
    counts = drawn["check"][0]["panel_1"].to_dataset()
    assert (counts["population"].values[0] < counts["study"].values[0]).all()
    assert (counts["population"].values[1] > counts["study"].values[1]).all()


def test_curves_of_a_check_carry_the_data(drawn):
    tree, picture = drawn["check"]
    for number, panel in enumerate(("counts", "low"), 1):
        found = tree[f"panel_{number}"].to_dataset()
        x, y = artist(picture, f"simulated-{panel}").get_data()
        np.testing.assert_array_equal(x, found["time"].values)
        np.testing.assert_array_equal(y, found["value"].values)
    area = artist(picture, "population-counts").get_paths()[0].vertices
    found = tree["panel_1"].to_dataset()
    at = area[np.isclose(area[:, 0], 20), 1]
    assert [at.min(), at.max()] == pytest.approx(found["population"].sel(time=20).values.tolist())


def test_published_points_of_a_check_stand_at_their_times_and_the_models_a_little_to_the_right(drawn):
    _, picture = drawn["check"]
    for name, time, value, model in (("early", 20, 0.2, log_normal(20)[0]), ("late", 100, 0.7, log_normal(100)[0])):
        x, y = point(picture, f"published-{name}")
        assert y == pytest.approx(value)
        other, expected = point(picture, f"model-{name}")
        assert expected == pytest.approx(model, rel=0.01)
        assert x == pytest.approx(time)
        assert 0 < other - x < 5


def test_bars_of_means_are_standard_deviations(drawn):
    _, picture = drawn["check"]
    assert artist(picture, "published-late-bar").get_ydata() == pytest.approx([0.5, 0.9])
    mean, sd = log_normal(100)
    assert artist(picture, "model-late-bar").get_ydata() == pytest.approx([mean - sd, mean + sd], rel=0.02)
    assert artist(picture, "published-window-bar").get_ydata() == pytest.approx([0.7, 0.9])
    assert np.isnan(point(picture, "published-window")[1])


def test_the_share_below_a_limit_is_that_of_a_log_normal(drawn):
    found = drawn["check"][0]["panel_2"].to_dataset()
    expected = norm.cdf(np.log(LEVEL / N_0 / share_left(found["time"].values)) / TOTAL)
    np.testing.assert_allclose(found["value"], 100 * expected, atol=0.6)
    ends = [100 * binom.ppf(tail, 40, found["value"].values / 100) / 40 for tail in (0.025, 0.975)]
    np.testing.assert_allclose(found["study"], ends)
    assert point(drawn["check"][1], "published-low_60")[1] == 30


def test_the_share_seen_back_by_a_visit_follows_its_recursion(drawn):
    """First seen at or above, having been seen below, over a fine grid of patients in place of a sample."""
    found = drawn["check"][0]["panel_3"].to_dataset()
    visits = np.arange(10, 210, 10.0)
    n_0 = N_0 * np.exp(SPREAD * norm.ppf((np.arange(4000) + 0.5) / 4000))
    above = norm.cdf(np.log(n_0[:, None] * share_left(visits) / LEVEL) / NOISE)
    below, never = np.zeros(4000), np.ones(4000)
    back = [0.0]
    for p in above.T:
        back.append(back[-1] + np.mean(below * p))
        below, never = (below + never) * (1 - p), never * p
    expected = np.array(back) / (1 - never.mean())
    kept = np.concatenate([[0.0], visits]) <= 120
    np.testing.assert_allclose(found["time"], np.concatenate([[0.0], visits])[kept])
    np.testing.assert_allclose(found["value"], 100 * expected[kept], atol=0.6)
    x, y = artist(drawn["check"][1], "simulated-back").get_data()
    np.testing.assert_array_equal(y[:-1], found["value"])
    np.testing.assert_array_equal(x[:-1], found["time"])


def test_recovery_times_stand_at_half_of_their_patients(drawn):
    _, picture = drawn["check"]
    x, y = point(picture, "published-back")
    below, beneath = point(picture, "model-back")
    assert x == 45
    assert y == 50
    assert 40 < beneath < 50
    assert artist(picture, "published-back-bar").get_xdata() == pytest.approx([30, 60])
    lower, upper = artist(picture, "model-back-bar").get_xdata()
    assert lower < below < upper
    x, y = point(picture, "published-back_by_60")
    assert y == 70
    assert x == pytest.approx(60)


def test_a_check_says_what_is_simulated_and_what_published(figures, drawn):
    caption = draw(figures / "check.toml", input=drawn["check"][0]).caption
    assert "5 to 95 % of patients as a visit would measure them" in caption
    assert "studies of 36 or 40 patients" in caption
    assert "Points: own data, mean ± SD" in caption


# agreement


def test_markers_of_agreement_stand_at_ratios_on_a_logarithmic_axis(drawn):
    _, picture = drawn["agreement"]
    assert picture.axes[0].get_xscale() == "log"
    for name, published, model in (
        ("early", 0.2, log_normal(20)[0]),
        ("early.sd", 0.09, log_normal(20)[1]),
        ("late", 0.7, log_normal(100)[0]),
        ("late.sd", 0.2, log_normal(100)[1]),
    ):
        assert point(picture, f"published-{name}")[0] == pytest.approx(published / model, rel=0.02), name


def test_the_models_interval_is_that_of_a_mean_of_n(drawn):
    x = artist(drawn["agreement"][1], "model-late").get_xdata()
    mean, sd = log_normal(100)
    reach = 1.96 * sd / mean / np.sqrt(40)
    assert x == pytest.approx([1 - reach, 1 + reach], rel=0.01)


def test_a_range_stands_at_its_nearest_value(drawn):
    model = N_0 * share_left(60)[0]  # the median of a row that says of no number of patients
    assert point(drawn["agreement"][1], "published-window")[0] == pytest.approx(0.7 / model, rel=0.02)
    assert artist(drawn["agreement"][1], "interval-window").get_xdata() == pytest.approx(
        np.array([0.7, 0.9]) / model, rel=0.02
    )


def test_inside_and_outside_differ_in_colour_and_shape(drawn):
    tree, picture = drawn["agreement"]
    looks = {}
    for name, verdict in zip(tree["line"].values, tree["inside"].values, strict=True):
        found = artist(picture, f"published-{name}")
        if found.get_marker() not in "<>":
            looks.setdefault(int(verdict), set()).add((to_hex(found.get_color()).upper(), found.get_marker()))
    assert looks[1] == {(COLOURS["blue"], "o")}
    assert looks[0] == {(COLOURS["vermillion"], "D")}


def test_a_line_is_inside_where_its_number_lies_in_the_models_interval(drawn):
    found = drawn["agreement"][0].to_dataset().set_coords("is_range")
    judged = found.where((found["is_range"] == 0) & np.isfinite(found["model_lower"]), drop=True)
    between = (judged["model_lower"] <= judged["published"]) & (judged["published"] <= judged["model_upper"])
    assert judged.sizes["line"] == 9
    np.testing.assert_array_equal(judged["inside"], between)


def test_the_axis_of_agreement_has_a_line_a_target_in_its_group(drawn):
    _, picture = drawn["agreement"]
    heights = {name: point(picture, f"published-{name}")[1] for name in drawn["agreement"][0]["line"].values}
    assert len(set(heights.values())) == 10
    assert max(heights[name] for name in ("early", "late.sd", "low_20")) < heights["window"]


def test_agreement_of_a_typical_patient_has_ratios_alone(figures):
    path = figures / "typical.toml"
    path.write_text((figures / "agreement.toml").read_text().replace("population", "typical"))
    figure = read_figure(path)
    tree = figure.compute()
    with style():
        picture = figure.draw(tree).figure
    assert not picture.findobj(lambda each: str(each.get_gid()).startswith("model-"))
    assert point(picture, "published-early")[0] == pytest.approx(0.2 / share_left(20)[0], rel=1e-6)
    assert point(picture, "published-back")[0] == pytest.approx(45 / time_back(), rel=1e-6)
    assert artist(picture, "published-early").get_marker() == "s"


def test_a_time_that_is_not_reached_is_an_arrow(figures, drawn):
    tree = drawn["agreement"][0].copy(deep=True)
    tree["model"][list(tree["line"].values).index("back")] = np.inf
    with style():
        picture = read_figure(figures / "agreement.toml").draw(tree).figure
    assert artist(picture, "published-back").get_marker() == "<"
    assert any(text.get_text() == "not reached" for text in picture.axes[1].texts)


# prior and posterior


def test_densities_are_those_of_the_problem_and_its_covariance(drawn):
    _, picture = drawn["prior_posterior"]
    x, y = artist(picture, "posterior-kill").get_data()
    np.testing.assert_allclose(y, norm.pdf(np.log(x), np.log(KILL), LOG_SE["kill"]), rtol=1e-9)
    x, y = artist(picture, "prior-kill").get_data()
    np.testing.assert_allclose(y, norm.pdf(np.log(x), np.log(KILL), 0.4), rtol=1e-9)
    x, y = artist(picture, "prior-k").get_data()
    inside = (x > 0.001) & (x < 0.1)
    np.testing.assert_allclose(y[inside], 1 / np.log(100))


def test_an_estimate_at_a_bound_is_a_line(drawn):
    _, picture = drawn["prior_posterior"]
    assert artist(picture, "posterior-N_0.spread").get_xdata() == pytest.approx([SPREAD, SPREAD])
    assert any(text.get_text() == "at a bound" for axes in picture.axes for text in axes.texts)


def test_a_sampled_posterior_is_drawn_from_its_group(figures, drawn):
    tree = drawn["prior_posterior"][0].copy(deep=True)
    draws = KILL * np.exp(LOG_SE["kill"] * np.random.default_rng(1).standard_normal((4, 500)))
    tree["posterior"] = xr.DataTree(xr.Dataset({"kill": (("chain", "draw"), draws)}))
    with style():
        picture = read_figure(figures / "prior_posterior.toml").draw(tree).figure
    heights, edges, _ = artist(picture, "sample-kill").get_data()
    assert np.sum(heights * np.diff(np.log(edges))) == pytest.approx(1)
    np.testing.assert_array_equal(heights, np.histogram(np.log(draws.ravel()), 40, density=True)[0])


# tornado


def test_a_tornado_in_words_has_its_longest_bars(figures, drawn):
    tree, picture = drawn["tornado"]
    said = draw(figures / "tornado.toml", input=tree).alt
    bars = [each for each in picture.findobj() if str(each.get_gid()).startswith("bar-N-")]
    longest = max(bars, key=lambda bar: abs(bar.get_width()))
    assert f" {longest.get_width():.2g} %" in said


def test_bars_of_a_tornado_are_central_differences_of_recovery_times(drawn):
    tree, picture = drawn["tornado"]
    assert float(tree["time"][0]) == pytest.approx(time_back(), rel=1e-6)
    values = {"k": K, "kill": KILL, "k_el": 0.2, "N_0": N_0}
    changes = {}
    for name, value in values.items():
        up, down = (time_back(**{name: value * (1 + step)}) for step in (1e-3, -1e-3))
        changes[name] = 10 * (up - down) / 2e-3 / time_back()
    for name in sorted(changes, key=lambda key: -abs(changes[key]))[:3]:
        bar = artist(picture, f"bar-N-{name}")
        assert bar.get_width() == pytest.approx(changes[name], rel=1e-3), name
        later = COLOURS["vermillion"] if changes[name] > 0 else COLOURS["blue"]
        assert to_hex(bar.get_facecolor()).upper() == later


def test_the_shipped_tornado_holds_against_central_differences():
    spec = read_figure("recovery_tornado").spec
    model, until = spec.model, 3652.5
    values = cohort_parameters(model, spec.header.cohort).values
    found = recovery_elasticities(model, spec.regimen, values, until)
    system = compile_model(model)
    plan = segments(spec.regimen, {name: dose.unit for name, dose in model.doses.items()}, model.time, until)

    def times(changed):
        parameters = system.constants(system.parameter_array({**values, **changed}))
        fine = batch.integrate(system, parameters, plan, tolerances=Tolerances(relative=1e-10, absolute=1e-14))
        return [
            evaluate(one, fine.curve(one.output), np.zeros(1), until, model.outputs[one.output].unit, model.time)[0]
            for one in recovery_measures(model, values)
        ]

    for index, output in enumerate(found["output"].values):
        own = found["elasticity"].values[index]
        for place in np.argsort(-np.abs(own))[:2]:
            name = str(found["parameter"].values[place])
            up, down = (np.log(times({name: values[name] * (1 + step)})[index]) for step in (1e-4, -1e-4))
            assert own[place] == pytest.approx((up - down) / 2e-4, rel=1e-3), (output, name)


def test_the_largest_bar_is_on_top_and_the_rest_is_counted(figures, drawn):
    _, picture = drawn["tornado"]
    bars = picture.findobj(lambda each: str(each.get_gid()).startswith("bar-N-"))
    bars = sorted(bars, key=lambda bar: bar.get_y())
    assert len(bars) == 3
    assert np.all(np.diff([abs(bar.get_width()) for bar in bars]) <= 0)
    assert picture.axes[0].yaxis_inverted()
    caption = draw(figures / "tornado.toml", input=drawn["tornado"][0]).caption
    assert "N: of 1 other parameters none changes it by more than" in caption


def test_a_limit_that_is_not_reached_is_said(figures):
    path = figures / "short.toml"
    path.write_text((figures / "tornado.toml").read_text().replace('"200 day"', '"30 day"'))
    figure = read_figure(path)
    page = figure.draw(figure.compute())
    assert not page.figure.findobj(lambda each: str(each.get_gid()).startswith("bar-"))
    assert "not back at 0.4 × 10⁹/L by 30 days" in page.caption.markdown()


# what all share


def texts_of(picture):
    """Every text that is seen; ticks beyond the ends of their axis are not."""
    unseen = set()
    for axes in picture.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for ticks in (axis.get_major_ticks(), axis.get_minor_ticks()):
                unseen |= {tick.label1 for tick in ticks if not low <= tick.get_loc() <= high}
    found = picture.findobj(lambda each: isinstance(each, Text))
    return [each for each in found if each.get_visible() and each.get_text().strip() and each not in unseen]


@pytest.mark.parametrize("name", ["check", "agreement", "prior_posterior", "tornado"])
def test_nothing_leaves_the_paper_and_no_text_is_small_or_overlaps(drawn, name):
    picture = drawn[name][1]
    picture.draw_without_rendering()
    boxes = []
    for text in texts_of(picture):
        assert text.get_fontsize() >= 5
        box = text.get_window_extent()
        assert box.x0 >= -1, text.get_text()
        assert box.y0 >= -1, text.get_text()
        assert box.x1 <= picture.bbox.x1 + 1, text.get_text()
        assert box.y1 <= picture.bbox.y1 + 1, text.get_text()
        boxes.append((text.get_text(), box))
    for index, (one, box) in enumerate(boxes):
        for other, its in boxes[index + 1 :]:
            width = min(box.x1, its.x1) - max(box.x0, its.x0)
            height = min(box.y1, its.y1) - max(box.y0, its.y0)
            assert width < 1 or height < 1, (one, other)


def test_the_result_of_a_fit_is_taken_for_its_estimates(figures, tmp_path):
    """A typical fit of one free parameter, away from the committed one, drawn from its own tree."""
    tree = fit(FitProblem.load(figures.parent / "typical.toml")).tree()
    found = float(tree["estimates"]["value"][0])
    assert abs(np.log(found / K)) > 0.05
    for kind in ("agreement", "prior_posterior"):
        path = figures / f"typical_{kind}.toml"
        path.write_text((figures / f"{kind}.toml").read_text().replace("population", "typical"))
        draw(path, tmp_path / f"{kind}.svg", input=tree)
    fresh = read_figure(figures / "typical_agreement.toml").compute(Inputs(estimates=[Estimates.from_tree(tree)]))
    draw(figures / "typical_agreement.toml", tmp_path / "again.svg", input=fresh)
    assert (tmp_path / "again.svg").read_bytes() == (tmp_path / "agreement.svg").read_bytes()
    early = dict(zip(fresh["line"].values, fresh["model"].values, strict=True))["early"]
    assert early == pytest.approx(share_left(20, k=found)[0], rel=1e-6)
    for kind, own in (("agreement", "the figure is of fit 'population'"), ("tornado", "the figure is of")):
        with pytest.raises(InputError, match=f"the estimates are of typical; {own}"):
            draw(figures / f"{kind}.toml", tmp_path / "other.svg", input=tree)


@pytest.mark.parametrize("name", ["check", "agreement"])
def test_fresh_estimates_stand_for_the_committed_ones(figures, name):
    problem = figures.parent / "population.toml"
    committed = result_path(problem).read_text()
    faster = commit(problem, ESTIMATES | {"k": 2 * K}, LOG_SE)
    result_path(problem).write_text(committed)
    figure = read_figure(figures / f"{name}.toml")
    tree, own = figure.compute(Inputs(estimates=[faster])), figure.compute()
    value = ("model", 1) if name == "agreement" else ("panel_1/model", 1)
    assert float(tree[value[0]][value[1]]) > 1.1 * float(own[value[0]][value[1]])


@pytest.mark.parametrize("name", ["check", "agreement", "prior_posterior", "tornado"])
def test_the_same_figure_gives_the_same_bytes(figures, drawn, name, tmp_path):
    for out in ("a.svg", "b.svg"):
        draw(figures / f"{name}.toml", tmp_path / out, input=drawn[name][0])
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize("name", ["check", "agreement", "prior_posterior", "tornado"])
def test_another_result_is_refused(figures, name, tmp_path):
    with pytest.raises(InputError, match=r"the figure of '(population|tornado)'"):
        draw(figures / f"{name}.toml", tmp_path / "a.svg", input=xr.Dataset({"N": ("time", [1.0])}))
    assert not list(tmp_path.iterdir())


def test_estimates_of_other_parameters_are_refused(figures):
    problem = figures.parent / "population.toml"
    kept = Estimates.read(result_path(problem))
    committed = result_path(problem).read_text()
    result_path(problem).write_text(committed.replace('"kill" =', '"N_0" ='))
    try:
        with (
            pytest.warns(ChecksumWarning, match="edited by hand"),
            pytest.raises(InputError, match="not of its free parameters; run 'kinetics fit --save'"),
        ):
            read_figure(figures / "agreement.toml").compute()
        assert read_figure(figures / "agreement.toml").compute(Inputs(estimates=[kept]))
    finally:
        result_path(problem).write_text(committed)
