"""Write the numbers of docs/prediction_limits.md: ``python docs/prediction_limits.py``, after a fit has changed.

The page has some rows of fits/evidence.csv. The program asks the model for these rows and writes the table between the
two comments of the page. `tests/endtoend/test_prediction_limits.py` compares the page with what this gives.
"""

from __future__ import annotations

import re
from pathlib import Path

from kinetics.errors import Faults
from kinetics.files.tables import read_table
from kinetics.published import EvidenceRow, Verdict, evaluate_evidence, read_facts
from kinetics.text.numbers import number_text
from kinetics.units import display_unit, parse_unit

PAGE = Path(__file__).with_name("prediction_limits.md")
FACTS = Path(__file__).parents[1] / "fits" / "evidence.csv"
BEGIN, END = "<!-- numbers, written by docs/prediction_limits.py -->", "<!-- end of numbers -->"
QUESTIONS = {
    "dubuisson_CD4_12_pooled_mean": "Mean CD4 a year after the first course",
    "dubuisson_CD8_12_pooled_mean": "Mean CD8 a year after the first course",
    "hill_CD4": "Progressive MS: CD4 back at 0.4, median",
    "hill_CD4_ever": "Progressive MS: CD4 ever back at the patient's own baseline",
    "hill_CD8_ever": "Progressive MS: CD8 ever back at the patient's own baseline",
    "cox_CD4_12": "CD4 a year after the first course, of baseline",
    "li_course_1_month_6": "All lymphocytes back at 1.0, 6 months after course 1",
    "li_course_2_month_6": "All lymphocytes back at 1.0, 6 months after course 2",
    "hill_lymphocytes": "Progressive MS: all lymphocytes back at 1.0, mean",
    "coles_naive_usual": "Naive CD4 at month 6",
    "review_half": "Any autoimmune disease within 5 years, as one source says",
    "cossburn_2011_any": "Any autoimmune disease by month 34, as another counts",
}
"""What the page asks, by the name of the row."""
USES = {"fit": "fitted", "calibrate": "calibrated", "validate": "predicted"}


def verdicts() -> list[Verdict]:
    """The rows of the page beside the model, in the order of the page."""
    faults = Faults()
    rows = [each for each in read_table(FACTS, EvidenceRow, faults) if each.row.name in QUESTIONS]
    facts = read_facts(rows, faults)
    faults.raise_if_any()
    found = {each.row.name: each for each in evaluate_evidence(facts).verdicts}
    return [found[name] for name in QUESTIONS]


def numbers() -> str:
    """The table."""
    lines = ["| question | published | model | the number was | agrees |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(_cells(each))} |" for each in verdicts()]
    return "\n".join(lines)


def _cells(each: Verdict) -> list[str]:
    row, unit = each.row, parse_unit(str(each.row.unit))
    shown = "%" if unit == parse_unit("percent") else display_unit(unit)
    published = f"{row.value:g}" if row.value is not None else f"at most {row.upper:g}"
    model = "" if each.model is None else number_text(each.model)
    agrees = {True: "yes", False: "**no**", None: "not judged"}[each.agrees]
    return [QUESTIONS[row.name], f"{published} {shown}", f"{model} {shown}", USES[row.use], agrees]


def page(table: str) -> str:
    """The page with this table between its comments."""
    text = PAGE.read_text(encoding="utf-8")
    return re.sub(f"{BEGIN}.*?{END}", lambda _: f"{BEGIN}\n\n{table}\n\n{END}", text, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page(numbers()), encoding="utf-8")
