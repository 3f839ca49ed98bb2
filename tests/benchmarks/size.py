"""Cost of compiling against the size of a model: chains, and the shipped model, when the loops of the engine exist."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chain import chain
from clock import pace
from kinetics.compile import System, compile_model
from kinetics.compile.cache import cache_folder
from kinetics.engines.batch import integrate_with_sensitivities
from kinetics.engines.batch.work import code_of_lanes, code_of_one
from kinetics.model import Model
from kinetics.regimen import Regimen, segments
from kinetics.simulation.simulating import simulate
from workload import MODEL

__all__ = ["measure"]

PATIENTS = 16


def measure(states: int | None) -> dict[str, Any]:
    """Seconds to read a model, compile it, solve it for a month, and compile what its gradients need.

    Parameters
    ----------
    states : int or None
        Of a chain; None stands for the shipped model.
    """
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-bench-") as folder:
        path = Path(folder, "chain.toml")
        if states is not None:
            path.write_text(chain(states), encoding="utf-8")
        begin, before = time.perf_counter(), time.process_time()
        model, read_s = _timed(lambda: Model.load(path if states is not None else MODEL))
        system, compile_s = _timed(lambda: _compiled(model))
        _, solve_s = _timed(lambda: _solved(model))
        to_result_s, processor_s = time.perf_counter() - begin, time.process_time() - before
    _, gradient_s = _timed(lambda: _differentiated(system))
    files = (cache_folder() / system.functions.key).iterdir()
    return {
        "states": len(model.states),
        "read_s": read_s,
        "compile_s": compile_s,
        "solve_s": solve_s,
        "to_result_s": to_result_s,
        "processor_s": processor_s,
        "gradient_s": gradient_s,
        "code_MB": 1e-6 * sum(file.stat().st_size for file in files),
        "pace": pace(),
    }


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.perf_counter()
    return action(), time.perf_counter() - begin


def _compiled(model: Model) -> System:
    system = compile_model(model)
    code_of_one(system)
    code_of_lanes(system)
    return system


def _differentiated(system: System) -> None:
    """One day with sensitivities by up to ten parameters, which compiles what they need."""
    model = system.model
    plan = segments(Regimen.none(), {name: dose.unit for name, dose in model.doses.items()}, model.time, 1.0)
    integrate_with_sensitivities(system, system.parameter_array(), list(model.parameters)[:10], plan)


def _solved(model: Model) -> None:
    simulate(model, Regimen.none(), until="30 day", every="1 day", patients=PATIENTS, engine="batch", reduce=False)
