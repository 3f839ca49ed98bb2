"""A problem of PEtab 2 as a folder: a YAML file, the model in SBML, and tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinetics.errors import InputError
from kinetics.files.reading import reason_of
from kinetics.files.writing import write_atomically

Rows = Sequence[Mapping[str, Any]]
EXTENSION = "lymphokinetics"
"""The name of the extension, and of the table that it names."""
_TABLES = ("parameters", "observables", "conditions", "experiments", "measurements")


@dataclass(frozen=True)
class PetabTables:
    """What a problem of PEtab 2 consists of; the columns of each table are those of PEtab.

    Parameters
    ----------
    name : str
        Of the YAML file.
    model : str
        The model, in SBML.
    parameters, observables, conditions, experiments, measurements : sequence of mapping
        The rows of each table, by column; there need not be conditions.
    beside : sequence of mapping
        Rows of which PEtab has no likelihood: they go into a table of our own, which no program needs.
    """

    name: str
    model: str
    parameters: Rows
    observables: Rows
    conditions: Rows
    experiments: Rows
    measurements: Rows
    beside: Rows = ()

    def write(self, folder: str | Path) -> str:
        """Write all files into a folder, which is made where there is none; the text of the YAML file.

        Raises
        ------
        InputError
            If there cannot be such a folder, or a file in it cannot be written.
        """
        folder = Path(folder)
        try:
            folder.mkdir(exist_ok=True)
        except (OSError, ValueError) as error:
            raise InputError(f"{folder}: cannot be a folder: {reason_of(error)}") from error
        write_atomically(folder / "model.xml", self.model)
        tables = {name: rows for name in _TABLES if (rows := getattr(self, name))}
        for name, rows in tables.items():
            write_atomically(folder / f"{name}.tsv", table_text(rows))
        if self.beside:
            write_atomically(folder / f"{EXTENSION}.tsv", table_text(self.beside))
        lines = ["format_version: 2.0.0", "model_files:", "  model:", "    location: model.xml", "    language: sbml"]
        lines += [f"{name.removesuffix('s')}_files: [{name}.tsv]" for name in tables]
        if self.beside:
            lines += ["extensions:", f"  {EXTENSION}:", '    version: "1"', "    required: false"]
            lines += ["    config:", f"      rows: {EXTENSION}.tsv"]
        text = "\n".join(lines) + "\n"
        write_atomically(folder / f"{self.name}.yaml", text)
        return text


def table_text(rows: Rows) -> str:
    r"""A table with tabs between its columns; a cell without value is empty.

    Examples
    --------
    >>> table_text([{"time": 0.5, "conditionId": None}])
    'time\tconditionId\n0.5\t\n'
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
