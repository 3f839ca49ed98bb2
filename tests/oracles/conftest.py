"""Every engine in turn, for what each must get right."""

from functools import partial

import pytest

from kinetics.engines import batch, scipy

SOLVERS = {method: partial(scipy.integrate, method=method) for method in scipy.METHODS} | {"batch": batch.integrate}


@pytest.fixture(params=SOLVERS.values(), ids=SOLVERS)
def solve(request):
    """A function (system, constants, segments) to a trajectory, at the engine's own tolerances."""
    return request.param
