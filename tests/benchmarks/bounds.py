"""What the measurements are to show on the shipped model, ten years, the licensed regimen, two free cores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workload import LIMIT

__all__ = ["BOUNDS", "measured_values"]

BOUNDS: dict[str, tuple[str, float]] = {
    "agreement with Radau: worst relative error": ("<=", LIMIT),
    "one patient: times faster than scipy LSODA": (">=", 30),
    "1000 patients: times faster than scipy LSODA": (">=", 150),
    "1000 patients: times faster than CasADi CVODES": (">=", 60),
    "100,000 patients: s": ("<=", 40),
    "100,000 patients: peak GiB": ("<=", 0.5),
    "ten sensitivities: times a plain solve": ("<=", 5),
    "ten sensitivities: error": ("<=", 1e-5),
    "simulate 1000 patients, empty cache: s": ("<=", 12),
    "simulate 1000 patients, model new to the cache: s": ("<=", 2.5),
    "simulate 1000 patients, again: s": ("<=", 1.5),
    "simulate 1000 patients, a rate edited: s": ("<=", 2.5),
    "ten sensitivities, model new to the cache: s more than 1000 patients": ("<=", 4),
    "300 states: s to first result": ("<=", 15),
    "1000 states: s to first result": ("<=", 60),
    "fit hill_cawthorne_2012, model new to the cache: s": ("<=", 4),
    "fit care_ms_course_1_population: s": ("<=", 60),
    "1000 patients fitted: s": ("<=", 60),
    "one patient, fitted, predicted and drawn from the command line: s": ("<=", 5),
    "month 24 predicted from course 1: least coverage at 90 %": (">=", 0.85),
    "month 24 predicted from course 1: largest coverage at 90 %": ("<=", 0.95),
    "synthetic clinic by SAEM: s": ("<=", 300),
    "synthetic clinic by SAEM: typical values off by": ("<=", 0.1),
    "synthetic clinic by SAEM: variances off by, standard errors": ("<=", 2.5),
    "synthetic clinic: SAEM less FOCEI, standard errors": ("<=", 0.5),
    "public data: FOCEI above the objective of nlmixr2": ("<=", 0.02),
}
_POPULATION, _PATIENTS, _ITERATIONS = 100_000, 1000, 500


def measured_values(results: dict[str, Any]) -> dict[str, float]:
    """The measured counterpart of each bound, as far as it was measured."""
    values = dict(_values(results))
    return {name: values[name] for name in BOUNDS if values.get(name) is not None}


def _values(results: dict[str, Any]) -> Iterator[tuple[str, float]]:
    if results["agreement"]:
        yield "agreement with Radau: worst relative error", max(row["worst"] for row in results["agreement"])
    for row in results["engines"]:
        for key, head in (("one", "one patient"), ("thousand", "1000 patients")):
            yield f"{head}: times faster than {row['engine']}", row.get("ratios", {}).get(key)
    if results["population"] and results["population"]["patients"] == _POPULATION:
        yield "100,000 patients: s", results["population"]["seconds"]
        yield "100,000 patients: peak GiB", results["population"]["peak_GiB"]
    if results["patients"]:
        fitted = results["patients"]
        if fitted["patients"] == _PATIENTS:
            yield "1000 patients fitted: s", fitted["seconds"]
        command = "one patient, fitted, predicted and drawn from the command line: s"
        yield command, fitted["command"]["seconds"]
        yield "month 24 predicted from course 1: least coverage at 90 %", min(fitted["coverage"].values())
        yield "month 24 predicted from course 1: largest coverage at 90 %", max(fitted["coverage"].values())
    if results["clinic"] and results["clinic"]["iterations"] == _ITERATIONS:
        saem = results["clinic"]["fits"][0]
        yield "synthetic clinic by SAEM: s", saem["seconds"]
        yield "synthetic clinic by SAEM: typical values off by", saem["typical"]
        yield "synthetic clinic by SAEM: variances off by, standard errors", saem["variance"]
        yield "synthetic clinic: SAEM less FOCEI, standard errors", results["clinic"]["difference"]
    if results["published_runs"]:
        focei = [row for row in results["published_runs"]["runs"] if row["method"] == "FOCEI"]
        above = max(row["objective"] - row["published_objective"] for row in focei)
        yield "public data: FOCEI above the objective of nlmixr2", above
    if results["sensitivity"]:
        yield "ten sensitivities: times a plain solve", results["sensitivity"]["ratio"]
        yield "ten sensitivities: error", results["sensitivity"]["error"]
    seconds = {row["call"]: row["seconds"] for row in results["start"]}
    for call, value in seconds.items():
        yield f"{call}: s", value
    gradient = "ten sensitivities, model new to the cache"
    if gradient in seconds:
        simulated = seconds["simulate 1000 patients, model new to the cache"]
        yield f"{gradient}: s more than 1000 patients", seconds[gradient] - simulated
    for row in results["compiling"]:
        yield f"{row['states']} states: s to first result", row["to_result_s"]
    for row in results["fitting"]:
        yield f"fit {row['fit']}: s", row["seconds"]
