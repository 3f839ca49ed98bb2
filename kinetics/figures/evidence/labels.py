"""A published fact in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from kinetics.figures.base.caption import source_text
from kinetics.figures.base.labels import cohort_label, output_label, quantity_text, time_text
from kinetics.figures.base.words import say
from kinetics.figures.treatments import regimen_label
from kinetics.files.library import path_from
from kinetics.files.tables import PlacedRow
from kinetics.model import Model
from kinetics.published import EvidenceRow
from kinetics.regimen import Regimen

WORDS = {
    "count": "count", "percent_of_baseline": "percent", "ratio": "ratio", "share_below": "below",
    "share_above": "above", "share_recovered": "back", "time_to_threshold": "back", "time_below": "time_below",
    "nadir": "nadir", "fall": "fall", "time_of_nadir": "time_of_nadir", "overshoot": "overshoot",
    "time_of_overshoot": "time_of_overshoot", "peak": "peak", "time_of_peak": "time_of_peak",
    "event_share": "event_share", "event_peak": "time_of_peak", "courses_share": "courses_share",
}  # fmt: skip
"""The word of a kind of fact; others, such as correlations, have no ratio to the model."""
_LONG = 52
"""Characters of a label with its source; where there are more, the source is in the caption alone."""


def fact_label(placed: PlacedRow[EvidenceRow], folder: Path) -> str:
    """What was published of a fact of a kind in `WORDS`, and by whom; the bibliography is looked for in ``folder``."""
    row = placed.row
    model = _model(path_from(placed.path, str(row.model)))
    level = quantity_text(str(row.level)) if row.level and row.level != "baseline" else say("baseline")
    output, over = (_output_label(model, str(name)) for name in (row.output, row.over))
    what = say(f"fact_{WORDS[row.kind]}", output=output, over=over, level=level)
    is_at = row.time is not None and row.kind not in ("fall", "time_to_threshold", "time_of_peak", "nadir")
    when = f", {time_text(str(row.time))}" if is_at else f", {say('ever')}" if row.kind == "share_recovered" else ""
    source = source_text(row.source, folder)
    label = f"{what}{when}"
    return f"{label} ({source})" if len(label) + len(source) <= _LONG else label


def fact_labels(rows: Sequence[PlacedRow[EvidenceRow]], folder: Path) -> list[str]:
    """A label for each fact; where several would have the same one, they say what they differ in."""
    labels = [fact_label(placed, folder) for placed in rows]
    for part in (_regimen_label, _cohort_label, _since_label):
        own = [part(placed) for placed in rows]
        different = Counter(label for label, _ in set(zip(labels, own, strict=True)))
        labels = [
            f"{label}, {text}" if different[label] > 1 and text else label
            for label, text in zip(labels, own, strict=True)
        ]
    return labels


def _regimen_label(placed: PlacedRow[EvidenceRow]) -> str:
    return regimen_label(Regimen.load(path_from(placed.path, str(placed.row.regimen))))


def _cohort_label(placed: PlacedRow[EvidenceRow]) -> str:
    return cohort_label(_model(path_from(placed.path, str(placed.row.model))), str(placed.row.cohort))


def _since_label(placed: PlacedRow[EvidenceRow]) -> str:
    return say("fact_since", time=time_text(placed.row.since)) if placed.row.since else ""


@cache
def _model(name: str | Path) -> Model:
    return Model.load(name)


def _output_label(model: Model, name: str) -> str:
    """The label of an output; of a state of a part what it is about, such as a signal."""
    flat = name.replace(".", "_")
    if flat in model.states:
        return model.states[flat].label or name.rpartition(".")[2]
    return output_label(model, name)
