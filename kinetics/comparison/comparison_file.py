"""The file of a comparison, read and checked against its model."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.comparison.readings import Reading, readings
from kinetics.comparison.spec import ComparedRow, Comparison, ComparisonHeaderRow, OutputRow, check_axis_ends
from kinetics.errors import Fault, Faults, InputError, UnitError, warn
from kinetics.expressions.reserved import clash
from kinetics.files.documents import read_document
from kinetics.files.kinds import is_path
from kinetics.files.library import library_folder, path_from
from kinetics.files.rows import Reader
from kinetics.measures import lower_limits
from kinetics.model import Model
from kinetics.units import check_duration, to_unit

MAX_TIMES, MAX_ROWS = 20_000, 48


def read_comparison(
    path: str | Path | None = None, *, until: str | None = None, cohort: str | None = None, model: str | None = None
) -> Comparison:
    """Read a comparison.

    Parameters
    ----------
    path : str or pathlib.Path, optional
        The file; the one that ships by default.
    until, cohort, model : str, optional
        In place of those of the file.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        With every fault of the file, and of the arguments.

    Warns
    -----
    UserWarning
        If the model given in place of the file's own lacks outputs, whose rows are left out.

    Examples
    --------
    >>> comparison = read_comparison(until="2 year")
    >>> comparison.header.until
    '2 year'
    """
    if path is not None and not is_path(path) and not Path(path).exists():
        message = f"must be the path of a file; found '{path}'; write model='{path}' for a model"
        raise InputError(Fault(message, name="comparison"))
    document = read_document(path or library_folder("fits") / "comparison.toml")
    reader = Reader(document, Faults())
    reader.check_tables("comparison", "rows")
    own = reader.table(ComparisonHeaderRow, "comparison")
    rows = _rows(reader)
    if own is None:
        raise InputError(*reader.faults)
    arguments = {"model": model, "cohort": cohort, "until": until}
    replaced = {key: value for key, value in arguments.items() if value is not None}
    header = _Header(reader, own.model_copy(update=replaced), replaced)
    header.check_times()
    loaded, lacking = None, []
    with header.at("model"):
        loaded = Model.load(model or path_from(document.path, own.model))
    if model is not None and loaded is not None:
        lacking = _lacking(rows, loaded, header)
    present = {index: row for index, row in rows.items() if row.output not in lacking}
    compared = () if loaded is None else tuple(_against_model(present, loaded, header))
    reader.faults.raise_if_any()
    assert loaded is not None
    if lacking:
        message = f"rows left out, since model '{loaded.name}' has no such output: {', '.join(lacking)}"
        warn(message)
    return Comparison(document.path.stem, header.row, compared, loaded, document.path)


@dataclass(frozen=True)
class _Header:
    """The header, some of whose values come from arguments in place of the file."""

    reader: Reader
    row: ComparisonHeaderRow
    replaced: Mapping[str, str]

    def at(self, key: str) -> AbstractContextManager[Faults]:
        """Note the faults of a block where a value comes from."""
        return self.reader.faults.gather("", key) if key in self.replaced else self.reader.at("comparison", key)

    def check_times(self) -> None:
        for key in ("until", "every", "unit"):
            with self.at(key):
                check_duration(f"1 {self.row.unit}" if key == "unit" else getattr(self.row, key))
        with suppress(UnitError):  # noted above
            times = to_unit(self.row.until, "day") / max(to_unit(self.row.every, "day"), 1e-300)
            if times > MAX_TIMES:
                with self.at("every"):
                    raise InputError(f"gives {times:.0f} times until {self.row.until}; at most {MAX_TIMES}")

    def limits(self, model: Model) -> dict[str, str]:
        """The lower limits of normal in the cohort, as levels, by output."""
        with self.at("cohort"):
            return lower_limits(model, cohort_parameters(model, self.row.cohort).values)
        return lower_limits(model, model.defaults)


def _rows(reader: Reader) -> dict[int, OutputRow]:
    """The well-formed rows by their number in the file."""
    rows = reader.listed(OutputRow, "rows", MAX_ROWS, "output, label and measures")
    outputs = set[str]()
    for index, row in rows.items():
        if row.output in outputs:
            reader.add(f"output '{row.output}' is compared already", "rows", index)
        outputs.add(row.output)
        check_axis_ends(reader, row, "rows", index)
    return rows


def _lacking(rows: Mapping[int, OutputRow], model: Model, header: _Header) -> list[str]:
    """The outputs of rows that a model in place of the file's own has not; a fault if it has none of them."""
    lacking = [row.output for row in rows.values() if row.output not in model.outputs]
    if rows and len(lacking) == len(rows):
        message = f"model '{model.name}' has none of the outputs {', '.join(lacking)}; give a comparison of its own"
        with header.at("model"):
            raise InputError(f"{message} with --spec")
    return lacking


def _against_model(rows: Mapping[int, OutputRow], model: Model, header: _Header) -> list[ComparedRow]:
    """The rows with what is read off them, as far as the model has it."""
    reader, limits = header.reader, header.limits(model)
    compared, outputs = [], {row.output for row in rows.values()}
    for index, row in rows.items():
        with reader.at("rows", index, "output"):
            model.output(row.output)
        if row.output not in model.outputs:
            continue
        limit = limits.get(row.output)
        taken = _readings(reader, index, row, limit, model)
        if reason := clash(row.output, "simulate", "compare"):
            reader.add(reason, "rows", index)
        for name in ("percent", "limit", *(reading.name for reading in taken)):
            if f"{row.output}_{name}" in outputs:
                message = f"'{row.output}_{name}' is also called what is shown of {row.output}; rename it"
                reader.add(message, "rows", index)
        compared.append(ComparedRow(row, limit, taken, row.exploratory or model.is_exploratory(row.output)))
    return compared


def _readings(reader: Reader, index: int, row: OutputRow, limit: str | None, model: Model) -> tuple[Reading, ...]:
    by_name: dict[str, Reading] = {}
    for text in row.measures:
        with reader.at("rows", index, "measures"):
            for reading in readings(text, row.output, limit):
                reading.check(model.outputs[row.output].unit, model.time)
                if by_name.setdefault(reading.name, reading) is not reading:
                    raise InputError(f"'{text}' is measured twice")
    return tuple(by_name.values())
