"""A PEtab problem that can be fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from kinetics.engines.dosing.integrating import Engine
from kinetics.errors import warn
from kinetics.files.arguments import whole_number
from kinetics.files.checksums import bytes_checksum, content_hash
from kinetics.files.reading import read_bytes
from kinetics.interop.petab.fitting.starts import start_of
from kinetics.interop.petab.objective.assembling import assemble
from kinetics.interop.petab.objective.objective import PetabObjective
from kinetics.interop.petab.objective.plan import Plan
from kinetics.interop.petab.objective.reported import ReportedObjective
from kinetics.interop.petab.problem.checking import check_with_petab
from kinetics.interop.petab.problem.problem import PetabProblem
from kinetics.interop.petab.problem.reading import read_problem
from kinetics.interop.petab.problem.tables import MAX_TABLE
from kinetics.interop.petab.scales import scaled, slope_of_scale, unscaled
from kinetics.interop.sbml import import_sbml
from kinetics.population.seeds import checked_seed
from kinetics.simulation.engine import check_engine

MAX_STARTS = 1000


@dataclass(frozen=True, eq=False, repr=False)
class PetabFitProblem:
    """A problem of PEtab 1 or 2, checked, with its model.

    Parameters
    ----------
    tables : PetabProblem
        What its files say.
    plan : Plan
        Its model, and what of its experiments does not depend on parameters.
    starts, seed : int
        Number of searches, and the seed of where they begin.
    engine : {"auto", "batch", "scipy"}
        Who integrates; ``auto`` is the batch engine.
    report : callable, optional
        Called with the log posterior of each evaluation of the objective.

    Examples
    --------
    >>> PetabFitProblem.load("my_problem.yaml").objective().llh  # doctest: +SKIP
    """

    tables: PetabProblem
    plan: Plan
    starts: int = 20
    seed: int = 0
    engine: str = "auto"
    report: Callable[[float], None] | None = None

    @classmethod
    def load(cls, path: str | Path) -> PetabFitProblem:
        """Read the YAML file of a problem, its tables and its model.

        Raises
        ------
        InputError
            With every fault of the files, each with its line.

        Warns
        -----
        UserWarning
            For what the import of the model left out.
        """
        tables = read_problem(path)
        imported = import_sbml(tables.model_path)
        plan = Plan(tables, assemble(tables, imported))
        problem = cls(tables, plan)
        _ = problem.file_hashes  # of what was read, whatever becomes of the files
        _ = problem.objective.reader.overrides
        check_with_petab(tables)
        for note in imported.notes:
            if "left out" in note:  # a problem uses the names of the file, and has no units
                warn(f"{tables.model_path}: {note}")
        return problem

    def __repr__(self) -> str:
        measured = len(self.tables.measurements)
        return f"<PetabFitProblem '{self.name}': {len(self.names)} estimated, {measured} measurements>"

    @property
    def name(self) -> str:
        """The name of the YAML file."""
        return self.tables.path.stem

    @property
    def names(self) -> tuple[str, ...]:
        """What is estimated, in the order of arrays."""
        return self.plan.estimated

    @cached_property
    def objective(self) -> PetabObjective:
        """Log-likelihood, prior and simulations at given values, with exact gradients."""
        engine: Engine = "scipy" if self.engine == "scipy" else "batch"
        if self.report is None:
            return PetabObjective(self.plan, engine)
        return ReportedObjective(self.plan, engine, report=self.report)

    @cached_property
    def file_hashes(self) -> dict[str, str]:
        """SHA-256 of each file of the problem, the model included, by its name."""
        files = (self.tables.path, *self.tables.files)
        return {file.name: bytes_checksum(read_bytes(file, MAX_TABLE)) for file in files}

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 of all of them together."""
        return content_hash(self.file_hashes)

    @cached_property
    def scales(self) -> tuple[str, ...]:
        """The scale on which each estimated parameter is searched for.

        PEtab 2 says none: it is the logarithm where both bounds are positive.
        """
        rows = [self.tables.parameters[name] for name in self.names]
        if self.tables.version == 1:
            return tuple(row.scale for row in rows)
        return tuple("log10" if row.lower > 0 and np.isfinite(row.upper) else "lin" for row in rows)

    @cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The bounds of what is estimated, (parameter,), in the units of the problem on `scales`."""
        rows = [self.tables.parameters[name] for name in self.names]
        return self.scaled(np.array([row.lower for row in rows])), self.scaled(np.array([row.upper for row in rows]))

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Values on `scales`.

        Parameters
        ----------
        values : ndarray, (parameter,)
            In the units of the problem.

        Returns
        -------
        ndarray, (parameter,)
            The same, or their logarithms.
        """
        return np.array([scaled(float(value), scale) for value, scale in zip(values, self.scales, strict=True)])

    def unscaled(self, values: np.ndarray) -> np.ndarray:
        """Values that are on `scales`, without transformation.

        Parameters
        ----------
        values : ndarray, (parameter,)
            In the units of the problem, or logarithms of them.

        Returns
        -------
        ndarray, (parameter,)
            In the units of the problem.
        """
        return np.array([unscaled(float(value), scale) for value, scale in zip(values, self.scales, strict=True)])

    def by_scaled(self, values: np.ndarray) -> np.ndarray:
        """Derivatives of values by those on `scales`.

        Parameters
        ----------
        values : ndarray, (parameter,)
            In the units of the problem.

        Returns
        -------
        ndarray, (parameter,)
            In their units, by the same or by logarithms.
        """
        slopes = [slope_of_scale(float(value), scale) for value, scale in zip(values, self.scales, strict=True)]
        return 1.0 / np.array(slopes)

    def start(self, number: int) -> np.ndarray:
        """Where a search of some number begins, (parameter,), in the units of the problem on `scales`."""
        return start_of(self, number)

    def with_settings(
        self, *, starts: int | None = None, seed: int | None = None, engine: str | None = None
    ) -> PetabFitProblem:
        """The same problem with other settings.

        Raises
        ------
        InputError
            If one of them is wrong.
        """
        changes: dict[str, object] = {}
        if starts is not None:
            changes["starts"] = whole_number("starts", starts, 1, MAX_STARTS)
        if seed is not None:
            changes["seed"] = checked_seed(seed)
        if engine is not None:
            check_engine(engine)
            changes["engine"] = engine
        return replace(self, **changes)

    def holding(self, values: Mapping[str, float]) -> PetabFitProblem:
        """The same problem with some parameters held at values, by name and not transformed: they are not estimated."""
        parameters = {
            name: replace(row, nominal=values[name], estimate=False) if name in values else row
            for name, row in self.tables.parameters.items()
        }
        return self.on_tables(replace(self.tables, parameters=parameters))

    def on_tables(self, tables: PetabProblem) -> PetabFitProblem:
        """The same problem with other parameters or measurements of the same model."""
        plan = Plan(tables, self.plan.assembled)
        plan.__dict__["system"] = self.plan.system  # compiled of the same model
        return replace(self, tables=tables, plan=plan)
