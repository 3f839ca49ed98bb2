"""Covariates that set parameters of the model: closed forms under each rule, known populations, and what is refused."""

import random
from dataclasses import replace

import numpy as np
import pytest

from kinetics import fit_patient, fit_patients, fit_population, report
from kinetics.cohorts.cohort import cohort_parameters
from kinetics.engines.dosing import integrate_histories
from kinetics.errors import InputError
from kinetics.measures import Nadir, TimeBelow
from kinetics.mixed_effects import ClosedForm, Method, MixedEffectsModel, objective
from kinetics.model import Model
from kinetics.patients import DataMapping, read_patients
from kinetics.patients.clinic import ClinicProblem
from kinetics.patients.clinic.problem.assembling import Clinic
from kinetics.patients.population.treated_patients import TreatedPatients

MODEL = """
[model]
title = "One compartment, clearance by allometry"
time = "hour"
[parameters]
CL_70 = { value = 3, unit = "L/hour", spread = 0.3, source = "choice" }
V = { value = 30, unit = "L", spread = 0.2, source = "choice" }
exponent = { value = 0.75, unit = "1", source = "choice" }
weight = { value = 70, unit = "kg", spread = 0.2, source = "choice" }
reference = { value = 70, unit = "kg", source = "choice" }
[derived.CL]
unit = "L/hour"
value = "CL_70*(weight/reference)**exponent"
[doses.drug]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "0"
rate = "-CL/V*A"
[outputs.C]
unit = "mg/L"
value = "A/V"
noise = 0.1
[outputs.per_kg]
unit = "mg/kg"
value = "A/weight"
noise = 0.1
"""
MAPPING = """
[patients]
layout = "events"
counts = "events.csv"
model = "one.toml"
[columns]
patient = "ID"
time = "TIME"
value = "DV"
amount = "AMT"
event = "EVID"
analyte = "DVID"
[time]
unit = "hour"
[analytes.C]
output = "C"
[analytes.per_kg]
output = "per_kg"
[drugs.AMT]
dose = "drug"
[covariates.WT]
"""
WT = 'unit = "kg"\nparameter = "weight"\n'
TIMES = np.array([0.0, 4.0, 10.0, 24.0])
WEIGHTS = np.array([60.0, 80.0, 110.0, 40.0])


@pytest.fixture
def files(tmp_path):
    """Writes model, table and mapping, and returns the mapping's path; rows are those of a table of events."""

    def write(rows, covariate=WT, model=MODEL, header="ID,TIME,DV,AMT,EVID,DVID,WT"):
        (tmp_path / "one.toml").write_text(model)
        (tmp_path / "events.csv").write_text("\n".join([header, *rows]) + "\n")
        path = tmp_path / "mapping.toml"
        path.write_text(MAPPING + covariate)
        return path

    return write


def one_patient(id="P1", weights=WEIGHTS, values=(1.0, 1.0, 1.0), output="C"):
    """A dose of 100 mg, then counts at the later times, each row with its weight."""
    dose = f"{id},{TIMES[0]},,100,1,,{weights[0]}"
    counts = zip(TIMES[1:], values, weights[1:], strict=True)
    return [dose, *(f"{id},{time},{value!r},,0,{output},{weight}" for time, value, weight in counts)]


def opened(path):
    """Data and model of a mapping."""
    return read_patients(path), Model.load(path.with_name("one.toml"))


def clearance(weight):
    return 3.0 * (weight / 70) ** 0.75


def predictions(data, model, outputs, engine="batch"):
    """Of the first patient, (time, output), at the values of the model."""
    treated = TreatedPatients.of(data, model)
    parameters = treated.system.parameter_array()[None]
    return integrate_histories(treated.system, treated.histories, parameters, outputs, engine=engine).outputs[0]


@pytest.mark.parametrize("engine", ["batch", "scipy"])
def test_a_constant_covariate_is_the_parameter_of_its_patient(files, engine):
    found = predictions(*opened(files(one_patient(weights=[90.0] * 4))), ["C", "per_kg"], engine)
    amount = 100 * np.exp(-clearance(90.0) / 30 * TIMES[1:])
    np.testing.assert_allclose(found, np.column_stack([amount / 30, amount / 90]), rtol=1e-6)


