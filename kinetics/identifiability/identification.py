"""`Identification`: which parameters can be known, and what would help to know the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kinetics.identifiability.structure import Structure
from kinetics.text.lists import listed
from kinetics.text.tables import html_table

SPREAD_VERDICT = "a spread: not determined by one patient"
"""The verdict on a spread between patients: the rank of one patient's equations does not determine it."""
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
    practical: dict[str, str] = field(default_factory=dict[str, str])
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
        head, structure = ["parameter", "can it be known"], self.structure
        rows = [[name, "yes" if known else f"no: {structure.words[name]}"] for name, known in self.identifiable.items()]
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


def _shortened(names: Sequence[str]) -> str:
    return listed(names, SHOWN) or "none alone"
