"""What stands still: a state at rest whose rate is identically zero while all others at rest are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kinetics.model import Model
from kinetics.reduction.identities import RandomPoint


@dataclass(frozen=True)
class Rest:
    """What doses leave at rest.

    Parameters
    ----------
    moving : tuple of str
        The states that move, in the order of the model.
    resting : tuple of str
        The others, in the order of the model. They keep their initial values.
    integers : mapping of str to int
        Derived quantities and outputs that are integers while these rest, whatever the parameters are and however the
        others move: a killing rate of 0, a signal of 1.
    """

    moving: tuple[str, ...]
    resting: tuple[str, ...]
    integers: Mapping[str, int]

    @classmethod
    def none(cls, model: Model) -> Rest:
        """Every state is taken to move."""
        return cls(tuple(model.states), (), {})

    @property
    def integrated(self) -> tuple[str, ...]:
        """The states that are integrated: an integrator needs one, so if none moves, the first with a rate of zero."""
        return self.moving or self.resting[:1]


def find_rest(model: Model, drugs: Iterable[str], changing: Iterable[str] = ()) -> Rest:
    """Find what stands still when the model is given some drugs.

    It is the least fixpoint: at first all states rest but those that doses or events set; a state moves if its rate is not
    identically zero with the others at rest put in. That holds for all values of the parameters and inputs, so a rest
    that only some values have is none, and the derivatives of the rest by the parameters are those of the initial
    values. What has no value at rest, as a division by zero, moves.

    Parameters
    ----------
    drugs : iterable of str
        All that may be given, by doses or by rules. Names that are no doses of the model are left to whoever checks.
    changing : iterable of str
        Parameters and inputs that change over time. A state whose initial value they enter moves: what was rest before
        a change is none behind it.

    Notes
    -----
    For parameters at which the whole model is not defined (a division by a parameter that is zero and is not declared
    to be positive), the model without what rests may be.

    Examples
    --------
    >>> import sympy as sp
    >>> from kinetics.model import Dose, Output, Parameter, State
    >>> k, full, A, B = sp.symbols("k full A B")
    >>> states = [
    ...     State(name="A", unit="mg", initial=0, rate=-k * A),
    ...     State(name="B", unit="mg", initial=full, rate=k * (full - B) - k * A * B / full),
    ... ]
    >>> share, doses = Output(name="share", unit="1", value=B / full), [Dose(name="drug", unit="mg", into="A")]
    >>> rows = [Parameter(name="k", value=0.1, unit="1/day"), Parameter(name="full", value=2, unit="mg")]
    >>> more = {"states": states, "parameters": rows, "doses": doses, "outputs": [share]}
    >>> model = Model.from_symbols("pools", time="day", **more)
    >>> find_rest(model, ["drug"])
    Rest(moving=('A', 'B'), resting=(), integers={})
    >>> find_rest(model, [])
    Rest(moving=(), resting=('A', 'B'), integers={'share': 1})
    """
    search = _Search(model)
    search.move(
        {model.doses[drug].into for drug in drugs if drug in model.doses}
        | {name for event in model.events.values() for name in event.assignments}
        | search.started_by(changing)
    )
    while started := search.started():
        search.move(started)
    if len(search.moving) == len(model.states):
        return Rest.none(model)
    moving = tuple(name for name in model.states if name in search.moving)
    resting = tuple(name for name in model.states if name not in search.moving)
    return Rest(moving, resting, search.integers())


class _Search:
    """The states that move as far as is known, and everything else at a random point with the others at rest."""

    def __init__(self, model: Model) -> None:
        self.moving: set[str] = set()
        self._model = model
        positive = {row.symbol for row in model.parameters.values() if row.positive or (row.minimum or 0.0) > 0.0}
        self._point = RandomPoint(positive)
        # what is not known yet, or changes with a state that began to move
        self._definitions, self._rates = set(model.order), set(model.states)
        self._users = _users(model)
        self._refresh(model.constants)
        for row in model.states.values():
            self._point.fix(row.symbol, row.initial)

    def move(self, states: Collection[str]) -> None:
        """Let states move."""
        pending = list(states)
        self.moving.update(states)
        for name in states:
            self._point.free(self._model.states[name].symbol)
        while pending:
            for user in self._users[pending.pop()]:
                if user in self._model.states:
                    self._rates.add(user)
                elif user not in self._definitions:
                    self._definitions.add(user)
                    pending.append(user)

    def started_by(self, parameters: Iterable[str]) -> set[str]:
        """The states whose initial values some parameters enter, perhaps through constants."""
        reached, pending = set(parameters), list(parameters)
        while pending:
            users = {name for name in self._users[pending.pop()] if name in self._model.definitions} - reached
            reached |= users
            pending += users
        return {row.name for row in self._model.states.values() if reached & set(map(str, row.initial.free_symbols))}

    def started(self) -> set[str]:
        """The states at rest whose rates are not zero."""
        self._refresh(self._model.order)
        rates, self._rates = self._rates - self.moving, set()
        return {name for name in rates if self._point.integer(self._model.states[name].rate) != 0}

    def integers(self) -> dict[str, int]:
        """The derived quantities and outputs that are integers."""
        rows = self._model.definitions.values()
        return {row.name: number for row in rows if (number := self._point.integer(row.symbol)) is not None}

    def _refresh(self, names: Iterable[str]) -> None:
        """Put in the definitions that have changed, each after those it uses."""
        for name in names:
            if name in self._definitions:
                self._point.fix(self._model.definitions[name].symbol, self._model.definitions[name].value)
                self._definitions.remove(name)


def _users(model: Model) -> dict[str, list[str]]:
    """The definitions that use a name, and the states whose rates do."""
    users: dict[str, list[str]] = defaultdict(list)
    expressions = {row.name: row.value for row in model.definitions.values()}
    expressions |= {row.name: row.rate for row in model.states.values()}
    for name, expression in expressions.items():
        for symbol in expression.free_symbols:
            users[symbol.name].append(name)
    return users
