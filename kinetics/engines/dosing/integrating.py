"""Integrate the histories of many patients, with either engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from kinetics.compile import System
from kinetics.engines import events, one_by_one, scipy, sensitivity
from kinetics.engines.batch import stopping
from kinetics.engines.batch import stretches as batch
from kinetics.engines.dosing.run import Run
from kinetics.engines.tolerances import Tolerances
from kinetics.errors import Faults, InputError, UnknownNameError
from kinetics.regimen.episode_arrays import Histories
from kinetics.regimen.histories import check_differentiated, check_events_followed

Engine: TypeAlias = Literal["batch", "scipy"]
ENGINES: dict[str, Any] = {
    "batch": (batch.integrate_stretches, stopping.TOLERANCES),
    "scipy": (partial(one_by_one.integrate_stretches, sensitivity.differentiate), scipy.TOLERANCES),
}


@dataclass(frozen=True, eq=False)
class HistoryOutputs:
    """Outputs of many patients, each with doses and output times of its own.

    Parameters
    ----------
    outputs : ndarray, (patient, time, output)
        In the units of the model, in the order of the patient's own times; NaN behind the last of these, and for a
        patient that failed.
    gradients : ndarray, (patient, time, output, name), or (patient, time, output, occasion, name)
        Derivatives by parameters, unit of the output per unit of the parameter; by those of each occasion, if
        occasions have their own.
    reasons : list of str
        Why a patient failed; empty for one that did not.

    Examples
    --------
    >>> import sympy as sp
    >>> from kinetics.compile import compile_model
    >>> from kinetics.model import Dose, Model, Output, Parameter, State
    >>> from kinetics.regimen import DoseRecord, History, histories
    >>> k, lag, A = sp.symbols("k lag A")
    >>> rows = [Parameter(name="k", value=0.1, unit="1/day"), Parameter(name="lag", value=2.0, unit="day")]
    >>> pool, out = State(name="A", unit="mg", initial=0, rate=-k * A), Output(name="left", unit="mg", value=A)
    >>> drug = Dose(name="drug_a", unit="mg", into="A", lag=lag)
    >>> model = Model.from_symbols("pool", time="day", parameters=rows, states=[pool], doses=[drug], outputs=[out])
    >>> system, given = compile_model(model), History([DoseRecord(0.0, "drug_a", 8.0)], [12.0])
    >>> parameters = system.parameter_array()[None]
    >>> found = integrate_histories(system, histories([given], model), parameters, ["left"], ["lag"])
    >>> found.outputs[0, 0].round(6), found.gradients[0, 0, 0].round(6)  # 8 exp(-1) and 0.1 times that
    (array([2.943036]), array([0.294304]))
    """

    outputs: np.ndarray
    gradients: np.ndarray
    reasons: list[str]


def integrate_histories(
    system: System,
    histories: Histories,
    parameters: np.ndarray,
    outputs: Sequence[str],
    names: Sequence[str] = (),
    *,
    engine: Engine = "batch",
    tolerances: Tolerances | None = None,
) -> HistoryOutputs:
    """Integrate patients, each with doses, covariates and output times of its own, with exact derivatives.

    Parameters
    ----------
    system : System
        The compiled model.
    histories : Histories
        What `kinetics.regimen.histories` makes of doses, times and covariates; for any number of calls.
    parameters : ndarray, (patient, parameter), or (patient, occasion, parameter)
        All parameters of each patient, in the model's units; or of each occasion, if it has its own.
    outputs : sequence of str
        The outputs that are returned.
    names : sequence of str
        Parameters to differentiate by. Derivatives go through lag, bioavailability, modelled duration and rate, and
        through steady states.
    engine : {"batch", "scipy"}
        Which integrates.
    tolerances : Tolerances, optional
        Error bounds of the states.

    Returns
    -------
    HistoryOutputs
        A patient that fails, or has no steady state, is NaN with its reason.

    Raises
    ------
    InputError
        If the parameters are not those of the model and the patients, no such engine exists, or a patient of a model
        with events is integrated in parts.
    UnknownNameError
        If a name is no parameter or no output.
    """
    _check(system, histories, parameters, outputs, names, engine)
    integrate, own_tolerances = ENGINES[engine]
    if system.model.events:
        integrate = partial(one_by_one.integrate_stretches, partial(events.differentiate, engine))
    request = tuple(outputs), tuple(names)
    parameters = np.asarray(parameters, dtype=float)
    run = Run(system, histories, parameters, *request, integrate, tolerances or own_tolerances)
    values, gradients, reasons = run.outputs()
    shape = *values.shape, *parameters.shape[1:-1], len(names)
    return HistoryOutputs(values, gradients.reshape(shape), reasons)


def _check(
    system: System,
    histories: Histories,
    parameters: np.ndarray,
    outputs: Sequence[str],
    names: Sequence[str],
    engine: str,
) -> None:
    shape = (len(histories), len(system.parameters))
    if np.ndim(parameters) not in (2, 3) or (parameters.shape[0], parameters.shape[-1]) != shape:
        raise InputError(f"parameters must be {shape}, found {parameters.shape}")
    if parameters.ndim == 3 and parameters.shape[1] <= (needed := int(histories.occasion.max(initial=0))):
        raise InputError(f"parameters are of {parameters.shape[1]} occasions; a history has {needed + 1}")
    if engine not in ENGINES:
        raise InputError(f"engine must be one of {', '.join(ENGINES)}, found '{engine}'")
    faults = Faults()
    for kind, known, requested in (("parameter", system.parameters, names), ("output", system.outputs, outputs)):
        for name in requested:
            if name not in known:
                faults.add(f"not a{'n' if kind == 'output' else ''} {kind} of the model", f"{kind}s", name)
    if faults:
        raise UnknownNameError(*faults)
    check_differentiated(histories, names)
    check_events_followed(histories, system.model)
