"""A fit problem: which parameters are free, which published rows they answer to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kinetics.compile import System, compile_model
from kinetics.documents import Document, content_hash, read_document
from kinetics.errors import Faults, InputError
from kinetics.estimate.schema import FitRow, FreeRow
from kinetics.model import Model
from kinetics.model.cohorts import CohortParameters, cohort_parameters
from kinetics.model.library import find_file
from kinetics.model.schema import read_row
from kinetics.regimen import Regimen
from kinetics.targets import PlacedRow, Target, read_table, target_of
from kinetics.units import conversion, parse_quantity, parse_unit

__all__ = ["FitProblem", "FreeParameter"]


@dataclass(frozen=True)
class FreeParameter:
    """A parameter that is estimated on its logarithm, in the model's unit.

    Parameters
    ----------
    name : str
        As written, dotted.
    flat : str
        Its name in the model.
    start, lower, upper : float
        Where the first search starts, and the bounds.
    log_sd : float or None
        Standard deviation of the normal prior of the logarithm about ``start``; None for flat within the bounds.
    """

    name: str
    flat: str
    unit: Any
    start: float
    lower: float
    upper: float
    log_sd: float | None


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
        SHA-256 of the problem and its tables.
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
        >>> [free.name for free in FitProblem.load("hill_cawthorne_2012").free]
        ['cd4.phi', 'cd8.phi', 'b_cells.phi']
        """
        document = read_document(find_file(name, "fits"))
        faults = Faults()
        for key in document.data.keys() - {"fit", "free"}:
            faults.add("unknown table; there are fit, free", document.where(key), key)
        header = read_row(FitRow, document.data.get("fit", {}), document, ("fit",), faults)
        if header is None:
            faults.raise_if_any()
            raise AssertionError
        model = _model(header.model, document, faults)
        placed = [row for table in header.tables for row in read_table(document.path.parent / table, faults)]
        problem_name = document.path.stem
        if model is None:
            faults.raise_if_any()
            raise AssertionError
        free = _free(model, document, problem_name, placed, faults)
        targets = _targets(model, placed, header, problem_name, document, faults)
        faults.raise_if_any()
        return cls(
            name=problem_name,
            title=header.title,
            about=header.about,
            model=model,
            free=free,
            targets=targets,
            discrepancy=float(header.discrepancy),
            starts=header.starts,
            seed=header.seed,
            path=document.path,
            data_hash=content_hash(document.data, [row.row.model_dump() for row in placed]),
        )

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
        return cohort_parameters(self.model, name, without_fit=self.name)


def _model(name: str, document: Document, faults: Faults) -> Model | None:
    with faults.gather(document.where("fit", "model"), "fit.model"):
        is_path = "/" in name or name.endswith(".toml")
        return Model.load(document.path.parent / name if is_path else name)
    return None


def _free(
    model: Model, document: Document, problem: str, placed: Iterable[PlacedRow], faults: Faults
) -> tuple[FreeParameter, ...]:
    cohorts = sorted({row.row.cohort for row in placed if row.row.use == "fit"} & model.cohorts.keys())
    values = model.defaults
    if cohorts:
        with faults.gather(document.where("fit"), "fit"):
            values = cohort_parameters(model, cohorts[0], without_fit=problem).values
    free: list[FreeParameter] = []
    table = document.data.get("free", {})
    if not isinstance(table, dict) or not table:
        faults.add("no free parameters; add [free]", document.where("free"), "free")
        return ()
    for path, data in _leaves(table):
        keys, name = ("free", *path), ".".join(path)
        row = read_row(FreeRow, data, document, keys, faults)
        if row is None:
            continue
        with faults.gather(document.where(*keys), f"free.{name}"):
            free.append(_free_parameter(model, name, row, values))
    return tuple(free)


def _leaves(table: dict[str, Any], path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and not path and not value.keys() & FreeRow.model_fields.keys():
            yield from _leaves(value, (key,))
        else:
            yield (*path, key), value


def _free_parameter(model: Model, name: str, row: FreeRow, values: dict[str, float]) -> FreeParameter:
    flat = model.flat_name(name)
    declared = model.parameters.get(flat)
    if declared is None:
        raise InputError(f"'{name}' is an input; only parameters can be free")
    factor = float(conversion(parse_unit(row.unit), declared.unit))
    lower, upper, start = row.lower * factor, row.upper * factor, values[flat]
    if not lower < upper:
        raise InputError(f"lower bound {row.lower:g} is not below upper bound {row.upper:g}")
    if not lower <= start <= upper:
        raise InputError(f"the value it starts from, {start:g}, is outside its bounds")
    prior = row.prior if row.prior is not None else declared.prior
    if prior is None:
        raise InputError("has no prior in the model file; give prior = NUMBER (log standard deviation) or prior = \"flat\"")
    return FreeParameter(name, flat, declared.unit, start, lower, upper, None if prior == "flat" else float(prior))


def _targets(
    model: Model, placed: Iterable[PlacedRow], header: FitRow, problem: str, document: Document, faults: Faults
) -> tuple[Target, ...]:
    horizon = 0.0
    with faults.gather(document.where("fit", "horizon"), "fit.horizon"):
        horizon = parse_quantity(header.horizon, model.time)[0]
    baselines: dict[str, np.ndarray | None] = {}
    targets: list[Target] = []
    names: set[str] = set()
    for item in placed:
        row = item.row
        if row.name in names:
            faults.add("duplicate name in another table", item.where, row.name)
        names.add(row.name)
        regimen = None
        with faults.gather(item.where, f"{row.name}.regimen"):
            regimen = Regimen.load(row.regimen)
        if row.cohort not in baselines:
            baselines[row.cohort] = None
            with faults.gather(item.where, f"{row.name}.cohort"):
                baselines[row.cohort] = _baseline(model, row.cohort, problem)
        baseline = baselines[row.cohort]
        with faults.gather(item.where, row.name):
            if regimen is None or baseline is None:
                continue
            targets.append(target_of(row, model, regimen, float(header.discrepancy), horizon, baseline, item.where))
    if not any(target.row.use == "fit" for target in targets):
        faults.add("no row is for fitting (use = fit)", document.where("fit", "tables"), "fit.tables")
    return tuple(targets)


def _baseline(model: Model, cohort: str, problem: str) -> np.ndarray:
    system = compile_model(model)
    values = cohort_parameters(model, cohort, without_fit=problem).values
    constants = system.constants(system.parameter_array(values))
    return system.functions.outputs(system.functions.initial(constants), constants)

