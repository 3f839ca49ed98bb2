"""A document as one page of HTML, which needs nothing beside itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kinetics.documents.content import Block, Citation, Document, Equations, Facts, Formula, Note, Picture
from kinetics.documents.writers.typography import typeset
from kinetics.text.tables import Table

_FOLDER = Path(__file__).parent
_PROSE = 30
"""Characters of a cell beyond which its column needs room."""
_SHOWN = 40
"""Equations of a group, and rows of a table, beyond which they are folded on a screen."""


def html_text(document: Document, *, opened: bool = False) -> str:
    """The page; ``opened`` unfolds what is folded, for a printer."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) else typeset(str(value)),
    )
    environment.filters |= {"mathml": _mathml, "picture": _picture, "groups": _groups, "prose": _prose}
    template = environment.get_template("report.html.jinja")
    style = Markup((_FOLDER / "report.css").read_text(encoding="utf-8"))
    cited = {reference.key for reference in document.references}
    return template.render(document=document, style=style, kind=_kind, cited=cited, opened=opened, shown=_SHOWN)


def _kind(block: Block | str) -> str:
    """The name of what a block or a cell is, for the template."""
    kinds = {Formula: "formula", Citation: "citation", Note: "note", Table: "table", Equations: "equations"}
    kinds |= {Picture: "picture", Facts: "facts"}
    return kinds.get(type(block), "text")


def _mathml(formula: Formula) -> Any:
    """The markup of a formula, which the package made itself from checked symbols."""
    from markupsafe import Markup

    inner = formula.mathml if formula.mathml.startswith("<math") else f"<math>{formula.mathml}</math>"
    return Markup(inner)


def _picture(picture: Picture) -> str:
    """An SVG as an address that holds it: its names and styles stay apart from those of the page."""
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.render('.svg')).decode()}"


def _prose(table: Table) -> set[int]:
    """The columns of text that need room; a table with one is a list of cards on a narrow screen."""
    return {index for index in table.text if any(len(row[index]) > _PROSE for row in table.rows)}


def _groups(table: Table) -> Iterator[tuple[str, Sequence[Sequence[str]]]]:
    """Rows with the heading that they stand under; one group without a heading if there are none."""
    if not table.groups:
        yield "", table.rows
        return
    group, rows = table.groups[0], list[Sequence[str]]()
    for own, row in zip(table.groups, table.rows, strict=True):
        if own != group:
            yield group, rows
            group, rows = own, []
        rows.append(row)
    yield group, rows
