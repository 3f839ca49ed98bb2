"""The forest of evidence: every published number of a file over the model's, by finding."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics.figures.agreement.compute import NUMBERS, dataset_of_lines
from kinetics.figures.agreement.lines import AgreementLines
from kinetics.figures.base.caption import source_text
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import cohort_label, output_label, quantity_text, time_text, unit_label
from kinetics.figures.base.page import Page
from kinetics.figures.base.words import say
from kinetics.figures.evidence.spec import EvidenceSpec, read_evidence
from kinetics.figures.treatments import regimen_label
from kinetics.files.library import path_from
from kinetics.model import Model
from kinetics.published.evaluating import Evidence, evidence
from kinetics.published.verdict import Verdict
from kinetics.regimen import Regimen

_WORDS = {
    "count": "count", "percent_of_baseline": "percent", "ratio": "ratio", "share_below": "below",
    "share_above": "above", "share_recovered": "back", "time_to_threshold": "back", "time_below": "time_below",
    "nadir": "nadir", "fall": "fall", "time_of_nadir": "time_of_nadir", "overshoot": "overshoot",
    "time_of_overshoot": "time_of_overshoot", "peak": "peak", "time_of_peak": "time_of_peak",
    "event_share": "event_share", "event_peak": "time_of_peak", "courses_share": "courses_share",
}  # fmt: skip
"""The word of a kind of fact; others, such as correlations, have no ratio to the model."""


_LONG = 52
"""Characters of a label with its source; where there are more, the source is in the caption alone."""


class EvidenceForest(Kind[EvidenceSpec]):
    """Published facts over the model's numbers, one line each, those of a finding together.

    The gids are those of a figure of agreement, a line being a fact.
    """

    name = "evidence"
    load = staticmethod(read_evidence)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """The facts beside the simulated patients."""
        header = self.spec.header
        facts = evidence(self.spec.facts, patients=header.patients, seed=header.seed, progress=inputs.progress)
        return self.tree(facts)

    def tree(self, facts: Evidence) -> xr.DataTree:
        """The lines of facts that have been evaluated."""
        uses = (False, True) if self.spec.header.fitted else (False,)
        findings = [each for in_fit in uses for each in facts.findings(in_fit=in_fit)]
        verdicts = [verdict for finding in findings for verdict in finding.verdicts]
        drawn = [verdict for verdict in verdicts if _has_ratio(verdict)]
        shown = [
            self._line(verdict) | {"label": label} for verdict, label in zip(drawn, self._labels(drawn), strict=True)
        ]
        lines = dataset_of_lines(shown)
        count = facts.agreement_count()
        attrs = {"agree": count.inside, "findings": count.total, "left_out": len(verdicts) - len(shown)}
        return xr.DataTree(lines.assign_attrs(attrs | dict(self.required().attrs)))

    def required(self) -> Required:
        """Lines of the facts, of so many patients."""
        names = (*NUMBERS, "inside", "is_range", "label", "unit", "use", "source")
        header = self.spec.header
        return Required({"/": names}, {"figure": self.name, "patients": header.patients, "seed": header.seed})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A forest of lines, with a table beside them."""
        attrs = tree.attrs
        AgreementLines(self.spec.facts.parent, tree.to_dataset(), page).draw()
        page.caption.add(say("findings_agree", agree=attrs["agree"], findings=attrs["findings"]))
        page.caption.add(say("evidence_is", n=attrs["patients"]))
        if attrs["left_out"]:
            page.caption.add(say("no_ratio", n=attrs["left_out"]))

    def _line(self, verdict: Verdict) -> dict[str, Any]:
        """The line of a fact, without its label."""
        row, nan = verdict.row, math.nan
        assert verdict.model is not None  # it has a ratio
        lower, upper = (nan, nan) if verdict.studies else row.interval or (nan, nan)
        lower = max(lower, 0.0) if lower < 0 else lower
        value = row.value if row.value is not None else min(max(verdict.model, lower), upper)
        studies = verdict.studies or (nan, nan)
        half = nan if row.rounding is None or not verdict.studies else 0.5 * row.rounding
        numbers = dict(zip(NUMBERS, (value, lower, upper, half, verdict.model, *studies), strict=True))
        agrees = np.int8(-1 if verdict.agrees is None else verdict.agrees)
        texts = {"unit": unit_label(str(row.unit)), "source": row.source, "use": "fit" if row.in_fit else "validate"}
        return {"line": row.name, **numbers, "inside": agrees, "is_range": np.int8(row.value is None), **texts}

    def _labels(self, verdicts: Sequence[Verdict]) -> list[str]:
        """A label for each line; where several would have the same one, they say what they differ in."""
        labels = [self._label(verdict) for verdict in verdicts]
        for part in (_regimen_label, _cohort_label, _since_label):
            own = [part(verdict) for verdict in verdicts]
            different = Counter(label for label, _ in set(zip(labels, own, strict=True)))
            labels = [
                f"{label}, {text}" if different[label] > 1 and text else label
                for label, text in zip(labels, own, strict=True)
            ]
        return labels

    def _label(self, verdict: Verdict) -> str:
        """What was published, and by whom."""
        row = verdict.row
        model = _model_of(verdict)
        level = quantity_text(str(row.level)) if row.level and row.level != "baseline" else say("baseline")
        output, over = (_output_label(model, str(name)) for name in (row.output, row.over))
        what = say(f"fact_{_WORDS[row.kind]}", output=output, over=over, level=level)
        is_at = row.time is not None and row.kind not in ("fall", "time_to_threshold", "time_of_peak", "nadir")
        when = f", {time_text(str(row.time))}" if is_at else f", {say('ever')}" if row.kind == "share_recovered" else ""
        source = source_text(row.source, self.spec.facts.parent)
        label = f"{what}{when}"
        return f"{label} ({source})" if len(label) + len(source) <= _LONG else label


def _has_ratio(verdict: Verdict) -> bool:
    """Whether the kind of a fact has a ratio to the model's number."""
    return verdict.row.kind in _WORDS and verdict.row.output is not None and verdict.model is not None


def _regimen_label(verdict: Verdict) -> str:
    return regimen_label(Regimen.load(path_from(verdict.placed.path, str(verdict.row.regimen))))


def _cohort_label(verdict: Verdict) -> str:
    return cohort_label(_model_of(verdict), str(verdict.row.cohort))


def _since_label(verdict: Verdict) -> str:
    return say("fact_since", time=time_text(verdict.row.since)) if verdict.row.since else ""


def _model_of(verdict: Verdict) -> Model:
    return _model(path_from(verdict.placed.path, str(verdict.row.model)))


@cache
def _model(name: str | Path) -> Model:
    return Model.load(name)


def _output_label(model: Model, name: str) -> str:
    """The label of an output; of a state of a part what it is about, such as a signal."""
    flat = name.replace(".", "_")
    if flat in model.states:
        return model.states[flat].label or name.rpartition(".")[2]
    return output_label(model, name)
