"""The default engine against Radau at a relative tolerance of 1e-11, ten years of the shipped model."""

import numpy as np
import pytest

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.engines import Tolerances
from kinetics.engines.scipy import integrate
from kinetics.model import Model
from kinetics.population.draws import draw_patients
from kinetics.regimen import Regimen, segments

UNTIL = 3652.5
# close where the drug acts: within both courses, the first month after each, and then the years
TIMES = np.unique(
    np.concatenate([start + np.linspace(0, 45, 451) for start in (0, 365.25)] + [np.linspace(0, UNTIL, 500)])
)


@pytest.fixture(scope="module")
def system():
    return compile_model(Model.load("reconstitution"))


def worst_disagreement(system, constants) -> float:
    """The largest relative difference of an output where it is above 1e-6 of its peak."""
    model = system.model
    drugs = {name: dose.unit for name, dose in model.doses.items()}
    given = segments(Regimen.load("ms_licensed"), drugs, model.time, UNTIL)
    reference = integrate(system, constants, given, method="Radau", tolerances=Tolerances(1e-11, 1e-15)).outputs(TIMES)
    found = integrate(system, constants, given).outputs(TIMES)
    compared = reference > 1e-6 * reference.max(axis=0)
    assert compared.mean() > 0.8
    return float(np.max(np.abs(found / np.where(compared, reference, 1.0) - 1.0), where=compared, initial=0.0))


@pytest.mark.parametrize("cohort", ["relapsing", "progressive"])
def test_typical_patient_agrees_to_1e_5(system, cohort):
    values = cohort_parameters(system.model, cohort).values
    assert worst_disagreement(system, system.constants(system.parameter_array(values))) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("patient", [0, *(pytest.param(other, marks=pytest.mark.thorough) for other in (1, 2))])
@pytest.mark.parametrize("cohort", ["relapsing", pytest.param("progressive", marks=pytest.mark.thorough)])
def test_virtual_patients_agree_to_1e_5(system, cohort, patient):
    drawn = draw_patients(system, cohort_parameters(system.model, cohort), patient + 1, seed=2)
    assert worst_disagreement(system, system.constants(drawn[patient])) < 1e-5