STEPS = {"next": WEIGHTS[1:], "last": WEIGHTS[:-1]}


@pytest.mark.parametrize("engine", ["batch", "scipy"])
@pytest.mark.parametrize("rule", ["next", "last"])
def test_a_covariate_in_steps_is_the_product_of_exponentials(files, rule, engine):
    found = predictions(*opened(files(one_patient(), f'{WT}rule = "{rule}"\n')), ["C", "per_kg"], engine)
    amount = 100 * np.exp(-np.cumsum(clearance(STEPS[rule]) * np.diff(TIMES)) / 30)
    np.testing.assert_allclose(found, np.column_stack([amount / 30, amount / WEIGHTS[1:]]), rtol=1e-6)


@pytest.mark.parametrize("engine", ["batch", "scipy"])
def test_a_linear_covariate_that_is_the_clearance_has_its_exact_area(files, engine):
    covariate = 'unit = "L/hour"\nparameter = "CL_70"\nrule = "linear"\n'
    found = predictions(*opened(files(one_patient(weights=WEIGHTS / 20), covariate)), ["C"], engine)[:, 0]
    area = np.cumsum((WEIGHTS[1:] + WEIGHTS[:-1]) / 40 * np.diff(TIMES))
    np.testing.assert_allclose(found, 100 / 30 * np.exp(-area / 30), rtol=1e-6)


def test_a_linear_covariate_in_a_power_is_eight_steps_near(files):
    found = predictions(*opened(files(one_patient(), f'{WT}rule = "linear"\n')), ["C"])[:, 0]
    grid = np.linspace(0.0, TIMES[-1], 24_001)
    rates = clearance(np.interp(grid, TIMES, WEIGHTS))
    area = np.concatenate([[0.0], np.cumsum((rates[1:] + rates[:-1]) / 2 * np.diff(grid))])
    np.testing.assert_allclose(found, 100 / 30 * np.exp(-np.interp(TIMES[1:], grid, area) / 30), rtol=2e-3)


def test_values_are_converted_to_the_unit_of_the_parameter_and_times_to_that_of_the_model(files):
    in_kg = read_patients(files(one_patient(), f'{WT}rule = "next"\n'))
    in_g = read_patients(files(one_patient(weights=WEIGHTS * 1000), WT.replace("kg", "g") + 'rule = "next"\n'))
    assert in_g.covariates["WT"] != in_kg.covariates["WT"]
    in_days = MODEL.replace('time = "hour"', 'time = "day"').replace('3, unit = "L/hour"', '72, unit = "L/day"')
    model = Model.load(files([], model=in_days.replace('unit = "L/hour"', 'unit = "L/day"')).parent / "one.toml")
    amount = 100 * np.exp(-np.cumsum(clearance(WEIGHTS[1:]) * np.diff(TIMES)) / 30)
    for data in (in_kg, in_g):
        np.testing.assert_allclose(predictions(data, model, ["C"])[:, 0], amount / 30, rtol=1e-6)


def test_what_rests_at_a_covariate_follows_it_when_it_changes(files):
    pool = MODEL.replace('initial = "0"', 'initial = "full"').replace('"-CL/V*A"', '"CL/V*(full - A)"')
    full = '[derived.full]\nunit = "mg"\nvalue = "dense*V*weight/reference"\n'
    dense = 'dense = { value = 1, unit = "mg/L", source = "choice" }\n'
    pool = pool.replace("[derived.CL]", f"{dense}{full}[derived.CL]")
    counts = [row for row in one_patient() if ",100," not in row]
    found = predictions(*opened(files(counts, f'{WT}rule = "last"\n', pool)), ["C"])[:, 0]
    levels, expected = 30 * WEIGHTS / 70, [30 * WEIGHTS[1] / 70]
    for index in (1, 2):
        left = np.exp(-clearance(WEIGHTS[index]) / 30 * np.diff(TIMES)[index])
        expected.append(levels[index] + (expected[-1] - levels[index]) * left)
    np.testing.assert_allclose(found, np.array(expected) / 30, rtol=1e-6)


