"""Which parameters can be known, as text: a table in plain words, and what would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kinetics.identifiability import Structure
from kinetics.reports.tables import WIDTH, paragraph, table

__all__ = ["identifiability_json", "identifiability_text"]

SPREAD_ASKED = "a spread: one patient does not show it"
"""What is said of a spread between patients, which no rank of one patient's equations tells."""

SHOWN = 3
"""So many measurements that would help are named in the table."""


def identifiability_text(
    found: Structure,
    helping: Mapping[str, Sequence[str]],
    arms: Sequence[str],
    practical: Mapping[str, str] | None = None,
    width: int = WIDTH,
) -> str:
    """Everything there is to say, one row a parameter.

    Parameters
    ----------
    found : Structure
        What can be known.
    helping : mapping of str to sequence of str
        Of `kinetics.identifiability.what_would_help`.
    arms : sequence of str
        What is measured, a line each.
    practical : mapping of str to str, optional
        The verdict of a fit on each parameter.
    width : int
        Characters a line.
    """
    known = sum(found.identifiable.values())
    total = len(found.parameters)
    count = f"{'Both' if total == 2 else f'All {total}'} can" if known == total > 1 else f"{known} of {total} can"
    parts = [
        "Known at all times without error:\n" + "\n".join(f"  {arm}" for arm in arms),
        f"{count} be known; derivatives in time up to order {found.order}, rank {found.rank}.",
        _table(found, helping, practical or {}),
    ]
    shared = [text for text in found.combinations if text not in found.words.values()]
    parts += [paragraph(f"What can be known all the same: {text.removeprefix('only ')}.", width) for text in shared]
    if practical:
        parts.append(paragraph("The fit's verdict is on the published rows alone, with their errors.", width))
        known = [name for name in found.parameters if found.identifiable[name]]
        weak = ", ".join(name for name in known if "prior alone" in practical.get(name, ""))
        if weak:
            hint = "more patients, or visits at other times, of the same outputs would tell"
            parts.append(paragraph(f"The equations allow {weak} to be known, these rows do not: {hint}.", width))
    return "\n\n".join(parts)


def identifiability_json(
    found: Structure, helping: Mapping[str, Sequence[str]], practical: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The same for a program."""
    rows = {
        name: {
            "identifiable": found.identifiable[name],
            "seen": name not in found.unseen,
            "verdict": found.words[name],
            "measuring_as_well_would_help": list(helping.get(name, ())),
            **({"fit": practical[name]} if practical and name in practical else {}),
        }
        for name in found.parameters
    }
    practical = practical or {}
    rows |= {name: {"verdict": SPREAD_ASKED, "fit": practical[name]} for name in _others(found, practical)}
    return {
        "rank": found.rank,
        "order": found.order,
        "combinations": found.combinations,
        "parameters": rows,
    }


def _table(found: Structure, helping: Mapping[str, Sequence[str]], practical: Mapping[str, str]) -> str:
    head = ["parameter", "can it be known"]
    cells = [[name, _verdict(found, name)] for name in found.parameters]
    if helping:
        head.append("measuring one of these as well would help")
        for row in cells:
            row.append(_helps(found, helping, row[0]))
    if practical:
        head.append("the fit says")
        for row in cells:
            row.append(practical.get(row[0], "-"))
        blank = [""] * (len(head) - 3)
        cells += [[name, SPREAD_ASKED, *blank, practical[name]] for name in _others(found, practical)]
    return table(head, cells, text=range(len(head)))


def _others(found: Structure, practical: Mapping[str, str]) -> list[str]:
    """What the fit estimates beside the parameters that were asked for: spreads between patients."""
    return [name for name in practical if name not in found.parameters]


def _verdict(found: Structure, name: str) -> str:
    return "yes" if found.identifiable[name] else f"no: {found.words[name]}"


def _helps(found: Structure, helping: Mapping[str, Sequence[str]], name: str) -> str:
    if found.identifiable[name]:
        return ""
    names = list(helping.get(name, ()))
    more = f", {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more or "none alone"
