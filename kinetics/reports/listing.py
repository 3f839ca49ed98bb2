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
        """A list a kind, in lines of at most ``width`` characters; a cohort that several models have stands once."""
        listed = {**self, "cohorts": _by_cohort(self.get("cohorts", {}))}
        return "\n\n".join(_section(title, rows, width) for title, rows in listed.items() if rows)

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


def _by_cohort(cohorts: dict[str, str]) -> dict[str, str]:
    """What each cohort is, and the models that have it, by its name; others of the same name keep a row of their own.

    >>> _by_cohort({"base, adults": "healthy", "larger, adults": "healthy", "other, adults": "ill"})
    {'adults': 'healthy (base, larger)', 'other, adults': 'ill (other)'}
    """
    models: dict[tuple[str, str], list[str]] = {}
    for name, about in cohorts.items():
        model, _, cohort = name.partition(", ")
        models.setdefault((cohort, " ".join(about.split())), []).append(model)
    rows: dict[str, str] = {}
    for (cohort, about), own in models.items():
        rows[f"{own[0]}, {cohort}" if cohort in rows else cohort] = f"{about} ({', '.join(own)})".strip()
    return rows


def _section(title: str, rows: dict[str, str], width: int) -> str:
    indent = max(map(len, rows)) + 4
    lines = [
        textwrap.fill(f"  {name.ljust(indent - 2)}{about}", width, subsequent_indent=" " * indent).rstrip()
        for name, about in rows.items()
    ]
    return "\n".join([title, *lines])
