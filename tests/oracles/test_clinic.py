"""Theophylline from tables and a file to the population that nlmixr2 finds: objective, estimates, standard errors, and
SAEM beside them."""

from functools import cache

import pytest

from kinetics.patients.clinic import fit_population
from tests.oracles.population_sets import needs_oracles, rows_of

pytestmark = needs_oracles

MODEL = """\
[model]
title = "Oral absorption, one compartment"
time = "hour"

[parameters]
ka = { value = 1.0, unit = "1/hour", spread = 0.7, about = "absorption", source = "choice" }
CL = { value = 3.0, unit = "L/hour", spread = 0.5, about = "clearance", source = "choice" }
V = { value = 25.0, unit = "L", spread = 0.4, about = "volume", source = "choice", positive = true }

[doses.theophylline]
unit = "mg"
into = "D"

[states.D]
unit = "mg"
initial = "0"
rate = "-ka*D"
about = "depot"

[states.A]
unit = "mg"
initial = "0"
rate = "ka*D - CL/V*A"
about = "central compartment"

[outputs.CP]
unit = "mg/L"
value = "A/V"
about = "concentration"
"""
MAPPING = """\
[patients]
counts = "counts.csv"
doses = "doses.csv"
[columns]
patient = "patient"
time = "time"
analyte = "analyte"
value = "value"
unit = "unit"
[dose_columns]
patient = "patient"
time = "time"
drug = "drug"
amount = "amount"
unit = "unit"
[time]
unit = "hour"
[analytes.CP]
output = "CP"
[drugs.theophylline]
dose = "theophylline"
"""
CLINIC = """\
[clinic]
title = "Theophylline, 12 subjects"
model = "oral.toml"
data = "mapping.toml"
seed = 1
[errors]
CP = "additive 1 mg/L"
[algorithm]
draws = 50
importance = 2000
replicates = 100
"""
NLMIXR2 = {
    "ka": 1.590, "CL": 2.752, "V": 31.81,
    "var(ka,ka)": 0.4024, "var(CL,CL)": 0.0691, "var(V,V)": 0.01916, "CP:a": 0.6944,
}  # fmt: skip
NLMIXR2_ERRORS = {"ka": 0.1911, "CL": 0.08366, "V": 0.04654, "CP:a": 0.04951}
"""Of logarithms and of the additive error: analytic, at the optimum of FOCEI (nlmixr2.org, Modifying nlmixr2 models by
piping)."""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder, rows = tmp_path_factory.mktemp("theophylline"), rows_of("theophylline.csv")
    counts = [f"{row['ID']},{row['TIME']},CP,{row['DV']},mg/L" for row in rows if row["EVID"] == "0"]
    doses = [f"{row['ID']},{row['TIME']},theophylline,{row['AMT']},mg" for row in rows if row["EVID"] != "0"]
    (folder / "counts.csv").write_text("\n".join(["patient,time,analyte,value,unit", *counts]) + "\n")
    (folder / "doses.csv").write_text("\n".join(["patient,time,drug,amount,unit", *doses]) + "\n")
    for name, text in (("oral", MODEL), ("mapping", MAPPING)):
        (folder / f"{name}.toml").write_text(text)

    @cache
    def by(method, standard_errors="linearised"):
        file = folder / f"{standard_errors}.toml"
        file.write_text(f'{CLINIC}standard_errors = "{standard_errors}"\n')
        return fit_population(file, method=method)

    return by


def test_focei_has_the_objective_and_estimates_of_nlmixr2(fitted):
    fit = fitted("FOCEI")
    assert dict(fit.objectives)["objective_nonmem"][0] == pytest.approx(116.8034, abs=0.02)
    for row in fit.rows:
        assert row.estimate == pytest.approx(NLMIXR2[row.name], rel=0.05 if row.kind == "variance" else 0.01)


def test_saem_is_within_3_and_15_percent_of_it(fitted):
    for row in fitted("SAEM").rows:
        assert row.estimate == pytest.approx(NLMIXR2[row.name], rel=0.15 if row.kind == "variance" else 0.03)


def test_the_likelihood_by_sampling_is_the_same_for_both_and_best_for_none_by_much(fitted):
    focei, saem = (fitted(method).conclusions.importance for method in ("FOCEI", "SAEM"))
    assert focei.full == pytest.approx(saem.full, abs=0.3)
    # Laplace's approximation, which FOCEI is but for its Hessian, is near for these data
    assert focei.nonmem == pytest.approx(116.8, abs=2.0)


@pytest.mark.parametrize("standard_errors", ["linearised", "stochastic_approximation"])
def test_standard_errors_are_those_of_nlmixr2(fitted, standard_errors):
    fit = fitted("FOCEI", standard_errors)
    found = fit.conclusions.uncertainty.standard_errors  # typical values on the scale of their logarithms
    for name, value in NLMIXR2_ERRORS.items():
        assert found[name] == pytest.approx(value, rel=0.025)
    assert fit.tree().attrs["standard_errors"] == standard_errors
