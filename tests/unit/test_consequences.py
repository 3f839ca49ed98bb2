"""What follows from reconstitution: repertoire, retreatment, and, exploratory, autoimmunity."""

import numpy as np
import pytest

from kinetics import Regimen, simulate
from kinetics.model import Model

MONTH = 30.4375


def patients(regimen, until, number=256, every="1 month", **given):
    return simulate(
        "consequences",
        regimen,
        until=until,
        every=every,
        cohort="relapsing",
        patients=number,
        seed=1,
        sampling="quasi",
        **given,
    )


@pytest.fixture(scope="module")
def licensed():
    return patients("ms_licensed", "84 month")


def incidence(found, month):
    return float(found.autoimmune_disease.mean("patient").interp(time=month * MONTH))


@pytest.mark.parametrize("output", ["CD4", "CD8", "B", "Treg", "NK"])
def test_nothing_acts_back_on_a_count(output):
    """A typical patient has the same counts with and without what follows from them."""
    both = [
        simulate(model, "ms_licensed", until="24 month", every="1 month", cohort="relapsing", engine="batch")[
            output
        ].values
        for model in ("reconstitution", "consequences")
    ]
    np.testing.assert_allclose(both[0], both[1], rtol=2e-5)


def test_survivors_are_all_at_first_and_fewer_with_every_new_cell():
    found = patients("ms_licensed", "84 month", number=16, states=True)
    for lineage in ("4", "8"):
        naive, memory = (found[f"repertoire_survivors_{kind}{lineage}"].values for kind in "NM")
        share = found[f"survivor_share_CD{lineage}"].values
        np.testing.assert_allclose(share[:, 0], 1)
        assert np.all(np.diff(naive, axis=1) <= 1e-9)
        assert np.all((np.minimum(naive, memory) - 1e-9 <= share) & (share <= np.maximum(naive, memory) + 1e-9))
        assert 0.05 < share[:, -1].mean() < 0.9


def test_untreated_patients_keep_their_repertoire():
    found = patients(Regimen.none(), "120 month", number=8)
    for name in (
        "survivor_share_CD4",
        "emigrant_share",
        "TREC",
        "cycling_share",
        "apoptosis_share",
        "relapse_activity",
    ):
        values = found[name].values
        np.testing.assert_allclose(values, np.broadcast_to(values[:, :1], values.shape), rtol=1e-9)
    assert not found.autoimmune_disease.values.any()


@pytest.fixture(scope="module")
def palifermin_trial():
    """Means at month 6 of the arms of Coles 2019: usual care, and with palifermin."""
    return [
        patients(regimen, "6 month").isel(time=-1)[["emigrant_share", "TREC", "CD4_naive"]].mean("patient")
        for regimen in ("ms_first_course", "palifermin_after_alemtuzumab")
    ]


def test_emigrants_and_TREC_of_both_arms_of_the_palifermin_trial(palifermin_trial):
    """Coles 2019, month 6: 34 % emigrants with usual care, 3396 and 1100 TREC per mL, naive CD4 77 and 22 per uL.

    The naive count of the usual arm is not reproduced: docs/validation.md.
    """
    usual, palifermin = palifermin_trial
    assert float(usual.emigrant_share) == pytest.approx(0.34, rel=0.25)
    assert [float(usual.TREC), float(palifermin.TREC)] == pytest.approx([3396, 1100], rel=0.25)
    assert float(palifermin.CD4_naive) * 1000 == pytest.approx(22, rel=0.25)
    assert float(palifermin.emigrant_share) < float(usual.emigrant_share)


@pytest.mark.xfail(reason="the model has 21 %: fewer would need less TREC in this arm than published, docs/theory.md")
def test_emigrants_with_palifermin(palifermin_trial):
    """Coles 2019, month 6: 16 %."""
    assert float(palifermin_trial[1].emigrant_share) == pytest.approx(0.16, rel=0.25)


