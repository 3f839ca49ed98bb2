"""Exported models run by other programs: libroadrunner, Antimony and SciPy find the curves that `simulate` finds."""

import dataclasses
import types

import numpy as np
import pytest

import kinetics
from kinetics import Model, Regimen
from kinetics.exports.dosing.dosed import dosed_model
from kinetics.files.library import library_names
from kinetics.units import conversion, parse_unit

roadrunner = pytest.importorskip("roadrunner", reason="needs libroadrunner, of requirements-sbml.lock")
roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
MONTHS = np.arange(0.0, 37.0, 1.5)
AGREEMENT = 1e-6
# CVODE gives up on a kink at the first of these in some models
TOLERANCES = ((1e-10, 1e-13), (1e-9, 1e-12), (1e-8, 1e-12), (1e-8, 1e-10))
# what shows every kind of dose: infusions on many days, courses years apart, rules with and without courses
PREFERRED = ("whack_a_mole", "retreatment_on_activity", "ms_licensed", "cladribine_tablets", "ahsct", "single_100mg")


def accepts(model, regimen):
    outputs = all(rule.output in model.outputs for rule in regimen.rules)
    return outputs and set(regimen.drugs) <= set(model.doses)


def cases():
    """Three of each model: regimens that it accepts, then changed parameters where there are fewer."""
    for name in library_names("models"):
        model = Model.load(name)
        names = [*PREFERRED, *(n for n in library_names("models/regimens") if n not in PREFERRED)]
        accepted = [regimen for regimen in names if accepts(model, Regimen.load(regimen))][:3]
        yield from (pytest.param(name, regimen, None, id=f"{name}-{regimen}") for regimen in accepted)
        changed = [*model.inputs, *model.parameters][: 3 - len(accepted)]
        for number, key in enumerate(changed):
            marks = [pytest.mark.thorough] if number else []
            yield pytest.param(name, None, key, id=f"{name}-{key}", marks=marks)


def with_change(model, key):
    """A model of which one input or parameter is a tenth larger; an input that is 0 is a tenth."""
    if key is None:
        return model
    if key in model.inputs:
        row = model.inputs[key]
        changed = dataclasses.replace(row, rest=row.rest * 1.1 or 0.1)
        return dataclasses.replace(model, inputs={**model.inputs, key: changed})
    row = model.parameters[key]
    changed = dataclasses.replace(row, value=row.value * 1.1)
    return dataclasses.replace(model, parameters={**model.parameters, key: changed})


def times_of(model):
    return MONTHS * float(conversion(parse_unit("month"), model.time))


def ours(model, regimen, engine="scipy"):
    times = [f"{time!r} {model.time}" for time in times_of(model).tolist()]
    result = kinetics.simulate(model, regimen, times=times, engine=engine)
    return np.array([result[name].values for name in model.outputs])


def run_elsewhere(sbml, model):
    for relative, absolute in TOLERANCES:
        runner = roadrunner.RoadRunner(sbml)
        runner.timeCourseSelections = list(model.outputs)
        runner.integrator.maximum_num_steps = 50_000
        runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = relative, absolute
        try:
            return np.array(runner.simulate(times=times_of(model).tolist())).T
        except RuntimeError as error:
            reason = error
    raise reason


def assert_alike(found, expected, names):
    for name, one, other in zip(names, found, expected, strict=True):
        size = np.abs(other).max()
        assert np.abs(one - other).max() <= AGREEMENT * (size or 1.0), name


@pytest.mark.filterwarnings("ignore:cap reached")
@pytest.mark.parametrize(("name", "regimen", "change"), cases())
def test_libroadrunner_finds_the_same_curves(name, regimen, change):
    model = with_change(Model.load(name), change)
    assert_alike(run_elsewhere(model.to_sbml(regimen=regimen), model), ours(model, regimen), model.outputs)


def test_antimony_text_is_the_same_model():
    antimony = pytest.importorskip("antimony")
    model = Model.load("reconstitution")
    antimony.clearPreviousLoads()
    assert antimony.loadAntimonyString(model.to_antimony(regimen="whack_a_mole")) >= 0, antimony.getLastError()
    sbml = antimony.getSBMLString("reconstitution")
    found, expected = (run_elsewhere(text, model) for text in (sbml, model.to_sbml(regimen="whack_a_mole")))
    assert_alike(found, expected, model.outputs)


def test_the_module_of_python_has_the_same_curves():
    from scipy.integrate import solve_ivp

    model = with_change(Model.load("cd4"), "kill")
    module = types.ModuleType("cd4")
    exec(model.to_python(), module.__dict__)
    times = times_of(model)
    options = {"method": "LSODA", "rtol": 1e-10, "atol": 1e-13, "t_eval": times}
    solution = solve_ivp(module.rates, (0, times[-1]), module.initial(), **options)
    found = module.outputs(solution.t, solution.y)
    assert_alike([found[name] for name in model.outputs], ours(model, None), model.outputs)


def test_values_of_a_cohort_are_written():
    model = Model.load("reconstitution")
    runner = roadrunner.RoadRunner(model.to_sbml(cohort="progressive"))
    values = kinetics.simulate(model, cohort="progressive", times=["0 day", "1 day"], engine="scipy")
    assert runner["CD4"] == pytest.approx(float(values["CD4"][0]), rel=1e-12)


@pytest.mark.filterwarnings("ignore:cap reached")
@pytest.mark.parametrize(("name", "regimen"), [("alemtuzumab", "ms_licensed"), ("reconstitution", "whack_a_mole")])
def test_a_regimen_is_a_case_of_events(name, regimen):
    model = Model.load(name)
    dosed = dosed_model(model, model.defaults, Regimen.load(regimen))
    assert_alike(ours(dosed, None, "batch"), ours(model, regimen, "batch"), model.outputs)
