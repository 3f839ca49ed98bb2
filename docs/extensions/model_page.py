"""The parts of a model's page that its file gives: title, schematic, equations, tables."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kinetics
from extensions.markdown import DOCS, cited, figure, joined, markdown_code, markdown_text, section, table
from kinetics.files.library import library_folder, library_names

PAGES = DOCS / "models"
SCHEMATICS = DOCS.parent / "build" / "schematics"  # built, so not among the pages and pictures of docs/
_BEGIN, _END = "\\begin{align*}", "\\end{align*}"
_FACTORS = re.compile(r"(?<=[\w}])(?<!mathrm\{d\}) (?=\\mathrm|[A-Za-z])")
_SPACE = r"\\, "  # between factors, since their names are words


def model_list() -> str:
    """A list of all models, with links."""
    return "\n".join(
        f"- [`{name}`]({name}.md): {markdown_text(_file(name)['model']['title'])}" for name in library_names("models")
    )


def model_heading(name: str) -> str:
    """The title of a model, what its file says of it, and its schematic."""
    model = _file(name)["model"]
    return joined(
        f"**{markdown_text(model['title'])}.** {markdown_text(model.get('about', ''))}",
        figure(_schematic(name), PAGES / "index.md", f"Compartments and flows of {name}"),
    )


def _schematic(name: str) -> Path:
    """The picture of a model's compartments and flows, drawn unless it is newer than every model file."""
    picture, models = SCHEMATICS / f"{name}.svg", library_folder("models")
    newest = max(path.stat().st_mtime for path in models.glob("*.toml"))
    if not picture.exists() or picture.stat().st_mtime < newest:
        SCHEMATICS.mkdir(parents=True, exist_ok=True)
        kinetics.draw("schematic", picture, model=name)
    return picture


def model_tables(name: str) -> str:
    """Equations, parts, states, parameters, inputs, doses, outputs of a model, and the fits that it has."""
    file = _file(name)
    return joined(
        section("Equations of the file", _parts(file), _equations(name) if "uses" not in file else ""),
        section("States", _named(file.get("states", {}), "state", "unit")),
        section("Parameters", _parameters(file.get("parameters", {}))),
        section("Inputs", _named(file.get("inputs", {}), "input", "unit", "rest")),
        section("Doses", _named(file.get("doses", {}), "dose", "unit", "into")),
        section("Outputs", _named(file.get("outputs", {}), "output", "unit")),
        section("Fits", _fits(name)),
    )


def _file(name: str) -> dict[str, Any]:
    return tomllib.loads((library_folder("models") / f"{name}.toml").read_text(encoding="utf-8"))


def _equations(name: str) -> str:
    text = str(kinetics.show(name, latex=True))
    lines = text[text.index(_BEGIN) + len(_BEGIN) : text.index(_END)].strip("\n")
    names = f"The names are those of `models/{name}.toml`."
    return f"{names}\n\n```{{math}}\n{_BEGIN}\n{_FACTORS.sub(_SPACE, lines)}\n{_END}\n```"


def _parts(file: Mapping[str, Any]) -> str:
    """What a composite consists of, and what it binds."""
    uses = [(markdown_code(name), f"[`{model}`]({model}.md)") for name, model in file.get("uses", {}).items()]
    if extended := file["model"].get("extends"):
        uses.insert(0, ("(extends)", f"[`{extended}`]({extended}.md)"))
    bindings = file.get("bindings", {})
    bound = [
        (markdown_code(f"{part}.{name}"), markdown_code(str(value)))
        for part, inner in bindings.items()
        for name, value in (inner.items() if isinstance(inner, dict) else [("", inner)])
    ]
    return joined(table(("part", "model"), uses), table(("input", "bound to"), bound))


def _named(rows: Mapping[str, Mapping[str, Any]], first: str, *columns: str) -> str:
    """A table of things with a unit and what they are."""
    head = (first, *("at rest" if column == "rest" else column for column in columns), "what it is")
    cells = (
        (markdown_code(name), *(_text(row.get(column, "")) for column in columns), markdown_text(row.get("about", "")))
        for name, row in rows.items()
    )
    return table(head, cells)


def _parameters(rows: Mapping[str, Mapping[str, Any]]) -> str:
    head = ("parameter", "value", "unit", "spread", "prior", "source", "what it is")
    cells = (
        (
            markdown_code(name),
            *(_text(row.get(column, "")) for column in ("value", "unit", "spread", "prior")),
            cited(row.get("source", "")),
            markdown_text(row.get("about", "")),
        )
        for name, row in rows.items()
    )
    return table(head, cells)


def _text(value: Any) -> str:
    return markdown_text(f"{value:.6g}" if isinstance(value, float) else str(value))


def _fits(name: str) -> str:
    fits = library_folder("fits")
    using = [
        fit
        for fit in library_names("fits")
        if tomllib.loads((fits / f"{fit}.toml").read_text(encoding="utf-8"))["fit"]["model"] == name
    ]
    return "\n".join(f"- [`{fit}`](../fits/{fit}.md)" for fit in using)
