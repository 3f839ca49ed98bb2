"""The behaviours any version must show: the relapsing cohort under two licensed courses, ten years.

What is published is of groups, so the counts are means over virtual patients; the typical patient lies below them.
"""

import numpy as np
import pytest

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.engines import batch
from kinetics.engines.scipy import TOLERANCES, integrate
from kinetics.engines.tolerances import state_scale
from kinetics.model import Model
from kinetics.population.draws import draw_patients
from kinetics.regimen import Regimen, segments

MONTH = 30.4375
WEEK = 7.0
FIRST_COURSE_ENDS, SECOND_COURSE = 4 + 4 / 24, 12 * MONTH
UNTIL = 120 * MONTH


@pytest.fixture(scope="module")
def patient():
    system = compile_model(Model.load("reconstitution"))
    model = system.model
    values = cohort_parameters(model, "relapsing").values
    drugs = {name: dose.unit for name, dose in model.doses.items()}
    given = segments(Regimen.load("ms_licensed"), drugs, model.time, UNTIL)
    return integrate(system, system.constants(system.parameter_array(values)), given), given


def of_patients(cohort):
    """The mean count of 256 virtual patients over that before treatment, at times in days."""
    system = compile_model(Model.load("reconstitution"))
    model, parameters = system.model, cohort_parameters(system.model, cohort)
    table = draw_patients(system, parameters, 256, 1, sampling="quasi")
    drugs = {name: dose.unit for name, dose in model.doses.items()}
    given = segments(Regimen.load("ms_licensed"), drugs, model.time, UNTIL)
    plan, which = [(given, np.array([0.0, SECOND_COURSE]))], np.zeros(len(table), dtype=int)

    def mean(name: str, times):
        result = batch.integrate_many(system, system.constants_table(table), plan, which, np.array([0.0, *times]))
        columns = [system.outputs.index(part) for part in name.split("/")]
        means = result.outputs.mean(axis=0)[:, columns]
        counts = means[:, 0] / means[:, 1] if len(columns) == 2 else means[:, 0]
        return counts[1:] / counts[0]

    return mean


@pytest.fixture(scope="module")
def share():
    return of_patients("relapsing")


@pytest.mark.parametrize("name", ["CD4", "CD8"])
def test_t_cells_fall_below_a_tenth_within_days_of_the_last_infusion(share, name):
    assert share(name, [FIRST_COURSE_ENDS + 3.0]) < 0.10


@pytest.mark.parametrize(("name", "lowest", "highest"), [("CD4", 0.03, 0.06), ("CD8", 0.10, 0.18)])
def test_t_cells_at_month_1(share, name, lowest, highest):
    assert lowest < share(name, [MONTH])[0] < highest


def test_b_cells_are_back_by_month_3_and_over_baseline_by_month_12(share):
    assert share("B", [FIRST_COURSE_ENDS]) < 0.1
    assert 0.7 < share("B", [3 * MONTH])[0] < 1.5
    assert 1.05 < share("B", [12 * MONTH])[0] < 2.0


def test_immature_cells_are_a_third_of_b_cells_at_month_1(patient):
    curve = patient[0].curve
    at, rest = np.array([MONTH]), np.array([0.0])
    assert 0.25 < curve("B_immature")(at)[0] / curve("B")(at)[0] < 0.42
    assert curve("B_immature")(rest)[0] / curve("B")(rest)[0] == pytest.approx(0.05, rel=1e-12)


def test_memory_b_cells_stay_far_below_baseline_at_month_12(share):
    assert share("B_memory", [12 * MONTH]) < 0.5


def test_treg_are_few_for_months(share):
    assert (share("Treg", np.linspace(WEEK, 6 * MONTH, 60)) < 0.5).all()


def test_share_of_treg_is_two_to_four_times_baseline_from_month_1_to_6(share):
    fraction = share("Treg/CD4", np.linspace(MONTH, 6 * MONTH, 60))
    assert fraction.min() > 1.8
    assert fraction.max() < 4.2
    assert 2.0 < np.median(fraction) < 4.0


def test_share_of_treg_is_unchanged_at_week_1(share):
    assert 0.8 < share("Treg/CD4", [WEEK])[0] < 1.25


@pytest.mark.parametrize("name", ["CD4", "CD8"])
def test_t_cells_plateau_below_baseline_for_years(share, name):
    after = share(name, SECOND_COURSE + np.linspace(24, 60, 37) * MONTH)
    assert after.max() < 0.9
    assert after.min() > 0.2
    assert (after[-1] - after[0]) / 3 < 0.1  # a tenth of baseline a year at most: a plateau


@pytest.mark.parametrize("name", ["CD4", "CD8", "B"])
def test_second_course_depletes_again(share, name):
    before, after = share(name, [SECOND_COURSE, SECOND_COURSE + 7])
    assert after < 0.1
    assert after < 0.25 * before


def test_nk_cells_of_the_typical_patient_are_back_in_one_to_two_months(patient):
    curve = patient[0].curve("NK")
    rest = curve(np.array([0.0]))[0]
    assert curve(np.array([FIRST_COURSE_ENDS]))[0] < 0.7 * rest
    assert (curve(np.linspace(2 * MONTH, 11 * MONTH, 50)) > 0.9 * rest).all()


def test_no_state_falls_below_minus_its_absolute_tolerance(patient):
    trajectory, given = patient
    scale = state_scale(trajectory.system, trajectory.constants, trajectory.start, given.largest)
    times = np.unique(np.concatenate([trajectory.curve("CD4").knots, np.linspace(0, UNTIL, 5000)]))
    assert (trajectory.states(times) >= -TOLERANCES.absolute * scale).all()


def test_lymphocytes_are_the_sum_of_their_parts(patient):
    times = np.linspace(0, UNTIL, 500)
    cells = ("CD4", "CD8", "B", "NK", "double_negative_DN_b")
    parts = sum(patient[0].curve(name)(times) for name in cells)
    np.testing.assert_allclose(patient[0].curve("lymphocytes")(times), parts, rtol=1e-12)
    ratio = patient[0].curve("Treg")(times) / patient[0].curve("CD4")(times)
    np.testing.assert_allclose(patient[0].curve("Treg_fraction")(times), ratio, rtol=1e-12)


def test_progressive_cohort_regrows_more_slowly(share):
    slow = of_patients("progressive")
    for name in ("CD4", "CD8", "B"):
        assert slow(name, [11 * MONTH])[0] < share(name, [11 * MONTH])[0]
