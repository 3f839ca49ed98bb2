"""The figure of a fit of a PEtab problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import xarray as xr
from matplotlib.lines import Line2D

from kinetics.errors import Fault, InputError
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Required
from kinetics.figures.base.outputs_figure import OutputsFigure, OutputsSpec
from kinetics.figures.base.page import Page
from kinetics.figures.base.rows import PageRow
from kinetics.figures.base.style import COLOURS, GREY, scale
from kinetics.figures.base.words import say
from kinetics.figures.petab_fit.observed import (
    FITTED,
    MEASURED,
    draw_by_experiment,
    draw_over_time,
    shown,
    value_axis,
)
from kinetics.figures.petab_fit.parts import Part, parts_of
from kinetics.figures.petab_fit.waterfall import draw_searches
from kinetics.files.documents import Document

_MEASUREMENTS = (
    "observable",
    "experiment",
    "at",
    "series",
    "measured",
    "lower",
    "upper",
    "simulated",
    "transformation",
)
_LEAST = 40.0
"""Width of a panel with its labels, mm, at least."""
_NAMES = 16.0
"""More where names of experiments stand beside it."""
_MM_A_LETTER = 1.45
"""Of a heading, about, at the default size of text."""
_COLUMNS, _ROWS = 4, 6
"""Of panels on a page, at most."""
_ROW = 36.0
"""Height of a row of panels, mm."""


@dataclass(frozen=True, eq=False)
class PetabFitSpec(OutputsSpec):
    """As of a figure of outputs; ``parts`` are the panels of a page, all without any."""

    parts: tuple[Part, ...] = ()


class PetabFitFigure(OutputsFigure):
    """The measurements of a PEtab problem beside its fitted observables, and how far below the best searches ended.

    Curves have the gid ``fitted-OBSERVABLE-EXPERIMENT``, searches ``searches-converged`` and
    ``searches-not-converged``. Measurements, with a standard deviation of their noise as bars, are of kind
    ``measured`` in its table.
    """

    name = "petab_fit"
    spec: PetabFitSpec

    @classmethod
    def load(cls, document: Document) -> PetabFitSpec:
        """Check a figure file; an `InputError` has every fault."""
        plain = super().load(document)
        return PetabFitSpec(plain.header, plain.page, plain.path)

    @classmethod
    def without_file(cls, outputs: Sequence[str] = ()) -> PetabFitFigure:
        """The figure of some observables, of all by default."""
        return cls(PetabFitSpec(cls.header_row(kind=cls.name, outputs=[*outputs] or None), PageRow()))

    def required(self) -> Required:
        """Measurements, curves and searches."""
        groups = {
            "measurements": _MEASUREMENTS,
            "curves": ("series", "at", "simulated"),
            "searches": ("log_posterior",),
        }
        return Required(groups)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Nothing: it is drawn from a result."""
        raise InputError(Fault("is drawn from a result of 'kinetics fit PROBLEM.yaml'; give one", name="input"))

    def pages(self, tree: xr.DataTree) -> Sequence[PetabFitFigure]:
        """So many panels each as a page has room for."""
        parts = parts_of(tree, self.spec.header.outputs or ())
        size = self._columns(parts) * _ROWS
        groups = [tuple(parts[first : first + size]) for first in range(0, len(parts), size)]
        return [type(self)(replace(self.spec, parts=group)) for group in groups]

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """Panels from left to right, those of an observable with the same axis of values."""
        parts = self.spec.parts
        experiments = set(tree["measurements"].to_dataset()["experiment"].values.tolist())
        axes = {name: value_axis(tree, name) for name in {part.observable for part in parts if part.observable}}
        columns = self._columns(parts)
        panels = page.grid(len(parts), lambda rows: _ROW * rows, columns)
        room = page.panel_width - (_NAMES if _is_by_name(parts) else 0.0)
        letters = max(int(room / (_MM_A_LETTER * scale())), 8)
        for panel, part in zip(panels, parts, strict=True):
            if not part.observable:
                draw_searches(page, panel, tree["searches"].to_dataset())
            elif part.is_over_time:
                heading = shown(part.experiments[0], letters) if len(experiments) > 1 else ""
                page.add_numbers(*draw_over_time(panel, tree, part, axes[part.observable], heading))
                if not any(below.is_over_time for below in parts[panel.index + columns :: columns][:1]):
                    panel.axes.set_xlabel(say("time"))
            else:
                page.add_numbers(*draw_by_experiment(panel, tree, part, axes[part.observable]))
        _explain(page, tree, parts)

    def _columns(self, parts: Sequence[Part]) -> int:
        """Panels beside each other: as many as have room, in rows that are about equally full."""
        page, least = self.spec.page, _LEAST + (_NAMES if _is_by_name(parts) else 0.0)
        most = min(page.columns or _COLUMNS, len(parts), int(page.mm // least))
        return -(-len(parts) // -(-len(parts) // max(most, 1)))


def _is_by_name(parts: Sequence[Part]) -> bool:
    return any(part.observable and not part.is_over_time for part in parts)


def _explain(page: Page, tree: xr.DataTree, parts: Sequence[Part]) -> None:
    if any(part.observable for part in parts):
        page.add_key(Line2D([], [], marker="o", color="black", **MEASURED), say("measured"), say("measured_bars"))
        page.add_key(Line2D([], [], color=GREY), say("noise_sd"))
    if any(part.is_over_time for part in parts):
        page.add_key(Line2D([], [], color=COLOURS["blue"]), say("fitted_observable"), say("fitted_lines"))
    if _is_by_name(parts):
        page.add_key(Line2D([], [], linestyle="none", **FITTED), say("fitted_observable_at"), say("fitted_marks"))
    facts = tree.attrs
    page.caption.add(
        say(
            "petab_facts",
            llh=f"{float(facts['log_likelihood']):.6g}",
            chi2=f"{float(facts['chi2']):.4g}",
            n=tree["measurements"].sizes["measurement"],
            agree=int(facts["searches_that_agree"]),
            searches=tree["searches"].sizes["search"],
        )
    )
