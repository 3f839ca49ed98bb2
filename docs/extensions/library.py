"""Parts of pages that the files of the library give: a comment ``<!-- site: WHAT -->`` of a page is their place."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from extensions.commands import commands
from extensions.fit_page import fit_list, fit_page
from extensions.gallery import gallery
from extensions.model_page import model_heading, model_list, model_tables

MARK = re.compile(r"^<!-- site: ([a-z ]+?)(?: `(\w+)`)? -->$", re.MULTILINE)
PARTS: dict[str, Callable[..., str]] = {
    "heading of model": model_heading,
    "tables of model": model_tables,
    "list of models": model_list,
    "page of fit": fit_page,
    "list of fits": fit_list,
    "gallery": gallery,
    "commands": commands,
}
"""What writes the Markdown of each part, from the name in the comment if it has one."""


def _part(mark: re.Match[str]) -> str:
    if mark[1] not in PARTS:
        raise ExtensionError(f"no part '{mark[1]}' of a page; there are {', '.join(PARTS)}")
    return PARTS[mark[1]](*[name for name in mark.groups()[1:] if name])


def filled(text: str) -> str:
    """A page with its parts."""
    return MARK.sub(_part, text)


def _read(_: Sphinx, docname: str, source: list[str]) -> None:
    source[0] = filled(source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("source-read", _read, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
