"""The file of a schematic: which model it is of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import FigureHeaderRow, PageRow
from kinetics.files.documents import Document
from kinetics.files.rows import Line
from kinetics.model import Model


class SchematicHeaderRow(FigureHeaderRow):
    """``[figure]`` of a schematic."""

    model: Line


@dataclass(frozen=True, eq=False)
class SchematicSpec:
    """A schematic that can be drawn: what the file says, its page, the model, the path of the file."""

    header: SchematicHeaderRow
    page: PageRow
    model: Model
    path: Path = Path()

    @classmethod
    def of(cls, model: Model) -> SchematicSpec:
        """Without a file."""
        header = SchematicHeaderRow(kind="schematic", title=model.title, model=model.reference)
        return cls(header, PageRow(), model)


def read_schematic(document: Document) -> SchematicSpec:
    """Check a figure file that says which model to draw; an `InputError` has every fault of both."""
    reader = SpecReader(document)
    header, page = reader.table(SchematicHeaderRow, "figure"), reader.page()
    model = None if header is None else reader.model(header.model)
    if header is None or model is None or reader.faults:
        reader.refuse()
    titled = header if header.title else header.model_copy(update={"title": model.title})
    return SchematicSpec(titled, page, model, document.path)