def test_derivatives_are_those_of_differences(files):
    data, model = opened(files(one_patient(), f'{WT}rule = "next"\n'))
    treated = TreatedPatients.of(data, model)
    made = treated.predictions(cohort_parameters(model), ["CL_70", "V", "exponent"])
    values = np.array([3.0, 30.0, 0.75])
    _, slopes = made.linearise(np.array([0]), values[None, None])
    for index, value in enumerate(values):
        h = 1e-4 * value * np.eye(3)[index]
        more, less = (made.predict(np.array([0]), (values + sign * h)[None, None]) for sign in (1, -1))
        np.testing.assert_allclose(slopes[0, :, 0, index], (more - less)[0] / (2e-4 * value), rtol=1e-4, atol=1e-7)


def clinic_rows(n=24, seed=3):
    """Patients who lose or gain weight, simulated by exponentials; the weight of a row holds up to it."""
    rng, rows = np.random.default_rng(seed), []
    for number in range(n):
        weights = rng.uniform(40, 100) * np.exp(np.cumsum(0.2 * rng.standard_normal(4)))
        own, volume = np.array([3.0, 30.0]) * np.exp(np.array([0.3, 0.2]) * rng.standard_normal(2))
        rates = own * (weights[1:] / 70) ** 0.75 / volume
        values = 100 / volume * np.exp(-np.cumsum(rates * np.diff(TIMES))) * np.exp(0.1 * rng.standard_normal(3))
        rows += one_patient(f"P{number}", weights.tolist(), values.tolist())
    return rows


ESTIMATED = {"CL_70": {}, "V": {}, "exponent": {"spread": 0, "start": "0.4"}}
SHORT = {"draws": 50, "importance": 100, "replicates": 100, "posterior": False}


@pytest.fixture
def clinic(files):
    return opened(files(clinic_rows(), f'{WT}rule = "next"\n'))


def test_a_population_whose_weights_change_is_recovered(clinic):
    data, model = clinic
    fit = fit_population(data, model, parameters=ESTIMATED, method="FOCEI", algorithm=SHORT)
    rows = {row.name: row for row in fit.rows}
    for name, true in {"CL_70": 3.0, "V": 30.0, "exponent": 0.75, "C:a": 0.1}.items():
        assert abs(rows[name].estimate - true) < 3 * rows[name].standard_error, name
        assert rows[name].standard_error < 0.25 * true, name


def test_the_objective_is_that_of_the_closed_form(clinic):
    data, model = clinic
    made = Clinic.of(ClinicProblem.of(data, model, parameters=ESTIMATED))
    weights = np.array([made.problem.data[id].covariates["WT"].values for id in made.model.observations.ids])

    def concentration(x, p):
        rates = p["CL_70"] * (x["weights"] / 70) ** p["exponent"] / p["V"]
        return 100 / p["V"] * np.exp(-np.cumsum(rates * np.diff(TIMES), axis=1))

    observations, inputs = made.model.observations, {"weights": weights[:, 1:]}
    closed = ClosedForm(("CL_70", "V", "exponent"), concentration, inputs, observations.occasion)
    exact = MixedEffectsModel.of(
        closed, observations, made.model.parameters.parameters, residual={"C": "lognormal"},
        between_individuals=made.problem.blocks,
    )  # fmt: skip
    ours, theirs = (objective(Method.FOCEI, one, made.start).full for one in (made.model, exact))
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_rows_in_another_order_give_the_same_numbers(files, clinic):
    data, model = clinic
    rows = clinic_rows()
    patients = [rows[begin : begin + 4] for begin in range(0, len(rows), 4)]
    random.Random(1).shuffle(patients)
    shuffled = read_patients(files([row for own in patients for row in own], f'{WT}rule = "next"\n'))
    assert shuffled.content_hash == data.content_hash
    one, other = (
        fit_patients(own, model=model, errors={"C": "proportional 0.1"}).parameters["estimate"]
        for own in (data, shuffled)
    )
    np.testing.assert_array_equal(one, other)


