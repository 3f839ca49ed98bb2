"""Variability between the occasions of a patient: exact likelihoods, known populations recovered, faults named."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

from kinetics.errors import InputError
from kinetics.mixed_effects import Method, objective
from kinetics.model import Model
from kinetics.patients import DoseRecord, Observation, Occasion, Patient, PatientData, read_patients
from kinetics.patients.clinic import ClinicProblem, fit_population
from kinetics.patients.clinic.problem.assembling import Clinic
from kinetics.patients.population.assembling import PatientsOfCohort
from kinetics.patients.population.occasions import PatientOccasions
from kinetics.patients.population.population_prediction import population_prediction
from kinetics.reports.clinic import clinic_text
from kinetics.reports.patient import patient_text
from kinetics.units import parse_unit

from .patient_cases import COMPARTMENT

SUM = """\
[model]
title = "What is added at a rate adds up"
time = "day"

[parameters]
R = { value = 2.0, unit = "mg/day", about = "rate", source = "choice" }
B = { value = 5.0, unit = "mg", about = "start", source = "choice" }

[states.A]
unit = "mg"
initial = "B"
rate = "R"
about = "amount"

[outputs.total]
unit = "mg"
value = "A"
about = "amount"
noise = 0.1

[cohorts.adults]
about = "everybody"
"""
SHORT = {"draws": 50, "importance": 100, "replicates": 100}


@pytest.fixture(scope="module")
def drug(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "one.toml"
    path.write_text(COMPARTMENT)
    return Model.load(path)


@pytest.fixture(scope="module")
def total(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "sum.toml"
    path.write_text(SUM)
    return Model.load(path)


STARTS, SINCE = (0.0, 15.0, 30.0), np.array([1.0, 4.0, 9.0, 14.0])
TYPICAL, SD, BETWEEN, NOISE = (1.4, 9.0), (0.3, 0.2), 0.25, 0.08


def simulated(n=40, seed=4, occasions=3):
    """Concentrations under a clearance that changes between occasions; what is left of one dose goes on in the next."""
    rng, patients = np.random.default_rng(seed), {}
    for number in range(1, n + 1):
        own = np.array(TYPICAL) * np.exp(np.array(SD) * rng.normal(size=2))
        amount, rows, doses, begins, sequence = 0.0, [], [], [], 0
        for index, start in enumerate(STARTS[: occasions if number % 4 else max(1, occasions - 1)]):
            rate = own[0] * np.exp(BETWEEN * rng.normal()) / own[1]
            amount += 100.0
            begins.append(Occasion(str(index + 1), sequence))
            doses.append(DoseRecord(start, "drug", 100.0, sequence=sequence))
            for since in SINCE:
                value = amount * np.exp(-rate * since) / own[1] * np.exp(NOISE * rng.normal())
                sequence += 1
                rows.append(Observation(float(start + since), "C", float(value), sequence=sequence))
            sequence += 1
            amount *= np.exp(-rate * 15.0)
        patients[f"P{number}"] = Patient(f"P{number}", tuple(rows), tuple(doses), occasions=tuple(begins))
    return PatientData(patients, parse_unit("hour"), {"C": parse_unit("mg/L")}, {"drug": parse_unit("mg")})


PARAMETERS = {"CL": {"occasion_spread": 0.4}, "V": {}}


@pytest.fixture(scope="module")
def fits(drug):
    data = simulated()
    of_drug = {"parameters": PARAMETERS, "errors": {"C": "lognormal 0.15"}, "algorithm": SHORT}
    focei = fit_population(data, drug, method="FOCEI", **of_drug)
    of_saem = {"explore": 100, "smooth": 150, "posterior": False}
    return focei, fit_population(data, drug, seed=3, **of_drug | {"algorithm": SHORT | of_saem})


TRUTH = {
    "CL": TYPICAL[0], "V": TYPICAL[1], "var(CL,CL)": SD[0] ** 2, "var(V,V)": SD[1] ** 2,
    "var_occasion(CL,CL)": BETWEEN**2, "C:a": NOISE,
}  # fmt: skip


def test_a_known_population_is_recovered_and_methods_agree(fits):
    focei, stochastic = ({row.name: row for row in fit.rows} for fit in fits)
    assert set(focei) == set(TRUTH)
    assert fits[0].converged
    for name, truth in TRUTH.items():
        for rows in (focei, stochastic):
            assert abs(rows[name].estimate - truth) < 2.5 * rows[name].standard_error, name
            assert 0 < rows[name].standard_error < 0.5 * truth
        assert abs(focei[name].estimate - stochastic[name].estimate) < 0.5 * focei[name].standard_error, name


def test_a_result_has_what_is_known_of_each_occasion(fits, drug, tmp_path):
    fit, data = fits[0], simulated()
    tree = fit.tree()
    table = tree["occasions"].dataset
    assert table["CL"].dims == ("patient", "occasion")
    assert table["CL"].attrs["units"] == "L/hour"
    assert table.sizes["occasion"] == 3
    third = [len(data[str(id)].occasions) == 3 for id in table["patient"].values]
    np.testing.assert_array_equal(np.isfinite(table["CL"].values[:, 2]), third)
    np.testing.assert_array_equal(table["begin"].values[np.array(third)], np.tile(STARTS, (sum(third), 1)))
    assert table["name"].values[0].tolist() == ["1", "2", "3"]
    # of the logarithm of clearance: that of the patient, and the effect of the occasion
    own = np.log(tree["individuals"]["CL"].values)[:, None] + table["random_effect"].values[..., 0]
    np.testing.assert_allclose(np.log(table["CL"].values), own, rtol=1e-12)
    assert tree["individuals"]["random_effect"].sizes == {"patient": 40, "effect": 2}
    between = float(tree["between_occasions"]["covariance"].values[0, 0])
    assert between == {row.name: row.estimate for row in fit.rows}["var_occasion(CL,CL)"]
    kappa = table["random_effect"].values[np.isfinite(table["random_effect"].values)]
    shrunk = float(tree["shrinkage"]["occasion_effects"].values[0])
    assert shrunk == pytest.approx(1 - kappa.std(ddof=1) / np.sqrt(between), rel=1e-12)
    assert 0 < shrunk < 0.5
    assert tree["posterior"]["CL"].dims == ("chain", "draw", "patient", "occasion")
    assert tree["posterior"]["V"].dims == ("chain", "draw", "patient")
    assert set(tree["visits"]["occasion"].values) == {1, 2, 3}
    fit.save(tmp_path / "fit.nc")
    text = clinic_text(fit.summary(), "", "")
    assert "Differences between the occasions of a patient" in text
    assert "var_occasion(CL,CL)" in text
    json.dumps(fit.summary())


def counted(starts=(0.0, 10.0, 17.0), begin=0.0):
    """Amounts of three patients of unlike occasions; their numbers are any."""
    rng, patients = np.random.default_rng(2), {}
    for number, kept in enumerate((3, 2, 3), 1):
        times = np.append(0.0, np.sort(rng.uniform(0.5, 25, 8)) if number > 1 else [1.0, 9.0, 10.0, 12.0, 20.0])
        times = times[times < (*starts, 99.0)[kept]]
        rows = tuple(
            Observation(float(time + begin), "total", float(5 + 2 * time + rng.normal()), sequence=index)
            for index, time in enumerate(times)
        )
        begins = tuple(Occasion("abc"[index], int(np.searchsorted(times, starts[index]))) for index in range(kept))
        patients[f"P{number}"] = Patient(f"P{number}", rows, occasions=begins)
    return PatientData(patients, parse_unit("day"), {"total": parse_unit("mg")})


BETWEEN_R_AND_B = np.array([[0.16, 0.1], [0.1, 0.36]])
"""Covariance of the effects of an occasion on the rate and on the start, of which only the first occasion has one."""


@pytest.mark.parametrize("method", ["FO", "FOCE", "FOCEI", "Laplace"])
@pytest.mark.parametrize("is_correlated", [False, True])
def test_a_model_that_is_linear_in_its_effects_has_the_exact_likelihood(total, method, is_correlated):
    rows = {
        "R": {"distribution": "normal", "spread": 0.7, "occasion_spread": 0.4},
        "B": {"distribution": "normal", "spread": 1.2} | ({"occasion_spread": 0.6} if is_correlated else {}),
    }
    data, blocks = counted(), [["R", "B"]] if is_correlated else None
    problem = ClinicProblem.of(
        data, total, parameters=rows, errors={"total": "additive 0.5 mg"}, occasion_blocks=blocks
    )
    clinic, exact = Clinic.of(problem), 0.0
    start = replace(clinic.start, occasions=BETWEEN_R_AND_B) if is_correlated else clinic.start
    assert ("var_occasion(B,R)" in problem.value_names or "var_occasion(R,B)" in problem.value_names) == is_correlated
    for patient in data:
        times = np.array([row.time for row in patient.observations])
        starts = [times[one.sequence] for one in patient.occasions]
        # an occasion begins with its first record, the first one with the patient
        edges = np.array([0.0, *starts[1:], np.inf])
        spans = np.clip(times[:, None], edges[:-1], edges[1:]) - edges[:-1]
        covariance = 0.7**2 * np.outer(times, times) + 0.4**2 * spans @ spans.T + 1.2**2 + 0.5**2 * np.eye(times.size)
        if is_correlated:
            covariance += 0.36 + 0.1 * (spans[:, :1] + spans[:, 0])
        values = [row.value for row in patient.observations]
        exact -= 2 * multivariate_normal.logpdf(values, 5.0 + 2.0 * times, covariance)
    assert objective(Method(method), clinic.model, start).full == pytest.approx(exact, abs=1e-6)


def test_occasions_move_with_all_records_of_a_patient(total):
    rows = {"R": {"distribution": "normal", "spread": 0.7, "occasion_spread": 0.4}}
    common = {"parameters": rows, "errors": {"total": "additive 0.5 mg"}}
    early, late = (Clinic.of(ClinicProblem.of(counted(begin=begin), total, **common)) for begin in (-30.0, 0.0))
    assert early.treated.occasions["P1"].begin == -30.0
    values = [objective(Method.FOCEI, one.model, one.start).full for one in (early, late)]
    assert values[0] == pytest.approx(values[1], rel=1e-9)


def test_courses_make_the_same_occasions_as_a_column(drug):
    column = ClinicProblem.of(simulated(6), drug, parameters=PARAMETERS)
    course = ClinicProblem.of(simulated(6), drug, parameters=PARAMETERS, occasions="course", course_gap="10 hour")
    assert column.content_hash != course.content_hash
    both = [Clinic.of(one) for one in (column, course)]
    values = [objective(Method.FOCEI, one.model, one.start).full for one in both]
    assert values[0] == pytest.approx(values[1], rel=1e-12)
    assert both[1].treated.occasions["P1"].names == ("course 1", "course 2", "course 3")


def test_curves_between_counts_have_the_parameters_of_each_occasion(fits):
    tree = fits[0].tree()
    curves, visits = tree["individual_fits"].dataset, tree["visits"].dataset
    for id in curves["patient"].values:
        own, curve = visits["patient"].values == id, curves.sel(patient=id)
        for name in ("IPRED", "PRED"):
            logarithm = np.log(curve["C"].sel(prediction=name).values)
            found = np.exp(np.interp(visits["time"].values[own], curve["time"].values, logarithm))
            np.testing.assert_allclose(found, visits[name].values[own], rtol=1e-5)


def test_a_simulated_group_changes_from_occasion_to_occasion(total):
    """A rate of each occasion: its effects add up over the time that is spent in each."""
    rows = {"R": {"distribution": "normal", "spread": 0.01, "occasion_spread": 0.8}}
    data = counted()
    problem = ClinicProblem.of(data, total, parameters=rows, errors={"total": "additive 0.01 mg"})
    clinic = Clinic.of(problem)
    patients = PatientsOfCohort(clinic.treated, problem.cohort, problem.errors, clinic.model, clinic.start)
    found = population_prediction(patients, seed=3)
    times, low, high = found["time"].values, *found["total"].sel(count="true", quantile=[0.05, 0.95]).values
    deviations = []
    for patient in data:
        starts = [patient.observations[one.sequence].time for one in patient.occasions[1:]]
        edges = np.array([0.0, *starts, np.inf])
        spans = np.clip(times[:, None], edges[:-1], edges[1:]) - edges[:-1]
        deviations.append(np.sqrt(0.01**2 * times**2 + 0.8**2 * (spans**2).sum(axis=1)))
    at = np.searchsorted(times, times[-1] * np.array([0.2, 0.5, 0.8, 1.0]))
    for index in at:
        own = [one[index] for one in deviations]
        width = brentq(lambda z, own=own: norm.cdf(z / np.array(own)).mean() - 0.95, 0.0, 100.0)
        assert (high - low)[index] == pytest.approx(2 * width, rel=0.12)


def test_occasions_that_are_counted_from_another_time_keep_their_times():
    three = PatientOccasions(("a", "b", "c"), ((10.0, 3), (20.0, 5)), 0.0)
    assert three.counted_from(-5.0, 1) == PatientOccasions(("a", "b"), ((15.0, 3),), -5.0)
    assert three.counted_from(0.0, 9) == three


@pytest.mark.filterwarnings("ignore:the counts hardly determine")
def test_a_prediction_has_the_courses_that_are_the_occasions(drug):
    stated = {"parameters": PARAMETERS, "occasions": "course", "course_gap": "10 hour", "algorithm": SHORT}
    fit = fit_population(simulated(6), drug, method="FO", **stated).patient("P1")
    assert fit.treatment.starts.tolist() == [*STARTS]
    assert fit.treatment.occasions == STARTS[1:]
    tree = fit.predict(retreat="60 hour", until="90 hour", every="1 hour", draws=2)
    assert tree["course_start"].values.tolist() == [*STARTS, 60.0]
    # the last course again is one dose
    time, best = tree["time"].values, tree["C"].values
    values = dict(zip(fit.names, fit.values(fit.random[None])[0].tolist(), strict=True))
    before, after = (best[np.abs(time - at).argmin()] for at in (60.0, 61.0))
    left = np.exp(-values["CL"] / values["V"])
    assert after == pytest.approx((before + 100.0 / values["V"]) * left, rel=1e-4)


def faulty(changes, drug, **options):
    with pytest.raises(InputError) as caught:
        ClinicProblem.of(changes(simulated(6)), drug, **{"parameters": PARAMETERS} | options)
    return str(caught.value)


def without_occasions(data):
    patients = {one.id: Patient(one.id, one.observations, one.doses) for one in data}
    return PatientData(patients, data.time, data.outputs, data.drugs)


def misplaced(occasions, data):
    """The same with other occasions of one patient."""
    changed = replace(data["P3"], occasions=tuple(Occasion(name, number) for number, name in occasions))
    return replace(data, patients={**data.patients, "P3": changed})


def test_what_is_wrong_with_occasions_is_named(drug):
    def same(data):
        return data

    assert "occasion_spread needs occasions, and the data name none" in faulty(without_occasions, drug)
    text = faulty(lambda data: simulated(6, occasions=1), drug)
    assert "every patient has counts in one occasion alone: how CL differs between occasions cannot be" in text
    for wrong in (((0, "1"), (99, "2")), ((5, "1"), (0, "2")), ((0, "1"), (5, "1"))):
        text = faulty(partial(misplaced, wrong), drug)
        assert "occasions of patients P3 do not begin with records one after the other" in text
    text = faulty(without_occasions, drug, occasions="course")  # 60 days have no second course
    assert "in one occasion alone" in text
    assert "no parameter differs between them" in faulty(same, drug, parameters=["CL"], occasions="column")
    assert "course_gap: is for occasions = 'course'" in faulty(same, drug, course_gap="3 day")
    assert "must be a positive time" in faulty(same, drug, occasions="course", course_gap="-1 day")
    # that the gap is no text says nothing of occasions
    assert (
        faulty(same, drug, occasions="course", course_gap=5)
        == "clinic.course_gap: input should be a valid string, found 5"
    )
    assert "'column' or 'course'" in faulty(same, drug, occasions="visit")
    text = faulty(same, drug, occasion_blocks=[["CL", "V"]])
    assert text == "clinic.occasion_blocks: occasions do not differ in 'V'; give it an occasion_spread"
    for spread in (float("nan"), float("inf"), -0.1, 0.0, "0.3", 1e300, 1e-200):
        text = faulty(same, drug, parameters={"CL": {"occasion_spread": spread}})
        assert text.startswith("parameters.CL.occasion_spread: ")
        assert text.count("\n") == 0


TABLE = "ID,TIME,AMT,EVID,DV,OCC\n1,0,100,1,.,1\n1,2,.,0,5.0,{}\n1,15,.,0,1.0,1\n1,15,100,1,.,2\n1,17,.,0,6.0,2\n"


def test_a_column_of_occasions_is_read_written_and_read_again(tmp_path):
    (tmp_path / "events.csv").write_text(TABLE.format("1"))
    data = read_patients(tmp_path / "events.csv")
    assert data["1"].occasions == (Occasion("1", 0), Occasion("2", 3))
    assert [data["1"].occasion(row) for row in data["1"].records] == ["1", "1", "1", "2", "2"]
    data.to_csv(tmp_path / "tidy.csv")
    again = read_patients(tmp_path / "tidy.csv")
    assert again == data
    assert again.content_hash == data.content_hash
    table = data.to_dataset()
    assert table["occasion"].values.tolist() == [["1", "1", "2"]]
    assert table["dose_occasion"].values.tolist() == [["1", "2"]]


@pytest.mark.parametrize(
    ("cell", "message"),
    {
        "blank": (".", "events.csv:3: OCC: is empty; say which occasion the row is of"),
        "not finite": ("inf", "events.csv:3: OCC: must be a finite number or a name, found 'inf'"),
        "again": ("2", "events.csv:4: OCC: occasion '1' of patient '1' comes again after '2'"),
    }.values(),
)
def test_every_fault_of_a_column_of_occasions_has_its_row(tmp_path, cell, message):
    (tmp_path / "events.csv").write_text(TABLE.format(cell))
    (tmp_path / "mapping.toml").write_text(
        '[patients]\nlayout = "events"\ncounts = "events.csv"\n[columns]\npatient = "ID"\ntime = "TIME"\n'
        'amount = "AMT"\nevent = "EVID"\nvalue = "DV"\noccasion = "OCC"\n'
        '[analytes.DV]\noutput = "C"\n[drugs.AMT]\ndose = "drug"\n'
    )
    with pytest.raises(InputError) as caught:
        read_patients(tmp_path / "mapping.toml")
    assert message in str(caught.value)


def test_faults_of_several_patients_stand_in_the_order_of_rows(tmp_path):
    rows = [
        f"P{number},{time},{value},{time % 2}" for number in range(9, 0, -1) for time, value in enumerate((5, 4, 3))
    ]
    (tmp_path / "events.csv").write_text("\n".join(["ID,TIME,DV,OCC", *rows]) + "\n")
    (tmp_path / "mapping.toml").write_text(
        '[patients]\nlayout = "events"\ncounts = "events.csv"\n[columns]\npatient = "ID"\ntime = "TIME"\n'
        'value = "DV"\noccasion = "OCC"\n[analytes.DV]\noutput = "C"\n'
    )
    with pytest.raises(InputError) as caught:
        read_patients(tmp_path / "mapping.toml")
    assert [fault.where.rpartition(":")[2] for fault in caught.value.faults] == [str(4 + 3 * n) for n in range(9)]


def test_occasions_of_counts_need_those_of_doses(tmp_path):
    (tmp_path / "counts.csv").write_text("patient,time,analyte,value,visit\nP1,1,A,2.0,1\nP1,9,A,3.0,2\n")
    (tmp_path / "doses.csv").write_text("patient,time,drug,amount\nP1,8,drug,100\n")
    (tmp_path / "mapping.toml").write_text(
        '[patients]\ncounts = "counts.csv"\ndoses = "doses.csv"\n[columns]\npatient = "patient"\ntime = "time"\n'
        'analyte = "analyte"\nvalue = "value"\noccasion = "visit"\n[dose_columns]\npatient = "patient"\n'
        'time = "time"\ndrug = "drug"\namount = "amount"\n[analytes.A]\noutput = "A"\n[drugs.drug]\ndose = "drug"\n'
    )
    with pytest.raises(InputError, match=r"mapping\.toml:10: dose_columns: occasions are in both tables"):
        read_patients(tmp_path / "mapping.toml")


def test_a_column_that_is_no_occasion_of_every_row_is_not_guessed_as_one(tmp_path):
    for cell in (".", "2"):
        (tmp_path / "events.csv").write_text(TABLE.format(cell))
        assert read_patients(tmp_path / "events.csv")["1"].occasions == ()


def test_a_planned_course_is_a_new_occasion_of_the_population(fits):
    fit = fits[0].patient("P1")
    assert fit.parameters["estimate"].sizes == {"parameter": 2}
    with pytest.raises(InputError, match=r"20 hour is before an occasion of patient P1 begins"):
        fit.predict(retreat="20 hour")
    tree = fit.predict(retreat="60 hour", until="90 hour", every="1 hour", draws=400, seed=2)
    assert tree.attrs["new_occasions"] == 1
    assert "it is a new occasion, whose effects are drawn from the population" in " ".join(patient_text(tree).split())
    time, draws = tree["draws"]["time"].values, tree["draws"]["C"].values
    # the last decline of each draw says its clearance over volume in the new occasion
    late = np.abs(time[:, None] - [80.0, 90.0]).argmin(axis=0)
    rates = np.log(draws[:, late[0]] / draws[:, late[1]]) / 10.0
    own = fit.values(fit.draws(400, 2))
    expected = np.log(own[:, 0] / own[:, 1])
    between = np.sqrt(fits[0].values.occasions[0, 0])
    effects = np.log(rates) - expected
    assert abs(effects.mean()) < 3 * between / 20
    assert effects.std() == pytest.approx(between, rel=0.12)
    # the most probable curve has no effect in the new occasion, and in the old ones those of the conditional mode
    best = tree["C"].values
    value = dict(zip(fit.names, fit.values(fit.random[None])[0].tolist(), strict=True))
    assert np.log(best[late[0]] / best[late[1]]) / 10.0 == pytest.approx(value["CL"] / value["V"], rel=1e-4)
    modes = fits[0].tree()["occasions"]["CL"].sel(patient="P1").values
    visits = fits[0].tree()["visits"].dataset
    for row in np.flatnonzero(visits["patient"].values == "P1"):
        at = np.abs(time - visits["time"].values[row]).argmin()
        assert best[at] == pytest.approx(visits["IPRED"].values[row], rel=1e-4)
    middle = np.abs(time[:, None] - [19.0, 29.0]).argmin(axis=0)
    assert np.log(best[middle[0]] / best[middle[1]]) / 10.0 == pytest.approx(modes[1] / value["V"], rel=1e-4)


def test_the_same_draws_go_on_without_the_planned_course(fits):
    tree = fits[0].patient("P2").predict(retreat="60 hour", until="90 hour", every="5 hour", draws=50)
    before = tree["interval"]["time"].values < 60
    with_course, without = (tree[name]["C"].values[:, before] for name in ("interval", "without"))
    np.testing.assert_allclose(with_course, without, rtol=1e-6)
