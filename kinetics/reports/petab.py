"""A problem of PEtab, and its fit, as text: what is estimated and measured, how well it fits, and what to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from kinetics.interop.petab.fitting import PetabFitProblem
from kinetics.text.numbers import count_text, interval_text, number_text
from kinetics.text.tables import WIDTH, Table, page_text

_ENDS = {
    "open": "as far as the bound",
    "impossible": "where the model cannot be simulated",
    "unknown": "not followed to its end",
}


def petab_text(summary: Mapping[str, Any], width: int = WIDTH) -> str:
    """Everything the fit of a PEtab problem says: its summary in the order in which it is read."""
    parts: list[str | Table] = [
        f"{summary['problem']}: PEtab {summary['petab_version']}",
        petab_estimates(summary),
        petab_observables(summary),
        ", ".join(petab_facts(summary)),
        *(f"Note: {warning}." for warning in petab_notes(summary)),
        f"Seed {summary['seed']}; {summary['engine']}, tolerances {summary['relative_tolerance']:g} relative and "
        f"{summary['absolute_tolerance']:g} absolute; files {summary['data_hash'][:12]}; lymphokinetics "
        f"{summary['package_version']}.",
    ]
    return page_text(parts, width)


def petab_estimates(summary: Mapping[str, Any]) -> Table:
    """Estimates with their intervals, by the profile too if there is one."""
    rows = summary["estimates"]
    with_profile = any("profile" in row for row in rows.values())
    cells = [
        [name, number_text(row["value"]), interval_text(row["lower"], row["upper"])]
        + ([_of_profile(row.get("profile"))] if with_profile else [])
        for name, row in rows.items()
    ]
    head = ["parameter", "estimate", "95 % interval", *(["95 % by the profile"] if with_profile else [])]
    return Table("Estimates", head, cells, (0, 2, 3) if with_profile else (0, 2))


def _of_profile(profile: Mapping[str, Any] | None) -> str:
    return "-" if profile is None else interval_text(profile["lower"], profile["upper"])


def petab_observables(summary: Mapping[str, Any]) -> Table:
    """What was measured of each observable, and how well it fits."""
    cells = [
        [name, str(row["measurements"]), str(row["experiments"]), number_text(row["chi2"])]
        for name, row in summary["observables"].items()
    ]
    return Table("Observables", ["observable", "measurements", "experiments", "chi2"], cells, (0,))


def petab_facts(summary: Mapping[str, Any]) -> list[str]:
    """How well everything fits together, and how sure the best is, in words."""
    facts = [
        f"log-likelihood {summary['log_likelihood']:.6g}",
        f"chi2 {summary['chi2']:.6g} of {count_text(summary['measurements'], 'measurement')}",
        f"{summary['searches_that_agree']} of {summary['searches']} searches ended as high",
    ]
    if summary["log_prior"]:
        facts.insert(1, f"logarithm of the prior {summary['log_prior']:.6g}")
    return facts


def petab_notes(summary: Mapping[str, Any]) -> list[str]:
    """What a reader must know, of profiles too that are not closed."""
    notes = list(summary["warnings"])
    for name, row in summary["estimates"].items():
        ends = {side: row.get("profile", {}).get(f"{side}_end", "closed") for side in ("lower", "upper")}
        said = [f"{side} end {_ENDS[end]}" for side, end in ends.items() if end != "closed"]
        if said:
            notes.append(f"the profile of {name} is not closed: {', '.join(said)}")
    return notes


def petab_problem_text(problem: PetabFitProblem, width: int = WIDTH) -> str:
    """A problem before its fit: what is estimated within which bounds, what is held, what is measured."""
    tables, model = problem.tables, problem.plan.assembled.model
    measured = Counter(row.observable for row in tables.measurements)
    experiments = {name: {row.experiment for row in tables.measurements if row.observable == name} for name in measured}
    estimated = [
        [
            name,
            scale,
            *map(number_text, (row.nominal, row.lower, row.upper)),
            "-" if row.prior is None else row.prior.kind,
        ]
        for name, scale in zip(problem.names, problem.scales, strict=True)
        for row in (tables.parameters[name],)
    ]
    observables = [
        [name, row.transformation, row.distribution, str(measured[name]), str(len(experiments.get(name, ())))]
        for name, row in tables.observables.items()
    ]
    held = [[name, number_text(row.nominal)] for name, row in tables.parameters.items() if not row.estimate]
    times = [row.time for row in tables.measurements if np.isfinite(row.time)]
    span = f", at times {min(times):g} to {max(times):g}" if times else ""
    parts: list[str | Table] = [
        f"{problem.name}: PEtab {tables.version}; model {model.name} in {tables.model_path.name}",
        Table("Estimated", ["parameter", "scale", "nominal", "lower", "upper", "prior"], estimated, (0, 1, 5)),
        Table("Observables", ["observable", "scale", "noise", "measurements", "experiments"], observables, (0, 1, 2)),
        f"{count_text(len(tables.measurements), 'measurement')} in "
        f"{count_text(len(problem.plan.measured), 'experiment')}{span}.",
        f"'kinetics fit {tables.path.name} --starts N --out FILE.nc' estimates the parameters.",
    ]
    if held:
        parts.insert(2, Table("Held", ["parameter", "value"], held, (0,)))
    return page_text(parts, width)
