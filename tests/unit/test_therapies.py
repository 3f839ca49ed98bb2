"""Therapies beside alemtuzumab, of the relapsing cohort: published numbers, and what follows from the equations."""

import numpy as np
import pytest

from kinetics import Course, Model, simulate
from kinetics.cohorts.cohort import cohort_parameters

MONTH = 30.4375


def patients(model, regimen, until, *, cohort="relapsing", number=128, every="0.25 month", **given):
    return simulate(
        model, regimen, until=until, every=every, cohort=cohort, patients=number, seed=1, sampling="quasi", **given
    )


def at(values, month):
    return values.interp(time=month * MONTH)


def of_baseline(values):
    return values / values.isel(time=0)


@pytest.mark.parametrize(
    ("lineage", "month", "percent"),
    [("NK", 1.4, 63), ("B", 2, 19), ("CD4", 3, 52), ("CD8", 5, 60), ("B", 14, 18), ("CD4", 15, 39), ("CD8", 18, 52)],
)
def test_cladribine_has_the_nadirs_it_was_fitted_to(lineage, month, percent):
    """Rolfes: falls of 37, 81, 48 and 40 % in year 1, 82, 61 and 48 % in year 2; NK after the second week."""
    typical = simulate("reconstitution", "cladribine_tablets", until="24 month", every="0.1 month", cohort="relapsing")
    counts = of_baseline(typical[lineage])
    assert float(at(counts, month)) == pytest.approx(percent / 100, rel=0.1)
    year = counts.sel(time=slice((month // 12) * 12 * MONTH, (month // 12 + 1) * 12 * MONTH))
    assert float(year.min()) == pytest.approx(percent / 100, rel=0.12)


def test_weight_bands_give_what_the_dose_per_weight_gives():
    """The tablets of 60 to 70 kg are 6 a week, 10 mg each: at 68.6 kg 0.875 mg/kg, as in the other regimen."""
    values = [
        simulate(
            "reconstitution",
            regimen,
            until="6 month",
            every="1 month",
            cohort="relapsing",
            parameters={"cladribine.weight": "68.57142857142857 kg"},
        ).CD4.values[-1]
        for regimen in ("cladribine_tablets", "cladribine_weight_bands")
    ]
    assert values[0] == pytest.approx(values[1], rel=5e-3)


def test_transplantation_brings_back_lineages_in_the_published_order():
    """NK and monocytes by 1 month, B by 6, T by 24 (Storek 2004); naive CD4 by 9 to 12, CD4 not at 24 (Cull 2017)."""
    found = patients("reconstitution", "ahsct", "24 month")[["NK", "monocytes", "B", "CD8", "CD4_naive", "CD4"]]
    counts = of_baseline(found).median("patient")
    assert float(at(counts.NK, 1)) > 0.5
    assert float(at(counts.monocytes, 1)) > 0.5
    assert float(at(found.B.median("patient"), 6)) > 0.1
    assert float(at(found.CD8.median("patient"), 24)) > 0.2
    assert float(at(counts.CD4_naive, 8)) < 1 < float(at(counts.CD4_naive, 12.5))
    assert float(at(counts.CD4, 24)) < 1


def test_monocytes_are_back_within_two_months_of_alemtuzumab():
    counts = of_baseline(patients("reconstitution", "ms_first_course", "2 month").monocytes).median("patient")
    assert float(counts.min()) < 0.5
    assert float(at(counts, 2)) > 0.9


def test_long_dosing_delays_the_overshoot_of_b_cells_and_does_not_prevent_it():
    """What the model says of 30 mg three times a week for 12 weeks; the claim that it prevents it is not borne out."""
    peaks, months = {}, {}
    for regimen in ("ms_first_course", "oncology_12_weeks"):
        counts = of_baseline(patients("reconstitution", regimen, "36 month").B).median("patient")
        peaks[regimen], months[regimen] = float(counts.max()), float(counts.idxmax("time")) / MONTH
    assert min(peaks.values()) > 1.4
    assert months["oncology_12_weeks"] > months["ms_first_course"] + 2


def test_behcet_is_the_relapsing_cohort_by_a_stated_assumption():
    model = Model.load("consequences")
    behcet, relapsing = (cohort_parameters(model, name) for name in ("behcet", "relapsing"))
    assert behcet.values == relapsing.values
    assert "Assumption" in model.cohorts["behcet"].about


def test_rituximab_three_years_later_empties_b_cells_and_comes_too_late_for_disease():
    request = {"cohort": "relapsing", "until": "84 month", "every": "1 month"}
    late = simulate("consequences", "rituximab_years_later", **request)
    never = simulate("consequences", "ms_licensed", **request)
    assert float(late["B"][38]) < 0.1 * float(never["B"][38])
    assert float(late["autoimmune_disease"][-1]) == pytest.approx(float(never["autoimmune_disease"][-1]), rel=0.1)


def test_rheumatoid_arthritis_is_slower():
    """Cooles 2016, without a number."""
    months = {}
    for cohort in ("relapsing", "progressive", "rheumatoid_arthritis"):
        found = patients("reconstitution", "ms_first_course", "12 month", cohort=cohort)
        months[cohort] = [float(of_baseline(found[name]).median("patient")[-1]) for name in ("CD4", "CD8")]
    assert np.all(np.diff(list(months.values()), axis=0) < 0)


def test_age_slows_recovery_and_leaves_rest_alone():
    young, old = (
        simulate(
            "reconstitution",
            "ms_first_course",
            until="60 month",
            every="1 month",
            cohort="relapsing",
            parameters={"thymus.age": f"{years} year"},
        ).CD4_naive
        for years in (25, 60)
    )
    assert float(young[0]) == float(old[0])
    assert float(old[-1]) < 0.9 * float(young[-1])


def test_flat_and_surface_doses_of_rituximab_are_one_drug():
    """375 mg/m^2 at 1.72 m^2 are 645 mg."""
    doses = {"rituximab": "375 mg/m^2", "rituximab_flat": "645 mg"}
    counts = [
        simulate(
            "reconstitution",
            Course.of(drug, amount, duration="4 hour").repeat(1),
            until="6 month",
            every="0.25 month",
            cohort="relapsing",
        ).B.values
        for drug, amount in doses.items()
    ]
    np.testing.assert_allclose(counts[0], counts[1], rtol=1e-6, atol=1e-12)
    assert counts[0].min() < 0.05 * counts[0][0]
