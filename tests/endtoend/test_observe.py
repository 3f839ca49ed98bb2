"""`kinetics simulate --observe`, and schedules of visits as files that are listed, shown and checked."""

import numpy as np
import pytest

from kinetics.measures import observed_recovery
from kinetics.results import read_result

MEASURED = 'lower_limit = "limit"\nnoise = 0.2\nquantification = 0.01\nrounding = 0.01\n'


@pytest.fixture
def asked(project):
    """The start of a call, for the project's model with a noisy output."""
    model = project / "models" / "pool.toml"
    model.write_text(model.read_text().replace('lower_limit = "limit"\n', MEASURED))
    regimen = project / "models" / "regimens" / "once.toml"
    return ("simulate", model, "--regimen", regimen, "--until", "1 year", "--every", "1 month")


def test_schedules_are_listed_shown_and_checked(run, tmp_path) -> None:
    listed = run("models", "--json").json["visits"]
    assert {"monitoring", "quarterly", "care_ms"} <= set(listed)
    text = " ".join(run("show", "monitoring").out.split())
    assert (
        "blood_counts: all other outputs; at 0 day; every 1 month from 1 month to 48 month after the last course"
        in text
    )
    assert run("check", "monitoring", "quarterly", "care_ms").out == "3 files, no fault\n"
    bad = tmp_path / "bad.toml"
    bad.write_text('[visits]\ntitle = "x"\nsource = "choice"\n[[series]]\nname = "a"\nat = ["1 mg"]\n')
    answer = run("check", bad)
    assert answer.status == 2
    assert f"{bad}:6: series.0.at: 'mg' is not a kind of 'day'" in answer.err


def test_recovery_as_visits_show_it_stands_beside_the_true_one(run, asked, tmp_path) -> None:
    out = tmp_path / "seen.nc"
    answer = run(*asked, "--patients", 40, "--observe", "monitoring", "--out", out)
    assert answer.status == 0
    true, seen = answer.out.split("The same as visits show it, noise included, schedule monitoring\n")
    assert "Time from the first dose of each course" in true
    row = seen.splitlines()[1].split()
    result = read_result(out).to_dataset()
    times = observed_recovery(result, "pool", "0.4 1e9/L").values[:, 0] / 30.4375
    at_risk = np.sort(times[~np.isnan(times)])
    assert row[:2] == ["pool", "1"]
    assert float(row[2]) == at_risk[(at_risk.size - 1) // 2].round(2)
    assert row[-2:] == [f"{100 * np.isfinite(at_risk).mean():.0f}", "%"]
    assert set(np.round(result["pool_seen"].values * 100 % 1, 6).ravel()) <= {0.0, 1.0}


def test_json_has_both(run, asked) -> None:
    content = run(*asked, "--patients", 10, "--observe", "care_ms", "--json").json
    assert content["visits"] == "care_ms"
    (true,), (seen,) = content["recovery"], content["seen_recovery"]
    assert true.keys() == seen.keys()
    assert seen["months"] in (1.0, 3.0, 6.0, 9.0, 12.0)
    assert "seen_recovery" not in run(*asked, "--patients", 2, "--json").json


def test_visits_need_patients_and_a_schedule(run, asked, project) -> None:
    answer = run(*asked, "--observe", "monthly")
    assert answer.status == 2
    assert "--observe: visits are of patients, the typical patient has none; give --patients N" in answer.err
    assert "--observe: no 'monthly' in models/visits" in answer.err
    assert run(*asked, "--patients", 2, "--observe", project / "none.toml").status == 2


def test_a_store_has_what_visits_show(run, asked, tmp_path) -> None:
    common = ("--patients", 5, "--observe", "care_ms", "--out")
    assert run(*asked, *common, tmp_path / "a.nc").status == 0
    assert run(*asked, *common, tmp_path / "a.zarr").status == 0
    one, other = (read_result(tmp_path / name).to_dataset() for name in ("a.nc", "a.zarr"))
    np.testing.assert_array_equal(one["pool_seen"], other["pool_seen"])
