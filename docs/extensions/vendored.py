"""What a page loads comes from the site itself: MathJax from a package, drawn as SVG, which needs no fonts."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

MATHJAX = "sphinx-mathjax-offline"


def _copy(app: Sphinx, failure: Exception | None) -> None:
    if failure is not None or app.builder.format != "html":
        return
    found = importlib.util.find_spec(MATHJAX)
    if found is None or found.origin is None:
        raise ExtensionError(f"no package {MATHJAX}: python -m pip install 'lymphokinetics[docs]'")
    package = Path(found.origin).parent / "static" / "mathjax"
    static = Path(app.outdir) / "_static" / "mathjax"
    (static / "input").mkdir(parents=True, exist_ok=True)
    shutil.copy(package / "tex-svg.js", static)
    shutil.copytree(package / "input" / "tex", static / "input" / "tex", dirs_exist_ok=True)
    shutil.copytree(Path(app.srcdir) / "figures", Path(app.outdir) / "figures", dirs_exist_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.config.mathjax_path = "mathjax/tex-svg.js"  # pyright: ignore[reportAttributeAccessIssue]
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
