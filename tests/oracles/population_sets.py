"""Individual data with models in closed form: what the published estimates of ../shared/oracles are of."""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from kinetics.mixed_effects import (
    ClosedForm,
    Identity,
    IndividualParameter,
    MixedEffectsModel,
    Observations,
    PopulationValues,
)

ORACLES = Path(__file__).resolve().parents[3] / "shared" / "oracles"
needs_oracles = pytest.mark.skipif(not (ORACLES / "nlme").is_dir(), reason=f"the oracles {ORACLES} are not here")


@dataclass(frozen=True)
class PopulationSet:
    """A model with its data, and published estimates."""

    model: MixedEffectsModel
    published: PopulationValues


def rows_of(name, delimiter=",", skip=0):
    """The rows of a table as dictionaries."""
    opened = gzip.open if name.endswith("gz") else open
    with opened(ORACLES / name, "rt", encoding="utf-8-sig") as file:
        return [*csv.DictReader(file.read().splitlines()[skip:], delimiter=delimiter)]


def column(rows, name):
    return [float(row[name]) for row in rows]


def observed(rows, individual, time, value):
    return Observations.from_table([row[individual] for row in rows], column(rows, time), column(rows, value))


def by_individual(observations, doses):
    """A dose of each individual, (individual, 1)."""
    return np.array([[doses[name]] for name in observations.ids])


def many_doses(observations, doses):
    """Times and amounts of the doses of each individual, (individual, dose), amounts 0 where there is none."""
    table = np.zeros((2, len(observations), max(map(len, doses.values()))))
    for index, name in enumerate(observations.ids):
        table[:, index, : len(doses[name])] = np.array(doses[name]).T
    return {"dose_time": table[0], "dose": table[1]}


def variances(**sd):
    return {name: value**2 for name, value in sd.items()}


def one_compartment_oral(x, p):
    """First-order absorption, with a lag if there is one; amounts over the volume."""
    k, t = p["CL"] / p["V"], x["time"] - p.get("Tlag", 0.0)
    t = np.where(np.real(t) > 0, t, 0.0)
    return x["dose"] * p["ka"] / p["V"] / (p["ka"] - k) * (np.exp(-k * t) - np.exp(-p["ka"] * t))


def one_compartment_infusion(x, p):
    k, end = p["CL"] / p["V"], x["dose"] / x["rate"]
    rise = 1 - np.exp(-k * np.minimum(x["time"], end))
    return x["rate"] / p["CL"] * rise * np.exp(-k * np.maximum(x["time"] - end, 0.0))


def after_boluses(x, response):
    """The sum of a response to a unit bolus over all doses; ``response`` takes (individual, observation, dose)."""
    elapsed = x["time"][:, :, None] - x["dose_time"][:, None]
    return (np.where(elapsed >= 0, x["dose"][:, None], 0.0) * response(np.maximum(elapsed, 0.0))).sum(axis=2)


def one_compartment_boluses(x, p):
    return after_boluses(x, lambda t: np.exp(-p["k"][:, :, None] * t)) / p["V"]


def two_compartment_boluses(x, p):
    k10, k12, k21 = p["CL"] / p["V1"], p["Q"] / p["V1"], p["Q"] / p["V2"]
    total = k10 + k12 + k21
    root = np.sqrt(total**2 - 4 * k10 * k21)
    fast, slow = ((total + root) / 2)[:, :, None], ((total - root) / 2)[:, :, None]
    share = (fast - k21[:, :, None]) / (fast - slow)
    return after_boluses(x, lambda t: share * np.exp(-fast * t) + (1 - share) * np.exp(-slow * t)) / p["V1"]


def closed_form(observations, names, formula, **inputs):
    return ClosedForm(names, formula, {"time": observations.times, **inputs}, observations.occasion)


def log_normal(names):
    return [IndividualParameter(name) for name in names]


def wang(kind):
    """10 subjects with two values each (Wang 2007), at the values of the paper."""
    table = observed(rows_of("wang2007.csv"), "ID", "Time", "Y")
    structural = closed_form(table, ("ke",), lambda x, p: 10 * np.exp(-p["ke"] * x["time"]))
    model = MixedEffectsModel.of(
        structural, table, log_normal(["ke"]), residual={"y": kind}, between_individuals=["ke"]
    )
    residual = {model.errors.names[0]: np.sqrt(0.1)}
    return PopulationSet(model, model.values({"ke": 0.5}, variances={"ke": 0.04}, residual=residual))


