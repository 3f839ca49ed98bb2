"""What a result of `compare` was made from: its comparison, and its regimens where they ship."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from kinetics.comparison.comparison_file import read_comparison
from kinetics.comparison.spec import Comparison
from kinetics.errors import Fault, InputError
from kinetics.files.library import library_folder, library_names
from kinetics.regimen import Regimen


def comparison_of(result: xr.Dataset, model: str | Path | None = None) -> Comparison:
    """The comparison that ships, with the model, cohort and end of a result of `kinetics.compare`.

    Parameters
    ----------
    result : xarray.Dataset
        Each output on (regimen, time) or (regimen, quantile, time), with its ``units``.
    model : str or pathlib.Path, optional
        What was simulated; by default the model that ships by the name in the result.

    Raises
    ------
    InputError
        If the result is of another comparison or model than those that ship; it names who shows such a result.
    """
    file, facts = library_folder("fits") / "comparison.toml", result.attrs
    remedy = "kinetics.figures.figure_of_comparison(COMPARISON, REGIMENS) is a figure for draw(FIGURE, input=RESULT)"
    if facts.get("comparison") != file.stem:
        message = f"is of comparison '{facts.get('comparison')}', which does not ship; {remedy}"
        raise InputError(Fault(message, name="result"))
    name = str(facts["model"]) if model is None else str(model)
    if model is None and name not in library_names("models"):
        raise InputError(Fault(f"is of model '{name}', which does not ship; {remedy}", name="result"))
    comparison = read_comparison(file, model=name, cohort=facts.get("cohort"), until=facts.get("until"))
    if comparison.model.content_hash != facts.get("model_hash"):
        message = f"is of another model '{comparison.model.name}' than {comparison.model.reference}; compare again"
        raise InputError(Fault(message, name="result"))
    return comparison


def regimens_of(result: xr.Dataset) -> list[Regimen]:
    """The regimens of a result, in order; none unless all of them ship as they were."""
    names, shipped = [str(name) for name in result["regimen"].values], library_names("models/regimens")
    if not set(names) <= set(shipped):
        return []
    regimens = [Regimen.load(name) for name in names]
    hashes = ", ".join(regimen.content_hash for regimen in regimens)
    return regimens if hashes == result.attrs.get("regimen_hashes") else []
