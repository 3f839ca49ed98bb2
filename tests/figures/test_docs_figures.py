"""The pictures of the documentation: drawn from what the files say now, with every published point at its time."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from kinetics.figures import read_figure
from kinetics.figures.facts.draw import Facts
from kinetics.figures.identity import figure_hash
from kinetics.figures.time_course.draw import TimeCourse
from kinetics.figures.visual_predictive_check.draw import VisualPredictiveCheck
from kinetics.units import to_unit

FOLDER = Path(__file__).parents[2] / "docs" / "figures"
NAMES = sorted(path.stem for path in FOLDER.glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def figures():
    return {name: read_figure(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_of_the_files_as_they_are_now(figures, name):
    """If not: ``kinetics figure NAME --out docs/figures/NAME.svg``."""
    said = re.search(r"<dc:identifier>(\w+)</dc:identifier>", (FOLDER / f"{name}.svg").read_text(encoding="utf-8"))
    assert said, "the picture does not say what it was drawn from"
    assert said[1] == figure_hash(figures[name].spec)


def published_times(figure):
    """When each published row was published to be, in the unit of the axis."""
    spec = figure.spec
    if isinstance(figure, TimeCourse):
        rows, unit = spec.published.values(), spec.rows.time.unit
    elif isinstance(figure, Facts):
        rows, unit = spec.facts.values(), spec.time.unit
    else:
        rows, unit = (target.row for targets in spec.targets.values() for target in targets), spec.time.unit
    times = {row.name: f"{row.value} {row.unit}" if row.kind == "time_to_threshold" else row.time for row in rows}
    return {name: to_unit(text, unit) for name, text in times.items() if text is not None}


@pytest.mark.parametrize("name", NAMES)
def test_a_published_point_stands_at_its_published_time(figures, name):
    if not isinstance(figures[name], TimeCourse | Facts | VisualPredictiveCheck):
        return
    wanted, seen, numbers = published_times(figures[name]), {}, []
    for axes in ET.parse(FOLDER / f"{name}.svg").iter(f"{SVG}g"):
        if not axes.get("id", "").startswith("axes_"):
            continue
        groups = {group.get("id"): group for group in axes.iter(f"{SVG}g") if group.get("id")}
        ticks = [group for key, group in groups.items() if key.startswith("xtick_")]
        pixels = [float(group.find(f".//{SVG}use").get("x")) for group in ticks]
        if all(group.findtext(f".//{SVG}text") for group in ticks):  # of panels above one another the last has numbers
            numbers = [float(group.findtext(f".//{SVG}text")) for group in ticks]
        for key, group in groups.items():
            if key.startswith("published-") and (mark := group.find(f".//{SVG}use")) is not None:
                seen[key.removeprefix("published-")] = float(mark.get("x")), pixels
    for point in wanted.keys() & seen.keys():
        x, pixels = seen[point]
        slope, start = np.polyfit(pixels, numbers, 1)
        assert slope * x + start == pytest.approx(wanted[point], abs=1e-3 * numbers[-1]), point
    assert len(seen.keys() & wanted.keys()) >= min(len(wanted), 2)
