"""Tables of patients: written and read they are the same; no dialect and no order of rows changes a number."""

import math
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics.patients import CovariateSeries, DoseRecord, Observation, Patient, PatientData, read_patients
from kinetics.text.escaping import spreadsheet_text, unescaped_spreadsheet_text
from kinetics.units import parse_unit

UNITS = {"A": parse_unit("1e9/L"), "B": parse_unit("mg/L")}
number = st.floats(0, 1e6, allow_nan=False, allow_subnormal=False)
names = st.text("abcXYZ019-+'@=_ ä", min_size=1, max_size=6).map(str.strip)


def is_id(text):
    """Whether a text can be the cell of an id: no sign for a missing one, and no formula."""
    return bool(text) and text not in ("-", "--") and text[0] not in "=@" and not text.startswith("'")


@st.composite
def patients(draw):
    records = []
    times = draw(st.lists(st.floats(-100, 1e4).map(lambda time: time + 0.0), max_size=6, unique=True))
    for sequence, time in enumerate(sorted(times)):
        kind = draw(st.sampled_from(["A", "B", "dose", "reset"]))
        if kind in UNITS:
            censored = draw(st.sampled_from(["", "below", "above"]))
            value, limit = draw(number), math.nan
            if censored == "below":
                limit = value
            elif not censored and draw(st.booleans()):
                limit = draw(st.floats(0, value))
            bound = draw(number) if censored and draw(st.booleans()) else math.nan
            records.append(Observation(time, kind, value, censored, limit, bound, sequence))
        elif kind == "dose":
            form = draw(st.sampled_from([{}, {"rate": 2.5}, {"duration": 0.25}, {"modelled": "rate"}]))
            repeated = draw(
                st.sampled_from([{}, {"interval": 12.0, "additional": 3}, {"interval": 8.0, "steady_state": 2}])
            )
            compartment = draw(st.none() | st.integers(1, 9))
            dose = DoseRecord(time, "x", draw(number), **form, **repeated, compartment=compartment, sequence=sequence)
            records.append(dose)
        else:
            records.append(DoseRecord(time, "", 0.0, reset=True, sequence=sequence))
    covariates = {"group": CovariateSeries((0.0,), (draw(st.sampled_from(["-ve", "+", "=a", "@b", "'c"])),))}
    weights = draw(st.lists(number, max_size=3, unique=True))
    if weights:
        covariates["weight"] = CovariateSeries(tuple(map(float, range(len(weights)))), tuple(weights))
    kinds = (tuple(row for row in records if isinstance(row, kind)) for kind in (Observation, DoseRecord))
    return (*kinds, covariates)


def data_of(content):
    by_id = {id: Patient(id, *own) for id, own in content.items()}
    outputs = {row.output: UNITS[row.output] for patient in by_id.values() for row in patient.observations}
    drugs = {"x": parse_unit("mg")} if any(patient.given for patient in by_id.values()) else {}
    weighed = any("weight" in patient.covariates for patient in by_id.values())
    covariates = {"group": None} | ({"weight": parse_unit("kg")} if weighed else {})
    return PatientData(by_id, parse_unit("day"), outputs, drugs, covariates)


@settings(max_examples=60)
@given(st.dictionaries(names.filter(is_id), patients(), min_size=1, max_size=4))
def test_what_is_written_is_read_again(content):
    data = data_of(content)
    with tempfile.TemporaryDirectory() as folder:
        data.to_csv(Path(folder, "tidy.csv"))
        again = read_patients(Path(folder, "tidy.csv"))
    assert again == data
    assert again.content_hash == data.content_hash


@given(st.text())
def test_no_text_begins_a_formula_and_every_text_comes_back(text):
    cell = spreadsheet_text(text)
    assert cell[:1] not in ("=", "+", "-", "@")
    if text.isprintable():
        assert unescaped_spreadsheet_text(cell) == text


values = st.decimals(0, 2000, places=3).map(lambda value: float(value) + 0.5)
rows = st.lists(
    st.tuples(st.integers(1, 12), st.integers(-30, 900), values), min_size=2, max_size=20, unique_by=lambda r: r[:2]
)


@settings(max_examples=60)
@given(
    rows=rows,
    separator=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n"]),
    order=st.randoms(use_true_random=False),
)
def test_no_dialect_and_no_order_changes_a_number(rows, separator, decimal, encoding, end, order):
    expected = sorted((f"P{patient}", float(day), value) for patient, day, value in rows)
    shuffled = [("P99", 0, 0.5), *rows]  # a value that no thousands can be in
    order.shuffle(shuffled)

    def cell(value):
        text = repr(value).replace(".", decimal)
        return f'"{text}"' if separator == decimal else text

    def name(patient):
        return patient if isinstance(patient, str) else f"P{patient}"

    lines = [separator.join(("patient", "day", "analyte", "value"))]
    lines += [separator.join((name(patient), str(day), "µ", cell(value))) for patient, day, value in shuffled]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "counts.csv")
        path.write_bytes((end.join(lines) + end).encode(encoding))
        data = read_patients(path)
    found = [(patient.id, row.time, row.value) for patient in data for row in patient.observations]
    assert sorted(found) == [*expected, ("P99", 0.0, 0.5)]
