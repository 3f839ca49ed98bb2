"""How a result came about: versions, hashes, seed, engine, tolerances."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from kinetics import __version__
from kinetics.documents.content import Block, Facts, Note, Section
from kinetics.model import Model

_WORDS = {
    "package_version": "made with lymphokinetics",
    "created": "made at",
    "fit": "fit",
    "clinic": "clinic",
    "patient": "patient",
    "petab": "problem of PEtab",
    "petab_version": "version of PEtab",
    "model": "model",
    "model_hash": "SHA-256 of the model",
    "cohort": "cohort",
    "cohort_hash": "SHA-256 of the cohort",
    "regimen": "regimen",
    "regimen_hash": "SHA-256 of the regimen",
    "data_hash": "SHA-256 of the data",
    "problem_hash": "SHA-256 of the problem",
    "builds_on": "builds on the fits",
    "fits": "estimates of the fits",
    "method": "method",
    "seed": "seed",
    "draws": "draws",
    "patients": "patients",
    "engine": "engine",
    "relative_tolerance": "relative tolerance",
    "absolute_tolerance": "absolute tolerance",
    "cost": "cost, half the sum of squared residuals",
    "condition_number": "condition number",
    "converged": "converged",
    "checksum": "SHA-256 of the result",
}
"""Of the attributes of a result, in the order in which they are listed."""


def provenance_section(facts: Mapping[str, Any], model: Model | None) -> Section:
    """The facts of a result that are known, and whether its model is still the same, if it is at hand."""
    listed = [(words, _text(key, facts.get(key))) for key, words in _WORDS.items()]
    rows = [(words, text) for words, text in listed if text]
    rows += [(f"SHA-256 of {name}", text) for name, text in json.loads(facts.get("file_hashes", "{}")).items()]
    rows.append(("report made with lymphokinetics", __version__))
    blocks: list[Block] = [Facts("Provenance of the result", rows)]
    if model is not None and facts.get("model_hash") not in (None, model.content_hash):
        changed = "The model has changed since the result was made: equations and parameters here are those of today."
        blocks.insert(0, Note(changed))
    return Section("Provenance", blocks)


def _text(key: str, fact: Any) -> str:
    if isinstance(fact, np.generic | np.ndarray):
        fact = fact.tolist()
    if fact is None:
        return ""
    if key == "converged":
        return "yes" if fact else "no"
    if isinstance(fact, list | tuple):
        return ", ".join(map(str, fact))
    return f"{float(fact):.10g}" if isinstance(fact, float) else str(fact)