def test_a_patient_is_fitted_as_under_a_model_with_the_weight_in_it(files):
    counts = [3.1, 2.2, 0.8]
    data, model = opened(files(one_patient(weights=[90.0] * 4, values=counts)))
    known = fit_patient(data, "P1", model=model)
    fixed = MODEL.replace("weight = { value = 70", "weight = { value = 90").replace('kg", spread = 0.2', 'kg"')
    written, model = opened(files(one_patient(values=counts), 'unit = "kg"\n', fixed))
    alike = fit_patient(written, "P1", model=model)
    assert known.names == alike.names == ("CL_70", "V")
    np.testing.assert_allclose(known.random, alike.random, atol=1e-6)
    ours, theirs = (fit.predict(until="3 day", every="6 hour", draws=20) for fit in (known, alike))
    np.testing.assert_allclose(ours["interval"]["C"], theirs["interval"]["C"], rtol=1e-6)


def test_a_prediction_follows_a_covariate_and_carries_its_last_value_forward(files):
    data, model = opened(files(one_patient(values=[2.9, 2.0, 1.0]), f'{WT}rule = "next"\n'))
    fit = fit_patient(data, "P1", model=model)
    tree = fit.predict(until="3 day", every="5 hour", draws=20, measures=[TimeBelow("C", "0.5 mg/L"), Nadir("C")])
    own, volume = fit.parameters["estimate"].values
    edges, rates = np.append(TIMES, 72.0), own * (WEIGHTS[[1, 2, 3, 3]] / 70) ** 0.75 / volume
    exponents = np.concatenate([[0.0], np.cumsum(rates * np.diff(edges))])
    times = tree["time"].values[1:]
    expected = 100 / volume * np.exp(-np.interp(times, edges, exponents))
    np.testing.assert_allclose(tree["C"][1:], expected, rtol=1e-6)
    crossing = np.interp(np.log(100 / volume / 0.5), exponents, edges)
    # right after the dose it is above the level, and at its time still zero
    assert float(tree["C_time_below_0p5_mg_per_L"][0]) == pytest.approx(72.0 - crossing, rel=1e-5)
    said = "Set by covariates: weight = 40 kg (WT of 24 hour, carried forward)."
    assert said in report(fit)
    assert said in report(tree)


def test_a_planned_course_has_the_last_weight(files):
    data, model = opened(files(one_patient(values=[2.9, 2.0, 1.0]), f'{WT}rule = "last"\n'))
    fit = fit_patient(data, "P1", model=model)
    tree = fit.predict(retreat="10 day", until="11 day", every="6 hour", draws=20)
    own, volume = fit.parameters["estimate"].values
    since = tree["time"].values - 240
    new = 100 / volume * np.exp(-own * (40 / 70) ** 0.75 / volume * since)
    left = tree["C"].sel(time=240.0).item()
    np.testing.assert_allclose(tree["C"][since > 0], (new + left / new[since == 0] * new)[since > 0], rtol=1e-5)


def test_a_covariate_of_the_model_survives_the_tidy_table(files, tmp_path):
    data = read_patients(files(one_patient(), f'{WT}rule = "linear"\n'))
    data.to_csv(tmp_path / "tidy.csv")
    again = read_patients(tmp_path / "tidy.csv", model=tmp_path / "one.toml")
    assert again == data
    assert again.content_hash == data.content_hash
    assert data.to_dataset()["covariate_WT"].attrs["parameter"] == "weight"
    without = read_patients(files(one_patient(), 'unit = "kg"\n'))
    assert without != data
    assert without.content_hash != data.content_hash


