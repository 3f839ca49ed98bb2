"""`identify`: what the rows of a fit, or outputs of a model, can tell about the parameters, and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.cohorts.fit_results import result_path
from kinetics.errors import Fault, Faults, InputError
from kinetics.estimate import Estimates, FitProblem
from kinetics.estimate.problem.problem import targets_by_arm
from kinetics.files.arguments import all_of, loaded, naming
from kinetics.files.kinds import file_of_kind, files_of, kind_text
from kinetics.identifiability.experiment import MeasuredArm
from kinetics.identifiability.further_measurements import further_measurements
from kinetics.identifiability.identification import Identification
from kinetics.identifiability.structure import structure
from kinetics.model import Model
from kinetics.published import Target
from kinetics.regimen import Regimen
from kinetics.units.levels import read_level


def identify(
    problem: FitProblem | Model | str | Path,
    parameters: Sequence[str] = (),
    outputs: Sequence[str] = (),
    *,
    regimen: Regimen | str | Path | None = None,
    cohort: str | None = None,
    unknown_initial: Sequence[str] = (),
    seed: int = 0,
) -> Identification:
    """Tell which parameters can be known from what is measured, were it known at all times without error.

    Parameters
    ----------
    problem : FitProblem, Model, str or pathlib.Path
        A fit problem, which says itself what is unknown and measured; or a model; or the name or path of either. A name
        that both have means the model if ``parameters`` are chosen.
    parameters : sequence of str
        Unknown parameters of a model; all others are known.
    outputs : sequence of str
        Outputs or states of a model that are measured, or the ratio ``A/B`` of two.
    regimen : Regimen, str or pathlib.Path, optional
        What a model is given, or its name or path; only the first dose counts. No drug without it.
    cohort : str, optional
        The cohort of a model; its own values without it.
    unknown_initial : sequence of str
        States whose initial value is unknown as well.
    seed : int
        Of the random points at which ranks are taken.

    Returns
    -------
    Identification

    Raises
    ------
    InputError
        If a name is wrong, or the equations have no power series at the start.

    Examples
    --------
    >>> import sympy as sp
    >>> from kinetics.model import Parameter, State
    >>> k, j, A = sp.symbols("k j A", real=True)
    >>> model = Model.from_symbols("decay", time="day",
    ...     parameters=[Parameter(name="k", value=0.1, unit="1/day"), Parameter(name="j", value=2.0, unit="1")],
    ...     states=[State(name="A", unit="1", initial=1, rate=-k * j * A)])
    >>> identification = identify(model, ["k", "j"], ["A"])
    >>> identification, identification.structure.combinations
    (<Identification of decay: 0 of 2 known>, ['only the product k*j'])
    """
    named = problem if isinstance(problem, FitProblem | Model) else _named(problem, prefers_model=bool(parameters))
    if isinstance(named, FitProblem):
        if parameters or outputs or regimen or cohort:
            raise InputError("a fit says itself what is unknown and measured; the other options are for a model")
        design = _of_fit(named)
    else:
        design = _of_model(named, parameters, outputs, regimen, cohort)
    return _identified(named.name, design, unknown_initial, seed)


@dataclass(frozen=True)
class _Design:
    """What is unknown, and the arms, each with its cohort."""

    model: Model
    unknown: Sequence[str]
    arms: Sequence[tuple[str | None, MeasuredArm]]
    practical: dict[str, str] = field(default_factory=dict[str, str])


def _identified(name: str, design: _Design, unknown_initial: Sequence[str], seed: int) -> Identification:
    model, arms = design.model, [arm for _, arm in design.arms]
    structural = structure(model, design.unknown, arms, unknown_initial=unknown_initial, seed=seed)
    further = further_measurements(model, structural, arms, unknown_initial=unknown_initial, seed=seed)
    resting = bool(structural.unobserved and model.doses) and not any(arm.regimen.doses for arm in arms)
    texts = tuple(arm.text(cohort) for cohort, arm in design.arms)
    return Identification(name, structural, further, texts, design.practical, resting)


def _named(name: object, *, prefers_model: bool) -> FitProblem | Model:
    """The fit problem or model of a name or path."""
    if not isinstance(name, str | Path):
        return loaded("problem", name, FitProblem)
    with naming("problem"):
        file = file_of_kind(name, ("model", "fit") if prefers_model else ("fit", "model"))
        if file is None:
            kind, _ = files_of(name)[0]
            wanted = "a fit problem is needed, or a model with --parameters and --outputs"
            raise InputError(f"{wanted}; '{name}' is {kind_text(kind)}")
    kind, path = file
    return FitProblem.load(path) if kind == "fit" else Model.load(path)


def _of_model(
    model: Model,
    parameters: Sequence[str],
    outputs: Sequence[str],
    regimen: Regimen | str | Path | None,
    cohort: str | None,
) -> _Design:
    unknown, measured = all_of("parameters", parameters, str, '["k"]'), all_of("outputs", outputs, str, '["A"]')
    faults = Faults()
    for argument, names in (("parameters", unknown), ("outputs", measured)):
        if not names:
            faults.add("name at least one, or give a fit", name=argument)
    values: dict[str, float] = {}
    with faults.gather(name="cohort"):
        values = dict(cohort_parameters(model, cohort).values)
        model.constant_values(values)
    doses = Regimen.none()
    with faults.gather(name="regimen"):
        doses = doses if regimen is None else loaded("regimen", regimen, Regimen)
    faults.raise_if_any()
    return _Design(model, unknown, [(cohort, MeasuredArm(measured, doses, values))])


def _of_fit(problem: FitProblem) -> _Design:
    """The free parameters of a fit but for spreads, the arms of its rows, and what the committed result says."""
    if problem.facts is not None:
        message = f"'{problem.name}' is a fit of facts, which are not measured outputs; name a model and outputs"
        raise InputError(Fault(message, name="problem"))
    committed, practical = result_path(problem.path), dict[str, str]()
    if committed.is_file():
        estimates = Estimates.read(committed)
        practical = dict(zip(estimates.names, estimates.verdicts, strict=True))
    unknown = [free.name for free in problem.free if free.is_typical]
    return _Design(problem.model, unknown, _arms_of_fit(problem), practical)


def _arms_of_fit(problem: FitProblem) -> list[tuple[str | None, MeasuredArm]]:
    """An arm for each cohort and regimen of the fitted rows, with the cohort."""
    arms: list[tuple[str | None, MeasuredArm]] = []
    for arm, targets in targets_by_arm(problem, problem.fitted).items():
        shares: dict[str, bool] = {}
        for target in targets:
            name = target.row.output if target.row.over is None else f"{target.row.output}/{target.row.over}"
            shares[name] = shares.get(name, True) and _is_share_of_baseline(target)
        relative = [name for name, is_share in shares.items() if is_share]
        arms.append((arm.cohort.name, MeasuredArm(list(shares), arm.regimen, arm.cohort.values, relative)))
    return arms


def _is_share_of_baseline(target: Target) -> bool:
    """Whether a row tells of its output only how it compares with its value before treatment."""
    level = target.row.level
    return target.row.kind == "percent_of_baseline" or (level is not None and read_level(level).unit is None)
