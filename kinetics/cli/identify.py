"""`kinetics identify`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinetics.checking.kinds import is_path, kind_of, shipped
from kinetics.cli.arguments.inputs import chosen_regimen, parameter_values
from kinetics.cli.arguments.options import AsJson, RegimenName
from kinetics.cli.terminal.failures import tell
from kinetics.cli.terminal.output import page_width, print_json, print_text
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults, InputError

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem
    from kinetics.identifiability import Arm
    from kinetics.model import Model
    from kinetics.published import Target

__all__ = ["identify"]


def identify(
    name: Annotated[str, typer.Argument(metavar="FIT|MODEL", help="A fit problem or a model that ships, or a file.")],
    parameters: Annotated[
        str | None, typer.Option("--parameters", metavar="NAME,NAME", help="Of a model: what is unknown.")
    ] = None,
    outputs: Annotated[
        str | None,
        typer.Option("--outputs", metavar="NAME,NAME", help="Of a model: what is measured; A/B is a ratio of two."),
    ] = None,
    regimen: RegimenName = None,
    cohort: Annotated[
        str | None, typer.Option("--cohort", metavar="NAME", help="A cohort of the model, near whose values to look.")
    ] = None,
    unknown_initial: Annotated[
        str | None,
        typer.Option("--unknown-initial", metavar="STATE,STATE", help="States that start at an unknown value."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Which parameters can be known at all from what is measured, whatever the number and error of the data."""
    from kinetics.identifiability import structure, what_would_help
    from kinetics.reports.identifiability import identifiability_json, identifiability_text

    path, kind = _file(name, prefers_model=parameters is not None)
    if kind == "fit":
        if parameters or outputs or regimen or cohort:
            raise InputError("a fit says itself what is unknown and measured; the other options are for a model")
        asked = _of_fit(path)
    else:
        asked = _of_model(path, _names(parameters), _names(outputs), regimen, cohort)
    initial = _names(unknown_initial)
    with watched(f"identifiability of {path.stem}"):
        found = structure(asked.model, asked.parameters, asked.arms, unknown_initial=initial)
        helping = what_would_help(asked.model, found, asked.arms, unknown_initial=initial)
    if found.unseen and asked.model.doses and not any(arm.regimen.doses for arm in asked.arms):
        tell("nothing is given; a --regimen may move what is not seen at rest")
    if as_json:
        arms = {"arms": asked.arm_texts}
        print_json({"name": path.stem, **arms, **identifiability_json(found, helping, asked.practical)})
    else:
        print_text(identifiability_text(found, helping, asked.arm_texts, asked.practical, page_width()))


@dataclass(frozen=True)
class _Asked:
    model: Model
    parameters: Sequence[str]
    arms: Sequence[Arm]
    arm_texts: list[str]
    practical: dict[str, str] = field(default_factory=dict)


def _file(name: str, *, prefers_model: bool) -> tuple[Path, str]:
    """The file of a name and what it is; a model before a fit of the same name if parameters are chosen."""
    found = [(kind_of(Path(name)), Path(name))] if is_path(name) else shipped(name)
    order = ("model", "fit") if prefers_model else ("fit", "model")
    for wanted in order:
        for kind, path in found:
            if kind == wanted:
                return path, kind
    raise InputError(f"'{name}' is a {found[0][0]}; give a fit problem, or a model with --parameters and --outputs")


def _names(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _of_model(path: Path, parameters: list[str], outputs: list[str], regimen: str | None, cohort: str | None) -> _Asked:
    from kinetics.identifiability import Arm
    from kinetics.model import Model

    faults = Faults()
    for option, given in (("--parameters", parameters), ("--outputs", outputs)):
        if not given:
            faults.add("name at least one, or give a fit", name=option)
    given = chosen_regimen(faults, regimen, (), "")
    model = None
    with faults.gather():
        model = Model.load(path)
    values = {} if model is None else parameter_values(faults, model, cohort, ())
    faults.raise_if_any()
    assert model is not None
    arm = Arm(outputs, given, values)
    return _Asked(model, parameters, [arm], [_arm_text(arm, cohort)])


def _of_fit(path: Path) -> _Asked:
    """The free parameters of a fit, and an arm for each cohort and regimen of its fitted rows."""
    from kinetics.cohorts.fit_results import result_path
    from kinetics.estimate import Estimates, FitProblem

    problem = FitProblem.load(path)
    committed = result_path(path)
    practical = {}
    if committed.is_file():
        estimates = Estimates.read(committed)
        practical = dict(zip(estimates.names, estimates.verdicts, strict=True))
    parameters = [parameter.name for parameter in problem.free if not parameter.is_spread]
    arms = _arms(problem)
    texts = [_arm_text(arm, cohort) for cohort, arm in arms]
    return _Asked(problem.model, parameters, [arm for _, arm in arms], texts, practical)


def _arms(problem: FitProblem) -> list[tuple[str, Arm]]:
    from kinetics.identifiability import Arm

    groups: dict[tuple[str, str], list[Target]] = {}
    for target in problem.fitted:
        groups.setdefault((target.row.cohort, target.regimen.content_hash), []).append(target)
    arms = []
    for (cohort, _), targets in groups.items():
        shares: dict[str, bool] = {}
        for target in targets:
            name = target.row.output if target.row.over is None else f"{target.row.output}/{target.row.over}"
            shares[name] = shares.get(name, True) and _is_share_of_baseline(target)
        relative = [name for name, is_share in shares.items() if is_share]
        arms.append((cohort, Arm(list(shares), targets[0].regimen, problem.cohort(cohort).values, relative)))
    return arms


def _is_share_of_baseline(target: Target) -> bool:
    """Whether a row tells of its output only how it compares with its value before treatment."""
    from kinetics.units.levels import read_level

    level = target.row.level
    return target.row.kind == "percent_of_baseline" or (level is not None and read_level(level).unit is None)


def _arm_text(arm: Arm, cohort: str | None) -> str:
    names = [
        f"{name} as a share of its value before treatment" if name in arm.relative else name for name in arm.outputs
    ]
    dose = f"after the first dose of {arm.regimen.name}" if arm.regimen.doses else "without a dose"
    return f"{', '.join(names)}, {dose}" + (f", cohort {cohort}" if cohort else "")
