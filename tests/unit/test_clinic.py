"""A clinic: what is wrong with a problem is named, a known population recovered, an interrupted run goes on alike."""

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numba
import numpy as np
import pytest

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.errors import InputError, UnknownNameError
from kinetics.estimate import FitInterrupted
from kinetics.mixed_effects import MaximumState, Method, objective
from kinetics.model import Model
from kinetics.patients import CovariateSeries, DoseRecord, Observation, Patient, PatientData, read_patients
from kinetics.patients.clinic import ClinicProblem, fit_population
from kinetics.patients.clinic.problem.assembling import Clinic
from kinetics.patients.population.treated_patients import TreatedPatients
from kinetics.reports.clinic import clinic_text
from kinetics.text.numbers import finite
from kinetics.units import parse_unit

from .patient_cases import COMPARTMENT

ROOT = Path(__file__).parents[2]
PARAMETER = """
F = { value = 0.8, unit = "1", about = "share that arrives", source = "choice", minimum = 0.0, maximum = 1.0 }

[doses.drug]
"""
OUTPUT = """
[outputs.total]
unit = "mg"
value = "A"
about = "amount in the body"
"""
MODEL = COMPARTMENT.replace("\n[doses.drug]\n", PARAMETER).replace('"A/V"', '"F*A/V"') + OUTPUT
TIMES = (1.0, 4.0, 9.0, 16.0)
SHORT = {"explore": 20, "smooth": 20, "draws": 50, "importance": 100, "replicates": 100}
ESTIMATES = {**SHORT, "posterior": False}
"""Without samples of each patient, which take longer than the search for the estimates."""


def algorithm_of(method):
    """Samples are drawn alike after either method: those of one are enough."""
    return SHORT if method == "SAEM" else ESTIMATES


def simulated(n=30, seed=1, limit=None, sd=(0.3, 0.2), typical=(1.3, 9.0), weight_on_clearance=0.0):
    """Counts of patients of a known population, written out anew; weight changes clearance by its logarithm."""
    rng, patients = np.random.default_rng(seed), {}
    for number in range(1, n + 1):
        weight = float(rng.uniform(50, 100))
        clearance, volume = np.array(typical) * np.exp(np.array(sd) * rng.normal(size=2))
        clearance *= (weight / 70) ** weight_on_clearance
        true = 0.8 * 100 / volume * np.exp(-clearance / volume * np.array(TIMES))
        values = true * np.exp(0.1 * rng.normal(size=len(TIMES)))
        counts = tuple(
            Observation(time, "C", max(value, limit or 0), "below" if limit and value < limit else "", sequence=row)
            for row, (time, value) in enumerate(zip(TIMES, values, strict=True), 1)
        )
        covariates = {"weight": CovariateSeries((0.0,), (weight,)), "sex": CovariateSeries((0.0,), ("fm"[number % 2],))}
        patients[f"P{number}"] = Patient(f"P{number}", counts, (DoseRecord(0.0, "drug", 100.0),), covariates)
    return data_of(patients)


def data_of(patients):
    units = {"C": parse_unit("mg/L")}, {"drug": parse_unit("mg")}, {"weight": parse_unit("kg"), "sex": None}
    return PatientData(patients, parse_unit("hour"), *units)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "one.toml"
    path.write_text(MODEL)
    return path


@pytest.fixture
def clinic(tmp_path, model):
    """Writes the file of a clinic of four patients; parts of it may be replaced."""
    rows = [f"P{number},{time:g},C,{10 - time / 2:g},mg/L,70,f" for number in range(1, 5) for time in TIMES]

    def write(clinic="", rest="", rows=rows):
        data = ["patient,time,analyte,value,unit,weight,sex", *rows]
        (tmp_path / "counts.csv").write_text("\n".join(data) + "\n")
        doses = "\n".join(f"P{number},0,drug,100,mg" for number in range(1, 5))
        (tmp_path / "doses.csv").write_text(f"patient,time,drug,amount,unit\n{doses}\n")
        (tmp_path / "mapping.toml").write_text(
            '[patients]\ncounts = "counts.csv"\ndoses = "doses.csv"\n'
            '[columns]\npatient = "patient"\ntime = "time"\nanalyte = "analyte"\nvalue = "value"\nunit = "unit"\n'
            '[dose_columns]\npatient = "patient"\ntime = "time"\ndrug = "drug"\namount = "amount"\nunit = "unit"\n'
            '[time]\nunit = "hour"\n[analytes.C]\noutput = "C"\n[analytes.total]\noutput = "total"\n'
            '[drugs.drug]\ndose = "drug"\n[covariates.weight]\nunit = "kg"\n[covariates.sex]\n'
        )
        file = tmp_path / "clinic.toml"
        file.write_text(f'[clinic]\nmodel = "{model}"\ndata = "mapping.toml"\n{clinic}\n{rest}\n')
        return file

    return write


