"""Structural identifiability: which parameters follow from outputs known at all times without error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from kinetics.errors import InputError
from kinetics.files.arguments import all_of, loaded
from kinetics.identifiability.combinations import Group, among, groups
from kinetics.identifiability.elimination import UnclearError, null_space, reduced
from kinetics.identifiability.experiment import Experiment, MeasuredArm, design_experiment
from kinetics.identifiability.measured import Measured
from kinetics.identifiability.series import ZERO, many_digits
from kinetics.model import Model
from kinetics.model.events import check_no_events
from kinetics.population.seeds import checked_seed
from kinetics.text.numbers import count_text

T = TypeVar("T")

DIGITS = (200, 400, 800)
"""Decimal digits of the arithmetic, the next if zero and a small number look the same."""

STILL = 2
"""Orders over which the rank must stand still at a start that is not special."""

MAX_ORDERS = 5
"""No more derivatives than so many times the states and unknowns."""

MAX_POINTS = 8


@dataclass(frozen=True)
class Structure:
    """What can be known.

    Parameters
    ----------
    parameters : tuple of str
        The unknowns as they were named; an initial value is ``STATE(0)``.
    rank : int
        How many independent combinations of them can be known.
    order : int
        The highest derivative in time that was used.
    identifiable : dict of str to bool
        Of each unknown, whether it can be known: locally, that is among values near it.
    unobserved : tuple of str
        Unknowns on which nothing that is measured depends.
    combinations : list of str
        What can be known of the others, in words: "only the product k*j".
    words : dict of str to str
        The verdict on each unknown.
    """

    parameters: tuple[str, ...]
    rank: int
    order: int
    identifiable: dict[str, bool]
    unobserved: tuple[str, ...]
    combinations: list[str]
    words: dict[str, str]


def structure(
    model: Model | str | Path,
    parameters: Iterable[str],
    arms: Sequence[MeasuredArm],
    *,
    unknown_initial: Iterable[str] = (),
    seed: int = 0,
) -> Structure:
    r"""Tell which parameters are structurally identifiable.

    The derivatives of :math:`L_f^k h(y_0)/k!`, the Taylor coefficients in time of every measured output :math:`h` after
    the first dose, by the logarithms of the unknowns, are the rows of a matrix. Its rank at a random point is the
    number of combinations that can be known. Two random points must agree.

    Parameters
    ----------
    model : Model, str or pathlib.Path
        The equations, or the name or path of their file, which start at the model's own initial values.
    parameters : iterable of str
        The unknown parameters; a name may have a dot. All others are known.
    arms : sequence of MeasuredArm
        What is measured, and under which first dose.
    unknown_initial : iterable of str
        States whose initial value is unknown as well, the same in every arm.
    seed : int
        Of the random points.

    Returns
    -------
    Structure

    Raises
    ------
    InputError
        If a name is wrong, or the equations have no power series at the start.

    References
    ----------
    Pohjanpalo 1978, doi:10.1016/0025-5564(78)90063-9; Sedoglavic 2002, doi:10.1006/jsco.2002.0532; Karlsson,
    Anguelova and Jirstrand 2012, doi:10.3182/20120711-3-BE-2027.00381.

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
    >>> known = structure(model, ["k", "j"], [MeasuredArm(["A"])])
    >>> known.rank, known.combinations
    (1, ['only the product k*j'])
    """
    seed = checked_seed(seed)
    model, arms = loaded("model", model, Model), all_of("arms", arms, MeasuredArm, 'arms=[MeasuredArm(["A"])]')
    check_no_events(model, "identify", "its power series of the outputs end at the first event")
    experiment = design_experiment(model, parameters, arms, unknown_initial)
    return with_enough_digits(lambda: _structure(experiment, seed))


def with_enough_digits(calculate: Callable[[], T]) -> T:
    """A calculation with as many digits as it takes to tell a small number from zero; an `InputError` if none do."""
    for digits in DIGITS:
        with many_digits(digits), suppress(UnclearError):
            return calculate()
    raise InputError(f"the rank is not clear even with {DIGITS[-1]} digits; ask for fewer parameters at a time")


def _structure(experiment: Experiment, seed: int) -> Structure:
    points = [Measured(experiment, seed), Measured(experiment, seed + 1)]
    order = sufficient_order(experiment, points[0])
    directions = [null_space(reduced(point.rows(order))) for point in points]
    if len(directions[0]) != len(directions[1]) or (_moved(directions[0]) != _moved(directions[1])).any():
        raise InputError("two random points disagree about what can be known; try another seed")
    while len(directions[0]) and _still_turning(directions) and len(points) < MAX_POINTS:
        points.append(Measured(experiment, seed + len(points)))
        directions.append(null_space(reduced(points[-1].rows(order))))
    observed = np.flatnonzero((points[0].rows(order) != ZERO).any(axis=0)).tolist()
    directions = [among(at, observed) for at in directions]
    names = [experiment.names[column] for column in observed]
    exchangeable = groups(names, [point.values[observed] for point in points], directions) if len(directions[0]) else []
    return _in_words(experiment.names, order, names, exchangeable)


def sufficient_order(experiment: Experiment, point: Measured) -> int:
    """The order at which the rank is full, or has stood still for long.

    At a start that is not special, derivatives up to the number of states and unknowns are enough. Here drugs and
    signals start at zero or at rest. If the last of them begins to move at order w, its powers follow w apart, so the
    rank must stand still that much longer.
    """
    matrix = reduced(point.rows(0))
    grew = 0
    for order in range(1, MAX_ORDERS * experiment.size + 1):
        before = matrix.rank
        matrix = reduced(np.concatenate([matrix.rows, point.rows(order, first=order)]))
        grew = order if matrix.rank > before else grew
        pause = point.latest + STILL
        if matrix.rank == len(experiment.names) or order >= max(experiment.size, grew) + pause:
            return order
    return MAX_ORDERS * experiment.size


def _moved(directions: np.ndarray) -> np.ndarray:
    """(unknown,): whether some null direction changes it."""
    return (directions != ZERO).any(axis=0)


def _still_turning(directions: list[np.ndarray]) -> bool:
    """Whether the last point added null directions that those before do not span."""
    return reduced(np.concatenate(directions)).rank > reduced(np.concatenate(directions[:-1])).rank


def _in_words(names: tuple[str, ...], order: int, observed: Sequence[str], exchangeable: Sequence[Group]) -> Structure:
    unobserved = tuple(name for name in names if name not in observed)
    words = dict.fromkeys(names, "identifiable") | dict.fromkeys(unobserved, "not seen by these outputs")
    combinations: list[str] = []
    exchanged = 0
    for group in exchangeable:
        members = [observed[member] for member in group.members]
        text = _group_words(members, group)
        combinations.append(text)
        for name in members:
            others = _listed([other for other in members if other != name])
            words[name] = text if group.known == len(group.words) == 1 else f"only together with {others}"
        exchanged += len(members) - group.known
    identifiable = {name: word == "identifiable" for name, word in words.items()}
    return Structure(names, len(observed) - exchanged, order, identifiable, unobserved, combinations, words)


def _group_words(members: list[str], group: Group) -> str:
    if len(group.words) == group.known:
        return f"only {_listed(group.words)}"
    number = count_text(group.known, "combination")
    rest = f": {', '.join(group.words)}, and others" if group.words else ""
    return f"only {number} of {_listed(members)}{rest}"


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