def theophylline():
    """12 subjects, one oral dose; the FOCEI optimum of nlmixr2."""
    rows, names = rows_of("theophylline.csv"), ("ka", "CL", "V")
    doses = {row["ID"]: float(row["AMT"]) for row in rows if row["EVID"] == "101"}
    table = observed([row for row in rows if row["EVID"] == "0"], "ID", "TIME", "DV")
    structural = closed_form(table, names, one_compartment_oral, dose=by_individual(table, doses))
    model = MixedEffectsModel.of(
        structural, table, log_normal(names), residual={"y": "additive"}, between_individuals=names
    )
    estimates = model.values(
        {"ka": 1.590, "CL": 2.752, "V": 31.81},
        variances={"ka": 0.4024, "CL": 0.0691, "V": 0.01916},
        residual={"y:a": 0.6944},
    )
    return PopulationSet(model, estimates)


def theophylline_monolix():
    """The same subjects per kg, without time 0; Monolix, combined1."""
    rows, names = rows_of("nlme/theophylline_monolix.txt", "\t"), ("ka", "V", "CL")
    doses = {row["ID"]: float(row["AMT"]) for row in rows if row["AMT"] != "."}
    table = observed([row for row in rows if row["CONC"] != "."], "ID", "TIME", "CONC")
    structural = closed_form(table, names, one_compartment_oral, dose=by_individual(table, doses))
    model = MixedEffectsModel.of(
        structural, table, log_normal(names), residual={"y": "combined1"}, between_individuals=names
    )
    estimates = model.values(
        {"ka": 1.53264, "V": 0.455504, "CL": 0.0401724},
        variances=variances(ka=0.671055, V=0.126281, CL=0.270623),
        residual={"y:a": 0.433280, "y:b": 0.0542595},
    )
    return PopulationSet(model, estimates)


def theophylline_saemix():
    """The same subjects, weight on clearance; saemix."""
    rows = rows_of("nlme/theo.saemix.tab", " ")
    table = observed(rows, "Id", "Time", "Concentration")
    structural = closed_form(table, ("ka", "V", "CL"), one_compartment_oral, dose=table.pad(column(rows, "Dose")))
    model = MixedEffectsModel.of(
        structural,
        table,
        [*log_normal(["ka", "V"]), IndividualParameter("CL", covariates=("Weight",))],
        residual={"y": "additive"},
        between_individuals=["ka", "V", "CL"],
        covariates={"Weight": table.first(column(rows, "Weight"))},
    )
    estimates = model.values(
        {"ka": 1.567, "V": 31.475, "CL": 1.581},
        coefficients={"CL:Weight": 0.008},
        variances={"ka": 0.388, "V": 0.015, "CL": 0.070},
        residual={"y:a": 0.743},
    )
    return PopulationSet(model, estimates)


def warfarin():
    """32 subjects, one oral dose, with a lag; Monolix."""
    rows, names = rows_of("nlme/warfarin_monolix.csv"), ("Tlag", "ka", "V", "CL")
    doses = {row["id"]: float(row["amt"]) for row in rows if row["amt"] != "."}
    table = observed([row for row in rows if row["dv"] != "." and row["dvid"] == "1"], "id", "time", "dv")
    structural = closed_form(table, names, one_compartment_oral, dose=by_individual(table, doses))
    model = MixedEffectsModel.of(
        structural, table, log_normal(names), residual={"y": "combined1"}, between_individuals=names
    )
    estimates = model.values(
        {"Tlag": 0.764323, "ka": 1.456207, "V": 7.960196, "CL": 0.132482},
        variances=variances(Tlag=0.605116, ka=1.082102, V=0.222523, CL=0.286211),
        residual={"y:a": 0.247146, "y:b": 0.0503196},
    )
    return PopulationSet(model, estimates)


def phenobarbital():
    """59 neonates with many doses, Apgar score in three groups; Monolix."""
    rows = rows_of("nlme/phenobarbital_data.csv", ";")
    measured = [row for row in rows if row["CONC"] != "."]
    table = observed(measured, "ID", "TIME", "CONC")
    doses = {name: [] for name in table.ids}
    for row in rows:
        if row["DOSE"] != ".":
            doses[row["ID"]].append((float(row["TIME"]), float(row["DOSE"])))
    apgar = table.first(column(measured, "APGAR"))
    model = MixedEffectsModel.of(
        closed_form(table, ("V", "k"), one_compartment_boluses, **many_doses(table, doses)),
        table,
        [IndividualParameter("V", covariates=("high", "low")), IndividualParameter("k")],
        residual={"y": "proportional"},
        between_individuals=["V", "k"],
        covariates={"high": 1.0 * (apgar >= 8), "low": 1.0 * (apgar <= 3)},
    )
    estimates = model.values(
        {"V": 1.246897, "k": 0.00479853},
        coefficients={"V:high": 0.260578, "V:low": 0.127949},
        variances=variances(V=0.401481, k=0.186667),
        residual={"y:b": 0.108861},
    )
    return PopulationSet(model, estimates)