def faults_of(file):
    with pytest.raises(InputError) as caught:
        ClinicProblem.load(file)
    return [str(fault) for fault in caught.value.faults]


OF_FILE = {
    "unknown parameter": ("", "[parameters]\nCl2 = {}", ":6: parameters.Cl2: model 'one' has no parameter 'Cl2'"),
    "near parameter": ("", "[parameters]\nClL = {}", "did you mean 'CL'?"),
    "the same parameter": ("", '[parameters]\nCL = {}\n"C.L" = {}', "has no parameter 'C.L'"),
    "start out of range": (
        "",
        '[parameters]\nCL = { start = "-1 L/hour" }',
        ":6: parameters.CL.start: starts out of range: is",
    ),
    "start beyond bounds": ("", '[parameters]\nF = { start = "2", spread = 0 }', "is 2, above its maximum 1"),
    "start in another unit": (
        "",
        '[parameters]\nCL = { start = "1 mg" }',
        ":6: parameters.CL.start: 'mg' is not a kind of",
    ),
    "no spread": ("", "[parameters]\nF = {}", "state a spread to start from, or 0 for none"),
    "between occasions": (
        "",
        "[parameters]\nCL = { occasion_spread = 0.2 }",
        ":1: clinic.occasions: occasion_spread needs occasions, and the data name none",
    ),
    "unknown distribution": ("", '[parameters]\nCL = { distribution = "normel" }', "distribution: input should be"),
    "unknown key": ("", "[parameters]\nCL = { omega = 1 }", "parameters.CL.omega: unknown key"),
    "unknown block": ('blocks = [["CL", "F"]]', "", ":4: clinic.blocks: patients do not differ in 'F'"),
    "block of nothing": ('blocks = [["CL", "VV"]]', "", "has no parameter 'VV'; did you mean 'V'?"),
    "twice in blocks": ('blocks = [["CL", "V"], ["V"]]', "", "'V' is named twice"),
    "unknown value held": (
        'hold = ["C:b"]',
        "",
        ":4: clinic.hold: 'C:b' is no value of the population; there are CL, V,",
    ),
    "part of a block held": (
        'blocks = [["CL", "V"]]\nhold = ["var(V,CL)"]',
        "",
        ":5: clinic.hold: hold all of var(CL,CL), var(V,CL), var(V,V), or none",
    ),
    "unknown covariate": ("", '[covariates.wieght]\non = ["CL"]', ":5: covariates.wieght: the data have no such"),
    "covariate on nothing": ("", '[covariates.weight]\non = ["F"]', "'F' is not estimated"),
    "centre of a category": ("", '[covariates.sex]\non = ["CL"]\ncentre = "1 kg"', "has categories"),
    "reference of a number": (
        "",
        '[covariates.weight]\non = ["CL"]\nreference = "f"',
        "is a number and has no reference",
    ),
    "unknown category": ("", '[covariates.sex]\non = ["CL"]\nreference = "x"', "no patient has 'x'"),
    "unknown error": ("", '[errors]\nC = "proportinal 0.1"', ":6: errors.C: 'proportinal' is no kind of error"),
    "error of nothing": ("", '[errors]\nD = "proportional 0.1"', "has no output 'D'"),
    "error of what is not measured": ("", '[errors]\ntotal = "proportional 0.1"', "no count is of this output"),
    "unknown method": ('method = "FOCE1"', "", ":4: clinic.method: input should be 'SAEM', 'FO', 'FOCE', "),
    "prior without a population": ("prior = 5", "[parameters]\nF = { spread = 0.3 }", ":4: clinic.prior: the patients"),
    "unknown cohort": ('cohort = "adult"', "", ":4: clinic.cohort: model 'one' has no cohort 'adult'"),
    "errors of no samples": (
        "",
        '[algorithm]\nposterior = false\nstandard_errors = "stochastic_approximation"',
        ":7: algorithm.standard_errors: needs the samples that posterior = false leaves out",
    ),
    "unknown table": ("", "[covariats]\n", ":5: covariats: unknown table"),
}


