"""Reads the tables of a figure file, and what they name, checks them, and collects everything that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from kinetics.cohorts.lineage import lineage
from kinetics.comparison.spec import check_axis_ends
from kinetics.errors import Faults, InputError, UnitError
from kinetics.figures.base.rows import (
    CountPanelRow,
    LookRow,
    PageRow,
    PanelRow,
    SizeRow,
    TimedHeaderRow,
    TimeRow,
    TreatmentHeaderRow,
)
from kinetics.figures.base.words import read_language, with_words
from kinetics.files.documents import Document
from kinetics.files.library import find_file, path_from
from kinetics.files.rows import Reader
from kinetics.model import Model
from kinetics.model.quantities import Output
from kinetics.regimen import Regimen
from kinetics.units import check_duration, conversion, parse_unit, to_unit

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem

MAX_PANELS = 48
MAX_CURVES = 200
MAX_TICKS = 200
MAX_TIMES = 20_000
MAX_VALUES = 10_000_000
"""Simulated times, summed over all runs of a curve."""

P = TypeVar("P", bound=PanelRow)
Key = str | int


class SpecReader(Reader):
    """A figure file under check, with the ``tables`` it may have; every fault is kept with the line of its key."""

    def __init__(self, document: Document, *tables: str) -> None:
        super().__init__(document, Faults())
        self.check_tables("figure", "size", "look", *tables)

    def refuse(self) -> NoReturn:
        """Raise an `InputError` with every fault."""
        self.faults.raise_if_any()
        raise AssertionError("a part of the figure is missing, and nothing says why")

    def page(self) -> PageRow:
        """``[size]`` and ``[look]``."""
        size, look = self.table(SizeRow, "size") or SizeRow(), self.table(LookRow, "look") or LookRow()
        for key, check in (
            ("language", lambda: read_language(look.language, self.document.path.parent)),
            ("words", lambda: with_words(read_language("en"), look.words)),
        ):
            self.read(check, "look", key)
        return PageRow(**dict(size), look=look)

    def time(self, header: TimedHeaderRow | None, runs: int = 1, most: int = MAX_TIMES) -> TimeRow:
        """``[time]``, checked, with the times that ``runs`` simulations have."""
        time = self.table(TimeRow, "time") or TimeRow()
        with self.at("time", "unit"):
            conversion(parse_unit("day"), parse_unit(time.unit))
        self.check_duration(time.ticks, "time", "ticks")
        if header is None:
            return time
        until = header.until
        self.check_duration(until, "figure", "until")
        self.check_duration(header.every, "figure", "every")
        if (number := _ratio(until, time.ticks)) > MAX_TICKS:
            self.add(f"gives {number:.0f} ticks until {until}; at most {MAX_TICKS}", "time", "ticks")
        number = _ratio(until, header.every)
        if number > most:
            self.add(f"gives {number:.0f} times until {until}; at most {most}", "figure", "every")
        elif number * runs > MAX_VALUES:
            self.add(f"gives {number:.0f} times of {runs} runs; at most {MAX_VALUES} in all", "figure", "every")
        return time

    def panels(self, kind: type[P], needs: str) -> dict[str, P]:
        """``[panels.NAME]``, each checked."""
        panels = self.named(kind, "panels", MAX_PANELS, needs)
        for name, row in panels.items():
            if isinstance(row, CountPanelRow):
                with self.at("panels", name, "unit"):
                    if parse_unit(row.unit) != parse_unit("percent") and row.percent_of_baseline:
                        raise InputError("percent_of_baseline is in percent")
            check_axis_ends(self, row, "panels", name)
        return panels

    def path(self, name: str) -> str | Path:
        """A file named in this one: a path from its folder, or a name of the library."""
        return path_from(self.document.path, name)

    def model(self, name: str) -> Model | None:
        """What ``figure.model`` names."""
        return self.read(lambda: Model.load(self.path(name)), "figure", "model")

    def regimen(self, name: str) -> Regimen | None:
        """What ``figure.regimen`` names."""
        return self.read(lambda: Regimen.load(self.path(name)), "figure", "regimen")

    def treatment(self, header: TreatmentHeaderRow) -> tuple[Model | None, Regimen | None]:
        """The model and the regimen of a header whose times are checked too."""
        model, regimen = self.model(header.model), self.regimen(header.regimen)
        self.check_duration(header.until, "figure", "until")
        self.check_duration(f"1 {header.unit}", "figure", "unit")
        return model, regimen

    def problem(self, fit: str) -> FitProblem | None:
        """What ``figure.fit`` names."""
        from kinetics.estimate import FitProblem

        return self.read(lambda: FitProblem.load(find_file(self.path(fit), "fits")), "figure", "fit")

    def check_duration(self, text: str, *keys: Key) -> None:
        """Note a text that is no positive time."""
        with self.at(*keys):
            check_duration(text)

    def output(self, model: Model, name: str, *keys: Key) -> Output | None:
        """An output of the model; None, and a fault, if there is none of the name."""
        with self.at(*keys):
            return model.output(name)
        return None

    def check_cohort(self, cohort: str | None, model: Model) -> None:
        """Note a cohort that the model does not have."""
        with self.at("figure", "cohort"):
            lineage(model, cohort)


def _ratio(whole: str, part: str) -> float:
    """How often one time goes into another; 0 if a text is no positive time, which other checks report."""
    try:
        length, step = to_unit(whole, "day"), to_unit(part, "day")
    except UnitError:
        return 0.0
    return length / step if length > 0 and step > 0 else 0.0
