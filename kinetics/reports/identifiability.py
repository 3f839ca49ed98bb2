"""Which parameters can be known, as text: a table in plain words, and what would help."""

from __future__ import annotations

from typing import Any

from kinetics.identifiability import Identification
from kinetics.identifiability.identification import SPREAD_VERDICT
from kinetics.text.tables import WIDTH, paragraph, table


def identifiability_text(identification: Identification, width: int = WIDTH) -> str:
    """What is measured, how much can be known of it, and a table of a row a parameter."""
    structure, practical = identification.structure, identification.practical
    head, rows = identification.table()
    parts = [
        "Known at all times without error:\n" + "\n".join(f"  {arm}" for arm in identification.arms),
        identification.summary,
        table(head, rows, text=range(len(head))),
    ]
    shared = [text for text in structure.combinations if text not in structure.words.values()]
    parts += [paragraph(f"What can be known all the same: {text.removeprefix('only ')}.", width) for text in shared]
    if practical:
        parts.append(paragraph("The fit's verdict is on the published rows alone, with their errors.", width))
        known = [name for name, identifiable in identification.identifiable.items() if identifiable]
        weak = ", ".join(name for name in known if "prior alone" in practical.get(name, ""))
        if weak:
            hint = "more patients, or visits at other times, of the same outputs would tell"
            parts.append(paragraph(f"The equations allow {weak} to be known, these rows do not: {hint}.", width))
    return "\n\n".join(parts)


def identifiability_json(identification: Identification) -> dict[str, Any]:
    """The same for a program."""
    structure, practical = identification.structure, identification.practical
    rows: dict[str, dict[str, Any]] = {
        name: {
            "identifiable": structure.identifiable[name],
            "seen": name not in structure.unobserved,
            "verdict": structure.words[name],
            "measuring_as_well_would_help": list(identification.further.get(name, ())),
            **({"fit": practical[name]} if name in practical else {}),
        }
        for name in structure.parameters
    }
    rows |= {name: {"verdict": SPREAD_VERDICT, "fit": practical[name]} for name in identification.spreads}
    facts = {"rank": structure.rank, "order": structure.order, "combinations": structure.combinations}
    return {"name": identification.name, "arms": list(identification.arms), **facts, "parameters": rows}
