"""A regimen file to doses and rules: every fault of it at once, with file and line."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import Field, StrictInt, StrictStr

from kinetics.errors import Faults, InputError
from kinetics.files.documents import Document
from kinetics.files.kinds import document_of
from kinetics.files.rows import Reader, Row, Text, TitleRow, as_list, as_table, read_row
from kinetics.regimen.dose import Dose
from kinetics.regimen.rule import MAX_DOSES, Rule, check_rules
from kinetics.regimen.times import MAX_COUNT, SAME, apart, in_days, offsets

Keys = tuple[str | int, ...]
R = TypeVar("R", bound=Row)

# for a value of a faulty row, so that the others are checked too
_STAND_IN = {"drug": "drug", "amount": "1 gram", "output": "output", "level": "baseline"}


class RegimenTitleRow(TitleRow):
    """``[regimen]``; ``label`` is what figures call it, where the title is too long."""

    label: Annotated[StrictStr, Field(max_length=100)] = ""


class RegimenFileRow(Row):
    """A whole regimen file; no courses is a drug-free regimen."""

    regimen: Any
    courses: list[Any] = Field(default_factory=list)
    rules: list[Any] = Field(default_factory=list)


class CourseRow(Row):
    """A row of ``[[courses]]``; its ``doses`` are `DoseRow`."""

    start: Text
    doses: Annotated[list[Any], Field(min_length=1)]


class DoseRow(Row):
    """A dose of a course, and its repeats."""

    drug: Text
    amount: Text
    start: Text = "0 day"
    duration: Text = "0 day"
    every: Text | None = None
    count: Annotated[StrictInt, Field(ge=1, le=MAX_COUNT)] = 1


class RuleRow(Row):
    """A row of ``[[rules]]``: a dose that depends on the state, and its repeats."""

    output: Text
    level: Text
    drug: Text
    amount: Text
    duration: Text = "0 day"
    direction: Literal["up", "down"] = "up"
    most: Annotated[StrictInt, Field(ge=1, le=MAX_DOSES)] = 1
    apart: Text = "0 day"
    after_course: Annotated[StrictInt, Field(ge=1)] | None = None
    every: Text | None = None
    count: Annotated[StrictInt, Field(ge=1, le=MAX_COUNT)] = 1


class RegimenFile(NamedTuple):
    """What a regimen file says: the doses of each course, in time since time zero, and the rules."""

    title: TitleRow
    courses: list[tuple[Dose, ...]]
    rules: list[Rule]


def read_regimen(path: Path) -> RegimenFile:
    """Read and check a regimen file; `InputError` with every fault of it."""
    reader = _Reader(document_of("regimen", path))
    reader.row(RegimenFileRow, reader.document.data)
    title = reader.title("regimen", RegimenTitleRow)
    courses = [
        reader.course(table, ("courses", i)) for i, table in enumerate(as_list(reader.document.data.get("courses")))
    ]
    rules = reader.rules(courses)
    reader.faults.raise_if_any()
    assert title is not None
    return RegimenFile(title, courses, rules)


class _Reader(Reader):
    """Reads the tables of one file and notes every fault."""

    def __init__(self, document: Document) -> None:
        super().__init__(document, Faults())
        self.n_doses = 0

    @contextmanager
    def within(self, *keys: str | int) -> Generator[None, None, None]:
        """Note the faults of the block under ``keys`` and their own names."""
        try:
            yield
        except InputError as error:
            for fault in error.faults:
                self.add(fault.message, *keys, *([fault.name] if fault.name else []))

    def course(self, table: Any, keys: Keys) -> tuple[Dose, ...]:
        """The doses of one course, moved to its start."""
        self.row(CourseRow, table, *keys)
        table = as_table(table)
        start = self.start(table.get("start"), (*keys, "start"))
        rows = enumerate(as_list(table.get("doses")))
        return tuple(chain.from_iterable(self.doses(row, (*keys, "doses", i), start) for i, row in rows))

    def start(self, text: Any, keys: Keys) -> str:
        """The start of a course; time zero, and a fault, if it is none."""
        with self.within(*keys):
            if isinstance(text, str) and text:
                if in_days(text) >= 0:
                    return text
                self.add(f"is before time zero, found '{text}'", *keys)
        return "0 day"

    def doses(self, table: Any, keys: Keys, start: str) -> tuple[Dose, ...]:
        """The doses of one row. What is sound in a faulty row is checked too, so that one report has every fault."""
        row = self.row(DoseRow, table, *keys) or self.sound(table, DoseRow)
        self.counted(table, keys)
        with self.within(*keys):
            offsets(row.count, row.every)
        with self.within(*keys):
            dose = Dose(row.drug, row.amount, row.start, row.duration)
            self.n_doses += row.count
            if self.n_doses <= MAX_COUNT:
                return dose.shift(start).repeat(row.count, row.every)
            self.faults.add(f"more than {MAX_COUNT} doses in the file", self.document.where("courses", 0), "courses")
        return ()

    def counted(self, table: Any, keys: Keys) -> None:
        """Note an ``every`` without a number of doses."""
        if isinstance(table, dict) and "every" in table and "count" not in table:
            self.add("needs 'count', the number of doses", *keys, "every")

    def rules(self, courses: list[tuple[Dose, ...]]) -> list[Rule]:
        """The rules, each checked for itself, then against the courses."""
        rows: dict[int, RuleRow] = {}
        rules: list[Rule] = []
        for number, table in enumerate(as_list(self.document.data.get("rules"))):
            row = self.row(RuleRow, table, "rules", number) or self.sound(table, RuleRow)
            rows[number] = row
            self.counted(table, ("rules", number))
            with self.within("rules", number):
                rules.append(Rule(**dict(row)))
        rule_faults = Faults()
        check_rules(rows, len(apart((doses[0].start.magnitude for doses in courses if doses), SAME)), rule_faults)
        for fault in rule_faults:
            # the list itself has no line: that of its first row
            keys = ("rules", 0) if fault.name == "rules" else fault.name.split(".")
            self.faults.add(fault.message, self.document.where(*keys), fault.name)
        return rules

    def sound(self, table: Any, kind: type[R]) -> R:
        """A row of the values that are sound one by one, with stand-ins for the rest."""
        table = as_table(table)
        required = (name for name, field in kind.model_fields.items() if field.is_required())
        stand_in = {name: _STAND_IN[name] for name in required} | ({"every": "1 day"} if "every" in table else {})
        valid = {
            key: table[key]
            for key in kind.model_fields.keys() & table
            if read_row(kind, {**stand_in, key: table[key]}, self.document, (), Faults())
        }
        return kind.model_validate({**stand_in, **valid})
