"""Sparse LU factors of w I - J without pivoting, in an order of least fill, written out as straight code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Entry = tuple[int, int]


@dataclass(frozen=True)
class Elimination:
    """How a matrix of a given pattern is factored."""

    size: int
    order: tuple[int, ...]  # pivots, all on the diagonal
    # entries of the factors, fill included, by elimination order; the pivot stands apart
    lower: tuple[Entry, ...]
    upper: tuple[Entry, ...]

    def index(self, entry: Entry) -> int:
        """Where an entry of the factors is stored: inverse pivots first, then lower, then upper."""
        row, column = entry
        if row == column:
            return row
        position = {row: index for index, row in enumerate(self.order)}
        if position[row] > position[column]:
            return self.size + self.lower.index(entry)
        return self.size + len(self.lower) + self.upper.index(entry)

    @property
    def length(self) -> int:
        """Stored numbers."""
        return self.size + len(self.lower) + len(self.upper)


def eliminate(size: int, entries: Iterable[Entry]) -> Elimination:
    """Choose diagonal pivots of least Markowitz count, for the nonzero entries and the diagonal.

    Markowitz 1957, Management Science 3:255: of the rows left, take the pivot with the least (r - 1)(c - 1), which
    bounds the fill. There is no pivoting by size: for a small step the diagonal w dominates, and a step whose factors
    are bad fails its error estimate and is tried again with a larger w.

    Examples
    --------
    >>> eliminate(3, [(0, 1), (1, 0), (0, 2), (2, 0)]).length  # an arrow: with a leaf first nothing is filled in
    7
    """
    filled = set(entries) | {(i, i) for i in range(size)}
    left = set(range(size))
    order: list[int] = []
    lower: list[Entry] = []
    upper: list[Entry] = []
    while left:
        rows = {p: [j for j in left if j != p and (p, j) in filled] for p in left}
        columns = {p: [i for i in left if i != p and (i, p) in filled] for p in left}
        pivot = min(left, key=lambda p: (len(rows[p]) * len(columns[p]), p))
        left.remove(pivot)
        order.append(pivot)
        lower += [(i, pivot) for i in sorted(columns[pivot])]
        upper += [(pivot, j) for j in sorted(rows[pivot])]
        filled |= {(i, j) for i in columns[pivot] for j in rows[pivot]}
    return Elimination(size, tuple(order), tuple(lower), tuple(upper))


def factor_lines(plan: Elimination, entries: Iterable[Entry], lanes: int = 0) -> list[str]:
    """Statements that turn locals ``m_I_J``, the matrix, into the array ``lu``.

    ``entries`` exist as locals before the first. With ``lanes``: for lane ``q`` of a flat ``lu`` of (entry, lane).
    """

    def lu(entry: Entry) -> str:
        return _item("lu", plan.index(entry), lanes)

    known = set(entries)
    lines: list[str] = []
    for pivot in plan.order:
        below = [row for row, column in plan.lower if column == pivot]
        right = [column for row, column in plan.upper if row == pivot]
        # NaN if the pivot is infinite: its inverse alone, 0, would hold the state still without a word
        inverse = f"1.0 / m_{pivot}_{pivot} + 0.0 * m_{pivot}_{pivot}"
        lines += [f"d_{pivot} = {inverse}", f"{lu((pivot, pivot))} = d_{pivot}"]
        lines += [f"{lu((pivot, j))} = m_{pivot}_{j}" for j in right]
        for i in below:
            lines += [f"f = m_{i}_{pivot} * d_{pivot}", f"{lu((i, pivot))} = f"]
            for j in right:
                before = f"m_{i}_{j}" if (i, j) in known else "0.0"
                lines.append(f"m_{i}_{j} = {before} - f * m_{pivot}_{j}")
                known.add((i, j))
    return lines


def solve_lines(plan: Elimination, right: str, out: str, lanes: int = 0, *, shared: bool = False) -> list[str]:
    """Statements that solve for the array ``out``, given ``lu`` and the array ``right``, which may be the same.

    With ``lanes``: for lane ``q`` of flat arrays of (row, lane). Then ``lu`` is flat too, unless it is ``shared``.
    """

    def lu(entry: Entry) -> str:
        return _item("lu", plan.index(entry), 0 if shared else lanes)

    lines = [f"x{i} = {_item(right, i, lanes)}" for i in range(plan.size)]
    lines += [f"x{i} -= {lu((i, p))} * x{p}" for i, p in plan.lower]
    for pivot in reversed(plan.order):
        terms = "".join(f" - {lu((pivot, j))} * x{j}" for row, j in plan.upper if row == pivot)
        lines.append(f"x{pivot} = (x{pivot}{terms}) * {lu((pivot, pivot))}")
    return lines + [f"{_item(out, i, lanes)} = x{i}" for i in range(plan.size)]


def _item(array: str, index: int, lanes: int) -> str:
    """An entry of an array; of lane ``q`` in a flat array of (entry, lane)."""
    return f"{array}[{lanes * index} + q]" if lanes else f"{array}[{index}]"
