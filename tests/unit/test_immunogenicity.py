"""Antidrug antibodies: shares of patients, and what they do to depletion in the population and in some patients."""

import numpy as np
import pytest

from kinetics import Regimen, simulate
from kinetics.cohorts.cohort import cohort_parameters
from kinetics.model import Model

MONTH = 30.4375


def patients(regimen, until, cohort="relapsing", number=1024, model="immunogenicity", **given):
    return simulate(
        model, regimen, until=until, every="2 day", cohort=cohort, patients=number, seed=1, sampling="quasi", **given
    )


def at(values, month):
    return values.sel(time=month * MONTH, method="pad").values


@pytest.fixture(scope="module")
def three():
    return patients("alemtuzumab_three_courses", "36 month")


@pytest.fixture(scope="module")
def neutralising():
    return cohort_parameters(Model.load("immunogenicity"), "relapsing").values["antidrug_neutralising_titre"]


def test_shares_of_patients_with_antibodies(three, neutralising):
    """Dubuisson 2018: 57 % neutralising in cycle 1, few before course 2, 31 % after cycle 2, 75 % binding.

    How few, 0.6 %, the fit misses: the page of evidence says by how much.
    """
    titre = three.antibody_titre
    assert not titre.values[:, 0].any()
    assert np.mean(at(titre, 3) > neutralising) == pytest.approx(0.57, abs=0.06)
    assert np.mean(at(titre, 11.9) > neutralising) < 0.57 / 5
    assert np.mean(at(titre, 23.9) > neutralising) == pytest.approx(0.31, abs=0.03)
    assert np.mean(at(titre, 23.9) > 1) == pytest.approx(0.75, abs=0.03)


def test_the_second_answer_is_faster_and_higher(three):
    titre = three.antibody_titre.median("patient")
    first, second = titre.sel(time=slice(0, 12 * MONTH)), titre.sel(time=slice(12 * MONTH, 24 * MONTH))
    assert float(second.max()) > 5 * float(first.max())
    assert float(second.idxmax("time")) - 12 * MONTH < 0.7 * float(first.idxmax("time"))


def test_the_population_depletes_as_without_antibodies_and_some_patients_do_not(three):
    without = patients("alemtuzumab_three_courses", "36 month", model="reconstitution")
    for name in ("CD4", "CD8", "B"):
        for month in (1, 12, 24):
            assert at(three[name], month - 0.1).mean() == pytest.approx(at(without[name], month - 0.1).mean(), rel=0.12)
        fall = [1 - at(found[name], 13).mean() / at(found[name], 0).mean() for found in (three, without)]
        assert fall[1] - 0.1 < fall[0] < fall[1]
    kept = at(three.CD4, 13) / at(three.CD4, 11.9)
    assert 0.005 < np.mean(kept > 0.5) < 0.10
    assert kept.max() > 0.7
    assert (at(without.CD4, 13) / at(without.CD4, 11.9)).max() < kept.max()


def test_without_a_response_nothing_differs_from_reconstitution():
    given = {"until": "14 month", "every": "0.5 month"}
    plain = simulate("reconstitution", "ms_licensed", cohort="relapsing", **given)
    none = simulate(
        "immunogenicity", "ms_licensed", cohort="relapsing", parameters={"antidrug.response": "1e-12 1/day"}, **given
    )
    np.testing.assert_allclose(plain.CD4, none.CD4, rtol=2e-5)


def test_rituximab_before_alemtuzumab_lowers_the_first_answer():
    peaks = [
        float(patients(name, "13 month", number=128).antibody_titre.sel(time=slice(0, 360)).max("time").median())
        for name in ("ms_licensed", "rituximab_before_alemtuzumab")
    ]
    assert peaks[1] < 0.5 * peaks[0]


def test_nothing_happens_without_drug():
    found = patients(Regimen.none(), "120 month", number=8)
    assert not found.antibody_titre.values.any()
