"""A document as PDF: the page of HTML, printed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from kinetics.documents.writers.browser import run_browser
from kinetics.errors import InputError
from kinetics.files.writing import write_atomically


def pdf_bytes(html: str) -> bytes:
    """A page as PDF, tagged for screen readers, with the headings as its outline."""
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-") as folder:
        page, out = Path(folder) / "report.html", Path(folder) / "report.pdf"
        write_atomically(page, html)
        run_browser(
            [
                "--no-pdf-header-footer",
                "--generate-pdf-document-outline",
                f"--print-to-pdf={out}",
                page.as_uri(),
            ]
        )
        if not out.is_file():
            raise InputError("the browser printed no PDF; write .html and print it by hand")
        return out.read_bytes()
