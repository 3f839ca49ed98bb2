"""Comparisons of what has branches, as conditions without branches: each branch is compared where it holds."""

from __future__ import annotations

from typing import Any

import sympy as sp

from kinetics.errors import InputError

MAX_CASES = 64
"""Branches that are compared in one expression; the time grows with their number, and n sums of two have 2^n."""


class Unfolding:
    """Unfolds the comparisons of one expression.

    Examples
    --------
    >>> x, y = sp.symbols("x y", real=True)
    >>> found = Unfolding().of(sp.Piecewise((x, x > 2), (y, True)) < 3)
    >>> found == ((x > 2) & (x < 3)) | ((x <= 2) & (y < 3))
    True
    """

    def __init__(self) -> None:
        self._cases = 0

    def of(self, condition: Any) -> Any:
        """A comparison as comparisons without branches, joined by and, or, not; one that has none as it is.

        Raises
        ------
        InputError
            If the expression has too many of them.
        """
        outermost = next((one for one in sp.preorder_traversal(condition) if isinstance(one, sp.Piecewise)), None)
        return condition if outermost is None else self._split(condition, outermost)

    def _split(self, condition: Any, branches: Any) -> Any:
        cases, before = list[Any](), list[Any]()
        for value, holds in branches.args:
            self._cases += 1
            if self._cases > MAX_CASES:
                raise InputError(
                    f"conditions compare more than {MAX_CASES} branches; derive quantities from them first"
                )
            cases.append(sp.And(*before, holds, self.of(condition.xreplace({branches: value}))))
            before.append(sp.Not(holds))
        return sp.Or(*cases)
