"""A fit problem: which parameters are free, which published rows they answer to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kinetics.compile import System, compile_model
from kinetics.documents import Document, content_hash, read_document
from kinetics.errors import Faults, InputError
from kinetics.estimate.free import FreeParameter, read_free
from kinetics.estimate.schema import FitRow
from kinetics.model import Model
from kinetics.model.cohorts import CohortParameters, cohort_parameters
from kinetics.model.library import find_file, library_folder
from kinetics.model.schema import read_fields
from kinetics.regimen import Regimen, segments
from kinetics.targets import PlacedRow, Target, read_table, target_of
from kinetics.units import to_unit

__all__ = ["FitProblem", "FreeParameter"]


@dataclass(frozen=True, eq=False)
class FitProblem:
    """A checked fit problem.

    Parameters
    ----------
    name, title, about : str
        What it is called, and what it assumes.
    model : Model
        The model that is fitted.
    free : tuple of FreeParameter
        What is estimated.
    targets : tuple of Target
        Published rows, those for fitting and those that are only compared.
    discrepancy : float
        Log standard deviation added to every row's own.
    starts, seed : int
        Number of searches, and where the later ones begin.
    path : pathlib.Path
        The file.
    data_hash : str
        SHA-256 of the problem, its tables, their regimens, and their cohorts without this fit's own estimates.
    engine : {"auto", "scipy", "batch"}
        Who integrates; ``auto`` is the batch engine. The file does not say.
    """

    name: str
    title: str
    about: str
    model: Model
    free: tuple[FreeParameter, ...]
    targets: tuple[Target, ...]
    discrepancy: float
    starts: int
    seed: int
    path: Path
    data_hash: str
    engine: str = "auto"

    @classmethod
    def load(cls, name: str | Path) -> FitProblem:
        """Read a fit problem and everything it names.

        Parameters
        ----------
        name : str or pathlib.Path
            A path, or the name of a fit that ships.

        Raises
        ------
        InputError
            With every fault of the problem, its tables, its model and its regimens.

        Examples
        --------
        >>> from kinetics.model.library import library_names
        >>> name = library_names("fits")[0]
        >>> FitProblem.load(name).name == name
        True
        """
        document = read_document(find_file(name, "fits"))
        faults = Faults()
        for key in sorted(document.data.keys() - {"fit", "free"}):
            faults.add("unknown table; there are fit, free", document.where(key), key)
        header = read_fields(FitRow, document.data.get("fit", {}), document, ("fit",), faults)
        model = _model(header["model"], document, faults)
        tables = [document.path.parent / table for table in header["tables"] or ()]
        placed = [row for table in tables for row in read_table(table, faults)]
        cohorts = _cohorts(model, placed, document, faults)
        fitted = next((item.row.cohort for item in placed if item.row.use == "fit"), None)
        free = read_free(document, model, cohorts[fitted].values if fitted in cohorts else None, faults)
        targets = _targets(model, placed, cohorts, header, document, faults)
        faults.raise_if_any()
        assert model is not None
        return cls(
            name=document.path.stem,
            title=header["title"],
            about=header["about"],
            model=model,
            free=free,
            targets=targets,
            discrepancy=float(header["discrepancy"]),
            starts=header["starts"],
            seed=header["seed"],
            path=document.path,
            data_hash=content_hash(
                document.data,
                [item.row.model_dump() for item in placed],
                {target.row.regimen: target.regimen.content_hash for target in targets},
                {name: cohort.content_hash for name, cohort in cohorts.items()},
            ),
        )

    @property
    def model_reference(self) -> str:
        """What `Model.load` finds the model by: its name if it ships, else its path."""
        path = self.model.path
        if path is None or path.resolve().parent == library_folder("models").resolve():
            return self.model.name
        return str(path.resolve())

    @cached_property
    def system(self) -> System:
        """The compiled model."""
        return compile_model(self.model)

    @cached_property
    def fitted(self) -> tuple[Target, ...]:
        """The targets that are fitted."""
        return tuple(target for target in self.targets if target.row.use == "fit")

    def cohort(self, name: str) -> CohortParameters:
        """A cohort's parameters without this fit's own estimates."""
        return cohort_parameters(self.model, name, without=[self.name])


def _located(name: str, folder: Path) -> str | Path:
    """A file named inside another: a path is relative to that file's folder."""
    return folder / name if "/" in name or "\\" in name or name.endswith(".toml") else name