def bauer():
    """60 subjects, one infusion, three covariates and a full covariance (Bauer 2019); NONMEM FOCEI."""
    rows = rows_of("nlme/bauer_504.csv", skip=1)
    doses = {row["ID"]: (float(row["AMT"]), float(row["RATE"])) for row in rows if float(row["AMT"])}
    measured = [row for row in rows if not float(row["AMT"])]
    table = observed(measured, "ID", "TIME", "DV")
    given = np.array([doses[name] for name in table.ids])
    covariates = {
        "weight": np.log(table.first(column(measured, "WT")) / 70),
        "age": np.log(table.first(column(measured, "AGE")) / 50),
        "sex": table.first(column(measured, "SEX")),
    }
    model = MixedEffectsModel.of(
        closed_form(table, ("CL", "V"), one_compartment_infusion, dose=given[:, :1], rate=given[:, 1:]),
        table,
        [IndividualParameter(name, covariates=tuple(covariates)) for name in ("CL", "V")],
        residual={"y": "proportional"},
        between_individuals=[("CL", "V")],
        covariates=covariates,
    )
    slopes = (0.659764, -0.534045, -0.101058, 1.32154, 0.0522912, -0.0547756)
    names = [f"{parameter}:{covariate}" for parameter in ("CL", "V") for covariate in covariates]
    estimates = model.values(
        {"CL": np.exp(1.10899), "V": np.exp(3.47770)},
        coefficients=dict(zip(names, slopes, strict=True)),
        variances={"CL": 0.0307235, "V,CL": 0.00147874, "V": 0.0466096},
        residual={"y:b": np.sqrt(0.0502578)},
    )
    return PopulationSet(model, estimates)


def two_compartments():
    """120 subjects, boluses into two compartments, simulated; NONMEM FOCEI."""
    rows, names = rows_of("nlme/bolus_2cpt.csv.gz"), ("CL", "V1", "Q", "V2")
    table = observed([row for row in rows if row["EVID"] == "0" and row["SD"] != "0"], "ID", "TIME", "DV")
    doses = {name: [] for name in table.ids}
    for row in rows:
        if float(row["AMT"]) and row["ID"] in doses:
            doses[row["ID"]].append((float(row["TIME"]), float(row["AMT"])))
    model = MixedEffectsModel.of(
        closed_form(table, names, two_compartment_boluses, **many_doses(table, doses)),
        table,
        log_normal(names),
        residual={"y": "proportional"},
        between_individuals=names,
    )
    typical = np.exp([1.37034, 4.19815, 1.38003, 3.87657])
    estimates = model.values(
        dict(zip(names, typical, strict=True)),
        variances=dict(zip(names, (0.101251, 0.0993872, 0.101303, 0.0730498), strict=True)),
        residual={"y:b": 0.196446},
    )
    return PopulationSet(model, estimates)


def cows():
    """560 cows that grow; values to start from."""
    table, names = observed(rows_of("nlme/cow.saemix.tab", " "), "cow", "time", "weight"), ("A", "B", "k")
    structural = closed_form(table, names, lambda x, p: p["A"] * (1 - p["B"] * np.exp(-p["k"] * x["time"])))
    model = MixedEffectsModel.of(
        structural, table, log_normal(names), residual={"y": "additive"}, between_individuals=names
    )
    start = model.values(
        {"A": 800, "B": 0.9, "k": 0.002}, variances={"A": 0.01, "B": 0.001, "k": 0.02}, residual={"y:a": 30}
    )
    return PopulationSet(model, start)


def boys():
    """26 boys who grow in a straight line; values to start from."""
    table = observed(rows_of("nlme/oxboys.saemix.tab", " "), "Subject", "age", "height")
    structural = closed_form(table, ("height", "growth"), lambda x, p: p["height"] + p["growth"] * x["time"])
    parameters = [IndividualParameter(name, Identity()) for name in ("height", "growth")]
    model = MixedEffectsModel.of(
        structural, table, parameters, residual={"y": "additive"}, between_individuals=[("height", "growth")]
    )
    start = model.values({"height": 140, "growth": 6}, variances={"height": 20, "growth": 1}, residual={"y:a": 1})
    return PopulationSet(model, start)
