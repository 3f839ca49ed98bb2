"""Fits to summaries of studies against other programs, and likelihoods against formulas that share no code."""

import csv
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from kinetics import fit
from kinetics.estimate.study_estimates import study_estimates

FILES = Path(__file__).parent / "summaries"
ORACLES = Path(__file__).resolve().parents[3] / "shared" / "oracles" / "summaries"
LOG_2PI = np.log(2 * np.pi)

pytestmark = pytest.mark.skipif(not ORACLES.is_dir(), reason=f"the oracles {ORACLES} are not here")


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)


def naproxen_arms():
    with (ORACLES / "mbma_naproxen.csv").open() as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def examplomycin_moments():
    """Times, means and covariances of divisor n."""
    table = np.loadtxt(ORACLES / "examplomycin_EV.csv", delimiter=",", skiprows=1)
    return table[:, 0], table[:, 1], table[:, 2:]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("summaries")
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    write(
        folder / "fits" / "naproxen.csv",
        [
            {
                "study": f"trial {row['ID']:.0f}",
                "set": f"naproxen = {row['TRT']:.0f}; flare = {row['FLARE']:.0f}",
                "output": "pain",
                "time": f"{row['TIME']:.0f} week",
                "value": row["DV"] * row["WPSE"],
                "unit": "1",
                "standard_error": row["WPSE"],
            }
            for row in naproxen_arms()
        ],
    )
    times, mean, covariance = examplomycin_moments()
    same = {"study": "admr", "regimen": "../once.toml", "output": "concentration", "n": 500}
    sample = covariance * 500 / 499
    means = [
        same | {"statistic": "mean", "time": f"{t} hour", "value": m, "unit": "mg/L", "sd": np.sqrt(v)}
        for t, m, v in zip(times, mean, sample.diagonal(), strict=True)
    ]
    pairs = [
        same
        | {"statistic": "covariance", "time": f"{times[i]} hour", "with_time": f"{times[j]} hour"}
        | {"value": sample[i, j], "unit": "mg^2/L^2"}
        for i in range(len(times))
        for j in range(i)
    ]
    write(folder / "fits" / "examplomycin.csv", means + pairs)
    return folder / "fits"


@pytest.fixture(scope="module")
def naproxen(project):
    return fit(project / "naproxen.toml")


@pytest.fixture(scope="module")
def examplomycin(project):
    return fit(project / "examplomycin.toml")


def estimates(fitted):
    return {name: row.value for name, row in fitted.estimates.by_name.items()}


def naproxen_minus_2_log_likelihood(e):
    """Each trial as a multivariate normal of DV, which is mean over standard error, without log 2 pi as NONMEM."""
    total, arms = 0.0, naproxen_arms()
    for trial in {row["ID"] for row in arms}:
        rows = [row for row in arms if row["ID"] == trial]
        y, t, treated, flare, se = (np.array([r[k] for r in rows]) for k in ("DV", "TIME", "TRT", "FLARE", "WPSE"))
        saturation = t / (t + e["ET50"] * e["faster"] ** treated)
        mean = e["E0"] + e["dE0"] * flare - (e["Emax"] + e["dEf"] * flare + e["dEt"] * treated) * saturation
        design = np.column_stack([1 / se, -saturation / se])
        tau = [e["E0.between_studies"], e["Emax.between_studies"]]
        covariance = np.eye(len(y)) + design @ np.diag(np.square(tau)) @ design.T
        error = y - mean / se
        total += np.linalg.slogdet(covariance)[1] + error @ np.linalg.solve(covariance, error)
    return total


def test_naproxen_has_the_likelihood_of_nonmem(naproxen):
    # of means, not of means over standard errors, and with log 2 pi
    se = np.array([row["WPSE"] for row in naproxen_arms()])
    ours = naproxen.minus_2_log_likelihood() - se.size * LOG_2PI - 2 * np.log(se).sum()
    assert ours == pytest.approx(261.8149, abs=1e-4)
    assert ours == pytest.approx(naproxen_minus_2_log_likelihood(estimates(naproxen)), abs=1e-7)


