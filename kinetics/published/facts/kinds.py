"""The kinds of fact, and the columns and statistics that each has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["KINDS", "Kind", "kind_faults"]

_OF_KIND = ("output", "over", "time", "since", "level", "visits", "expression")
_MIDDLE = ("mean", "median", "geometric_mean", "typical", "range", "unstated")
_OF_PATIENTS = (*_MIDDLE, "sd")


@dataclass(frozen=True)
class Kind:
    """What a kind of fact needs.

    Parameters
    ----------
    needs, may : tuple of str
        Columns that it must have, and may have, of those that only some kinds have.
    statistics : tuple of str
        Those it may be; empty if it is none.
    simulated : bool
        Whether patients are simulated for it.
    """

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    simulated: bool = True


_WINDOW = ("since", "time", "visits")

KINDS = {
    "count": Kind(("output", "time"), (), _OF_PATIENTS),
    "percent_of_baseline": Kind(("output", "time"), (), _OF_PATIENTS),
    "ratio": Kind(("output", "over", "time"), (), _OF_PATIENTS),
    "share_below": Kind(("output", "time", "level"), (), ("share",)),
    "share_above": Kind(("output", "time", "level"), (), ("share",)),
    "share_recovered": Kind(("output", "level"), _WINDOW, ("share",)),
    "time_to_threshold": Kind(("output", "level"), _WINDOW, (*_OF_PATIENTS, "survival_median")),
    "time_below": Kind(("output", "level"), _WINDOW, _OF_PATIENTS),
    "nadir": Kind(("output",), _WINDOW, _MIDDLE),
    "fall": Kind(("output",), _WINDOW, _MIDDLE),
    "time_of_nadir": Kind(("output",), _WINDOW, _MIDDLE),
    "overshoot": Kind(("output",), _WINDOW, _MIDDLE),
    "time_of_overshoot": Kind(("output",), _WINDOW, _MIDDLE),
    "peak": Kind(("output",), _WINDOW, _MIDDLE),
    "time_of_peak": Kind(("output",), _WINDOW, _MIDDLE),
    "event_share": Kind(("output", "time"), ("since",)),
    "event_peak": Kind(("output",), ("since", "time")),
    "covariate_with_event": Kind(("output", "time", "expression")),
    "covariate_without_event": Kind(("output", "time", "expression")),
    "courses_share": Kind(("time", "level")),
    "parameter": Kind(("expression",), simulated=False),
    "told": Kind(simulated=False),
}


def kind_faults(row: Any) -> list[str]:
    """What is wrong between the kind of an `EvidenceRow` and its columns.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> blank = dict.fromkeys((*_OF_KIND, "statistic"))
    >>> kind_faults(SimpleNamespace(kind="event_share", **blank | {"output": "A", "level": "0.4 1e9/L"}))
    ["kind 'event_share' needs a 'time'", "kind 'event_share' has no 'level'"]
    """
    kind = KINDS[row.kind]
    found = [f"kind '{row.kind}' needs a '{key}'" for key in kind.needs if getattr(row, key) is None]
    known = (*kind.needs, *kind.may)
    found += [
        f"kind '{row.kind}' has no '{key}'" for key in _OF_KIND if key not in known and getattr(row, key) is not None
    ]
    if row.statistic is None and kind.statistics:
        found.append(f"kind '{row.kind}' needs a 'statistic': {', '.join(kind.statistics)}")
    if row.statistic is not None and row.statistic not in kind.statistics:
        found.append(f"kind '{row.kind}' and statistic '{row.statistic}' do not go together")
    return found