def test_more_T_cells_divide_and_die_with_more_IL21():
    """Jones 2009, in direction; and no count moves (Jones 2013)."""
    low, high = (
        simulate(
            "consequences",
            "ms_first_course",
            until="12 month",
            every="1 month",
            cohort="relapsing",
            parameters={"autoimmunity.IL21": f"{level} pg/mL"},
        )
        for level in (222, 542)
    )
    assert np.all(high.cycling_share > low.cycling_share)
    assert np.all(high.apoptosis_share > low.apoptosis_share)
    np.testing.assert_allclose(high.CD4, low.CD4, rtol=1e-6)
    assert float(low.cycling_share[6]) > float(low.cycling_share[0])


def test_autoimmunity_is_calibrated_on_alemtuzumab(licensed):
    """Cossburn 2011: 22.2 % at 34 months, none from month 60 on; IL-21 of those with and without, 542 and 222 pg/mL."""
    assert 17.2 < 100 * incidence(licensed, 34) < 27.9
    assert incidence(licensed, 84) - incidence(licensed, 60) < 0.02
    steps = np.diff([incidence(licensed, month) for month in range(0, 72, 12)])
    assert np.argmax(steps) == 2  # year 3 from the first course (Havrdova 2017)


def test_kinds_of_disease_share_one_risk(licensed):
    total = licensed.thyroid_disease + licensed.ITP + licensed.renal_disease
    np.testing.assert_allclose(total, licensed.autoimmune_disease, rtol=1e-12, atol=1e-15)
    shares = licensed.isel(patient=0, time=-1)
    assert float(shares.thyroid_disease / shares.ITP) == pytest.approx(30, rel=1e-9)


@pytest.mark.filterwarnings("ignore:cap reached")
def test_predictions_lie_in_the_exact_intervals_of_other_therapies():
    """Nothing of these was used: cladribine 2 of 123, AHSCT 6 of 37, whack-a-mole 0 of 5 at 41 months."""
    months = {"cladribine_tablets": (120, 0.2, 5.8), "ahsct": (120, 6.2, 32.0), "whack_a_mole": (41, 0.0, 52.2)}
    for regimen, (month, lower, upper) in months.items():
        assert lower <= 100 * incidence(patients(regimen, "120 month", every="1 month"), month) <= upper


@pytest.mark.filterwarnings("ignore:cap reached")
def test_whack_a_mole_holds_B_cells_down_and_leaves_Treg(licensed):
    held = patients("whack_a_mole", "60 month")
    alone = licensed.sel(time=held.time)
    assert float(held.B.mean()) < 0.7 * float(alone.B.mean())
    np.testing.assert_allclose(held.Treg, alone.Treg, rtol=1e-4)
    assert float(held.B_to_Treg.max("time").median()) < float(alone.B_to_Treg.max("time").median())


def test_courses_over_six_years_are_those_of_practice():
    """50, 30, 15 and 5 % of patients with none, one, two and more further courses, rounded to 5 %."""
    found = patients("retreatment_on_activity", "72 month", number=1024)
    courses = np.isfinite(found.triggered_time.values).sum(axis=1) / 3
    shares = [np.mean(courses == number) for number in (0, 1, 2)]
    assert [*shares, 1 - sum(shares)] == pytest.approx([0.50, 0.30, 0.15, 0.05], abs=0.025)
    later = np.diff(found.triggered_time.values[:, ::3], axis=1)
    assert np.nanmin(later) > 12 * MONTH


def test_what_is_exploratory_says_so():
    model = Model.load("consequences")
    parts = ("autoimmunity", "turnover")
    told = {name for name in model.outputs if model.is_exploratory(name)}
    assert told == {name for name, output in model.outputs.items() if "exploratory" in output.about}
    own = {name for part in parts for name in Model.load(part).outputs}
    assert own <= told
    assert all("xploratory" in Model.load(part).title for part in parts)
