"""Tables of a user: text with separators, Excel and Parquet, as raw cells that know their line and column."""

from kinetics.patients.tables.cells import Cell, RawTable, cell_text, is_missing
from kinetics.patients.tables.dates import DateFormat, read_moment
from kinetics.patients.tables.numbers import CensoredNumber, read_number_cell
from kinetics.patients.tables.opening import MAX_BYTES, SUFFIXES, read_raw_table

__all__ = [
    "MAX_BYTES",
    "SUFFIXES",
    "Cell",
    "CensoredNumber",
    "DateFormat",
    "RawTable",
    "cell_text",
    "is_missing",
    "read_moment",
    "read_number_cell",
    "read_raw_table",
]
