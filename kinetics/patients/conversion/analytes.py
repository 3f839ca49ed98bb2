"""Analytes to outputs: the unit of each, percentages of a parent, and what has no output."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from kinetics.errors import Faults, InputError, UnitError
from kinetics.model import Model
from kinetics.patients.layouts.entries import CountEntry
from kinetics.patients.mapping.headings import unit_in_brackets
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.mapping.names import similar_outputs
from kinetics.patients.mapping.schema import AnalyteRow
from kinetics.text.lists import listed
from kinetics.text.numbers import count_text
from kinetics.text.suggestions import did_you_mean, nearest_names
from kinetics.units import Unit, conversion, display_unit, laboratory_unit, parse_quantity, parse_unit, percent_of

_ONE, _PERCENT = parse_unit("1"), parse_unit("%")


@dataclass
class Analyte:
    """An analyte whose rows are read.

    ``units`` has the unit of each text of the unit column, and of the empty text; the unit of a percentage of a parent
    is percent. ``target`` is the unit of its output, ``limit`` the stated limit of quantification in it.
    """

    name: str
    row: AnalyteRow
    entries: list[CountEntry]
    parent: str | None = None
    units: dict[str, Unit] = field(default_factory=dict[str, Unit])
    target: Unit = _ONE
    limit: float = math.nan

    @property
    def output(self) -> str:
        """The output it is."""
        return self.row.output

    def is_share(self, entry: CountEntry) -> bool:
        """Whether a value is a percentage of the parent rather than a value of the output."""
        return self.units[entry.unit] == _PERCENT and self.target.dimensionality != _PERCENT.dimensionality


class AnalyteReader:
    """Finds the output and the units of each analyte; what is wrong is a fault, once an analyte."""

    def __init__(self, mapping: DataMapping, model: Model | None, faults: Faults, notes: list[str]) -> None:
        self.mapping, self.model, self.faults, self.notes = mapping, model, faults, notes
        self._rows: Mapping[str, tuple[str, AnalyteRow]] = {
            name.casefold(): (name, row) for name, row in mapping.analytes.items()
        }

    def read(self, counts: Sequence[CountEntry]) -> list[Analyte]:
        """The analytes that have an output and units, in the order of the mapping."""
        entries: dict[str, list[CountEntry]] = {}
        for count in counts:
            entries.setdefault(count.analyte.casefold(), []).append(count)
        if unused := [name for key, (name, _) in self._rows.items() if key not in entries]:
            self.notes.append(f"analytes of the mapping without a value: {', '.join(unused)}")
        analytes = [self._analyte(own) for own in entries.values()]
        found = [analyte for analyte in analytes if analyte is not None]
        targets: dict[str, Unit] = {}
        # an output without a model has the unit of the first analyte that is no percentage
        for analyte in sorted(found, key=lambda one: _PERCENT in one.units.values()):
            analyte.target = targets.setdefault(analyte.output, self._target(analyte, targets))
        return [analyte for analyte in found if self._is_sound(analyte)]

    def _analyte(self, entries: list[CountEntry]) -> Analyte | None:
        first = entries[0]
        name, row = self._rows.get(first.analyte.casefold(), (first.analyte, None))
        if row is None or not row.output:
            self.faults.add(self._without_output(entries, row), first.where)
            return None
        if not self._is_of_model(name, row):
            return None
        analyte = Analyte(name, row, entries)
        if row.parent is not None:
            with self._at(name, "parent"):
                analyte.parent = self._parent(row.parent)
        with self.faults.gather(first.where, first.heading):
            analyte.units = self._units(analyte)
            analyte.entries = [entry for entry in entries if entry.unit in analyte.units]
            return analyte if analyte.entries else None
        return None

    def _without_output(self, entries: list[CountEntry], row: AnalyteRow | None) -> str:
        """What is wrong with an analyte that the mapping does not have, or has without an output."""
        text, model = entries[0].analyte, self.model
        near = [] if model is None else similar_outputs(text, model)
        missing = f"analyte '{text}' has no output ({count_text(len(entries), 'row')}, the first here)"
        if row is not None:
            return f"{missing}: name one, or list it under [leave_out]{nearest_names(near[:5])}"
        known = near or ([] if model is None else list(model.outputs))
        hint = did_you_mean(text, self.mapping.analytes) or (f"; outputs are {listed(known, 8)}" if known else "")
        return f'{missing}: state [analytes."{text}"] output{hint}'

    def _is_of_model(self, name: str, row: AnalyteRow) -> bool:
        """Whether the model, if there is one, has the output; it must have that of the parent too."""
        if self.model is None:
            return True
        for key, output in (("output", row.output), ("parent", row.parent)):
            if output is not None:
                with self._at(name, key):
                    self.model.output(output)
        return row.output in self.model.outputs

    def _at(self, name: str, key: str) -> AbstractContextManager[Faults]:
        """Note faults at a key of an analyte of the mapping."""
        return self.faults.gather(self.mapping.where("analytes", name, key), f"analytes.{name}.{key}")

    def _units(self, analyte: Analyte) -> dict[str, Unit]:
        """The unit of each text in the column of units; `InputError` if there are two that are not stated."""
        texts: dict[str, CountEntry] = {}
        for entry in analyte.entries:
            texts.setdefault(entry.unit, entry)
        units: dict[str, Unit] = {}
        for text, entry in texts.items():
            if text:
                with self.faults.gather(entry.where, "unit"):
                    units[text] = self._unit(text, analyte)
        distinct: dict[Unit, str] = {unit: text for text, unit in reversed(units.items())}
        stated = {laboratory_unit(text) for text in analyte.row.units or () if percent_of(text) is None}
        if any(percent_of(text) is not None for text in analyte.row.units or ()):
            stated.add(_PERCENT)
        if len(distinct) > 1 and not set(distinct) <= stated:
            listed = " and ".join(f"'{text}' ({texts[text].where})" for text in reversed(distinct.values()))
            right = ", ".join(f'"{text}"' for text in reversed(distinct.values()))
            message = f"analyte '{analyte.name}' has two units: {listed}; correct one, or if both are meant state"
            raise InputError(f'{message} [analytes."{analyte.name}"] units = [{right}]')
        if "" in texts:
            units[""] = self._unit_without_text(analyte, distinct)
        return units

    def _unit(self, text: str, analyte: Analyte) -> Unit:
        parent = percent_of(text)
        if parent is None:
            return laboratory_unit(text)
        if parent:
            analyte.parent = self._parent(parent)
        return _PERCENT

    def _parent(self, text: str) -> str:
        """The output of an analyte, or of the model, that a percentage is of."""
        if (found := self._rows.get(text.casefold())) is not None:
            return found[1].output
        known = [*(row.output for _, row in self._rows.values()), *(self.model.outputs if self.model else ())]
        near = [name for name in known if name.casefold() == text.casefold()]
        near = near or (similar_outputs(text, self.model)[:1] if self.model is not None else [])
        if not near:
            raise UnitError(f"'{text[:60]}', of which it is a part, is no analyte of the mapping and no output")
        return near[0]

    def _unit_without_text(self, analyte: Analyte, distinct: Mapping[Unit, str]) -> Unit:
        stated = analyte.row.unit or unit_in_brackets(analyte.name) or unit_in_brackets(analyte.entries[0].heading)
        if stated is not None:
            return self._unit(stated, analyte)
        if distinct:
            unit, text = next(iter(distinct.items()))
            self.notes.append(f"rows of '{analyte.name}' without a unit are read in {text}, as the others")
            return unit
        own = _ONE if self.model is None else self.model.output(analyte.output).unit
        shown = f"in the unit of '{analyte.output}', {display_unit(own) or '1'}" if self.model else "as plain numbers"
        self.notes.append(f"no unit is stated for '{analyte.name}': its values are read {shown}")
        return own

    def _target(self, analyte: Analyte, targets: Mapping[str, Unit]) -> Unit:
        if self.model is not None:
            return self.model.output(analyte.output).unit
        own = next(iter(analyte.units.values()), _ONE)
        if own == _PERCENT and analyte.parent is not None:
            return targets.get(analyte.parent, _PERCENT)
        return own

    def _is_sound(self, analyte: Analyte) -> bool:
        """Whether every unit can be converted; else a fault a unit."""
        for text, unit in analyte.units.items():
            entry = next(entry for entry in analyte.entries if entry.unit == text)
            with self.faults.gather(entry.where, "unit" if text else entry.heading):
                if unit == _PERCENT and analyte.target.dimensionality != _PERCENT.dimensionality:
                    if analyte.parent is None:
                        keys = f'[analytes."{analyte.name}"] parent'
                        raise UnitError(f"'{analyte.name}' is a percentage, and it is not said of what; state {keys}")
                    continue
                conversion(unit, analyte.target)
        if analyte.row.limit is not None:
            with self._at(analyte.name, "limit"):
                analyte.limit = parse_quantity(analyte.row.limit, analyte.target)[0]
        return all(
            unit == _PERCENT or unit.dimensionality == analyte.target.dimensionality for unit in analyte.units.values()
        )