@pytest.mark.parametrize("fault", OF_FILE)
def test_a_fault_of_the_file_is_named_with_its_line(clinic, fault):
    header, rest, message = OF_FILE[fault]
    found = faults_of(clinic(header, rest))
    assert len(found) == 1, found
    assert message in found[0]
    assert "clinic.toml:" in found[0]


OF_DATA = {
    "no error": (["P1,20,total,3,mg,70,f"], "errors.total: the model states no noise of total; state one"),
    "all counts censored": ([f"P{n},20,total,<3,mg,70,f" for n in (1, 2)], "every count of total is beyond its limit"),
    "no logarithm": (["P1,20,C,0,mg/L,70,f"], "errors.C: a log-normal error cannot give the count 0 of P1 at 20"),
    "no covariate": (["P1,20,C,1,mg/L,,f", "P5,20,C,1,mg/L,,f"], "covariates.weight: has no value of patient P5"),
    "changing covariate": (["P1,20,C,1,mg/L,80,f"], "changes over time in patient P1"),
}


@pytest.mark.parametrize("fault", OF_DATA)
def test_a_fault_of_the_data_is_named_with_the_line_that_needs_them(clinic, fault):
    further, message = OF_DATA[fault]
    rows = [f"P{number},{time:g},C,{10 - time / 2:g},mg/L,70,f" for number in range(1, 5) for time in TIMES]
    rest = '[covariates.weight]\non = ["CL"]\n' + ('[errors]\ntotal = "additive 1 mg"' if "censored" in fault else "")
    found = faults_of(clinic(rest=rest, rows=rows + further))
    assert len(found) == 1, found
    assert message in found[0]


def test_all_faults_are_named_at_once(clinic):
    chosen = ("unknown parameter", "unknown covariate", "unknown error")
    rest = "\n".join(OF_FILE[name][1] for name in chosen)
    assert len(faults_of(clinic('cohort = "adult"', rest))) >= 3


def test_faults_of_arguments_are_named_by_argument(model):
    with pytest.raises(InputError) as caught:
        ClinicProblem.of(simulated(3), model, parameters={"CL": {"start": "1 mg"}, "VV": {}}, errors={"C": "none"})
    text = str(caught.value)
    assert "VV: model 'one' has no parameter 'VV'; did you mean 'V'?" in text
    assert "start: 'mg' is not a kind of" in text
    assert "errors.C: 'none' is no kind of error" in text


def test_data_in_other_units_are_converted(model):
    data = simulated(3)
    patients = {
        one.id: replace(one, observations=tuple(replace(row, time=row.time / 24) for row in one.observations))
        for one in data
    }
    in_days = PatientData(patients, parse_unit("day"), {"C": parse_unit("ug/L")}, data.drugs, data.covariates)
    converted = ClinicProblem.of(in_days, model).data
    for own, other in zip(data, converted, strict=True):
        for row, found in zip(own.observations, other.observations, strict=True):
            assert (found.time, found.value) == pytest.approx((row.time, row.value / 1000), rel=1e-12)


def test_outputs_and_drugs_that_the_model_has_not_are_refused(model):
    data, named = simulated(3), {"C": "c", "drug": "drag"}
    patients = {
        one.id: replace(
            one,
            observations=tuple(replace(row, output="c") for row in one.observations),
            doses=tuple(replace(dose, drug="drag") for dose in one.doses),
        )
        for one in data
    }
    units = ({named[name]: unit for name, unit in table.items()} for table in (data.outputs, data.drugs))
    with pytest.raises(InputError) as caught:
        ClinicProblem.of(PatientData(patients, data.time, *units, data.covariates), model)
    found = [str(fault) for fault in caught.value.faults]
    assert any("c: model 'one' has no such output; did you mean 'C'?" in one for one in found)
    assert any("drag: model 'one' has no dose of this drug; did you mean 'drug'?" in one for one in found)


