"""The kinds of published number, and the columns that each needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["KINDS", "Kind", "kind_faults"]

_OF_KIND = ("time", "since", "level", "over", "visits")


@dataclass(frozen=True)
class Kind:
    """What a kind of published number needs.

    Parameters
    ----------
    needs, may : tuple of str
        Columns that it must have, and may have, of those that only some kinds have.
    of_patients : bool
        Whether it is a share of patients, which only a population can show.
    """

    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    of_patients: bool = False


KINDS = {
    "count": Kind(("time",)),
    "percent_of_baseline": Kind(("time",)),
    "ratio": Kind(("time", "over")),
    "time_to_threshold": Kind(("level",), ("visits",)),
    "share_below": Kind(("time", "level"), of_patients=True),
    "share_above": Kind(("time", "level"), of_patients=True),
    "share_recovered": Kind(("level", "visits"), ("time", "since"), of_patients=True),
}


def kind_faults(row: Any) -> list[str]:
    """What is wrong between the kind of a `PublishedRow` and its columns.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> blank = dict.fromkeys(_OF_KIND)
    >>> kind_faults(SimpleNamespace(kind="count", statistic="mean", **blank | {"level": "0.4 1e9/L"}))
    ["kind 'count' needs a 'time'", "kind 'count' has no 'level'"]
    """
    kind = KINDS[row.kind]
    found = [f"kind '{row.kind}' needs a '{key}'" for key in kind.needs if getattr(row, key) is None]
    known = (*kind.needs, *kind.may)
    found += [
        f"kind '{row.kind}' has no '{key}'" for key in _OF_KIND if key not in known and getattr(row, key) is not None
    ]
    if kind.of_patients != (row.statistic == "share"):
        found.append(f"kind '{row.kind}' and statistic '{row.statistic}' do not go together")
    if row.statistic == "survival_median" and row.kind != "time_to_threshold":
        found.append("a survival_median is of a time_to_threshold")
    return found
