"""Only the states that move: every shipped model, cohort and regimen gives the numbers of the whole model.

The batch engine takes the steps of the whole, because the states that rest count in the mean error of a step. What is
left is rounding. LSODA chooses between its methods by all states, so its numbers agree to its error.
"""

from collections import defaultdict
from itertools import product

import numpy as np
import pytest

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.engines import Tolerances, batch
from kinetics.files.library import library_names
from kinetics.model import Model
from kinetics.population.draws import draw_patients
from kinetics.reduction import find_rest
from kinetics.regimen import Regimen
from kinetics.simulation import simulate
from tests.conftest import accepted_regimens, plan_of

UNTIL, TIGHT = "4 year", Tolerances(1e-13, 1e-19)
ROUNDINGS, FIRST = 7, 2


def cases():
    """Models with the drugs of regimens they can be given, and these regimens: each set of drugs is compiled once.

    What rests depends on the drugs alone: further regimens of the same are left to the thorough tests. So are, with a
    drug, extensions of 'reconstitution', which rest as it does.
    """
    groups = defaultdict(dict)
    for name in library_names("models"):
        groups[name, ()]["no drug"] = Regimen.none()
        for title, regimen in accepted_regimens(Model.load(name)).items():
            groups[name, regimen.drugs][title] = regimen
    parts = []
    for (name, drugs), regimens in groups.items():
        is_left = name in {"consequences", "immunogenicity"} and drugs
        first = dict(list(regimens.items())[:FIRST])
        further = {title: regimen for title, regimen in regimens.items() if title not in first}
        parts.append(pytest.param(name, drugs, first, marks=[pytest.mark.thorough] if is_left else []))
        parts += [pytest.param(name, drugs, further, marks=pytest.mark.thorough)] if further else []
    return parts


def label(part):
    return part if isinstance(part, str) else "+".join(part)


def values(dataset):
    """The numbers of each draw by variable."""
    floats = {name: array for name, array in dataset.items() if array.dtype.kind == "f" and "draw" in array.dims}
    tables = {name: array.values for name, array in floats.items()}
    return [{name: table[draw] for name, table in tables.items()} for draw in range(dataset.sizes["draw"])]


def simulated(*arguments, parameters, **more):
    """All states and outputs of parameter sets, every one of which can be integrated."""
    dataset = simulate(*arguments, parameters=parameters, states=True, engine="batch", tolerances=TIGHT, **more)
    assert dataset["failure"].values.tolist() == [""] * len(parameters)
    return dataset


def roundings(parameters):
    """Parameter sets that are a rounding smaller, or not, each for itself."""
    rng = np.random.default_rng(4)
    return [
        {name: np.nextafter(value, 0.0) if rng.random() < 0.5 else value for name, value in parameters.items()}
        for _ in range(ROUNDINGS)
    ]


def difference(one, other):
    """The largest difference, over the largest value of a variable; what is no number must be none in both."""
    shares = []
    for name, array in one.items():
        finite = np.isfinite(array)
        np.testing.assert_array_equal(finite, np.isfinite(other[name]), err_msg=name)
        size = np.abs(array[finite]).max(initial=0.0) + 1e-25
        shares.append((np.abs(array - other[name])[finite].max(initial=0.0) / size, name))
    return max(shares)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:cap reached")
@pytest.mark.parametrize(("name", "drugs", "regimens"), cases(), ids=label)
def test_reduced_and_whole_agree(name, drugs, regimens):
    """To 1e-12 of the largest value of a variable, or four times what some roundings of parameters do to the whole.

    A step is as long as the error of the last allows, so a rounding moves all later ones. At a tolerance of 1e-13 that
    is some 1e-12 in a patient of chance; the typical patients of most cohorts stay below.
    """
    model = Model.load(name)
    if not find_rest(model, drugs).resting:
        pytest.skip("every state moves: there is nothing to compare")
    cohorts = {cohort: cohort_parameters(model, cohort) for cohort in (None, *model.cohorts)}
    for (title, regimen), (cohort, patient) in product(regimens.items(), cohorts.items()):
        same = {"until": UNTIL, "cohort": patient}
        whole, left = (simulated(model, regimen, parameters=[{}], reduce=reduce, **same) for reduce in (False, True))
        assert list(left) == list(whole)
        assert all(left[variable].attrs == whole[variable].attrs for variable in whole)
        (typical,), (reduced,) = values(whole), values(left)
        size, variable = difference(typical, reduced)
        if size > 1e-12:
            others = simulated(model, regimen, parameters=roundings(patient.values), reduce=False, **same)
            rounding = max(difference(typical, other)[0] for other in values(others))
            about = f"{title}, {cohort}: {variable} differs by {size:.1e}, by rounding {rounding:.1e}"
            assert size <= 4 * rounding, about


@pytest.mark.slow
@pytest.mark.parametrize("regimen", ["ms_first_course", "rituximab_2_x_1000mg"])
def test_gradients_agree(regimen):
    """By every parameter that varies between patients, and by some that are only of what rests.

    To 1e-10 of the largest derivative over time, or of 1e-4 of output over parameter: the derivative of what rests is
    zero or that of its initial value, and in the whole model the rounding of a sum of larger ones.
    """
    model, regimen = Model.load("reconstitution"), Regimen.load(regimen)
    cohort = cohort_parameters(model, "relapsing")
    names = [name for name in cohort.spreads if name in model.parameters] + ["cladribine_k_CD4", "conditioning_growth"]
    times, results = np.linspace(0.0, 720.0, 25), []
    plan = plan_of(model, regimen, times[-1])
    for drugs in (None, regimen.drugs):
        system = compile_model(model, drugs)
        table = draw_patients(system, cohort, 2, seed=3)
        result = batch.integrate_many_with_sensitivities(
            system, table, names, [plan], np.zeros(2, dtype=int), times, list(model.outputs)
        )
        assert result.reasons == ["", ""]
        results.append(result)
    whole, left = results
    own = np.abs(table[:, [system.parameters.index(name) for name in names]])
    size = np.abs(whole.gradients).max(axis=1) + 1e-4 * np.abs(whole.outputs).max(axis=1)[..., None] / own[:, None]
    assert (np.abs(left.gradients - whole.gradients).max(axis=1) <= 1e-10 * size).all()
