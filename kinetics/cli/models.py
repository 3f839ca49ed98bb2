"""`kinetics models`."""

from __future__ import annotations

import textwrap

from kinetics.checking.kinds import KINDS
from kinetics.cli.arguments.options import AsJson
from kinetics.cli.terminal.output import page_width, print_json, print_text

__all__ = ["models"]


def models(as_json: AsJson = False) -> None:
    """List what ships: models, cohorts, regimens, visits, fits, figures."""
    from kinetics.errors import Faults
    from kinetics.files.documents import read_document
    from kinetics.files.library import find_file, library_names
    from kinetics.model.extension import read_extended

    listed: dict[str, dict[str, str]] = {}
    cohorts: dict[str, str] = {}
    for kind, part in KINDS.items():
        title = f"{kind.removesuffix('s')}s"
        listed[title] = {}
        for name in library_names(part):
            path = find_file(name, part)
            # a model has the cohorts of the one it extends too
            data = (read_extended(path, Faults())[0] if kind == "model" else read_document(path)).data
            listed[title][name] = str(data.get(kind, {}).get("title", ""))
            for cohort, row in data.get("cohorts", {}).items():
                cohorts[f"{name}, {cohort}"] = str(row.get("about", ""))
    listed = {"models": listed.pop("models"), "cohorts": cohorts, **listed}
    if as_json:
        print_json(listed)
    else:
        print_text("\n\n".join(_section(title, rows) for title, rows in listed.items() if rows))


def _section(title: str, rows: dict[str, str]) -> str:
    width = max(map(len, rows)) + 4
    lines = [
        textwrap.fill(f"  {name.ljust(width - 2)}{about}", page_width(), subsequent_indent=" " * width).rstrip()
        for name, about in rows.items()
    ]
    return "\n".join([title, *lines])
