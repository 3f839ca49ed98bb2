"""The formats of a document, and what each of them needs."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable

from kinetics.documents.content import Document
from kinetics.documents.writers.browser import browser
from kinetics.errors import Fault, InputError
from kinetics.text.extras import needs

_NEEDS = {".html": ("jinja2", "Jinja2"), ".pdf": ("jinja2", "Jinja2"), ".docx": ("docx", "python-docx")}
"""The module that each format needs, and the package of the extra 'report' that has it."""


def _html(document: Document) -> bytes:
    from kinetics.documents.writers.html import html_text

    return html_text(document).encode()


def _pdf(document: Document) -> bytes:
    from kinetics.documents.writers.html import html_text
    from kinetics.documents.writers.pdf import pdf_bytes

    return pdf_bytes(html_text(document, opened=True))


def _docx(document: Document) -> bytes:
    from kinetics.documents.writers.word import docx_bytes

    return docx_bytes(document)


FORMATS: dict[str, Callable[[Document], bytes]] = {".html": _html, ".pdf": _pdf, ".docx": _docx}
"""The writer of each format."""


def check_format(suffix: str) -> None:
    """Check that there is such a format, and that what it needs is installed; an `InputError` says how to install it.

    Examples
    --------
    >>> check_format(".odt")
    Traceback (most recent call last):
    kinetics.errors.InputError: a report is written as .html, .pdf or .docx
    """
    if suffix not in FORMATS:
        raise InputError("a report is written as .html, .pdf or .docx")
    module, package = _NEEDS[suffix]
    if importlib.util.find_spec(module) is None:
        message = f"a report as {suffix} {needs(package, 'report')}"
        raise InputError(Fault(message, name="path"))
    if suffix == ".pdf":
        browser()
