"""What a result is, for the message of a verb that needs one of another kind; and the command that makes each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import xarray as xr

from kinetics import __version__


class ResultKind(NamedTuple):
    """A kind of result: what it is, the command that writes it, and whether a tree is one."""

    what: str
    command: str
    fits: Callable[[xr.DataTree], bool]


KINDS = {
    "clinic": ResultKind(
        "the fit of a clinic",
        "kinetics fit-population FILE.toml --out FILE.nc",
        lambda tree: {"population", "shrinkage"} <= set(tree.children),
    ),
    "petab": ResultKind(
        "the fit of a PEtab problem",
        "kinetics fit PROBLEM.yaml --out FILE.nc",
        lambda tree: "petab_version" in tree.attrs and "measurements" in tree.children,
    ),
    "fit": ResultKind(
        "the result of a fit", "kinetics fit FIT --out FILE.nc", lambda tree: "estimates" in tree.children
    ),
    "patients": ResultKind(
        "fits of patients", "kinetics.fit_patients", lambda tree: "individual_fits" in tree.children
    ),
    "patient": ResultKind(
        "the prediction of a patient",
        "kinetics patient COUNTS.csv --id ID --out FILE.nc",
        lambda tree: "recovery" in tree.children and "patient" in tree.attrs,
    ),
    "prediction": ResultKind(
        "a prediction", "kinetics predict FIT --out FILE.nc", lambda tree: "recovery" in tree.children
    ),
    "comparison": ResultKind(
        "a comparison", "kinetics compare REGIMEN... --out FILE.nc", lambda tree: "regimen" in tree.dims
    ),
    "map": ResultKind("the numbers of a map", "kinetics figure NAME", lambda tree: tree.attrs.get("figure") == "map"),
    "simulation": ResultKind(
        "a simulation",
        "kinetics simulate MODEL --out FILE.nc",
        lambda tree: "time" in tree.coords and "model" in tree.attrs,
    ),
    "data": ResultKind(
        "a table of patients", "kinetics data read COUNTS.csv --out FILE.nc", lambda tree: "patient" in tree.coords
    ),
}
"""Each kind by its name, the more particular first."""


def kind_of(tree: xr.DataTree) -> str | None:
    """The name in `KINDS` of what a result is; None if it is of another program, or of no kind.

    Examples
    --------
    >>> kind_of(xr.DataTree(xr.Dataset(coords={"time": [0.0]}, attrs={"package": "lymphokinetics", "model": "pk"})))
    'simulation'
    >>> kind_of(xr.DataTree(xr.Dataset(coords={"time": [0.0]}, attrs={"model": "pk"})))
    """
    if tree.attrs.get("package") != "lymphokinetics":
        return None
    return next((name for name, kind in KINDS.items() if kind.fits(tree)), None)


def is_of_this_version(tree: xr.DataTree) -> bool:
    """Whether this version of the package wrote a result."""
    return tree.attrs.get("package_version") == __version__


def described(tree: xr.DataTree) -> str:
    """What a result is: its kind, its model, and the version that wrote it if that is another.

    Examples
    --------
    >>> described(xr.DataTree())
    'of another program'
    >>> facts = {"package": "lymphokinetics", "package_version": "0.0.1", "model": "pk"}
    >>> described(xr.DataTree(xr.Dataset(coords={"time": [0.0]}, attrs=facts)))
    "a simulation of model 'pk', written by lymphokinetics 0.0.1"
    """
    if tree.attrs.get("package") != "lymphokinetics":
        return "of another program"
    kind, model = kind_of(tree), tree.attrs.get("model")
    what = (KINDS[kind].what if kind else "a dataset") + (f" of model '{model}'" if model else "")
    if is_of_this_version(tree):
        return what
    return f"{what}, written by lymphokinetics {tree.attrs.get('package_version')}"


def needed(kind: str) -> str:
    """The end of a message: the command that writes a result of a kind, by its name in `KINDS`.

    Examples
    --------
    >>> needed("comparison")
    "'kinetics compare REGIMEN... --out FILE.nc' writes one"
    """
    return f"'{KINDS[kind].command}' writes one"
