"""Any number of patients with exact derivatives of outputs at given times, on every thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kinetics.compile import LANES, System
from kinetics.engines.batch.kernels.population import integrate_with_tangent
from kinetics.engines.batch.kernels.problems import (
    DoseDerivatives,
    Ensemble,
    ParameterEffects,
    Solution,
    SparseTerms,
)
from kinetics.engines.batch.kernels.recovery_windows import EVENT
from kinetics.engines.batch.plans import empty_solution, explain_failures, prepare
from kinetics.engines.batch.sensitivity_blocks import sparse_terms
from kinetics.engines.batch.stopping import TOLERANCES
from kinetics.engines.batch.thread_chunks import in_chunks
from kinetics.engines.batch.work import MOST_KEPT, addressed, derivative_arrays, progress_arrays, step_addresses
from kinetics.engines.tolerances import Tolerances
from kinetics.errors import Faults, InputError, UnknownNameError
from kinetics.regimen import Segments
from kinetics.units import unit_text


@dataclass(frozen=True, eq=False)
class Gradients:
    """Outputs of many patients and their derivatives.

    Parameters
    ----------
    outputs : ndarray, (patient, time, output)
        In the units of the model; NaN for a patient that failed.
    gradients : ndarray, (patient, time, output, name)
        Derivatives by each patient's own parameter of that name, unit of the output per unit of the parameter.
    reasons : list of str
        Why a patient failed; empty for one that did not.

    Examples
    --------
    >>> import sympy as sp
    >>> from kinetics.compile import compile_model
    >>> from kinetics.model import Model, Output, Parameter, State
    >>> from kinetics.regimen import Regimen, segments
    >>> k, A = sp.symbols("k A")
    >>> rate = Parameter(name="k", value=0.1, unit="1/day")
    >>> pool = State(name="A", unit="1", initial=1, rate=-k * A)
    >>> out = Output(name="pool", unit="1", value=A)
    >>> system = compile_model(Model.from_symbols("pool", time="day", parameters=[rate], states=[pool], outputs=[out]))
    >>> plan = segments(Regimen.none(), {}, system.model.time, until=10)
    >>> patients, which = np.array([[0.1], [0.3]]), np.zeros(2, int)
    >>> found = integrate_many_with_sensitivities(system, patients, ["k"], [plan], which, np.array([10.0]), ["pool"])
    >>> found.gradients[:, 0, 0, 0].round(6)  # -10 exp(-10 k)
    array([-3.678794, -0.497871])
    """

    outputs: np.ndarray
    gradients: np.ndarray
    reasons: list[str]


def integrate_many_with_sensitivities(
    system: System,
    parameters: np.ndarray,
    names: Sequence[str],
    plans: Sequence[Segments],
    which: np.ndarray,
    times: np.ndarray,
    outputs: Sequence[str],
    *,
    tolerances: Tolerances | None = None,
) -> Gradients:
    """Integrate patients, each with the exact tangent of its numerical solution.

    Parameters
    ----------
    system : System
        The compiled model.
    parameters : ndarray, (patient, parameter)
        All parameters of each patient, in the model's units.
    names : sequence of str
        The flat names of those to differentiate by.
    plans : sequence of Segments
        Dose edges, rates and boluses.
    which : ndarray of int, (patient,)
        The plan of each patient.
    times : ndarray, (time,) or (plan, time)
        Output times, in order; a value at a dose is the one before it.
    outputs : sequence of str
        Names of the outputs to differentiate.
    tolerances : Tolerances, optional
        Error bounds of the states; the derivatives are those of the numerical solution.

    Returns
    -------
    Gradients
        A patient that fails, or whose constants are not admissible, is NaN with its reason.

    Raises
    ------
    InputError
        If the output times are not in order or not within their plan, or the parameters are not those of the model.
    UnknownNameError
        If a name is not a parameter, or not an output.
    """
    _check(system, parameters, names, outputs)
    tolerances, without_courses = tolerances or TOLERANCES, [(plan, np.empty(0)) for plan in plans]
    constants = system.constants_table(np.asarray(parameters, dtype=float))
    events = (), np.empty((len(constants), 0))
    ensemble, reasons = prepare(system, constants, without_courses, which, times, events, tolerances)
    solution = empty_solution(system, ensemble)
    gradients = np.full((*solution.outputs.shape[:2], len(outputs), len(names)), np.nan)
    columns = np.array([system.outputs.index(name) for name in outputs], dtype=np.int64)
    doses = doses_alike(system, ensemble.schedules.segments, len(names))
    differentiate(system, ensemble, solution, names, doses, columns, gradients)
    explain_failures(system, ensemble, solution, plans.__getitem__, reasons)
    result = Gradients(solution.outputs[:, :, columns], gradients, reasons)
    leave_out_infinite(system, result, names, ensemble.times[ensemble.plan], outputs)
    return result


def differentiate(
    system: System,
    ensemble: Ensemble,
    solution: Solution,
    names: Sequence[str],
    doses: DoseDerivatives,
    columns: np.ndarray,
    gradients: np.ndarray,
) -> None:
    """Integrate all patients, and fill the derivatives of outputs by names, then by other changes of the start.

    ``gradients`` are (patient, time, output, direction), of the outputs whose numbers ``columns`` has.
    """
    entered, effects = _effects(system, tuple(names))
    arguments = system, ensemble, solution, entered, effects, doses, columns, gradients
    in_chunks(_differentiate, len(ensemble.constants), 1, *arguments)


def doses_alike(system: System, segments: int, directions: int) -> DoseDerivatives:
    """Doses that no parameter changes, of patients who start at the model's own start."""
    blocks, width = max(1, -(-directions // LANES)), LANES * len(system.states)
    nothing, of_nobody = np.zeros((1, segments, blocks, width)), np.zeros((0, blocks, width))
    return DoseDerivatives(of_nobody, nothing, nothing, np.zeros((1, segments, blocks * LANES)), of_nobody)


def _check(system: System, parameters: np.ndarray, names: Sequence[str], outputs: Sequence[str]) -> None:
    if parameters.ndim != 2 or parameters.shape[1] != len(system.parameters):
        raise InputError(f"parameters must be (patient, {len(system.parameters)}), found {parameters.shape}")
    faults = Faults()
    for name in names:
        if name not in system.parameters:
            faults.add("not a parameter of the model: see system.parameters", "names", name)
    for name in outputs:
        if name not in system.outputs:
            faults.add("not an output of the model: see system.outputs", "outputs", name)
    if faults:
        raise UnknownNameError(*faults)


@lru_cache(maxsize=MOST_KEPT)
def _effects(system: System, names: tuple[str, ...]) -> tuple[tuple[int, ...], ParameterEffects]:
    """The constants that parameters enter, and what each does in any patient.

    That is indices, and which derivative of a constant goes there.
    """
    constants = system.constants_entered(names)
    table = system.functions.compiled("constants_by_parameter").entries
    # the derivatives themselves differ between patients; which of them are not zero does not
    numbers = np.zeros((len(system.parameters) + len(system.model.constants), len(system.parameters)), dtype=np.int64)
    numbers[table[0], table[1]] = np.arange(1, table.shape[1] + 1)  # 0 for none
    chosen = numbers[:, [system.parameters.index(name) for name in names]]
    start, outputs = (system.functions.compiled(name).entries for name in ("start_by_constant", "outputs_by_constant"))
    # the tangent takes derivatives of constants by parameters as they are: each constant acts on itself
    itself = np.array([range(len(constants)), constants], dtype=np.int64)
    terms = (sparse_terms(table, chosen, LANES) for table in (start, itself, outputs))
    return constants, ParameterEffects(*(SparseTerms(indices, counted - 1) for indices, counted in terms))


def _differentiate(
    begin: int,
    end: int,
    system: System,
    ensemble: Ensemble,
    solution: Solution,
    entered: tuple[int, ...],
    effects: ParameterEffects,
    doses: DoseDerivatives,
    columns: np.ndarray,
    gradients: np.ndarray,
) -> None:
    """A chunk of patients with their derivatives."""
    blocks = max(1, -(-gradients.shape[3] // LANES))
    tangent, derivatives = derivative_arrays(system, entered, effects, blocks, columns, ensemble.n_times)
    step, progress = step_addresses(ensemble.alone, ensemble.limits.relative), progress_arrays()
    arguments = (addressed(ensemble), addressed(solution), effects, doses, tangent, derivatives, gradients)
    integrate_with_tangent(begin, end, *arguments, step, addressed(progress), np.zeros(0, EVENT))


def leave_out_infinite(
    system: System, result: Gradients, names: Sequence[str], times: np.ndarray, outputs: Sequence[str]
) -> None:
    """A patient of finite states may have a derivative that is not: of a square root at 0, say."""
    finite = np.isfinite(result.gradients)
    if finite.all():
        return
    for patient in np.flatnonzero(~finite.all(axis=(1, 2, 3))):
        if not result.reasons[patient]:
            time, output, name = np.argwhere(~finite[patient])[0]
            result.reasons[patient] = (
                f"the derivative of {outputs[output]} by {names[name]} at {times[patient, time]:.6g} "
                f"{unit_text(system.model.time)} is not finite. Check the parameters, or leave one of the two out."
            )
            result.outputs[patient] = result.gradients[patient] = np.nan
