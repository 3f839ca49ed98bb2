"""What the measurements are to show on the shipped model, ten years, the licensed regimen, two cores."""

from __future__ import annotations

from typing import Any

from workload import LIMIT

__all__ = ["BOUNDS", "shown"]

BOUNDS: dict[str, tuple[str, float]] = {
    "agreement with Radau: worst relative error": ("<=", LIMIT),
    "one patient: times faster than scipy LSODA": (">=", 25),
    "1000 patients: times faster than scipy LSODA": (">=", 60),
    "1000 patients: times faster than CasADi CVODES": (">=", 10),
    "100,000 patients: s": ("<=", 90),
    "100,000 patients: peak GiB": ("<=", 2),
    "ten sensitivities: times a plain solve": ("<=", 5),
    "ten sensitivities: error": ("<=", 1e-5),
    "first use: s more than the next process": ("<=", 45),
    "next process: s to first result without imports": ("<=", 1.5),
    "next process: s to first result": ("<=", 3),
    "fit hill_cawthorne_2012: s": ("<=", 2),
}
_POPULATION = 100_000


def shown(found: dict[str, Any]) -> dict[str, float]:
    """The measured counterpart of each bound, as far as it was measured."""
    values: dict[str, float] = {}
    if found["agreement"]:
        values["agreement with Radau: worst relative error"] = max(one["worst"] for one in found["agreement"])
    for row in found["engines"]:
        for key, head in (("one", "one patient"), ("thousand", "1000 patients")):
            values[f"{head}: times faster than {row['engine']}"] = row.get("ratios", {}).get(key)
    if found["crowd"] and found["crowd"]["patients"] == _POPULATION:
        values["100,000 patients: s"] = found["crowd"]["seconds"]
        values["100,000 patients: peak GiB"] = found["crowd"]["peak_GiB"]
    if found["sensitivity"]:
        values["ten sensitivities: times a plain solve"] = found["sensitivity"]["ratio"]
        values["ten sensitivities: error"] = found["sensitivity"]["error"]
    if starts := found["start"]:
        first, later = [one["first_use"] for one in starts], [one["later"] for one in starts]
        values["first use: s more than the next process"] = max(
            one["to_first_result_s"] - two["to_first_result_s"] for one, two in zip(first, later, strict=True)
        )
        values["next process: s to first result without imports"] = max(one["without_imports_s"] for one in later)
        values["next process: s to first result"] = max(one["to_first_result_s"] for one in later)
    if found["fitting"]:
        values["fit hill_cawthorne_2012: s"] = found["fitting"]["seconds"]
    return {name: values[name] for name in BOUNDS if values.get(name) is not None}
