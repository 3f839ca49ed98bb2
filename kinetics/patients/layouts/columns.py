"""`ColumnReader`: the cells of a table by the meaning of their column; every fault with row and column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kinetics.errors import Faults, InputError
from kinetics.patients.layouts.entries import Entry, Moment
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.mapping.schema import MomentColumns
from kinetics.patients.tables import (
    Cell,
    CensoredNumber,
    DateFormat,
    RawTable,
    cell_text,
    is_missing,
    read_moment,
    read_number_cell,
)
from kinetics.patients.tables.cells import checked_text, first_columns
from kinetics.patients.tables.dates import clock_hours, later
from kinetics.regimen.times import rescale
from kinetics.units import Unit, conversion, laboratory_unit, parse_unit

_DAY = parse_unit("day")


@dataclass(frozen=True)
class Column:
    """A column that is read: its heading, its number, and its decimal sign."""

    heading: str
    index: int
    decimal: str


class ColumnReader:
    """Reads the columns of a table that a mapping names.

    Parameters
    ----------
    table : RawTable
        From which rows that are left out, or empty, are gone.
    columns : MomentColumns
        The heading of each meaning.
    mapping : DataMapping
        For the unit of times and the format of dates.
    time : pint.Unit
        The unit of time of the data.
    faults : Faults
        Where faults are noted.
    """

    def __init__(
        self, table: RawTable, columns: MomentColumns, mapping: DataMapping, time: Unit, faults: Faults
    ) -> None:
        self.table, self.faults, self.mapping = table, faults, mapping
        self.per_unit = conversion(laboratory_unit(mapping.time.unit), time)
        self.per_day = conversion(_DAY, time)
        self.dates: DateFormat | None = mapping.date_format()
        self._columns: dict[str, Column] = {}
        for role, heading in columns.model_dump(exclude_none=True).items():
            try:
                self._columns[role] = self.column(heading)
            except InputError as error:
                missing = f"{error.faults[0].message}; a mapping states the column of the {role.replace('_', ' ')}"
                faults.add(missing, table.where_header)
        if "patient" in self._columns and not any(self.has(role) for role in ("time", "date", "study_day")):
            there = first_columns(table.header)
            faults.add(
                f"no column has times; state one of time, date, study_day; there are {there}", table.where_header
            )

    def column(self, heading: str) -> Column:
        """The column of a heading; `InputError` if there is none."""
        index = self.table.index(heading)
        decimals = self.table.decimals
        return Column(self.table.header[index], index, decimals[index] if index < len(decimals) else ".")

    def has(self, role: str) -> bool:
        """Whether the table has a column of this meaning."""
        return role in self._columns

    @property
    def is_readable(self) -> bool:
        """Whether rows can be read: it is known whose they are, and when."""
        return self.has("patient") and any(self.has(role) for role in ("time", "date", "study_day"))

    def heading(self, role: str) -> str:
        """The heading of a column."""
        return self._columns[role].heading if role in self._columns else ""

    def cell(self, row: int, role: str) -> Cell:
        """What a cell holds; None without such a column, or if it is missing."""
        if role not in self._columns:
            return None
        cell = self.table.rows[row][self._columns[role].index]
        return None if is_missing(cell) else cell

    def text(self, row: int, role: str) -> str:
        """The text of a cell that names something; empty if it is missing, or has a fault, which is noted."""
        cell = self.cell(row, role)
        if cell is None:
            return ""
        try:
            return checked_text(cell)
        except InputError as error:
            self.fault(row, role, error.faults[0].message)
        return ""

    def number(self, row: int, role: str) -> float | None:
        """A number that stands without ``<`` or ``>``; None if it is missing, or has a fault, which is noted."""
        found = self.censored_number(row, role)
        if found is not None and found.censored:
            self.fault(row, role, f"must be a number without '{'<' if found.censored == 'below' else '>'}'")
            return None
        return None if found is None else found.value

    def censored_number(self, row: int, role: str) -> CensoredNumber | None:
        """A number, perhaps behind ``<`` or ``>``; None if it is missing, or has a fault, which is noted."""
        cell = self.cell(row, role)
        if cell is None:
            return None
        try:
            return read_number_cell(cell, self._columns[role].decimal)
        except InputError as error:
            self.fault(row, role, error.faults[0].message)
        return None

    def whole(self, row: int, role: str) -> int:
        """A whole number; 0 if it is missing, or has a fault, which is noted."""
        number = self.number(row, role)
        if number is not None and not (number.is_integer() and abs(number) < 1e9):
            self.fault(row, role, f"must be a whole number, found {number:g}")
        return int(number) if number is not None and number.is_integer() else 0

    def value_of(self, row: int, column: Column) -> float | str | None:
        """A number, or the text of a cell that is none; None if it is missing."""
        cell = self.table.rows[row][column.index]
        if is_missing(cell):
            return None
        if isinstance(cell, datetime):
            return cell.isoformat()
        try:
            number = read_number_cell(cell, column.decimal)
            return cell_text(cell) if number.censored else number.value
        except InputError:
            pass
        with self.faults.gather(self.table.where(row), column.heading):
            return checked_text(cell)
        return None

    def fault(self, row: int, role: str, message: str) -> None:
        """Note a fault of a cell."""
        self.faults.add(message, self.table.where(row), self.heading(role))

    def entries(self, numbers: Sequence[str] = (), texts: Sequence[str] = ()) -> Iterator[tuple[int, Entry]]:
        """The rows that say whose they are and when; of the others, faults of these meanings are noted all the same."""
        for row in range(len(self.table.rows)):
            patient, moment = self.patient(row), self.moment(row)
            if patient and moment is not None:
                where, occasion = self.table.where(row), self.occasion(row)
                yield row, Entry(patient=patient, moment=moment, where=where, order=row, occasion=occasion)
                continue
            for role in numbers:
                self.censored_number(row, role)
            for role in texts:
                self.text(row, role)

    def patient(self, row: int) -> str:
        """Whose a row is; empty, and a fault, if it does not say."""
        if self.cell(row, "patient") is None:
            self.fault(row, "patient", "is empty; say whose the row is")
        return self.text(row, "patient")

    def occasion(self, row: int) -> str:
        """Which occasion a row is of; empty without such a column, or with a fault, which is noted."""
        text = self.text(row, "occasion")
        if self.has("occasion") and self.cell(row, "occasion") is None:
            self.fault(row, "occasion", "is empty; say which occasion the row is of")
        if text.casefold().lstrip("+-") in ("inf", "infinity"):
            self.fault(row, "occasion", f"must be a finite number or a name, found '{text}'")
        return text

    def moment(self, row: int) -> Moment | None:
        """When a row is; None, and a fault, if it does not say or cannot be read."""
        if self.has("date"):
            return self._date(row)
        role = "study_day" if self.has("study_day") else "time"
        cell = self.cell(row, role)
        if cell is None:
            self.fault(row, role, "is empty; every row needs a time")
            return None
        hours = clock_hours(cell) if role == "time" else None
        number = self.number(row, role) if hours is None else hours
        if number is None:
            return None
        if role == "study_day" and number == 0:
            self.fault(row, role, "is 0; day 1 of a study follows day -1")
        factor = self.per_day if role == "study_day" else self.per_unit if hours is None else self.per_day / 24
        try:
            return rescale(number - 1 if role == "study_day" and number > 0 else number, factor)
        except InputError as error:
            self.fault(row, role, error.faults[0].message)
        return None

    def _date(self, row: int) -> datetime | float | None:
        cell = self.cell(row, "date")
        if cell is None:
            self.fault(row, "date", "is empty; every row needs a date")
            return None
        with self.faults.gather(self.table.where(row), self.heading("date")):
            moment = read_moment(cell, self.dates)
            clock = self.cell(row, "clock")
            hours = clock_hours(clock)
            if clock is not None and hours is None:
                self.fault(row, "clock", f"is no time of day such as 8:30: '{cell_text(clock)[:40]}'")
            return moment if hours is None else later(moment, timedelta(hours=hours))
        return None
