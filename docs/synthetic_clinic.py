"""Write fits/synthetic_clinic, the tables of a clinic that is simulated: ``python docs/synthetic_clinic.py``.

Sixty patients of the cohort `relapsing` are drawn and observed by `kinetics.simulate`. What a clinic adds is drawn
here: dates, visits that are late or missed, tests that are not done, who has a third course, and when. Nobody is behind
these numbers. `tests/endtoend/test_synthetic_clinic.py` compares the files with what this gives.
"""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import xarray as xr

import kinetics
from kinetics.observation import Series

FOLDER = Path(__file__).parents[1] / "fits" / "synthetic_clinic"
SEED, PATIENTS, YEARS = 20, 60, 6
MODEL, COHORT = "reconstitution", "relapsing"
TESTS = {"CD4": "CD4 abs", "CD8": "CD8 abs", "B": "CD19 abs", "lymphocytes": "Lymphocytes"}
"""The heading of each output, without its unit."""
LIMIT, UNIT = 20, "/uL"
"""Of quantification, and of all counts."""
MISSED, NOT_DONE = 0.15, 0.12
"""Chances that a patient does not come, and that a visit counts no subsets."""
MONTH = 30.4375
VISITS = (1, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 42, 48, 54, 60, 66, 72)
"""Months after the first course at which patients are asked to come."""
SECOND = 12
THIRD = (24, 30, 36, 48)
"""Months at which the second course begins, and the third, which a third of the patients have."""
TITLE = f"# Simulated by docs/synthetic_clinic.py with seed {SEED}. No person is behind these numbers."


def simulated(third: int | None) -> xr.Dataset:
    """What daily visits would show of everybody, if a third course began at such a month."""
    further = kinetics.Regimen.load("retreatment").courses[0]
    regimen = kinetics.Regimen.load("ms_first_course")
    for month in filter(None, (SECOND, third)):
        regimen += further.at(f"{round(month * MONTH)} day")
    days = Series(name="day", outputs=list(TESTS), at=["0 day"], every="1 day", until=f"{YEARS} year")
    request = {"until": f"{YEARS} year", "cohort": COHORT, "patients": PATIENTS, "seed": SEED}
    return kinetics.simulate(MODEL, regimen, **request, observe=kinetics.VisitSchedule([days]))


def patient(number: int, by_third: dict[int | None, xr.Dataset]) -> tuple[list[list[str]], list[list[str]]]:
    """The rows of counts and of doses of a patient."""
    chance = np.random.default_rng((SEED, number))
    third = int(chance.choice(THIRD)) if number % 3 == 0 else None
    begin = date(2015, 1, 5) + timedelta(days=int(chance.integers(0, 900)))
    last = chance.integers(24, 73)
    months = [month for month in VISITS if month <= last and chance.random() > MISSED]
    days = sorted({round(month * MONTH) + int(chance.integers(-9, 22)) for month in months} - {0})
    observed = by_third[third].sel(patient=number)
    counts = [_visit(number, begin - timedelta(days=int(chance.integers(3, 40))), observed, 0, chance)]
    counts += [_visit(number, begin + timedelta(days=day), observed, day, chance) for day in days]
    starts = [(0, 5), *((round(month * MONTH), 3) for month in filter(None, (SECOND, third)))]
    doses = [
        [_id(number), (begin + timedelta(days=start + day)).isoformat(), "alemtuzumab", "12"]
        for start, length in starts
        for day in range(length)
    ]
    return counts, doses


def _visit(number: int, day: date, observed: xr.Dataset, at: int, chance: np.random.Generator) -> list[str]:
    """The row of a visit: counts to the nearest whole number, below the limit as laboratories write it."""
    subsets_done = chance.random() > NOT_DONE
    cells = []
    for output in TESTS:
        count = 1000 * float(observed[f"{output}_seen"].sel(visit_day=at, method="nearest"))
        shown = f"<{LIMIT}" if count < LIMIT else f"{count:.0f}"
        cells.append(shown if subsets_done or output == "lymphocytes" else "")
    return [_id(number), day.isoformat(), *cells]


def _id(number: int) -> str:
    return f"SIM{number + 1:02}"


def tables() -> dict[str, str]:
    """The text of each table, by the name of its file."""
    by_third = {third: simulated(third) for third in (None, *THIRD)}
    patients = [patient(number, by_third) for number in range(PATIENTS)]
    heads = {
        "counts.csv": ["Patient", "Date", *(f"{heading} [{UNIT}]" for heading in TESTS.values())],
        "doses.csv": ["Patient", "Date", "Drug", "Dose [mg]"],
    }
    texts = {}
    for index, (name, head) in enumerate(heads.items()):
        stream = io.StringIO(newline="")
        csv.writer(stream, lineterminator="\n").writerows([head, *(row for one in patients for row in one[index])])
        texts[name] = f"{TITLE}\n{stream.getvalue()}"
    return texts


if __name__ == "__main__":
    for name, text in tables().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
