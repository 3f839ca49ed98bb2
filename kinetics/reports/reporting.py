"""`report`: a result as text."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import xarray as xr

from kinetics.errors import InputError
from kinetics.estimate import Fit
from kinetics.identifiability import Identification
from kinetics.published.evaluating import Evidence
from kinetics.reports.evidence import evidence_text
from kinetics.reports.fit import fit_text
from kinetics.reports.identifiability import identifiability_text
from kinetics.reports.prediction import prediction_text
from kinetics.reports.recovery import recovery
from kinetics.reports.showing import Page
from kinetics.reports.simulation import counts_table, simulation_title
from kinetics.text.tables import WIDTH


def report(result: Fit | Identification | Evidence | xr.Dataset | xr.DataTree, *, width: int = WIDTH) -> Page:
    """Write out a result: what the command of its verb prints.

    Parameters
    ----------
    result : Fit, Identification, Evidence, xarray.Dataset or xarray.DataTree
        Of `fit`, `identify`, `evidence`, `simulate` (outputs with their units on (time) or (patient, time)) or
        `predict`.
    width : int
        Characters a line of prose.

    Returns
    -------
    Page
        A str, which an interpreter shows as it is.

    Raises
    ------
    InputError
        If it is none of these.

    Examples
    --------
    >>> report(12)
    Traceback (most recent call last):
    kinetics.errors.InputError: result: must be of simulate, fit, identify, evidence or predict; found int 12
    """
    return Page(_text(result, width))


@singledispatch
def _text(result: Any, _: int) -> str:
    raise InputError(
        f"result: must be of simulate, fit, identify, evidence or predict; found {type(result).__name__} {result!r:.40}"
    )


@_text.register
def _(result: Fit, width: int) -> str:
    return fit_text(result.summary(), result.problem.title, result.problem.about, width)


@_text.register
def _(result: Identification, width: int) -> str:
    return identifiability_text(result, width)


@_text.register
def _(result: Evidence, width: int) -> str:
    return evidence_text(result, width)


@_text.register
def _(result: xr.DataTree, width: int) -> str:
    if "recovery" not in result.children:
        raise InputError("result: a tree must be of predict; for the tree of a fit give the Fit")
    return prediction_text(result, width)


@_text.register
def _(result: xr.Dataset, width: int) -> str:
    if "regimen" in result.dims or "model" not in result.attrs:
        raise InputError("result: a dataset must be of simulate")
    times = any("_time_to_" in str(name) for name in result.data_vars)
    parts = [simulation_title(result), counts_table(result, width), *([repr(recovery(result))] if times else [])]
    return "\n\n".join(parts)
