"""Names of a model file for identifiers of SBML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kinetics.expressions import is_name
from kinetics.expressions.reserved import clash

CLOCK = "clock"
"""The state that a model has whose expressions use ``time``."""
_LENGTH = 60


class Names:
    """Gives each identifier a name that a quantity may have, and no name twice.

    Examples
    --------
    >>> names = Names(["E", "k1", "_J0"])
    >>> names["E"], names["k1"], names["_J0"], names.new("k1")
    ('E_', 'k1', 'J0_', 'k1_')
    >>> names.renamed
    {'E': 'E_', '_J0': 'J0_'}
    """

    def __init__(self, identifiers: Iterable[str]) -> None:
        identifiers = tuple(identifiers)
        self._taken = {name for name in identifiers if _is_free(name)}
        self._names = {name: name if name in self._taken else "" for name in identifiers}
        for name in identifiers:
            self._names[name] = self._names[name] or self.new(name)

    def __getitem__(self, identifier: str) -> str:
        return self._names[identifier]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._names

    def new(self, wish: str) -> str:
        """A name that nothing has: the one that is wished for, as far as it can be."""
        name = wish.lstrip("_") or "x"
        name = (name if name[0].isalpha() else f"x{name}")[:_LENGTH]
        if name != wish:
            name += "_"
        number = 1
        candidate = name
        while candidate in self._taken or not _is_free(candidate):
            number += 1
            candidate = f"{name}_" if number == 2 else f"{name[: _LENGTH - 8]}_{number}"
        self._taken.add(candidate)
        return candidate

    @property
    def renamed(self) -> dict[str, str]:
        """Each identifier that has another name, and the name."""
        return {identifier: name for identifier, name in self._names.items() if identifier != name}


def _is_free(name: str) -> bool:
    return is_name(name) and name != CLOCK and not clash(name)
