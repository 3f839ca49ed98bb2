"""Figures of a clinic show every count of a result, where it is, and percentiles beside those of simulations."""

import numpy as np
import pytest
import xarray as xr

from kinetics.errors import InputError
from kinetics.figures import draw, read_figure

OUTPUTS = ("A", "B")
MONTH = 30.4375


def result():
    """The visits of six patients, with numbers of known quantiles; of A every sixth is below its limit."""
    rng, n = np.random.default_rng(2), 30
    outputs = np.repeat(OUTPUTS, n)
    prediction = np.concatenate([np.geomspace(0.01, 2.0, n), np.linspace(5.0, 9.0, n)])
    value = prediction * np.exp(0.2 * rng.standard_normal(2 * n))
    censored = np.where((outputs == "A") & (np.arange(2 * n) % 6 == 0), -1, 0)
    residual = rng.standard_normal(2 * n)
    columns = {
        "patient": np.array([f"P{row % 6}" for row in range(2 * n)], dtype=object),
        "output": outputs.astype(object),
        "unit": np.where(outputs == "A", "1/nL", "mg/L").astype(object),
        "time": np.tile(np.linspace(0, 100, n), 2),
        "censored": censored,
        "value": np.where(censored == 0, value, 0.02),
        "PRED": prediction,
        "IPRED": 0.5 * (prediction + value),
        "CWRES": np.where(censored == 0, residual, np.nan),
        "IWRES": residual,
        "NPDE": residual,
    }
    visits = xr.Dataset({name: ("visit", values) for name, values in columns.items()})
    visits["time"].attrs["units"] = "day"
    return xr.DataTree.from_dict({"visits": visits, "visual_predictive_check": percentiles()})


def percentiles():
    """Three bins of each output; of A the lowest percentile is below the limits."""
    time = np.tile([10.0, 50.0, 90.0], 2)
    observed = np.outer([0.05, 0.4, 1.5, 5, 7, 9], [0.6, 1.0, 1.5])
    observed[:3, 0] = np.nan
    columns = {
        "output": ("bin", np.repeat(np.array(OUTPUTS, dtype=object), 3)),
        "unit": ("bin", np.repeat(np.array(["1/nL", "mg/L"], dtype=object), 3)),
        "time": ("bin", time, {"units": "day"}),
        "count": ("bin", np.full(6, 10)),
        "observed": (("bin", "percentile"), observed),
        "simulated": (("bin", "percentile", "quantile"), observed[..., None] * [0.9, 1.0, 1.1]),
        "below": ("bin", np.array([0.2, 0.1, 0.0, 0, 0, 0])),
        "simulated_below": (("bin", "quantile"), np.outer([0.2, 0.1, 0.0, 0, 0, 0], [0.5, 1, 1.5])),
    }
    return xr.Dataset(columns, {"percentile": [0.05, 0.5, 0.95], "quantile": [0.025, 0.5, 0.975]})


@pytest.fixture(scope="module")
def tree():
    return result()


def points(drawing):
    """Abscissas and ordinates of points by gid."""
    lines = [line for axes in drawing.figure.axes for line in axes.lines if line.get_gid()]
    return {line.get_gid(): line.get_xydata() for line in lines}


def test_every_count_is_where_its_numbers_are(tree):
    found, visits = points(draw(tree)), tree["visits"].to_dataset()
    visits["time"] = visits["time"] * (1 / MONTH)  # a hundred days are read more easily so
    own = visits["output"].values == "A"
    kept = own & (visits["censored"].values == 0)
    pairs = {"PRED": ("PRED", "value"), "IPRED": ("IPRED", "value"), "CWRES-time": ("time", "CWRES")}
    for panel, (x, y) in pairs.items():
        np.testing.assert_array_equal(found[f"{panel}-A"], np.column_stack([visits[x][kept], visits[y][kept]]))
    assert len(found["PRED-A-censored"]) == 5
    assert set(found["PRED-A-censored"][:, 1]) == {0.02}
    assert "PRED-B-censored" not in found
    np.testing.assert_array_equal(found["NPDE-normal-B"][:, 1], np.sort(visits["NPDE"].values[~own]))
    np.testing.assert_allclose(found["NPDE-normal-B"][:, 0].mean(), 0, atol=1e-12)


def test_counts_that_differ_much_have_logarithmic_axes(tree):
    axes = draw(tree).figure.axes
    assert [(one.get_xscale(), one.get_yscale()) for one in (axes[0], axes[6])] == [("log", "log"), ("linear",) * 2]


def test_a_file_chooses_the_outputs(tree, tmp_path):
    file = tmp_path / "gof.toml"
    file.write_text('[figure]\nkind = "goodness_of_fit"\ntitle = "Fit"\noutputs = ["B"]\n')
    assert len(draw(file, input=tree).figure.axes) == 6
    assert len(draw(tree, outputs=["A"]).figure.axes) == 6


def test_what_it_cannot_draw_is_refused(tree, tmp_path):
    file = tmp_path / "gof.toml"
    file.write_text('[figure]\nkind = "goodness_of_fit"\noutputs = []\nfit = "x"\n')
    with pytest.raises(InputError) as caught:
        read_figure(file)
    assert len(caught.value.faults) == 2
    with pytest.raises(InputError, match="no count of 'AB'; there are A, B; did you mean"):
        draw(tree, outputs=["AB"])
    file.write_text('[figure]\nkind = "goodness_of_fit"\n')
    with pytest.raises(InputError, match="is drawn from a result, such as of 'kinetics fit-population'"):
        draw(file)
    with pytest.raises(InputError, match="has no group 'visits'"):
        draw(file, input=xr.DataTree())


def test_a_predictive_check_has_percentiles_and_shares_where_they_are(tree, tmp_path):
    file = tmp_path / "check.toml"
    file.write_text('[figure]\nkind = "visual_predictive_check"\n')
    drawing, check = draw(file, input=tree), tree["visual_predictive_check"].to_dataset()
    found, months = points(drawing), np.array([10, 50, 90]) * (1 / MONTH)
    np.testing.assert_array_equal(found["observed-A-50"], np.column_stack([months, check["observed"][:3, 1]]))
    np.testing.assert_array_equal(found["below-A"][:, 1], [20, 10, 0])
    assert "below-B" not in found  # it has no limits
    areas = {area.get_gid(): area for axes in drawing.figure.axes for area in axes.collections if area.get_gid()}
    (path,) = areas["simulated-B-95"].get_paths()
    np.testing.assert_allclose(path.get_extents().get_points()[:, 1], [0.9 * 7.5, 1.1 * 13.5])
    with pytest.raises(InputError, match="is drawn from a result, such as of 'kinetics fit-population'"):
        draw(file)
