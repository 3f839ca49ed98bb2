"""`identify`: what the rows of a fit, or outputs of a model, can tell about the parameters, and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.cohorts.fit_results import result_path
from kinetics.errors import Faults, InputError
from kinetics.estimate import Estimates, FitProblem
from kinetics.files.arguments import all_of, loaded
from kinetics.files.kinds import file_of_kind, files_of
from kinetics.identifiability.arm import Arm
from kinetics.identifiability.further_measurements import further_measurements
from kinetics.identifiability.structure import Structure, structure
from kinetics.model import Model
from kinetics.published.typical import Target
from kinetics.regimen import Regimen
from kinetics.text.tables import html_table
from kinetics.units.levels import read_level

__all__ = ["Identification", "identify"]

SPREAD_VERDICT = "a spread: one patient does not show it"
"""What is said of a spread between patients, which no rank of one patient's equations tells."""
SHOWN = 3
"""So many measurements that would help are named in a table."""


@dataclass(frozen=True)
class Identification:
    """Which parameters can be known.

    Parameters
    ----------
    name : str
        Of the fit or model.
    structure : Structure
        What can be known from what is measured.
    further : dict of str to tuple of str
        For each parameter that cannot be known, the measurements any one of which makes it so.
    arms : tuple of str
        What is measured, a line each.
    practical : dict of str to str
        The verdict of a committed fit on each parameter; empty without one.
    resting : bool
        Whether some parameter is not seen, and no arm of a model with doses is given any.
    """

    name: str
    structure: Structure
    further: dict[str, tuple[str, ...]]
    arms: tuple[str, ...]
    practical: dict[str, str] = field(default_factory=dict)
    resting: bool = False

    @property
    def identifiable(self) -> dict[str, bool]:
        """Of each parameter, whether it can be known."""
        return self.structure.identifiable

    @property
    def spreads(self) -> list[str]:
        """What the fit estimates beside the parameters: spreads between patients."""
        return [name for name in self.practical if name not in self.structure.parameters]

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The head and the rows of a table, a row a parameter."""
        head, found = ["parameter", "can it be known"], self.structure
        rows = [[name, "yes" if known else f"no: {found.words[name]}"] for name, known in self.identifiable.items()]
        if self.further:
            head.append("measuring one of these as well would help")
            for row in rows:
                row.append("" if self.identifiable[row[0]] else _shortened(self.further.get(row[0], ())))
        if self.practical:
            head.append("the fit says")
            for row in rows:
                row.append(self.practical.get(row[0], "-"))
            blank = [""] * (len(head) - 3)
            rows += [[name, SPREAD_VERDICT, *blank, self.practical[name]] for name in self.spreads]
        return head, rows

    @property
    def summary(self) -> str:
        """How many parameters can be known, in a sentence."""
        known, total = sum(self.identifiable.values()), len(self.identifiable)
        count = f"{'Both' if total == 2 else f'All {total}'} can" if known == total > 1 else f"{known} of {total} can"
        return f"{count} be known; derivatives in time up to order {self.structure.order}, rank {self.structure.rank}."

    def __repr__(self) -> str:
        return f"<Identification of {self.name}: {sum(self.identifiable.values())} of {len(self.identifiable)} known>"

    def _repr_html_(self) -> str:
        return html_table(f"{self.name}: {self.summary}", *self.table())


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
    >>> model = Model.from_symbols(
    ...     "decay", time="day",
    ...     parameters=[Parameter(name="k", value=0.1, unit="1/day"), Parameter(name="j", value=2.0, unit="1")],
    ...     states=[State(name="A", unit="1", initial=1, rate=-k * j * A)],
    ... )
    >>> found = identify(model, ["k", "j"], ["A"])
    >>> found, found.structure.combinations
    (<Identification of decay: 0 of 2 known>, ['only the product k*j'])
    """
    named = problem if isinstance(problem, FitProblem | Model) else _named(problem, prefers_model=bool(parameters))
    if isinstance(named, FitProblem):
        if parameters or outputs or regimen or cohort:
            raise InputError("a fit says itself what is unknown and measured; the other options are for a model")
        model, arms = named.model, _arms_of_fit(named)
        unknown: Sequence[str] = [free.name for free in named.free if not free.is_spread]
        practical = _practical(named)
    else:
        model, practical = named, {}
        unknown, measured = all_of("parameters", parameters, str, '["k"]'), all_of("outputs", outputs, str, '["A"]')
        arms = [(cohort, _arm_of_model(model, unknown, measured, regimen, cohort))]
    measured_arms = [arm for _, arm in arms]
    found = structure(model, unknown, measured_arms, unknown_initial=unknown_initial, seed=seed)
    further = further_measurements(model, found, measured_arms, unknown_initial=unknown_initial, seed=seed)
    resting = bool(found.unobserved and model.doses) and not any(arm.regimen.doses for arm in measured_arms)
    texts = tuple(arm.text(cohort) for cohort, arm in arms)
    return Identification(named.name, found, further, texts, practical, resting)


def _named(name: object, *, prefers_model: bool) -> FitProblem | Model:
    """The fit problem or model of a name or path."""
    if not isinstance(name, str | Path):
        return loaded("problem", name, FitProblem)
    found = file_of_kind(name, ("model", "fit") if prefers_model else ("fit", "model"))
    if found is None:
        kind, _ = files_of(name)[0]
        raise InputError(f"'{name}' is a {kind}; give a fit problem, or a model with --parameters and --outputs")
    kind, path = found
    return FitProblem.load(path) if kind == "fit" else Model.load(path)


def _arm_of_model(
    model: Model,
    parameters: Sequence[str],
    outputs: Sequence[str],
    regimen: Regimen | str | Path | None,
    cohort: str | None,
) -> Arm:
    faults = Faults()
    for argument, names in (("parameters", parameters), ("outputs", outputs)):
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
    return Arm(outputs, doses, values)


def _practical(problem: FitProblem) -> dict[str, str]:
    """What the committed result says of each parameter."""
    committed = result_path(problem.path)
    if not committed.is_file():
        return {}
    estimates = Estimates.read(committed)
    return dict(zip(estimates.names, estimates.verdicts, strict=True))


def _arms_of_fit(problem: FitProblem) -> list[tuple[str | None, Arm]]:
    """An arm for each cohort and regimen of the fitted rows, with the cohort."""
    groups: dict[tuple[str, str], list[Target]] = {}
    for target in problem.fitted:
        groups.setdefault((target.row.cohort, target.regimen.content_hash), []).append(target)
    arms: list[tuple[str | None, Arm]] = []
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
    level = target.row.level
    return target.row.kind == "percent_of_baseline" or (level is not None and read_level(level).unit is None)


def _shortened(names: Sequence[str]) -> str:
    more = f", {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more or "none alone"
