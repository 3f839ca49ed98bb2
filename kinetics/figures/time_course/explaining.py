"""Key and caption of a time course: what lines, bands and points are, whose, and from which sources."""

from __future__ import annotations

import xarray as xr
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.base.caption import published_text
from kinetics.figures.base.labels import cohort_label, output_label
from kinetics.figures.base.page import Page
from kinetics.figures.base.panels import explain_courses
from kinetics.figures.base.style import GREY
from kinetics.figures.base.words import say
from kinetics.figures.time_course.spec import TimeCourseSpec
from kinetics.figures.treatments import courses_text, named_regimen_label
from kinetics.files.bibliography import CHOICE
from kinetics.text.escaping import one_line

PATIENTS = "patients_summarised"
"""Attribute of a result whose curves are medians of so many patients, and whose interval is theirs."""
Published = dict[tuple[str, ...], list[tuple[str, Line2D]]]
"""Rows that were drawn, each with its sample for the key, by source, kind and statistic."""


def is_as_planned(spec: TimeCourseSpec, tree: xr.DataTree) -> bool:
    """Whether a result is of the regimen of the file."""
    own = spec.regimen.content_hash
    return tree.attrs.get("regimen_hash", own) == own


def explain(spec: TimeCourseSpec, tree: xr.DataTree, page: Page, published: Published) -> None:
    """Say what was drawn."""
    _explain_curves(spec, tree, page)
    _explain_published(spec, page, published)
    _explain_courses(spec, tree, page)
    labels = [
        output_label(spec.model, curve.output) for curve in spec.curves if spec.model.is_exploratory(curve.output)
    ]
    if labels:
        page.caption.add(say("exploratory", what=", ".join(dict.fromkeys(labels))))


def _explain_curves(spec: TimeCourseSpec, tree: xr.DataTree, page: Page) -> None:
    whose = cohort_label(spec.model, spec.header.cohort) if spec.header.cohort else ""
    cohort = say("of_cohort", cohort=whose) if whose else ""
    interval = tree.children.get("interval")
    has_band = interval is not None and any(curve.output in interval for curve in spec.curves)
    patients, draws = tree.attrs.get(PATIENTS), tree.attrs.get("draws", spec.header.draws)
    centre, band = say("typical_patient"), ""
    if patients:
        centre, band = say("median_of_patients", n=patients), say("range_of_patients", n=patients)
    elif has_band:
        centre, band = say("median_of_draws", n=draws), say("interval_of_draws", n=draws)
    page.add_key(Line2D([], [], color=GREY), say("model"), say("lines_are", what=centre, cohort=cohort))
    if has_band:
        words = say("range_90") if patients else say("interval_95")
        page.add_key(Patch(facecolor=GREY, alpha=0.25, linewidth=0), words, say("areas_are", what=band))
    if "discrepancy" in tree.children:
        outer = Patch(facecolor=GREY, alpha=0.12, linewidth=0)
        page.add_key(outer, say("with_discrepancy"), say("with_discrepancy_meaning"))
    if any(spec.model.outputs[curve.output].lower_limit and curve.limit for curve in spec.curves):
        page.add_limit()


def _explain_published(spec: TimeCourseSpec, page: Page, published: Published) -> None:
    samples: dict[str, Line2D] = {}
    colours: dict[str, set[str]] = {}
    is_own = False
    for drawn in published.values():
        for _, sample in drawn:
            samples[str(sample.get_marker())] = sample
            colours.setdefault(str(sample.get_marker()), set()).add(str(sample.get_markerfacecolor()))
        rows = [spec.published[name] for name, _ in drawn]
        is_own = is_own or any(row.source == CHOICE for row in rows)
        page.caption.add(published_text(rows, spec.header.bars, spec.path.parent))
    for marker, sample in samples.items():
        if len(colours[marker]) > 1:
            sample.set_markerfacecolor(GREY)
    if samples:
        handles = tuple(sample for marker, sample in samples.items() if marker != "|") or tuple(samples.values())
        page.add_key(handles, spec.header.points or say("own_points" if is_own else "published"))


def _explain_courses(spec: TimeCourseSpec, tree: xr.DataTree, page: Page) -> None:
    if "course_start" not in tree:
        return
    regimen = one_line(named_regimen_label(str(tree.attrs.get("regimen") or say("own_regimen"))))
    known = courses_text(spec.regimen, spec.rows.time.unit, spec.model)
    explain_courses(page, known if is_as_planned(spec, tree) else regimen)
