"""Every block of Python or bash is executed, and a page that has one is also a notebook to download.

The sources stay plain Markdown, which a repository's page shows as it is. A page becomes a notebook of MyST-NB when
Sphinx reads it: a fence ``python`` is a cell, a fence ``bash`` a cell that begins with ``%%bash``.
A fence ``py`` is shown alone: what it needs, such as the nodes of a cluster, no build has.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from myst_nb.core import render
from myst_nb.core.read import read_myst_markdown_notebook
from sphinx.application import Sphinx

FENCE = re.compile(r"^```(python|bash)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FRONT = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n"
BASH = "%%bash\n"
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^):#\s]+)(#[^)\s]*)?\)")
DOWNLOAD = """
```{{raw}} html
<p class="notebook"><a href="{name}.ipynb" download>Download as a notebook</a></p>
```
"""


def cache_folder(root: Path) -> Path:
    """Where results of blocks are kept: a folder of its own for each state of the package and its library."""
    state = hashlib.sha256()
    for part in ("kinetics", "models", "fits"):
        for path in sorted((root / part).rglob("*")):
            if path.suffix in (".py", ".toml", ".csv", ".bib", ".txt") and "__pycache__" not in path.parts:
                state.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return root / "build" / "notebooks" / state.hexdigest()[:16]


def as_notebook(text: str) -> str:
    """The text of a page as a notebook of MyST; a page without a block as it is."""
    if not FENCE.search(text):
        return text
    return FRONT + FENCE.sub(_cell, text)


def _cell(block: re.Match[str]) -> str:
    return f"```{{code-cell}} ipython3\n{BASH if block[1] == 'bash' else ''}{block[2]}```"


def write_notebook(text: str, path: Path) -> None:
    """Write the notebook of a page whose links lead to pages of the site beside it."""
    notebook = read_myst_markdown_notebook(text)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"(\]\([^):\s]+)\.md([)#])", r"\1.html\2", cell.source)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def without_outside(text: str, page: Path, docs: Path) -> str:
    """A page without links to files of the repository that the site does not have; their texts stay."""

    def kept(link: re.Match[str]) -> str:
        inside = (page.parent / link[2]).resolve().is_relative_to(docs)
        return link[0] if inside else link[1]

    return LINK.sub(kept, text)


def _read(app: Sphinx, docname: str, source: list[str]) -> None:
    docs = Path(app.srcdir)
    text = without_outside(source[0], docs / f"{docname}.md", docs)
    notebook = as_notebook(text)
    if notebook != text:
        write_notebook(notebook, Path(app.outdir) / f"{docname}.ipynb")
        title, _, rest = notebook.removeprefix(FRONT).lstrip("\n").partition("\n")
        notebook = FRONT + title + "\n" + DOWNLOAD.format(name=docname.rsplit("/", 1)[-1]) + rest
    source[0] = notebook


def _show_as_bash(_: Sphinx, document: nodes.document) -> None:
    """A page shows the commands alone: the first line of their cell is for notebooks."""
    for block in document.findall(nodes.literal_block):
        if block.astext().startswith(BASH):
            text = block.astext().removeprefix(BASH)
            block["language"], block.children, block.rawsource = "bash", [nodes.Text(text)], text


def joined_streams(outputs: list[Any]) -> list[Any]:
    """Pieces of a stream that follow each other as one text; a cell of bash sends pieces of 100 bytes."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    render.coalesce_streams = joined_streams  # that of MyST-NB ends a line behind each piece
    app.connect("source-read", _read, priority=600)
    app.connect("doctree-read", _show_as_bash)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
