"""Weight, age and sex in the equations of the model: the objective that NONMEM states for Bauer's example."""

from dataclasses import replace

import numpy as np
import pytest

from kinetics.mixed_effects import Method, objective
from kinetics.model import Model
from kinetics.patients import guess_mapping, read_patients
from kinetics.patients.clinic import ClinicProblem
from kinetics.patients.clinic.problem.assembling import Clinic
from kinetics.patients.mapping.schema import CovariateRow
from tests.oracles.population_sets import ORACLES, needs_oracles

pytestmark = needs_oracles

MODEL = """\
[model]
title = "One compartment, covariates in its equations"
time = "hour"

[parameters]
CL_0 = { value = 3.0, unit = "L/hour", spread = 0.2, source = "choice" }
V_0 = { value = 30.0, unit = "L", spread = 0.2, source = "choice" }
CL_weight = { value = 0.659764, unit = "1", source = "choice" }
CL_age = { value = -0.534045, unit = "1", source = "choice" }
CL_sex = { value = -0.101058, unit = "1", source = "choice" }
V_weight = { value = 1.32154, unit = "1", source = "choice" }
V_age = { value = 0.0522912, unit = "1", source = "choice" }
V_sex = { value = -0.0547756, unit = "1", source = "choice" }
weight = { value = 70, unit = "kg", source = "choice" }
age = { value = 50, unit = "year", source = "choice" }
sex = { value = 0, unit = "1", source = "choice" }
weight_0 = { value = 70, unit = "kg", source = "choice" }
age_0 = { value = 50, unit = "year", source = "choice" }

[derived.CL]
unit = "L/hour"
value = "CL_0*(weight/weight_0)**CL_weight*(age/age_0)**CL_age*exp(CL_sex*sex)"
[derived.V]
unit = "L"
value = "V_0*(weight/weight_0)**V_weight*(age/age_0)**V_age*exp(V_sex*sex)"

[doses.drug]
unit = "mg"
into = "A"

[states.A]
unit = "mg"
initial = "0"
rate = "-CL/V*A"

[outputs.DV]
unit = "mg/L"
value = "A/V"
"""
COVARIATES = {
    "WT": CovariateRow(unit="kg", parameter="weight"),
    "AGE": CovariateRow(unit="year", parameter="age"),
    "SEX": CovariateRow(parameter="sex"),
}


def test_focei_with_covariates_in_the_equations_is_that_of_nonmem(tmp_path):
    (tmp_path / "bauer.toml").write_text(MODEL)
    model, table = Model.load(tmp_path / "bauer.toml"), ORACLES / "nlme" / "bauer_504.csv"
    mapping = replace(guess_mapping(table, model=model), covariates=COVARIATES)
    data = read_patients(table, mapping=mapping, model=model)
    problem = ClinicProblem.of(data, model, errors={"DV": "proportional 0.2"}, blocks=[["CL_0", "V_0"]])
    made = Clinic.of(problem).model
    published = made.values(
        {"CL_0": np.exp(1.10899), "V_0": np.exp(3.47770)},
        variances={"CL_0": 0.0307235, "V_0,CL_0": 0.00147874, "V_0": 0.0466096},
        residual={"DV:b": np.sqrt(0.0502578)},
    )
    assert objective(Method.FOCEI, made, published).nonmem == pytest.approx(1058.303712, abs=1e-3)
