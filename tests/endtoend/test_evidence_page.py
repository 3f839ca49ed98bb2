"""docs/evidence.md against what `kinetics evidence` says: counts, order and reasons."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tables(page):
    """Rows of each section's table, by heading, as dicts by the head."""
    found = {}
    for heading, text in re.findall(r"^## (.*?)$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL):
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.split("\n") if line[:1] == "|"]
        found[heading] = [dict(zip(lines[0], line, strict=True)) for line in lines[2:]] if lines else []
    return found


@pytest.fixture(scope="module")
def page():
    return tables((ROOT / "docs" / "evidence.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def asked():
    command = [sys.executable, "-m", "kinetics.cli", "evidence", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_four_fifths_of_the_numbers_are_inside_and_those_outside_come_first_with_reasons(page):
    assert next(iter(page)) == "Outside"
    inside, outside = len(page["Inside"]), len(page["Outside"])
    assert inside >= 0.8 * (inside + outside)
    assert all(row["agrees"] == "no" and row["reason"] for row in page["Outside"])
    assert all(row["agrees"] == "yes" for row in page["Inside"])
    assert not any(row["mark"] == "m" for row in page["Inside"] + page["Outside"])


def test_the_page_says_what_the_command_says(page, asked):
    """Of other processors the last digit may differ, and with it a verdict at the edge of an interval."""
    numeric = [fact for fact in asked["facts"] if fact["group"] == "numeric"]
    assert all(fact["model"] is not None for fact in numeric)
    assert len(numeric) == len(page["Inside"]) + len(page["Outside"])
    assert abs(sum(not fact["agrees"] for fact in numeric) - len(page["Outside"])) <= 2


KEYS = ("kind", "statistic", "cohort", "regimen", "output", "over", "time", "since", "level", "visits", "source")


def test_a_number_of_both_pages_has_one_model_and_one_verdict(asked):
    """Rows of published tables that evidence has too: validation.md and evidence.md say the same of them."""

    def read(path):
        with path.open(encoding="utf-8", newline="") as file:
            return {tuple(row.get(key) or "" for key in KEYS): row for row in csv.DictReader(file)}

    facts, evidence = {fact["name"]: fact for fact in asked["facts"]}, read(ROOT / "fits" / "evidence.csv")
    lines = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8").split("\n")
    head = ("row", "use", "published", "model", "95 % of studies", "inside", "unit", "statistic", "source")
    cells = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines if line[:3] == "| `"]
    shown = {row[0]: dict(zip(head, row, strict=True)) for row in cells if len(row) == len(head)}
    both = [
        (shown[row["name"]], facts[evidence[key]["name"]], evidence[key])
        for path in (ROOT / "fits").glob("*.csv")
        if path.stem != "evidence"
        for key, row in read(path).items()
        # where a source does not say, a fit takes the median and evidence the mean
        if key in evidence and row["name"] in shown and row["statistic"] not in ("unstated", "range")
    ]
    names = {row["row"] for row, *_ in both}
    assert {"lymphocytes_back_month_6", "CD8_recovery", "CD4_ever_at_baseline"} <= names
    for row, fact, published in both:
        # evidence has 256 virtual patients
        assert fact["model"] == pytest.approx(float(row["model"]), rel=0.05), row
        if published["lower"] and published["upper"] and row["inside"] != "no n":
            assert fact["agrees"] == (row["inside"] == "yes"), row
