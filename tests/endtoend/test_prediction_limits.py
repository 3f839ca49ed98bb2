"""docs/prediction_limits.md against what `docs/prediction_limits.py` gives, and who leads to it."""

import math
import re
import runpy
from pathlib import Path

import pytest

from kinetics.crossvalidation.discrepancy_file import read_discrepancy

DOCS = Path(__file__).parents[2] / "docs"
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e-\d+)?")


def test_the_page_has_the_numbers_of_the_model():
    """Of other processors the last digit may differ."""
    program = runpy.run_path(str(DOCS / "prediction_limits.py"))
    written = (DOCS / "prediction_limits.md").read_text(encoding="utf-8")
    expected = program["page"](program["numbers"]())
    assert NUMBER.sub("0", written) == NUMBER.sub("0", expected)
    found, wanted = (list(map(float, NUMBER.findall(text))) for text in (written, expected))
    assert found == pytest.approx(wanted, rel=0.02)


def test_the_page_is_one_screen_and_is_linked():
    page = (DOCS / "prediction_limits.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) < 70
    for path in (DOCS.parent / "README.md", DOCS / "validation.md", DOCS / "index.md"):
        assert "prediction_limits.md" in path.read_text(encoding="utf-8")


def test_the_page_has_the_widest_of_the_intervals_of_counts():
    """By the discrepancy alone: another study; after a second course too; two doublings of the fitted year later."""
    discrepancy = read_discrepancy(DOCS.parent / "fits" / "care_ms_course_1_population.discrepancy.toml")
    reaches = [
        max(discrepancy.sd(output, steps).reach(0.0, 0.9) for output in ("CD4", "CD8", "B", "lymphocytes"))
        for steps in (1, 2, 2 + 2**2)
    ]
    first, second, later = (f"{math.exp(reach):.1f} times" for reach in reaches)
    page = " ".join((DOCS / "prediction_limits.md").read_text(encoding="utf-8").split())
    assert f"up to {first} more or less for another study of the first course" in page
    assert f"{second} in the year after a second course and {later} four years after it" in page
