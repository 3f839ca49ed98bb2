"""What a fit keeps while it runs, whole or damaged."""

import json
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest

from kinetics.errors import InputError
from kinetics.estimate import FitProblem
from kinetics.estimate.checkpoint import Checkpoint, checkpoint_of
from kinetics.estimate.evaluations import recording
from kinetics.estimate.objective.population import Linearised, PopulationObjective
from kinetics.estimate.search import Search, objective_of
from kinetics.estimate.uncertainty.profile import End, Profile

FREE = {"A0": 'lower = 0.01, upper = 100, unit = "1e9/L"'}


def chain_text(position=9, log_density=1):
    """The walkers of a fit of one parameter before their first step, as they are kept."""
    random = json.dumps([[0] * 624, position, 0, 0.0])
    row = f"[{', '.join([str(log_density)] * 4)}]"
    return f'{{"positions": [[[1], [1], [1], [1]]], "log_density": [{row}], "random": {random}}}'


def evaluation(number):
    """Numbers that text does not round."""
    third = np.full((2, 2), number / 3)
    return Linearised(number / 7, third[0], [third[0]], [third], [third])


@pytest.fixture
def objective():
    one = PopulationObjective.__new__(PopulationObjective)
    one.start, one.evaluations = np.zeros(2), {}
    return one


def keys(*numbers):
    return [np.array([number, 1 / 3]).tobytes() for number in numbers]


def compute(objective, *numbers):
    for key, number in zip(keys(*numbers), numbers, strict=True):
        objective.evaluations[key] = evaluation(number)
        objective.on_evaluation(key, objective.evaluations[key])


def interrupted(path, objective, *numbers, resume):
    with suppress(KeyboardInterrupt), recording(path, objective, resume=resume):
        compute(objective, *numbers)
        raise KeyboardInterrupt


def resumed(path, objective):
    objective.evaluations = {}
    interrupted(path, objective, resume=True)
    return objective.evaluations


def test_evaluations_come_back_to_the_bit(tmp_path, objective):
    path = tmp_path / "fit.evaluations.jsonl"
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
    path = tmp_path / "fit.evaluations.jsonl"
    interrupted(path, objective, 1, 2, resume=False)
    path.write_text(path.read_text()[:-40])
    objective.evaluations = {}
    interrupted(path, objective, 3, resume=True)
    assert list(resumed(path, objective)) == keys(1, 3)


def test_a_new_run_starts_without_the_evaluations_of_an_earlier_one(tmp_path, objective):
    path = tmp_path / "fit.evaluations.jsonl"
    interrupted(path, objective, 1, resume=False)
    objective.evaluations = {}
    interrupted(path, objective, resume=False)
    assert resumed(path, objective) == {}


def test_a_file_that_is_not_ours_is_no_evaluation(tmp_path, objective):
    path = tmp_path / "fit.evaluations.jsonl"
    path.write_text('{"at": "zz"}\n[1, 2]\n')
    assert resumed(path, objective) == {}


def test_the_typical_patient_keeps_nothing(tmp_path):
    with recording(tmp_path / "fit.evaluations.jsonl", SimpleNamespace(), resume=False):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("searches", ""),
        ("searches", '{"searches": [{"start": [0.0], "end": [NaN], "cost": 1, "converged": true, "message": ""}]}'),
        ("profiles", "[]"),
        ("profiles", '{"optimum": [0.0], "profiles": [{}]}'),
        ("posterior", '{"positions": [[[1]]], "log_density": 3}'),
        ("posterior", "{"),
        ("posterior", chain_text(position=9999)),
        ("posterior", chain_text(log_density=1e999)),
    ],
)
def test_a_checkpoint_that_is_not_ours_is_told_and_not_used(tmp_path, part, text):
    checkpoint = Checkpoint(tmp_path / "fit", resume=True)
    checkpoint.file(f"{part}.json").write_text(text)
    with pytest.warns(UserWarning, match=f"damaged, or not of this program: the {part} begin anew"):
        assert not {
            "searches": lambda: checkpoint.searches(1),
            "profiles": lambda: checkpoint.profiles(np.zeros(1)),
            "posterior": lambda: checkpoint.chain(1),
        }[part]()


def test_a_chain_that_is_ours_is_used(tmp_path):
    checkpoint = Checkpoint(tmp_path / "fit", resume=True)
    checkpoint.file("posterior.json").write_text(chain_text())
    assert checkpoint.chain(1).steps == 0


def test_profiles_about_another_optimum_are_not_used(tmp_path):
    checkpoint = Checkpoint(tmp_path / "fit", resume=True)
    end = End(1.0, "closed", ((1, -1),))
    profile = Profile(0, 0.0, np.zeros((1, 2)), np.zeros(1), np.ones(1, bool), end, end)
    checkpoint.keep_profiles(np.zeros(2), [profile])
    assert checkpoint.profiles(np.ones(2)) == {}
    assert checkpoint.profiles(np.zeros(2))[0].lower == end


def test_a_problem_that_another_process_fits_is_not_resumed_and_nothing_is_kept_of_it(project, caplog):
    objective = objective_of(FitProblem.load(project.fit({"time": "0 day", "value": 3.0, "log_se": 0.1}, free=FREE)))
    with checkpoint_of(objective, resume=False) as first:
        with (
            pytest.raises(InputError, match="one is being fitted by another process"),
            checkpoint_of(objective, resume=True),
        ):
            pass
        with caplog.at_level("INFO", "kinetics.estimate"), checkpoint_of(objective, resume=False) as second:
            assert (first.path is None, second.path is None) == (False, True)
        assert caplog.messages == ["one is being fitted by another process: nothing of this fit is kept"]


def test_a_fit_that_ends_well_leaves_nothing(project):
    objective = objective_of(FitProblem.load(project.fit({"time": "0 day", "value": 3.0, "log_se": 0.1}, free=FREE)))
    with checkpoint_of(objective, resume=False) as checkpoint:
        checkpoint.keep_searches([Search(np.zeros(1), np.zeros(1), 1.0, True, "")])
        assert checkpoint.file("searches.json").exists()
    assert not checkpoint.file("searches.json").exists()
