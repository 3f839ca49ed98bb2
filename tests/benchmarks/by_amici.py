"""Objectives and gradients of problems in PEtab by AMICI, which simulates with CVODES.

It runs in an environment of its own (`make amici`), so it imports nothing of the project but the clock.
"""

from __future__ import annotations

import importlib.metadata
import itertools
import logging
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from clock import pace, repeated

__all__ = ["measure"]

RELATIVE = tuple(10.0**-power for power in range(6, 11))
ABSOLUTE = (1e-8, 1e-12, 1e-16)
"""The last is the default of AMICI."""
MOST_STEPS = 100_000


def measure(problems: list[dict[str, Any]], folder: str, seconds: float) -> dict[str, Any]:
    """Each problem at its nominal values, at the quickest tolerances that are exact enough.

    Parameters
    ----------
    problems : list of dict
        ``path`` of the YAML, ``llh`` and ``gradient`` by name on the scales of the search, both exact, and ``limit``,
        the largest error that counts.
    folder : str
        Where compiled models are kept.
    seconds : float
        How long each objective is repeated.
    """
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    about = f"AMICI {importlib.metadata.version('amici')}"
    return {"engine": about, "pace": pace(), "rows": [_row(one, Path(folder), seconds) for one in problems]}


def _row(problem: dict[str, Any], folder: Path, seconds: float) -> dict[str, Any]:
    peer, row = _Peer(problem["path"], folder), dict[str, Any]()
    for kind in ("objective", "gradient"):
        found = _quickest(peer, problem, seconds, gradient=kind == "gradient")
        row |= {f"{kind}_{key}": value for key, value in found.items()}
    return row


def _quickest(peer: _Peer, problem: dict[str, Any], seconds: float, *, gradient: bool) -> dict[str, float]:
    """Time, error and tolerances; nothing if no tolerances are exact enough."""
    found: list[dict[str, float]] = []
    for absolute, relative in itertools.product(ABSOLUTE, RELATIVE):
        if any(one["absolute"] == absolute for one in found):
            continue  # a smaller relative tolerance takes longer
        evaluate = peer.objective(relative, absolute, gradient=gradient)
        llh, slopes = evaluate()
        error = abs(llh - problem["llh"])
        if gradient:
            errors = [abs(slopes.get(name, 0.0) - own) / (1 + abs(own)) for name, own in problem["gradient"].items()]
            error = max(errors) if slopes else math.nan
        if error <= problem["limit"]:
            time = 1e3 * repeated(evaluate, seconds=seconds, least=5)["processor"]
            found.append({"ms": time, "error": error, "relative": relative, "absolute": absolute})
    return min(found, key=lambda one: one["ms"], default={})


class _Peer:
    """A problem, compiled."""

    def __init__(self, path: str, folder: Path) -> None:
        import petab.v1 as petab
        from amici.importers.petab.v1 import import_petab_problem
        from amici.sim.sundials.petab.v1 import create_edatas
        from amici.sim.sundials.petab.v1._parameter_mapping import create_parameter_mapping

        self._problem = problem = petab.Problem.from_yaml(path)
        petab.flatten_timepoint_specific_output_overrides(problem)
        name = f"{Path(path).stem}_amici"
        self._model = import_petab_problem(problem, output_dir=folder / name, model_name=name)
        conditions = {"petab_problem": problem, "amici_model": self._model}
        conditions["simulation_conditions"] = problem.get_simulation_conditions_from_measurement_df()
        self._mapping = create_parameter_mapping(scaled_parameters=True, **conditions)
        self._data = create_edatas(**conditions)
        nominal = zip(problem.x_ids, problem.get_x_nominal(scaled=True), strict=True)
        self._values = {name: value for name, value in nominal if name in self._mapping.free_symbols}

    def objective(
        self, relative: float, absolute: float, *, gradient: bool
    ) -> Callable[[], tuple[float, dict[str, float]]]:
        """Log-likelihood and, if asked for, its gradient on the scales of the search, as pyPESTO asks for them."""
        from amici.sim.sundials import SensitivityMethod, SensitivityOrder, run_simulations
        from amici.sim.sundials.petab.v1 import fill_in_parameters
        from amici.sim.sundials.petab.v1._simulations import aggregate_sllh

        solver, model, data = self._model.create_solver(), self._model, self._data
        solver.set_relative_tolerance(relative)
        solver.set_absolute_tolerance(absolute)
        solver.set_max_steps(MOST_STEPS)
        if gradient:
            solver.set_sensitivity_order(SensitivityOrder.first)
            solver.set_sensitivity_method(SensitivityMethod.forward)
        own = {"edatas": data, "parameter_mapping": self._mapping, "amici_model": model}

        def evaluate() -> tuple[float, dict[str, float]]:
            fill_in_parameters(problem_parameters=self._values, scaled_parameters=True, **own)
            results = run_simulations(model, solver, edata_list=data, num_threads=1, failfast=True)
            slopes = aggregate_sllh(rdatas=results, petab_problem=self._problem, **own) if gradient else {}
            return float(np.sum([one["llh"] for one in results])), slopes or {}

        return evaluate
