"""The forest of evidence: every published number of a file over the model's, by finding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

from kinetics.figures.agreement.compute import NUMBERS, dataset_of_lines
from kinetics.figures.agreement.lines import AgreementLines
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import unit_label
from kinetics.figures.base.page import Page
from kinetics.figures.base.words import say
from kinetics.figures.evidence.labels import WORDS, fact_labels
from kinetics.figures.evidence.spec import EvidenceSpec, read_evidence
from kinetics.published.evaluating import Evidence, evidence
from kinetics.published.verdict import Verdict


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
        labels = fact_labels([verdict.placed for verdict in drawn], self.spec.facts.parent)
        shown = [self._line(verdict) | {"label": label} for verdict, label in zip(drawn, labels, strict=True)]
        lines = dataset_of_lines(shown)
        count = facts.agreement_count()
        attrs = {"agree": count.inside, "findings": count.total, "left_out": len(verdicts) - len(shown)}
        return xr.DataTree(lines.assign_attrs(attrs | dict(self.required().attrs)))

    def own_title(self, tree: xr.DataTree) -> str:
        """What is compared."""
        return say("title_evidence")

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


def _has_ratio(verdict: Verdict) -> bool:
    """Whether the kind of a fact has a ratio to the model's number."""
    return verdict.row.kind in WORDS and verdict.row.output is not None and verdict.model is not None
