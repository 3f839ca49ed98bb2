"""Folds: which published rows are left out of a fit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kinetics.errors import Fault, Faults, InputError
from kinetics.estimate import FitProblem
from kinetics.published import PublishedRow
from kinetics.text.suggestions import did_you_mean

KINDS = ("row", "visit", "source")
"""What is left out together: a row; all rows of a study at a time; all rows of a source."""
UNFITTED = "unfitted"
"""What a fold is of that no fit needs to leave out: all rows of a source that none has."""


@dataclass(frozen=True)
class Fold:
    """Rows, by name, that are left out together; ``by`` is one of `KINDS`, or `UNFITTED`.

    ``name`` is what the rows have in common.
    """

    by: str
    name: str
    rows: tuple[str, ...]

    @property
    def steps(self) -> float:
        """How far its rows are from those of other folds of its kind: another source is a step away."""
        return float(self.by == "source")


def checked_kinds(by: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """Kinds of fold in the order of `KINDS`; None, which is all that a problem has, stays.

    Raises
    ------
    InputError
        If one is unknown, or none is named.
    """
    if by is None:
        return None
    chosen, faults = [by] if isinstance(by, str) else list(by), Faults()
    for kind in chosen:
        if kind not in KINDS:
            hint = did_you_mean(str(kind), KINDS) or f"; there are {', '.join(KINDS)}"
            faults.add(f"no folds by '{kind}'{hint}", name="by")
    if not chosen:
        faults.add(f"name at least one of {', '.join(KINDS)}", name="by")
    faults.raise_if_any()
    return tuple(kind for kind in KINDS if kind in chosen)


def folds_of(problem: FitProblem, by: str | Sequence[str] | None = None, *, with_unfitted: bool = False) -> list[Fold]:
    """The folds of the fitted rows of a problem, kind by kind; by default of every kind that has two folds.

    ``with_unfitted`` says that there are sources that were never fitted: the fit may then have a single source.

    Raises
    ------
    InputError
        If a kind is unknown, or one that is named, or every one, has a single fold: nothing would be left to fit.
    """
    kinds, faults, folds = checked_kinds(by), Faults(), list[Fold]()
    for kind in kinds or KINDS:
        groups: dict[str, list[str]] = {}
        for target in problem.fitted:
            groups.setdefault(_group(kind, target.row), []).append(target.row.name)
        if len(groups) > 1:
            folds += [Fold(kind, name, tuple(rows)) for name, rows in groups.items()]
        elif kinds is not None and not (kind == "source" and with_unfitted):
            faults.add(f"fit '{problem.name}' has one {kind}, {next(iter(groups))}: nothing is left to fit", name="by")
    faults.raise_if_any()
    if not folds and not with_unfitted:
        message = f"fit '{problem.name}' has one fitted row: nothing is left to fit when it is left out"
        raise InputError(Fault(message, name="fit"))
    return folds


def without(problem: FitProblem, fold: Fold) -> FitProblem:
    """The problem with the rows of a fold only compared."""
    return _with_fitted(problem, [target.row.name for target in problem.fitted if target.row.name not in fold.rows])


def only(problem: FitProblem, fold: Fold) -> FitProblem:
    """The problem with the rows of a fold alone fitted: what is left out, beside the model."""
    return _with_fitted(problem, fold.rows)


def _with_fitted(problem: FitProblem, rows: Sequence[str]) -> FitProblem:
    """The same targets, so that the same drugs are compiled, of which those rows are fitted."""
    targets = [
        replace(target, row=target.row.model_copy(update={"use": "fit" if target.row.name in rows else "validate"}))
        for target in problem.targets
    ]
    return replace(problem, targets=tuple(targets))


def _group(kind: str, row: PublishedRow) -> str:
    if kind == "row":
        return row.name
    if kind == "source":
        return row.source
    # a recovery is of no visit: it is left out alone
    return row.name if row.time is None else f"{row.source}, {row.cohort}, {row.regimen}, {row.time}"
