"""Outputs, parameters, cohorts and regimens by the labels that figures print, in place of the names of files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from kinetics.documents.content import Block
from kinetics.figures.base.labels import cohort_label, output_label, parameter_label
from kinetics.figures.treatments import named_regimen_label
from kinetics.model import Model
from kinetics.text.tables import Table

_T = TypeVar("_T", bound=Block)
_NAME = re.compile(r"[\w.]+(?= \(| <|:b$|:a$|$)")
_WORD = re.compile(r"(?P<cohort>cohort )?(?P<name>[A-Za-z_]\w*)")
_PAIR = re.compile(r"var\(([\w.]+),([\w.]+)\)")


class Labels:
    """The labels of what a model has, and of the regimens that ship.

    Examples
    --------
    >>> from kinetics.files.library import library_names
    >>> model = Model.load(library_names("models")[0])
    >>> Labels(model).of("no such name")
    'no such name'
    """

    def __init__(self, model: Model) -> None:
        self._model = model

    def of(self, name: str) -> str:
        """The label of an output, or of a parameter whose name may be dotted; any other text stays as it is."""
        if name in self._model.outputs:
            return output_label(self._model, name)
        stem, spread = name.removesuffix(".spread"), ".spread" if name.endswith(".spread") else ""
        flat = stem.replace(".", "_")
        return parameter_label(self._model, f"{flat}{spread}") if flat in self._model.parameters else name

    def cohort(self, name: str | None) -> str:
        """The label of a cohort, or what stands for none."""
        return cohort_label(self._model, name) if name else "the model's own values"

    def regimen(self, name: str) -> str:
        """The label of a regimen that ships, or else its name."""
        return named_regimen_label(name)

    def words(self, sentence: str) -> str:
        """A sentence with the labels of the outputs, the cohort and the regimen that it names."""
        return _WORD.sub(self._word, sentence)

    def _word(self, found: re.Match[str]) -> str:
        name = found["name"]
        if found["cohort"]:
            return self.cohort(name) if name in self._model.cohorts else found[0]
        return self.of(name) if name in self._model.outputs else self.regimen(name)

    def table(self, table: Table) -> Table:
        """A table whose headings and first column have labels, such as ``count in blood (1e9/L)`` for ``N (1e9/L)``."""
        rows = [[self._cell(row[0]), *row[1:]] for row in table.rows]
        return replace(table, head=[self._cell(cell) for cell in table.head], rows=rows)

    def blocks(self, blocks: Iterable[_T]) -> list[_T | Table]:
        """Blocks whose tables have labels."""
        return [self.table(block) if isinstance(block, Table) else block for block in blocks]

    def _cell(self, cell: str) -> str:
        if pair := _PAIR.fullmatch(cell):
            first, second = (self.of(name) for name in pair.groups())
            return f"variance of {first}" if first == second else f"covariance of {first} and {second}"
        found = _NAME.match(cell)
        return cell if found is None else f"{self.of(found[0])}{cell[found.end() :]}"
