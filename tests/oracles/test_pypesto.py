"""The objective of pyPESTO, which simulates with libroadrunner, at an estimate of `fit`."""

import numpy as np
import pytest

from kinetics import FitProblem, fit
from tests.petab_files import write_problem

pytest.importorskip("roadrunner", reason="libroadrunner is not installed")
importing = pytest.importorskip("pypesto.petab", reason="pyPESTO is not installed")


@pytest.mark.filterwarnings("ignore")
def test_objective_at_the_estimate(tmp_path):
    path = write_problem(tmp_path, 1)
    found = fit(FitProblem.from_petab(path), starts=5)
    theirs = importing.PetabImporter.from_yaml(str(path), simulator_type="roadrunner").create_problem()
    on_scale = dict(zip(found.problem.names, found.best.end, strict=True))
    value = theirs.objective(np.array([on_scale[name] for name in theirs.x_names]))
    assert -value == pytest.approx(found.values.llh, abs=1e-4)
