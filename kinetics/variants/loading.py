"""Variants of a fit: where their files are, and whether they can be compared with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kinetics.errors import Faults, InputError, UnknownNameError
from kinetics.estimate import FitProblem
from kinetics.estimate.problem.extension import VARIANTS
from kinetics.files.library import names_a_file, similar_name
from kinetics.reduction import find_rest
from kinetics.text.lists import listed


def load_variants(base: FitProblem, names: Sequence[FitProblem | str | Path] | None = None) -> list[FitProblem]:
    """Read the variants of a fit, and check that each can be compared with it.

    Parameters
    ----------
    base : FitProblem
        A population fit.
    names : sequence of FitProblem, str or pathlib.Path, optional
        Fit problems, their paths, or their names in the folder ``variants`` beside the fit; by default every file there
        that extends the fit.

    Raises
    ------
    InputError
        With everything that is wrong with each.
    """
    faults, variants = Faults(), list[FitProblem]()
    if base.population is None:
        message = "has no table [population]; only of a population is it known whether a published number lies inside"
        faults.add(message, str(base.path))
    for name in _files(base) if names is None else names:
        with faults.gather(name=name.name if isinstance(name, FitProblem) else f"{name!s:.60}"):
            variant = name if isinstance(name, FitProblem) else FitProblem.load(_path(base, name))
            if names is None and base.path.resolve() not in {path.resolve() for path in variant.extends}:
                continue
            if variant.name in (base.name, *(other.name for other in variants)):
                raise InputError(f"there are two fits '{variant.name}'; each is compared once")
            variants.append(variant)
            _check(base, variant)
    if not variants and not faults:
        folder = base.path.parent / VARIANTS
        faults.add(f"no variants: {folder} has no fit that extends '{base.name}'; name some", name="variants")
    faults.raise_if_any()
    return variants


def _files(base: FitProblem) -> list[Path]:
    paths = (base.path.parent / VARIANTS).glob("*.toml")
    return sorted(path for path in paths if "." not in path.stem)


def _path(base: FitProblem, name: str | Path) -> Path:
    if isinstance(name, Path) or names_a_file(name):
        return Path(name)
    known = [path.stem for path in _files(base)]
    if name not in known:
        hint = similar_name(name, known) or f"; there are {', '.join(known) or 'none'}"
        raise UnknownNameError(f"no '{name}' in {base.path.parent / VARIANTS}{hint}")
    return base.path.parent / VARIANTS / f"{name}.toml"


def _check(base: FitProblem, variant: FitProblem) -> None:
    """Refuse a variant whose log posterior is of other data than the fit's, or whose model does not rest as it does."""
    faults, where = Faults(), str(variant.path)
    if differences := list(_different_rows(base, variant)):
        faults.add(f"its rows are not those of '{base.name}': {listed(differences, 6)}", where, "fit.tables")
    settings = ("population", "seed")
    for name in settings:
        own, other = getattr(variant, name), getattr(base, name)
        if own != other:
            faults.add(f"must be that of '{base.name}', {other}; found {own}", where, name)
    if moving := _moving(variant) - _moving(base):
        message = f"is not at rest without a drug, as the model of '{base.name}' is: {listed(sorted(moving), 6)} moves"
        message += "; derive rates from the values at rest (closure)"
        faults.add(message, where, f"model '{variant.model.name}'")
    faults.raise_if_any()


def _different_rows(base: FitProblem, variant: FitProblem) -> Iterable[str]:
    """What distinguishes the rows, in words."""
    own, other = _rows(variant), _rows(base)
    yield from (f"lacks {name}" for name in other.keys() - own.keys())
    yield from (f"adds {name}" for name in own.keys() - other.keys())
    for name in own.keys() & other.keys():
        keys = [key for key in own[name].keys() | other[name].keys() if own[name].get(key) != other[name].get(key)]
        if keys:
            yield f"{name} differs in {', '.join(sorted(keys))}"


def _rows(problem: FitProblem) -> dict[str, dict[str, Any]]:
    """What the rows say, by their names; with the doses and visits that they name."""
    return {
        target.row.name: target.row.model_dump(exclude={"name", "note", "regimen", "visits"}, exclude_defaults=True)
        | {"regimen": target.regimen.content_hash, "visits": target.visits}
        for target in problem.targets
    }


def _moving(problem: FitProblem) -> set[str]:
    """The states that change without a drug."""
    return set(find_rest(problem.model, ()).integrated)
