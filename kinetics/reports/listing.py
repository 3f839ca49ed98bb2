"""`models`: what ships, by kind."""

from __future__ import annotations

import textwrap

from kinetics.errors import Faults
from kinetics.files.documents import read_document
from kinetics.files.kinds import KINDS
from kinetics.files.library import find_file, library_names
from kinetics.model.extension import read_extended
from kinetics.text.tables import WIDTH, html_table


class Listing(dict[str, dict[str, str]]):
    """The title of each thing that ships by its name, by kind; a cohort's name is ``MODEL, COHORT``."""

    def text(self, width: int = WIDTH) -> str:
        """A list a kind, in lines of at most ``width`` characters."""
        return "\n\n".join(_section(title, rows, width) for title, rows in self.items() if rows)

    def __repr__(self) -> str:
        return f"<What ships: {', '.join(f'{len(rows)} {kind}' for kind, rows in self.items())}>"

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        rows = [[kind, name, about] for kind, names in self.items() for name, about in names.items()]
        return html_table("What ships", ["kind", "name", "about"], rows)


def models() -> Listing:
    """List what ships: models, cohorts, regimens, visits, fits, figures.

    Returns
    -------
    Listing
        A dict: by each of these six kinds, the titles by name.

    Examples
    --------
    >>> sorted(models())
    ['cohorts', 'figures', 'fits', 'models', 'regimens', 'visits']
    """
    listed: dict[str, dict[str, str]] = {}
    cohorts: dict[str, str] = {}
    for kind, folder in KINDS.items():
        rows = listed[f"{kind.removesuffix('s')}s"] = {}
        for name in library_names(folder):
            path = find_file(name, folder)
            # a model has the cohorts of the one it extends too
            data = (read_extended(path, Faults())[0] if kind == "model" else read_document(path)).data
            rows[name] = str(data.get(kind, {}).get("title", ""))
            for cohort, row in data.get("cohorts", {}).items():
                cohorts[f"{name}, {cohort}"] = str(row.get("about", ""))
    return Listing({"models": listed.pop("models"), "cohorts": cohorts, **listed})


def _section(title: str, rows: dict[str, str], width: int) -> str:
    indent = max(map(len, rows)) + 4
    lines = [
        textwrap.fill(f"  {name.ljust(indent - 2)}{about}", width, subsequent_indent=" " * indent).rstrip()
        for name, about in rows.items()
    ]
    return "\n".join([title, *lines])
