"""What the writers of pages leave wrong for a screen reader, mended in the page that is written."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

ENTRY, ITEM = 'role="doc-biblioentry"', 'role="listitem"'
"""The role of an entry of a bibliography is deprecated, and no item of the list that docutils puts around it."""


def _mend(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    if "body" in context:
        context["body"] = context["body"].replace(ENTRY, ITEM)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("html-page-context", _mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