def test_a_misspelt_method_and_what_the_problem_says_already_are_refused(model):
    problem = ClinicProblem.of(simulated(3), model)
    with pytest.raises(UnknownNameError, match="no method 'FOCE1'; there are SAEM"):
        fit_population(problem, method="FOCE1")
    with pytest.raises(InputError, match="prior: the problem says it"):
        fit_population(problem, prior=3)
    with pytest.raises(InputError, match="model: give the structural model"):
        fit_population(simulated(3))


def test_patients_without_counts_are_left_out_with_a_warning(model):
    data = simulated(3)
    patients = {**data.patients, "P9": Patient("P9", (), (DoseRecord(0.0, "drug", 100.0),))}
    with pytest.warns(UserWarning, match="1 patient without counts left out: P9"):
        problem = ClinicProblem.of(data_of(patients), model)
    assert problem.patients == ("P1", "P2", "P3")


def test_a_population_needs_patients(model):
    with pytest.raises(InputError, match="has 1 patients with counts; a population needs at least 2"):
        ClinicProblem.of(simulated(1), model)


def test_saem_recovers_a_known_population(model):
    algorithm = {"posterior": False, "replicates": 200}
    fit = fit_population(simulated(40), model, cohort="adults", seed=1, algorithm=algorithm)
    assert fit.typical["CL"] == pytest.approx(1.3, rel=0.1)
    assert fit.typical["V"] == pytest.approx(9.0, rel=0.1)
    rows = {row.name: row for row in fit.rows}
    for name, variance in (("CL", 0.09), ("V", 0.04)):
        row = rows[f"var({name},{name})"]
        assert abs(row.estimate - variance) < 2.5 * row.standard_error
    assert rows["C:a"].estimate == pytest.approx(0.1, rel=0.2)
    focei = fit_population(fit.problem, method="FOCEI")
    for row in focei.rows:
        assert abs(row.estimate - rows[row.name].estimate) < 0.3 * row.standard_error
    npde = fit.tree()["visits"]["NPDE"].values
    assert abs(npde.mean()) < 4 / np.sqrt(npde.size)
    assert npde.std() == pytest.approx(1, abs=0.15)


def test_a_covariate_has_its_power_and_explains_variance(model):
    data = simulated(30, weight_on_clearance=2.0)
    plain = fit_population(data, model, method="FOCEI", algorithm=ESTIMATES)
    covariates = {"weight": {"on": ["CL"], "form": "logarithm", "centre": "70 kg"}}
    fit = fit_population(data, model, method="FOCEI", covariates=covariates, algorithm=ESTIMATES)
    rows = {row.name: row for row in fit.rows}
    assert abs(rows["CL:weight"].estimate - 2.0) < 2.5 * rows["CL:weight"].standard_error
    assert rows["var(CL,CL)"].estimate < 0.6 * plain.values.individuals[0, 0]
    assert fit.typical["CL"] == pytest.approx(1.3, rel=0.12)  # of a patient of 70 kg


def test_a_prior_pulls_towards_the_cohort_and_as_far_as_its_weight(model):
    data = simulated(10)
    typical = [
        fit_population(data, model, method="FOCEI", prior=prior, algorithm=ESTIMATES).typical["CL"]
        for prior in (None, 10.0, 1e6)
    ]
    assert typical[0] > typical[1] > typical[2]
    assert typical[2] == pytest.approx(1.0, rel=1e-3)
    # as many patients of the prior as of the clinic: half way on the logarithm, but for the errors of the counts
    assert np.log(typical[1]) == pytest.approx(np.log(typical[0]) / 2, rel=0.15)


def test_counts_below_a_limit_do_not_bias_the_estimate(model):
    data = [simulated(30, limit=limit) for limit in (None, 1.5)]
    fits = [fit_population(one, model, method="FOCEI", algorithm=ESTIMATES) for one in data]
    assert fits[1].summary()["censored"] > 10
    for row, other in zip(*(fit.rows for fit in fits), strict=True):
        assert abs(row.estimate - other.estimate) < row.standard_error


class Killed(BaseException):
    """Ends a run as a signal would, with nothing written on the way out."""


def stopped_at(step, reason):
    def progress(done, total):
        if done == step:
            raise reason

    return progress


