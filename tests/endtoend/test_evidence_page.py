"""docs/evidence.md against what `kinetics evidence` says: counts, order and reasons."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from scipy import stats

ROOT = Path(__file__).parents[2]
SECTIONS = ("Outside", "Without n and interval", "Inside")


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


def test_those_outside_come_first_with_reasons(page):
    assert next(iter(page)) == "Outside"
    for heading, rows in page.items():
        if heading.startswith(("Outside", "Directions the model does not show")):
            assert all(row["reason"] for row in rows if row["agrees"] == "no"), heading
        if heading.startswith("Inside"):
            assert not [row for row in rows if row["agrees"] == "no" or row["mark"] == "m"]


def test_the_page_says_what_the_command_says(page, asked):
    """Of other processors the last digit may differ, and with it a verdict at the edge of an interval."""
    numeric = [fact for fact in asked["facts"] if fact["group"] == "numeric"]
    assert all(fact["model"] is not None for fact in numeric)
    counted = [row for heading, rows in page.items() if heading.split(",")[0] in SECTIONS for row in rows]
    assert len(numeric) == len(counted)
    outside = sum(row["agrees"] == "no" for row in counted)
    assert abs(sum(fact["agrees"] is False for fact in numeric) - outside) <= 2
    text = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    lead, count = re.search(r"^\*\*.*?, (\d+) of (\d+)", text, re.MULTILINE), next(iter(asked["counts"].values()))
    assert lead is not None
    assert int(lead[2]) == count["total"]
    assert abs(int(lead[1]) - count["inside"]) <= 2


def test_printed_intervals_of_shares_are_exact_binomial_ones(asked):
    """Shares of events whose interval the sources do not print: that of Clopper and Pearson, to the printed digit."""
    shares = [fact for fact in asked["facts"] if fact["kind"] == "event_share" and fact["relation"] is None]
    exact = [fact for fact in shares if fact["n"] and fact["upper"]]
    assert len(exact) >= 4
    for fact in exact:
        n, events = fact["n"], round(fact["published"] * fact["n"] / 100)
        assert fact["upper"] == pytest.approx(100 * stats.beta(events + 1, n - events).ppf(0.975), abs=0.06)
        if events:
            assert fact["lower"] == pytest.approx(100 * stats.beta(events, n - events + 1).ppf(0.025), abs=0.06)


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
        (shown[row["name"]], facts[evidence[key]["name"]])
        for path in (ROOT / "fits").glob("*.csv")
        if path.stem != "evidence"
        for key, row in read(path).items()
        # where a source does not say, a fit takes the median and evidence the mean
        if key in evidence and row["name"] in shown and row["statistic"] not in ("unstated", "range")
    ]
    names = {row["row"] for row, _ in both}
    assert {"lymphocytes_back_month_6", "CD8_recovery", "CD4_ever_at_baseline"} <= names
    for row, fact in both:
        # evidence has 256 virtual patients
        assert fact["model"] == pytest.approx(float(row["model"]), rel=0.05), row
        if row["inside"] != "no n":
            assert fact["agrees"] == (row["inside"] == "yes"), row
