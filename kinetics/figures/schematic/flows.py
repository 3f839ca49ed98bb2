"""The flows of a model, found in its rates by symbols: what leaves and enters states, and what regulates it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from kinetics.model import Model
from kinetics.model.timing.clock import is_clock


@dataclass(frozen=True)
class Flow:
    """An arrow of a schematic.

    Parameters
    ----------
    source, target : str or None
        The states that it leaves and enters; no source of what only enters, no target of what only leaves.
    regulators : tuple of str
        Inputs, and other states, that the flow depends on.
    is_growth : bool
        Whether it only enters and needs its own state: division.
    """

    source: str | None
    target: str | None
    regulators: tuple[str, ...] = ()
    is_growth: bool = False


@dataclass(frozen=True)
class _Term:
    """A product in the rate of a state, without its sign; ``enters`` says whether it is added."""

    state: str
    product: Any
    enters: bool


def flows(model: Model) -> list[Flow]:
    """Every flow of a model, in the order of its states; several of the same ends are one.

    A rate is a sum of products. A product that leaves one state and enters another is a flow between them, if the
    quotient of the two is only a factor of amounts: it holds no state and no rate constant, or, where the states have
    different units, the two share a factor. Other products are a source or a loss. A sum with a plain number in it, as
    in ``k*A*(1 + x)``, is a factor that regulates, and stays whole.

    Examples
    --------
    >>> from kinetics.model import Parameter, State
    >>> k, d, A, B = sp.symbols("k d A B")
    >>> rates = [Parameter(name=name, value=0.1, unit="1/day") for name in "kd"]
    >>> first = State(name="A", unit="mg", initial=0, rate=-k * A)
    >>> second = State(name="B", unit="mg", initial=0, rate=k * A - d * B)
    >>> chain = Model.from_symbols("chain", time="day", parameters=rates, states=[first, second])
    >>> [(flow.source, flow.target) for flow in flows(chain)]
    [('A', 'B'), ('B', None)]
    """
    return _Flows(model).found()


class _Flows:
    """The terms of a model while they are matched."""

    def __init__(self, model: Model) -> None:
        self.model = model
        states = [row for row in model.states.values() if not is_clock(row)]
        self.terms = [term for row in states for term in _terms(model, row.name, row.rate)]

    def found(self) -> list[Flow]:
        """Flows between states, then what is left of each."""
        matched: set[int] = set()
        regulators: dict[tuple[str | None, str | None, bool], dict[str, None]] = {}
        for leaving in (term for term in self.terms if not term.enters):
            entering = [term for term in self.terms if term.enters and self._is_same(leaving, term)]
            for term in entering:
                matched |= {id(leaving), id(term)}
                own = regulators.setdefault((leaving.state, term.state, False), {})
                own.update(dict.fromkeys((*self._behind(leaving), *self._behind(term))))
        for term in self.terms:
            if id(term) not in matched:
                is_growth = term.enters and sp.Symbol(term.state, real=True) in term.product.free_symbols
                source, target = (None, term.state) if term.enters else (term.state, None)
                regulators.setdefault((source, target, is_growth), {}).update(dict.fromkeys(self._behind(term)))
        order = {name: index for index, name in enumerate(self.model.states)}
        found = sorted(regulators.items(), key=lambda each: order[each[0][0] or each[0][1] or ""])
        return [
            Flow(source, target, tuple(name for name in behind if name not in (source, target)), is_growth)
            for (source, target, is_growth), behind in found
        ]

    def _is_same(self, leaving: _Term, entering: _Term) -> bool:
        """Whether what leaves one state is what enters another, up to a factor of amounts."""
        if leaving.state == entering.state:
            return False
        factor = entering.product / leaving.product
        if factor.is_number:
            return True
        names = {symbol.name for symbol in factor.free_symbols}
        if names & self._varying or names & self.model.inputs.keys():
            return False
        if not names & self._rate_constants:
            return True
        states = self.model.states
        shared = leaving.product.free_symbols & entering.product.free_symbols
        shared -= {row.symbol for row in states.values()}
        return states[leaving.state].unit != states[entering.state].unit and bool(shared)

    @cached_property
    def _varying(self) -> set[str]:
        """States, and derived quantities that depend on them."""
        varying = set(self.model.states)
        for name in self.model.order:
            if {symbol.name for symbol in self.model.definitions[name].value.free_symbols} & varying:
                varying.add(name)
        return varying

    @cached_property
    def _rate_constants(self) -> set[str]:
        """What is per time: rate constants, clearances, productions."""
        rows = {**self.model.parameters, **self.model.derived, **self.model.inputs}
        return {name for name, row in rows.items() if "[time]" in row.unit.dimensionality}

    def _behind(self, term: _Term) -> Iterator[str]:
        """The inputs and the states that a term depends on, directly or through derived quantities."""
        derived = self.model.derived
        todo = [(symbol.name, True) for symbol in term.product.free_symbols]
        known: set[str] = set()
        while todo:
            name, varies = todo.pop()
            if name in self.model.states or (name in self.model.inputs and (varies or self._is_signal(name))):
                known.add(name)
            elif name in derived:
                varies = varies and name in self._varying
                todo += [(symbol.name, varies) for symbol in derived[name].value.free_symbols]
        yield from sorted(known - self._initial)

    def _is_signal(self, name: str) -> bool:
        """Whether an input is 0 or 1 at rest, or an amount."""
        row = self.model.inputs[name]
        return row.rest in (0, 1) or (not row.unit.dimensionless and "[time]" not in row.unit.dimensionality)

    @cached_property
    def _initial(self) -> set[str]:
        """The inputs that initial values are of."""
        return {symbol.name for row in self.model.states.values() for symbol in row.initial.free_symbols}


def _terms(model: Model, state: str, rate: Any) -> Iterator[_Term]:
    """The products of a rate: sums of flows are multiplied out, sums that regulate stay whole."""
    states = {row.symbol for row in model.states.values()}
    for product in _products(_without_aliases(model, rate), states):
        number, rest = product.as_coeff_Mul()
        factors: Any = sp.Mul.make_args(rest)
        signs = [_is_negative_sum(factor) for factor in factors]
        is_negative = (number < 0) != bool(sum(signs) % 2)
        if number != 0:
            flipped: list[Any] = [-f if s else f for f, s in zip(factors, signs, strict=True)]
            yield _Term(state, sp.Abs(number) * sp.prod(flipped), not is_negative)


def _without_aliases(model: Model, rate: Any) -> Any:
    """A rate with what only has another name, as an input that is bound to a quantity of another model."""
    while names := {row.symbol: row.value for row in model.derived.values() if row.value.is_Symbol}:
        named = rate.xreplace(names)
        if named == rate:
            break
        rate = named
    return rate


def _products(expression: Any, states: set[Any]) -> Iterator[Any]:
    if expression.is_Add:
        for term in expression.args:
            yield from _products(term, states)
        return
    factors: Any = sp.Mul.make_args(expression)
    parted = next((each for each in factors if each.is_Add and not _regulates(each, factors, states)), None)
    if parted is None:
        yield expression
        return
    others = [each for each in factors if each is not parted]
    for term in parted.args:
        yield from _products(sp.Mul(*others, term), states)


def _regulates(total: Any, factors: tuple[Any, ...], states: set[Any]) -> bool:
    """Whether a sum is a factor such as 1 + x: of a product with a state, or without any state in it."""
    others = {symbol for factor in factors if factor is not total for symbol in factor.free_symbols}
    return any(term.is_number for term in total.args) and bool(others & states or not total.free_symbols & states)


def _is_negative_sum(factor: Any) -> bool:
    """Whether a factor is a number less than zero and more, such as x - 1."""
    return factor.is_Add and any(term.is_number and term < 0 for term in factor.args)