@cache
def uninterrupted(model, method):
    problem = ClinicProblem.of(simulated(8), model, algorithm=algorithm_of(method)).with_settings(method=method, seed=5)
    return problem, fit_population(problem)


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("SAEM", KeyboardInterrupt),
        ("FOCEI", Killed),
        pytest.param("SAEM", Killed, marks=pytest.mark.thorough),
        pytest.param("FOCEI", KeyboardInterrupt, marks=pytest.mark.thorough),
    ],
)
def test_an_interrupted_estimate_goes_on_to_the_same_bits(model, monkeypatch, method, reason):
    monkeypatch.setattr("kinetics.patients.clinic.checkpoint.KEEP_EVERY", 0.0)
    problem, whole = uninterrupted(model, method)
    done = "15 of [0-9]+ iterations are" if method == "SAEM" else "1 round of the search is"
    is_kept = reason is KeyboardInterrupt
    with pytest.raises(FitInterrupted if is_kept else Killed, match=f"{done} done and kept" if is_kept else None):
        fit_population(problem, progress=stopped_at(15 if method == "SAEM" else 1, reason))
    steps = []
    resumed = fit_population(problem, resume=True, progress=lambda done, total: steps.append(done))
    assert steps[0] == 16 if method == "SAEM" else steps[0] > 1
    assert same(whole, resumed)


def same(one, other):
    """Whether two fits have the same numbers to the last bit."""
    trees = (fit.tree() for fit in (one, other))
    pairs = zip(*((dict(node.dataset.variables) for node in tree.subtree) for tree in trees), strict=True)
    return all(
        left.keys() == right.keys() and all(left[name].identical(right[name]) for name in left) for left, right in pairs
    )


def test_a_damaged_checkpoint_begins_anew(model, monkeypatch, tmp_path):
    monkeypatch.setattr("kinetics.patients.clinic.checkpoint.cache_folder", lambda: tmp_path)
    monkeypatch.setattr("kinetics.patients.clinic.checkpoint.KEEP_EVERY", 0.0)
    problem = ClinicProblem.of(simulated(4), model, algorithm=ESTIMATES)
    with pytest.raises(FitInterrupted):
        fit_population(problem, progress=stopped_at(3, KeyboardInterrupt))
    (file,) = (tmp_path / "clinics").glob("*.json")
    content = json.loads(file.read_text())
    content["arrays"]["iteration"]["values"] = [30]
    file.write_text(json.dumps(content))
    steps = []
    with pytest.warns(UserWarning, match="damaged, or not of this program"):
        fit_population(problem, resume=True, progress=lambda done, total: steps.append(done))
    assert steps[0] == 1
    assert not file.exists()


def test_the_state_of_a_search_is_refused_if_it_is_not_finite_or_not_whole(model):
    with pytest.raises(InputError, match="lacks the array"):
        MaximumState.from_arrays({"rounds": np.array(1)})
    with pytest.raises(InputError, match="not finite: trace"):
        MaximumState.from_arrays({"trace": np.array([np.nan])})


KILLED = """\
import os, signal, sys
from kinetics.mixed_effects.likelihood import maximum
from kinetics.patients.clinic import checkpoint, fit_population
from tests.unit.test_clinic import problem_of

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def at_iteration(done, total):
    if done == 15:
        kill()

def counted(*arguments, evaluations=[], original=maximum.objective):
    evaluations.append(None)
    if len(evaluations) == 20:  # in the second round
        kill()
    return original(*arguments)

model, method = sys.argv[1:]
checkpoint.KEEP_EVERY = 0.0
if method == "FOCEI":
    maximum.objective = counted
fit_population(problem_of(model, method), progress=at_iteration if method == "SAEM" else None)
"""


def problem_of(model, method):
    """One that a killed process and this one work on."""
    return ClinicProblem.of(simulated(8), model, algorithm=ESTIMATES).with_settings(method=method, seed=5)


