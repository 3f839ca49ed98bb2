"""What a population fit keeps while it runs: evaluations, whole or cut off."""

from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest

from kinetics.estimate.objective.population import Linearised, PopulationObjective
from kinetics.estimate.search.checkpoint import evaluations_kept


def evaluation(number):
    """Numbers that text does not round."""
    third = np.full((2, 2), number / 3)
    return Linearised(number / 7, third[0], [third[0]], [third], [third])


@pytest.fixture
def objective():
    one = PopulationObjective.__new__(PopulationObjective)
    one.start, one.known = np.zeros(2), {}
    return one


def keys(*numbers):
    return [np.array([number, 1 / 3]).tobytes() for number in numbers]


def compute(objective, *numbers):
    for key, number in zip(keys(*numbers), numbers, strict=True):
        objective.known[key] = evaluation(number)
        objective.found(key, objective.known[key])


def interrupted(path, objective, *numbers, resume):
    with suppress(KeyboardInterrupt), evaluations_kept(path, objective, resume=resume):
        compute(objective, *numbers)
        raise KeyboardInterrupt


def resumed(path, objective):
    objective.known = {}
    interrupted(path, objective, resume=True)
    return objective.known


def test_evaluations_come_back_to_the_bit(tmp_path, objective):
    path = tmp_path / "searches" / "fit.json"
    interrupted(path, objective, 1, 2, resume=False)
    found = resumed(path, objective)
    assert list(found) == keys(1, 2)
    for number, key in zip((1, 2), keys(1, 2), strict=True):
        kept, expected = found[key], evaluation(number)
        assert kept.log_likelihood == expected.log_likelihood
        np.testing.assert_array_equal(kept.gradient, expected.gradient)
        np.testing.assert_array_equal(kept.covariances[0], expected.covariances[0])
        np.testing.assert_array_equal(kept.jacobians[0], expected.jacobians[0])


def test_a_line_that_a_kill_cut_off_costs_itself_alone(tmp_path, objective):
    path = tmp_path / "fit.json"
    interrupted(path, objective, 1, 2, resume=False)
    file = path.with_suffix(".evaluations.jsonl")
    file.write_text(file.read_text()[:-40])
    objective.known = {}
    interrupted(path, objective, 3, resume=True)
    assert list(resumed(path, objective)) == keys(1, 3)


def test_evaluations_go_when_the_fit_is_done_and_a_new_run_starts_without_them(tmp_path, objective):
    path = tmp_path / "fit.json"
    interrupted(path, objective, 1, resume=False)
    objective.known = {}
    interrupted(path, objective, resume=False)
    assert resumed(path, objective) == {}
    with evaluations_kept(path, objective, resume=False):
        compute(objective, 5)
    assert not path.with_suffix(".evaluations.jsonl").exists()


def test_a_file_that_is_not_ours_is_no_evaluation(tmp_path, objective):
    path = tmp_path / "fit.json"
    path.with_suffix(".evaluations.jsonl").write_text('{"at": "zz"}\n[1, 2]\n')
    assert resumed(path, objective) == {}


def test_the_typical_patient_keeps_nothing(tmp_path):
    with evaluations_kept(tmp_path / "fit.json", SimpleNamespace(), resume=False):
        pass
    assert not list(tmp_path.iterdir())
