"""The figure of a scenario as files: as `kinetics.draw` draws it, with the user's counts as points."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kinetics.errors import Fault, InputError
from kinetics.explorer.curves import ScenarioCurves
from kinetics.explorer.points import Points
from kinetics.explorer.state import State
from kinetics.figures import Drawn, draw
from kinetics.figures.base.rows import WIDTHS
from kinetics.model import Model
from kinetics.units import conversion, parse_unit

_EPOCH = (2000, 1, 1, 0, 0, 0)
"""Of the files of an archive, so that the same figure has the same bytes."""
_MARKERS = {"": "o", "below": "v", "above": "^"}
_LOOK = {"linestyle": "none", "markersize": 3.0, "markerfacecolor": "none", "markeredgewidth": 0.6, "zorder": 5}


def figure_archive(
    curves: ScenarioCurves, state: State, model: Model, points: Mapping[str, Points], *, width: str, name: str
) -> bytes:
    """A zip of the figure of one scenario: ``.svg`` and ``.pdf``; ``.md``, its caption; ``.csv``, its numbers.

    ``width`` is a preset of `kinetics.draw`. An `InputError` if there is no such preset, or the figure needs more.
    """
    if width not in WIDTHS:
        raise InputError(Fault(f"must be one of {', '.join(WIDTHS)}", name="width"))
    drawn = draw(curves.result, outputs=state.outputs, model=model, width=width, title=curves.scenario.name)
    _add_points(drawn, points)
    content = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        drawn.save(Path(folder, f"{name}.svg"), Path(folder, f"{name}.pdf"))
        for path in sorted(Path(folder).iterdir()):
            archive.writestr(zipfile.ZipInfo(path.name, _EPOCH), path.read_bytes())
    return content.getvalue()


def _add_points(drawn: Drawn, points: Mapping[str, Points]) -> None:
    """Counts in the panel and the colour of their output; a panel grows until it holds them."""
    spec = drawn.kind.spec
    axes = dict(zip(spec.rows.panels, drawn.axes, strict=True))
    factor = float(conversion(parse_unit("month"), parse_unit(spec.rows.time.unit)))
    shown = False
    for curve in spec.curves:
        own, panel = points.get(curve.output), axes[curve.panel]
        if own is None:
            continue
        gid = f"simulated-{curve.panel}-{curve.output}"
        (line,) = (each for each in panel.lines if each.get_gid() == gid)
        (left, right), (bottom, top) = panel.get_xlim(), panel.get_ylim()
        for censored, marker in _MARKERS.items():
            chosen = [at for at, kind in enumerate(own.censored) if kind == censored]
            if chosen:
                x, y = np.array(own.months)[chosen] * factor, np.array(own.values)[chosen]
                (marks,) = panel.plot(x, y, marker, color=line.get_color(), label=spec.label(curve), **_LOOK)
                marks.set_gid(f"count{censored}-{curve.output}")
                shown = True
        values = np.array(own.values)
        values = values[values > 0] if panel.get_yscale() == "log" else values
        panel.set_xlim(left, right)
        panel.set_ylim(min([bottom, *(0.9 * values)]), max([top, *(1.1 * values)]))
    if shown:
        caption = drawn.pages[0].caption
        caption.add("Circles: own counts; triangles: below or above a limit of quantification, drawn at it")