@pytest.mark.parametrize("method", ["SAEM", pytest.param("FOCEI", marks=pytest.mark.thorough)])
def test_a_process_that_was_killed_goes_on_to_the_same_bits_with_more_threads(model, method):
    one_thread = dict.fromkeys(("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    call = [sys.executable, "-c", KILLED, str(model), method]
    ended = subprocess.run(call, env=os.environ | one_thread, cwd=ROOT, check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    steps = []
    resumed = fit_population(problem_of(model, method), resume=True, progress=lambda done, total: steps.append(done))
    assert steps[0] == (16 if method == "SAEM" else 20)  # the next iteration; the second round, which is the last
    assert same(fit_population(problem_of(model, method)), resumed)


@pytest.mark.parametrize("method", ["SAEM", "FOCEI"])
def test_one_and_two_threads_have_the_same_numbers(model, method):
    problem, fits = (
        ClinicProblem.of(simulated(12), model, algorithm=algorithm_of(method)).with_settings(method=method),
        [],
    )
    threads = numba.get_num_threads()
    for number in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
        numba.set_num_threads(number)
        fits.append(fit_population(problem))
    numba.set_num_threads(threads)
    assert same(*fits)
    predicted = [fit.patient("P3").predict(draws=20, until="30 hour")["interval"]["C"].values for fit in fits]
    np.testing.assert_array_equal(*predicted)


@pytest.mark.parametrize("method", ["SAEM", "FOCEI"])
def test_a_population_that_is_held_whole_is_evaluated(model, method):
    short = {"explore": 2, "smooth": 2, "draws": 50, "importance": 100, "replicates": 100}
    hold = ["CL", "V", "var(CL,CL)", "var(V,V)", "C:a"]
    fit = fit_population(simulated(4), model, method=method, hold=hold, algorithm=short)
    assert [row.name for row in fit.rows if row.held] == hold
    assert [row.estimate for row in fit.rows] == pytest.approx([row.start for row in fit.rows], rel=1e-12)
    found = {name: value for name, (value, _) in fit.objectives}
    if method == "FOCEI":
        known = objective(Method.FOCEI, fit.clinic.model, fit.clinic.start).full
        assert found["objective"] == pytest.approx(known, rel=1e-9)
    assert found["AIC"] == found["importance_sampling"]
    assert fit.tree()["covariance"].to_dataset().sizes["value"] == 0
    assert "held" in clinic_text(fit.summary(), "", "")


@pytest.mark.parametrize("method", ["SAEM", "FOCEI"])
def test_a_start_without_a_covariance_is_refused(model, method):
    short = {"explore": 2, "smooth": 2, "draws": 50, "importance": 100, "replicates": 100}
    with pytest.raises(InputError, match="nothing can be estimated from this start"):
        fit_population(simulated(3), model, method=method, errors={"C": "proportional 1e-300"}, algorithm=short)


@pytest.mark.parametrize("method", ["SAEM", "FOCEI"])
def test_a_patient_whose_counts_are_impossible_is_named(model, method):
    patients = dict(simulated(3).patients)
    patients["P2"] = Patient("P2", patients["P2"].observations)  # no dose, and yet a concentration
    with pytest.raises(InputError, match="patient P2: the counts have no likelihood at the start"):
        fit_population(data_of(patients), model, method=method)


@pytest.mark.parametrize("method", ["SAEM", "FOCEI"])
def test_shuffled_rows_and_patients_have_the_same_numbers(clinic, method):
    rng, rows, algorithm = random.Random(4), [], algorithm_of(method)
    for patient in simulated(4):
        rows += [f"{patient.id},{one.time:g},C,{float(one.value)!r},mg/L,70,f" for one in patient.observations]
    fits = []
    for _ in range(2):
        rng.shuffle(rows)
        rest = "[algorithm]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in algorithm.items())
        fits.append(fit_population(clinic(rest=rest, rows=rows), method=method))
    assert same(*fits)
    predicted = [fit.patient("P3").predict(draws=20, until="30 hour")["interval"]["C"].values for fit in fits]
    np.testing.assert_array_equal(*predicted)


def test_the_estimated_population_is_a_cohort_of_one_patient_and_of_simulations(model):
    import kinetics
    from kinetics.patients.individual.fitting import fit_patient

    fit = fit_population(simulated(12), model, blocks=[("CL", "V")], method="FOCEI", algorithm=SHORT)
    patient = fit_patient(
        fit.problem.data, "P3", model=fit.problem.model, cohort=fit.cohort, errors={"C": "lognormal 0.1"}
    )
    of_clinic = fit.patient("P3")
    np.testing.assert_allclose(of_clinic.random, patient.random, atol=0.02)  # their errors differ a little
    drawn = kinetics.simulate(fit.problem.model, until="10 hour", every="1 hour", cohort=fit.cohort, patients=4)
    assert drawn.sizes["patient"] == 4
    with pytest.raises(UnknownNameError, match="the nearest is P3"):
        fit.patient("P33")


def test_the_summary_is_strict_json_and_the_tree_has_units(model, tmp_path):
    from kinetics.results import read_result

    fit = fit_population(simulated(5), model, method="FOCEI", hold=["C:a"], algorithm=SHORT, out=tmp_path / "fit.nc")
    summary = json.loads(json.dumps(finite(fit.summary()), allow_nan=False))
    assert summary["population"]["C:a"] == {
        "kind": "residual", "value": pytest.approx(0.1), "se": None, "lower": None, "upper": None, "start": 0.1,
        "unit": "1", "held": True,
    }  # fmt: skip
    tree = read_result(tmp_path / "fit.nc")
    assert {"posterior", "observed_data", "log_likelihood", "population", "visits", "trace"} <= set(tree.children)
    assert tree["posterior"]["CL"].dims == ("chain", "draw", "patient")
    assert tree["posterior"]["CL"].attrs["units"] == "L/hour"
    assert tree["log_likelihood"]["C"].sizes["C_visit"] == tree["observed_data"]["C"].size == 20
    assert tree.attrs["data_hash"] == fit.problem.data.content_hash
    assert repr(fit) == "<ClinicFit of 5 patients by FOCEI: CL 1.64, V 11.3>"


def test_parameters_are_transformed_as_stated(model):
    parameters = {
        "CL": {"start": "2 L/hour", "spread": 0.5},
        "V": {"distribution": "normal", "spread": 2},
        "F": {"distribution": "logit_normal", "spread": 0.4, "start": "0.7"},
    }
    problem = ClinicProblem.of(simulated(4), model, parameters=parameters, blocks=[["CL", "V"]])
    clinic = Clinic.of(problem)
    assert clinic.model.typical(clinic.start) == pytest.approx({"CL": 2.0, "V": 10.0, "F": 0.7})
    assert clinic.model.coordinates.individuals.blocks == (("CL", "V"), ("F",))
    np.testing.assert_allclose(np.diag(clinic.start.individuals), [0.25, 4.0, 0.16])
    assert dict(problem.errors.values) == {"C:a": 0.1}


def test_tables_of_counts_are_read_by_the_problem(clinic):
    problem = ClinicProblem.load(clinic(rest='[covariates.sex]\non = ["CL"]\n'))
    assert problem.covariates == ()  # all patients are of one sex
    assert read_patients(clinic().parent / "mapping.toml").ids == problem.patients


def test_a_category_has_a_coefficient_for_all_but_its_reference(model):
    problem = ClinicProblem.of(simulated(4), model, covariates={"sex": {"on": ["CL", "V"], "reference": "m"}})
    (effect,) = problem.covariates
    assert (effect.name, effect.values.tolist(), effect.about) == ("sex=f", [0, 1, 0, 1], "1 if sex is f, 0 if it is m")
    assert "CL:sex=f" in problem.value_names


def test_steady_states_and_resets_are_in_the_predictions(model):
    """Closed form of a bolus every 8 hours for ever, and of one bolus after a reset."""
    doses = (
        DoseRecord(0.0, "drug", 100.0, interval=8.0, steady_state=1),
        DoseRecord(20.0, "drug", 50.0, reset=True, sequence=3),
    )
    counts = tuple(Observation(time, "C", 1.0, sequence=row) for time, row in ((1.0, 1), (4.0, 2), (21.0, 4)))
    structure = Model.load(model)
    treated = TreatedPatients.of(data_of({"P1": Patient("P1", counts, doses)}), structure)
    predictions = treated.predictions(cohort_parameters(structure), ["CL", "V"])
    lanes = np.array([[[1.3, 9.0]], [[0.9, 11.0]]])
    found, slopes = predictions.linearise(np.zeros(2, dtype=int), lanes)
    clearance, volume = lanes[:, 0].T[:, :, None]
    k = clearance / volume
    steady = 0.8 * 100 / volume * np.exp(-k * np.array([1.0, 4.0])) / (1 - np.exp(-8 * k))
    expected = np.concatenate([steady, 0.8 * 50 / volume * np.exp(-k)], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    # of the last by CL: -1 hour/V of itself
    np.testing.assert_allclose(slopes[:, 2, 0, 0], -expected[:, 2] / volume[:, 0], rtol=1e-5)
    np.testing.assert_allclose(predictions.predict(np.zeros(2, dtype=int), lanes), found, rtol=1e-5)
