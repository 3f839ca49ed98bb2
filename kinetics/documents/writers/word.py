"""A document as .docx, for Word and its kin."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import singledispatch
from typing import Any

from kinetics import __version__
from kinetics.documents.content import Document, Equations, Facts, Note, Picture
from kinetics.documents.writers.typography import typeset
from kinetics.documents.writers.word_formulas import office_math
from kinetics.text.tables import Table

_MARGIN_MM = 18
_PAGE_MM = (210, 297)
_SMALL = 8
"""Points, of tables."""


def docx_bytes(document: Document) -> bytes:
    """The bytes of the file; the same document gives the same bytes but for dates of its archive."""
    import docx
    from docx.shared import Mm, Pt

    file: Any = docx.Document()
    for section in file.sections:
        section.page_width, section.page_height = (Mm(size) for size in _PAGE_MM)
        section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(_MARGIN_MM)
    file.styles["Normal"].font.name = "Calibri"
    file.styles["Normal"].font.size = Pt(10)
    file.core_properties.title = typeset(document.title)
    file.core_properties.author = f"lymphokinetics {__version__}"
    file.core_properties.created = file.core_properties.modified = datetime(2000, 1, 1, tzinfo=UTC)
    file.core_properties.language = "en"
    file.add_heading(typeset(document.title), level=0)
    file.add_paragraph(typeset(document.subtitle))
    pictures = 0
    for section in document.sections:
        file.add_heading(typeset(section.title), level=1)
        for block in section.blocks:
            pictures += isinstance(block, Picture)
            _add(block, file, pictures)
    if document.references:
        file.add_heading("Bibliography", level=1)
        for reference in document.references:
            file.add_paragraph(typeset(f"{reference.text} {reference.url}".strip()))
    content = io.BytesIO()
    file.save(content)
    return content.getvalue()


@singledispatch
def _add(block: Any, file: Any, _: int) -> None:
    file.add_paragraph(typeset(str(block)))


@_add.register
def _(block: Note, file: Any, _: int) -> None:
    paragraph = file.add_paragraph()
    paragraph.add_run("Note: ").bold = True
    paragraph.add_run(typeset(block.text))


@_add.register
def _(block: Equations, file: Any, _: int) -> None:
    file.add_heading(typeset(block.title), level=2)
    for formula in block.formulas:
        paragraph = file.add_paragraph()
        paragraph._p.append(office_math(formula))


@_add.register
def _(block: Picture, file: Any, number: int) -> None:
    from docx.shared import Mm

    file.add_picture(io.BytesIO(block.render(".png")), width=Mm(_PAGE_MM[0] - 2 * _MARGIN_MM))
    drawn = file.paragraphs[-1]._p.xpath(".//wp:docPr")[0]
    drawn.set("descr", typeset(block.alt))
    drawn.set("name", f"Figure {number}")
    file.add_paragraph(f"Figure {number}. {typeset(block.caption)}", style="Caption")


@_add.register
def _(block: Facts, file: Any, _: int) -> None:
    _table(file, [], [list(row) for row in block.rows], range(2))


@_add.register
def _(block: Table, file: Any, _: int) -> None:
    if block.title:
        paragraph = file.add_paragraph(style="Caption")
        paragraph.add_run(typeset(block.title.replace("\n", " ")))
        paragraph.paragraph_format.keep_with_next = True
    rows: list[Sequence[str]] = []
    group = None
    for own, row in zip(block.groups or [None] * len(block.rows), block.rows, strict=True):
        if own != group:
            rows.append([str(own).removesuffix(":")])
            group = own
        rows.append(row)
    _table(file, block.head, rows, block.text)
    if block.note:
        file.add_paragraph(typeset(block.note.replace("\n", " ")))


def _table(file: Any, head: Sequence[str], rows: Sequence[Sequence[str]], text: Any) -> None:
    """A table whose head is repeated on every page; a row of one cell spans all columns."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.shared import Pt

    width = len(head) or len(rows[0])
    table = file.add_table(rows=0, cols=width, style="Light List" if head else "Table Grid")
    for number, row in enumerate([head, *rows] if head else rows):
        cells = table.add_row().cells
        if len(row) < width:
            cells[0].merge(cells[-1])
        for index, (cell, value) in enumerate(zip(cells, row, strict=False)):
            paragraph = cell.paragraphs[0]
            run = paragraph.add_run(typeset(str(value)))
            run.font.size = Pt(_SMALL)
            if index not in text:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if head and number == 0:
            mark = OxmlElement("w:tblHeader")
            table.rows[0]._tr.get_or_add_trPr().append(mark)
