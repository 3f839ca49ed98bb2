"""What the tables of a mapping file may hold, one class a table."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr

from kinetics.files.rows import Line, Row
from kinetics.regimen.covariates import CovariateRule

Layout = Literal["long", "wide", "events"]
Heading = Line
Texts = Annotated[list[StrictStr], Field(min_length=1, max_length=1000)]


class SourceRow(Row):
    """``[patients]``: what the file is. Files are relative to the mapping."""

    layout: Layout = "long"
    counts: Line | None = None
    doses: Line | None = None
    model: Line | None = None
    sheet: Line | None = None
    dose_sheet: Line | None = None
    encoding: Literal["utf-8", "utf-16", "windows-1252", "latin-1"] | None = None
    decimal: Literal[".", ","] | None = None


class MomentColumns(Row):
    """Headings that say whose a row is, and when."""

    patient: Heading = "patient"
    time: Heading | None = None
    date: Heading | None = None
    clock: Heading | None = None
    study_day: Heading | None = None
    unit: Heading | None = None
    occasion: Heading | None = None


class ColumnsRow(MomentColumns):
    """``[columns]``: the headings of the table of counts, or of the one table of events, by their meaning."""

    origin: Heading | None = None
    analyte: Heading | None = None
    value: Heading | None = None
    limit: Heading | None = None
    below: Heading | None = None
    censored: Heading | None = None
    bound: Heading | None = None
    missing: Heading | None = None
    event: Heading | None = None
    amount: Heading | None = None
    rate: Heading | None = None
    interval: Heading | None = None
    additional: Heading | None = None
    steady_state: Heading | None = None
    compartment: Heading | None = None
    drug: Heading | None = None


class DoseColumnsRow(MomentColumns):
    """``[dose_columns]``: the headings of the table of doses, by their meaning."""

    drug: Heading | None = None
    amount: Heading | None = None
    duration: Heading | None = None


class TimeRow(Row):
    """``[time]``: how times are written, and what time zero is."""

    unit: Line = "day"
    origin: Line = "as written"
    date_format: Line | None = None
    duration_unit: Line | None = None


class AnalyteRow(Row):
    """``[analytes.NAME]``: the output of the model an analyte is, and its unit where the rows have none."""

    output: StrictStr
    unit: Line | None = None
    units: Texts | None = None
    parent: Line | None = None
    signed: StrictBool = False
    limit: Line | None = None


class DrugRow(Row):
    """``[drugs.NAME]``: the dose of the model a drug is, and its unit and duration where the rows have none."""

    dose: StrictStr
    unit: Line | None = None
    duration: Line | None = None


class CovariateRow(Row):
    """``[covariates.HEADING]``: a column that is a covariate; without a unit, a number without one or a category.

    ``parameter`` is the one of the model that it sets; ``rule`` its value between two times.
    """

    name: Line | None = None
    unit: Line | None = None
    parameter: Line | None = None
    rule: CovariateRule | None = None


class MappingFileRow(Row):
    """A whole mapping file."""

    patients: SourceRow
    columns: ColumnsRow = Field(default_factory=ColumnsRow)
    dose_columns: DoseColumnsRow = Field(default_factory=DoseColumnsRow)
    time: TimeRow = Field(default_factory=TimeRow)
    analytes: dict[str, AnalyteRow] = Field(default_factory=dict[str, AnalyteRow])
    drugs: dict[str, DrugRow] = Field(default_factory=dict[str, DrugRow])
    covariates: dict[str, CovariateRow] = Field(default_factory=dict[str, CovariateRow])
    leave_out: dict[str, Texts] = Field(default_factory=dict[str, Texts])