FAULTS = {
    "unknown parameter": (
        'unit = "kg"\nparameter = "wieght"\n',
        "mapping.toml:21: covariates.WT: model 'one' has no parameter 'wieght'; did you mean 'weight'?",
    ),
    "another unit": (
        'unit = "cm"\nparameter = "weight"\n',
        "mapping.toml:21: covariates.WT: sets 'weight': 'cm' is not a kind of 'kg'",
    ),
    "no unit": (
        'parameter = "weight"\n',
        "mapping.toml:21: covariates.WT: has no unit, and 'weight', which it sets, is in kg; state unit",
    ),
    "no rule": (WT, "events.csv:2: patient P1: 'WT' changes over time, and its rule is not stated; state 'next'"),
    "unknown rule": (f'{WT}rule = "locf"\n', "covariates.WT.rule: input should be 'next', 'last' or 'linear'"),
    "rule of nothing": ('unit = "kg"\nrule = "last"\n', "covariates.WT.rule: is for a covariate that sets a parameter"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_mapping_is_named_with_its_line(files, fault):
    covariate, message = FAULTS[fault]
    with pytest.raises(InputError) as error:
        read_patients(files(one_patient(), covariate))
    assert message in str(error.value)


def test_every_cell_that_cannot_be_a_parameter_is_named_at_once(files):
    rows = [*one_patient("P1", [""] * 4), *one_patient("P2", ["heavy", 70, 70, 70]), *one_patient("P3", [-5.0] * 4)]
    with pytest.raises(InputError) as error:
        read_patients(files(rows))
    assert "events.csv:6: WT: is no number, and its unit is kg: 'heavy'" in str(error.value)
    with pytest.raises(InputError) as error:
        read_patients(files([row for row in rows if not row.startswith("P2")]))
    text = str(error.value)
    assert (
        "events.csv:2: patient P1: has no value of 'WT', which sets 'weight'; state one, or leave the patient" in text
    )
    assert "events.csv:6: patient P3: 'WT' is -5 kg, but must be positive" in text


def test_a_text_among_numbers_that_no_table_has_is_refused(files):
    data, model = opened(files(one_patient(), WT + 'rule = "last"\n'))
    wrong = replace(data["P1"], covariates={"WT": replace(data["P1"].covariates["WT"], values=(60.0, 80.0, "x", 40.0))})
    with pytest.raises(InputError, match=r"patient P1: 'WT' is 'x', and no number"):
        fit_patient(replace(data, patients={"P1": wrong}), "P1", model=model)


def test_a_column_without_a_value_is_named(files):
    with pytest.raises(InputError, match=r"mapping.toml:21: covariates.WT: no patient has a value, and it sets"):
        read_patients(files(one_patient(weights=[""] * 4)))


def test_a_parameter_is_set_by_one_covariate(files):
    second = f'{WT}[covariates.AGE]\nunit = "kg"\nparameter = "weight"\n'
    rows = [f"{row},3" for row in one_patient(weights=[70.0] * 4)]
    with pytest.raises(InputError, match=r"covariates.WT: sets 'weight', and so does 'AGE'; one of them can"):
        read_patients(files(rows, second, header="ID,TIME,DV,AMT,EVID,DVID,WT,AGE"))


def test_a_parameter_that_a_covariate_sets_is_not_estimated(clinic):
    data, model = clinic
    with pytest.raises(
        InputError, match=r"parameters\.weight: is set by the covariate 'WT' of the data, and cannot be"
    ):
        ClinicProblem.of(data, model, parameters={"CL_70": {}, "weight": {"spread": 0.2}})
    assert [one.name for one in ClinicProblem.of(data, model).parameters] == ["CL_70", "V"]


def test_data_that_were_read_without_the_model_are_checked_when_they_are_fitted(files):
    mapping = files(one_patient())
    said = replace(DataMapping.load(mapping), document=None)
    without = replace(said, patients=said.patients.model_copy(update={"model": None}))
    data = read_patients(mapping.parent / "events.csv", mapping=without)
    with pytest.raises(InputError, match="patient P1: 'WT' changes over time, and its rule is not stated"):
        fit_patient(data, "P1", model=Model.load(mapping.parent / "one.toml"))