def _model(name: str | None, document: Document, faults: Faults) -> Model | None:
    with faults.gather(document.where("fit", "model"), "fit.model"):
        return None if name is None else Model.load(_located(name, document.path.parent))
    return None


def _cohorts(
    model: Model | None, placed: Iterable[PlacedRow], document: Document, faults: Faults
) -> dict[str, CohortParameters]:
    """The cohorts that rows name, without this fit's own estimates; those that cannot be had are left out."""
    cohorts: dict[str, CohortParameters] = {}
    for item in placed if model else ():
        assert model is not None
        if (name := item.row.cohort) not in cohorts:
            with faults.gather(item.where, f"{item.row.name}.cohort"):
                cohorts[name] = cohort_parameters(model, name, without=[document.path.stem])
    return cohorts


def _targets(
    model: Model | None,
    placed: Sequence[PlacedRow],
    cohorts: Mapping[str, CohortParameters],
    header: Mapping[str, Any],
    document: Document,
    faults: Faults,
) -> tuple[Target, ...]:
    if not any(item.row.use == "fit" for item in placed) and not len(faults):
        faults.add("no row is for fitting (use = fit)", document.where("fit", "tables"), "fit.tables")
    regimens = _regimens(placed, faults)
    if model is None:
        return ()
    horizon = math.inf
    with faults.gather(document.where("fit", "horizon"), "fit.horizon"):
        if header["horizon"] is not None and (horizon := to_unit(header["horizon"], model.time)) <= 0:
            raise InputError("must be a positive duration")
    baselines = {name: _baseline(model, cohort) for name, cohort in cohorts.items()}
    targets: list[Target] = []
    first: dict[str, str] = {}
    for item in placed:
        row, regimen = item.row, regimens.get(item)
        if first.setdefault(row.name, item.where) != item.where:
            faults.add(f"duplicate name: also at {first[row.name]}", item.where, row.name)
        with faults.gather(item.where, row.name):
            if regimen is None or row.cohort not in baselines:
                continue
            _check_doses(model, regimen)
            baseline, discrepancy = baselines[row.cohort], float(header["discrepancy"] or 0)
            targets.append(target_of(row, model, regimen, baseline, discrepancy=discrepancy, horizon=horizon))
    return tuple(targets)


def _regimens(placed: Iterable[PlacedRow], faults: Faults) -> dict[PlacedRow, Regimen]:
    """The regimen of every row, each file read once."""
    load = cache(Regimen.load)
    regimens: dict[PlacedRow, Regimen] = {}
    for item in placed:
        with faults.gather(item.where, f"{item.row.name}.regimen"):
            regimens[item] = load(_located(item.row.regimen, item.path.parent))
    return regimens


def _check_doses(model: Model, regimen: Regimen) -> None:
    """Refuse a regimen whose doses the model does not take; its faults become one of the row that names it."""
    if regimen.rules:
        raise InputError(f"regimen '{regimen.name}' has rules; a fit needs doses at times known beforehand")
    try:
        segments(regimen, {name: dose.unit for name, dose in model.doses.items()}, model.time, 1.0)
    except InputError as error:
        raise InputError(f"cannot be given to model '{model.name}': {error}") from error


def _baseline(model: Model, cohort: CohortParameters) -> np.ndarray:
    """The outputs before treatment, (output,), in the model's units."""
    system = compile_model(model)
    constants = system.constants(system.parameter_array(cohort.values))
    return system.functions.outputs(system.functions.initial(constants), constants)
