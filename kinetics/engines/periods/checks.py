"""Whether experiments can be integrated: every fault of their periods."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinetics.compile import System
from kinetics.engines.dosing.integrating import ENGINES
from kinetics.engines.periods.experiments import Experiment, Period
from kinetics.errors import Faults, InputError, UnknownNameError


def check(system: System, experiments: Sequence[Experiment], outputs: Sequence[str], engine: str) -> None:
    """Refuse what cannot be integrated.

    Raises
    ------
    InputError
        With every fault of the periods, or if no such engine exists.
    UnknownNameError
        If a name is no output.
    """
    if engine not in ENGINES:
        raise InputError(f"engine must be one of {', '.join(ENGINES)}, found '{engine}'")
    if unknown := [name for name in outputs if name not in system.outputs]:
        raise UnknownNameError(f"no outputs of the model: {', '.join(unknown)}")
    faults, directions = Faults(), {np.shape(period.parameter_changes)[-1:] for one in experiments for period in one}
    if len(directions) > 1:
        faults.add(f"all periods must have the same directions, found {sorted(directions)}")
    for number, experiment in enumerate(experiments):
        if not experiment:
            faults.add("has no periods", f"experiment {number + 1}")
        for index, period in enumerate(experiment):
            where = f"experiment {number + 1}, period {index + 1}"
            _check_arrays(system, period, where, faults)
            _check_times(period, where, faults)
            _check_order(experiment, index, where, faults)
    faults.raise_if_any()


def _check_arrays(system: System, period: Period, where: str, faults: Faults) -> None:
    size = len(system.parameters)
    if np.shape(period.parameters) != (size,):
        faults.add(f"must be ({size},), found {np.shape(period.parameters)}", where, "parameters")
    shape = np.shape(period.parameter_changes)
    if len(shape) != 2 or shape[0] != size:
        faults.add(f"must be ({size}, directions), found {shape}", where, "parameter_changes")
    elif not np.isfinite(period.parameter_changes).all():
        faults.add("must be finite", where, "parameter_changes")


def _check_times(period: Period, where: str, faults: Faults) -> None:
    times, begin, end = np.asarray(period.times, dtype=float), period.begin, period.end
    if not begin <= end or begin == np.inf or end == -np.inf:
        faults.add(f"must be before or at the end at {end:g}, found {begin:g}", where, "begin")
    elif times.ndim != 1 or np.isnan(times).any() or (times[1:] < times[:-1]).any():
        faults.add("must be numbers in order", where, "times")
    elif begin == -np.inf and (times != end).any():
        faults.add(f"a period from minus infinity on has values only at its end, {end:g}", where, "times")
    elif ((times < begin) | (times > end)).any():
        faults.add(f"must be from {begin:g} to {end:g}", where, "times")


def _check_order(experiment: Experiment, index: int, where: str, faults: Faults) -> None:
    begin, before = experiment[index].begin, experiment[index - 1].end
    if index and (begin != before or np.isinf(before)):
        faults.add(f"must begin where the period before it ends, at {before:g}, found {begin:g}", where, "begin")
