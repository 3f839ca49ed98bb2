"""Tables of patients as text."""

from __future__ import annotations

from kinetics.patients import PatientData
from kinetics.text.tables import in_blocks, paragraph

MOST = 60
"""Patients that are listed."""


def patients_text(data: PatientData, width: int) -> str:
    """What a table of patients holds: a line a patient, and what was assumed and left out.

    Examples
    --------
    >>> from kinetics.patients import Observation, Patient
    >>> from kinetics.units import parse_unit
    >>> one = Patient("P1", (Observation(0.0, "A", 1.0),))
    >>> data = PatientData({"P1": one}, parse_unit("day"), {"A": parse_unit("1e9/L")}, notes=("so",))
    >>> print(patients_text(data, 100))
    1 patient, 1 count of A, 0 doses
    <BLANKLINE>
    patient  A [1e9/L]  doses  from [day]  until
    P1               1      0           0      0
    <BLANKLINE>
    Notes
    so
    """
    head, rows = data.table()
    more = [f"and {len(rows) - MOST} more patients"] if len(rows) > MOST else []
    notes = ["Notes\n" + "\n".join(paragraph(note, width) for note in data.notes)] if data.notes else []
    return "\n\n".join([data.summary, in_blocks(head, rows[:MOST], width, text=(0,)), *more, *notes])