def test_naproxen_has_the_estimates_of_nonmem(naproxen):
    own = estimates(naproxen)
    published = {
        "E0": 5.1972,
        "dE0": 0.9629,
        "Emax": 1.1580,
        "dEf": 0.8197,
        "dEt": 0.79297,
        "ET50": 0.69010,
        "E0.between_studies": 0.62148,
        "Emax.between_studies": 0.73873,
    }
    assert {name: own[name] for name in published} == pytest.approx(published, rel=1e-4)
    assert np.log(own["faster"]) == pytest.approx(-1.17466, abs=1e-4)


def test_estimates_of_studies_average_to_the_pooled_one(naproxen):
    studies = study_estimates(naproxen.objective, naproxen.best.end, naproxen.uncertainty.log_se)
    assert studies["weight"].sum("study").values == pytest.approx(1)
    average = (studies["estimate"] * studies["weight"]).sum("study")
    assert average.values == pytest.approx(studies["pooled"].values, rel=1e-6)


def examplomycin_minus_2_log_likelihood(e, order=5):
    """Admixture of 5^5 Gauss-Hermite nodes through the closed form, residual variance s^2 E f^2, without log 2 pi."""
    times, mean, covariance = examplomycin_moments()
    nodes, weights = np.polynomial.hermite_e.hermegauss(order)
    z = np.array(list(product(nodes, repeat=5)))
    w = np.array([np.prod(each) for each in product(weights / weights.sum(), repeat=5)])
    names = ("CL", "V1", "V2", "Q", "ka")
    cl, v1, v2, q, ka = (e[n] * np.exp(e[f"{n}.spread"] * z[:, i]) for i, n in enumerate(names))
    k10, k12, k21 = cl / v1, q / v1, q / v2
    total = k10 + k12 + k21
    root = np.sqrt(total**2 - 4 * k10 * k21)
    rates = np.array([(total + root) / 2, (total - root) / 2, ka])
    f = 0.0
    for i in range(3):
        others = [rates[j] - rates[i] for j in range(3) if j != i]
        f = f + (ka / v1 * (k21 - rates[i]) / (others[0] * others[1]))[:, None] * np.exp(-np.outer(rates[i], times))
    f = 100 * f
    expected = w @ f
    spread = (w[:, None] * (f - expected)).T @ (f - expected)
    spread += np.diag(e["concentration.error"] ** 2 * (w @ f**2))
    error = mean - expected
    trace = np.trace(np.linalg.solve(spread, covariance)) + error @ np.linalg.solve(spread, error)
    return 500 * (np.linalg.slogdet(spread)[1] + trace)


def test_examplomycin_has_the_likelihood_of_means_and_covariances(examplomycin):
    ours = examplomycin.minus_2_log_likelihood() - 500 * 9 * LOG_2PI
    assert ours == pytest.approx(-3690.05, abs=0.01)
    assert ours == pytest.approx(examplomycin_minus_2_log_likelihood(estimates(examplomycin)), abs=0.02)


def test_examplomycin_has_the_published_estimates(examplomycin):
    own = estimates(examplomycin)
    typical = {"CL": 4.962, "V1": 10.244, "V2": 29.895, "Q": 9.737, "ka": 1.029, "concentration.error": 0.1895}
    assert {name: own[name] for name in typical} == pytest.approx(typical, rel=1e-3)
    variances = {"CL": 0.1006, "V1": 0.1040, "V2": 0.0950, "Q": 0.1070, "ka": 0.0969}
    assert {name: own[f"{name}.spread"] ** 2 for name in variances} == pytest.approx(variances, rel=2e-3)


@pytest.mark.processor_time(10)  # half a second on a free machine; another program takes 42.6 s
def test_examplomycin_is_found_quickly(examplomycin, project):
    again = fit(project / "examplomycin.toml")
    assert estimates(again) == estimates(examplomycin)
    assert len(again.objective.evaluations) <= 15
