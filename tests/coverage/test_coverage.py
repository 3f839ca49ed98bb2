"""A smaller version of `make coverage`, and its page: intervals of 95 % hold about 95 % of the truths."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "coverage.md"
STUDIES = 60
ERROR = 100 * math.sqrt(0.95 * 0.05 / 1000)
"""The standard error of a coverage on the page, in points."""
NOT_OF_SAMPLING = "count, range with an error, no n"
"""A range is wider than its error says."""


def rows_of_page():
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "%" in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say(tmp_path):
    files = ["--kept", tmp_path / "kept.jsonl", "--page", tmp_path / "page.md"]
    asked = ["--studies", str(STUDIES), "--seed", "7", *files]
    found = subprocess.run([sys.executable, HERE, *asked], capture_output=True, text=True, cwd=HERE.parents[1])
    assert found.returncode == 0, found.stdout + found.stderr
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert len(rows) == len(rows_of_page())
    # three and a half standard errors, as there are some forty rows
    least = 0.95 - 3.5 * math.sqrt(0.95 * 0.05 / STUDIES)
    for row in rows:
        shares = [row[name] for name in ("parameter", "printed") if not math.isnan(row.get(name, math.nan))]
        assert min(shares) > least, row


def test_the_page_has_every_kind_within_93_to_97_percent():
    rows = rows_of_page()
    assert len(rows) > 40
    for name, *_, parameter, printed in (row for row in rows if len(row) == 5):
        if name != NOT_OF_SAMPLING:
            assert 93.0 - ERROR <= float(parameter.split()[0]) <= 97.0 + ERROR, (name, parameter, printed)
    for name, _, share in (row for row in rows if len(row) == 3):
        assert 93.0 - ERROR <= float(share.split()[0]) <= 97.0 + ERROR, (name, share)
