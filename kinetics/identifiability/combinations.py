"""What the null directions leave: products, ratios and sums of unknowns that are known though none of them is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from math import lcm

import numpy as np

from kinetics.identifiability.elimination import null_space, reduced
from kinetics.identifiability.series import ZERO, tolerance

MAX_EXPONENT = 12


@dataclass(frozen=True)
class Group:
    """Unknowns that can be exchanged against one another."""

    members: tuple[int, ...]
    """Their columns."""
    known: int
    """How many independent combinations of them are known."""
    words: tuple[str, ...]
    """Those that are products, ratios or sums; may be fewer than ``known``."""


def groups(names: Sequence[str], values: Sequence[np.ndarray], directions: Sequence[np.ndarray]) -> list[Group]:
    """Find the combinations that are known at every point.

    For each point ``values``, (unknown,), are those of the named unknowns, and ``directions``, (direction, unknown),
    span the null space in their logarithms.
    """
    result = []
    for members in _connected(directions[0]):
        own = [among(at, members) for at in directions]
        result.append(_group(members, names, [at[members] for at in values], own))
    return result


def among(directions: np.ndarray, columns: list[int]) -> np.ndarray:
    """The null directions among some of the unknowns; the others have null directions of their own."""
    own = directions[:, columns]
    return own[(own != ZERO).any(axis=1)]


def _connected(directions: np.ndarray) -> list[list[int]]:
    """Columns that null directions have in common, each set in order."""
    sets: list[set[int]] = []
    for direction in reduced(directions).rows if len(directions) else directions:
        members = {column for column, entry in enumerate(direction) if entry != ZERO}
        touched = [other for other in sets if other & members]
        sets = [other for other in sets if not other & members] + [members.union(*touched)]
    return sorted(map(sorted, sets))


def _group(members: list[int], names: Sequence[str], values: list[np.ndarray], directions: list[np.ndarray]) -> Group:
    known = len(members) - reduced(directions[0]).rank
    own = [names[member] for member in members]
    words: list[str] = []
    gradients: list[np.ndarray] = []
    for text, gradient in _candidates(own, values, directions):
        if len(gradients) < known and reduced(np.stack([*gradients, gradient])).rank > len(gradients):
            gradients.append(gradient)
            words.append(text)
    return Group(tuple(members), known, tuple(words))


def _candidates(
    names: list[str], values: list[np.ndarray], directions: list[np.ndarray]
) -> Iterator[tuple[str, np.ndarray]]:
    """Combinations that no direction at any point changes, simplest first, with their gradients at the first."""
    stacked = np.concatenate(directions)
    for pair in combinations(range(len(names)), 2):
        yield from _monomials(names, stacked, pair)
    for first, second in combinations(range(len(names)), 2):
        for sign, word in ((Decimal(1), "the sum {} + {}"), (Decimal(-1), "the difference {} - {}")):
            gradients = [np.full(len(names), ZERO, dtype=object) for _ in values]
            for gradient, at in zip(gradients, values, strict=True):
                gradient[first], gradient[second] = at[first], sign * at[second]
            if all(_is_known(gradient, own) for gradient, own in zip(gradients, directions, strict=True)):
                yield word.format(names[first], names[second]), gradients[0]
    yield from _monomials(names, stacked, range(len(names)))


def _is_known(gradient: np.ndarray, directions: np.ndarray) -> bool:
    terms = directions * gradient
    return bool((np.abs(terms.sum(axis=1)) <= np.abs(terms).max(axis=1) * tolerance()).all())


def _monomials(names: list[str], directions: np.ndarray, members: Sequence[int]) -> Iterator[tuple[str, np.ndarray]]:
    """Products of powers with small whole exponents, of some of the unknowns, that no direction changes."""
    for row in null_space(reduced(directions[:, list(members)])):
        exponents = _whole(row)
        if exponents is not None and sum(map(bool, exponents)) > 1:
            gradient = np.full(len(names), ZERO, dtype=object)
            gradient[list(members)] = [Decimal(exponent) for exponent in exponents]
            yield _words([names[member] for member in members], exponents), gradient


def _whole(row: np.ndarray) -> list[int] | None:
    """The exponents as small whole numbers, more of them positive than negative; None if they are not such."""
    near = [Fraction(entry).limit_denominator(MAX_EXPONENT) for entry in row]
    if any(abs(Fraction(entry) - short) > Fraction(tolerance()) for entry, short in zip(row, near, strict=True)):
        return None
    scale = lcm(*(short.denominator for short in near))
    exponents = [int(short * scale) for short in near]
    if max(map(abs, exponents)) > MAX_EXPONENT:
        return None
    first = next(exponent for exponent in exponents if exponent)
    balance = sum(map(np.sign, exponents)) or first
    return exponents if balance > 0 else [-exponent for exponent in exponents]


def _words(names: list[str], exponents: list[int]) -> str:
    above = [_power(name, exponent) for name, exponent in zip(names, exponents, strict=True) if exponent > 0]
    below = [_power(name, -exponent) for name, exponent in zip(names, exponents, strict=True) if exponent < 0]
    if not below:
        return f"the product {'*'.join(above)}"
    kind = "ratio" if len(above) == len(below) == 1 else "combination"
    text = below[0] if len(below) == 1 else f"({'*'.join(below)})"
    return f"the {kind} {'*'.join(above)}/{text}"


def _power(name: str, exponent: int) -> str:
    return name if exponent == 1 else f"{name}^{exponent}"
