"""SBML files as models: `read_sbml`, and what it changed or left out on the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinetics.errors import Fault, InputError, warn
from kinetics.expressions.tokens import shortened
from kinetics.files.documents import Document
from kinetics.files.foreign import check_not_foreign
from kinetics.files.reading import MAX_TEXT
from kinetics.interop.sbml.contents import Contents
from kinetics.interop.sbml.parsing import Parsed, parse_sbml
from kinetics.interop.sbml.reading import read_contents
from kinetics.interop.sbml.translation import Translation
from kinetics.interop.sbml.units import DeclaredUnits, Units
from kinetics.model import Model

_EXPRESSIONS = {"derived": ("value",), "outputs": ("value",), "states": ("initial", "rate")}


@dataclass(frozen=True)
class ImportedModel:
    """A model of an SBML file, and how it came about.

    Parameters
    ----------
    model : Model
        What was read.
    data : dict
        Its tables, as a model file has them.
    names : dict of str to str
        By identifier of the file, what expressions call it.
    states : dict of str to str
        By identifier, the state that changes with it: of a species, its amount or its concentration.
    notes : tuple of str
        What was renamed or left out, and what in the file does not agree.
    incomplete : str
        Of what the file gives no unit, so that units are not checked; empty if it gives all.
    """

    model: Model
    data: dict[str, Any]
    names: dict[str, str]
    states: dict[str, str]
    notes: tuple[str, ...] = ()
    incomplete: str = ""

    @property
    def messages(self) -> tuple[str, ...]:
        """All that a reader should know."""
        return (*self.notes, f"units are not checked: {self.incomplete}") if self.incomplete else self.notes

    def to_toml(self) -> str:
        """The text of a model file, with the notes as comments; `Model.load` reads the same model from it.

        Raises
        ------
        InputError
            If it is larger than a model file may be.
        """
        import tomli_w

        comments = "".join(f"# {note}\n" for note in self.messages)
        text = f"{comments}\n{tomli_w.dumps(self.data)}" if comments else tomli_w.dumps(self.data)
        if len(text.encode()) > MAX_TEXT:
            raise InputError(f"the model file of '{self.model.name}' would be larger than {MAX_TEXT // 1000} kB")
        return text


def read_sbml(path: str | Path) -> Model:
    """Read a model from SBML, levels 2 and 3.

    Parameters
    ----------
    path : str or pathlib.Path
        The file. ``docs/formats/sbml.md`` says what of it becomes what.

    Returns
    -------
    Model
        Amounts of species are its states. Its outputs have the identifiers of the file: concentrations, or amounts of
        species that have only substance units. Its units are those of the file, or ``1`` if they are not complete.

    Raises
    ------
    InputError
        With every fault of the file, each with its line; or if python-libsbml is not installed.

    Warns
    -----
    UserWarning
        For each thing that was renamed or left out, and if units do not agree, so that they are not checked.

    Examples
    --------
    >>> read_sbml("my_model.xml")  # doctest: +SKIP
    <Model my_model (states: 3, parameters: 4, outputs: 5, doses: 0, cohorts: 0)>
    """
    imported = import_sbml(path)
    for note in imported.notes:
        warn(f"{path}: {note}")
    return imported.model


def import_sbml(path: str | Path) -> ImportedModel:
    """As `read_sbml`, with all that is known of the way."""
    check_not_foreign(Path(path), "a model in SBML", but="sbml")
    parsed = parse_sbml(Path(path))
    contents = read_contents(parsed)
    document, translation = _document(parsed, contents, Units())
    model, notes = Model.load(document), _notes(contents, translation)
    try:
        units = DeclaredUnits(contents)
        if translation.mathematics.has_units:
            raise InputError("a number of its mathematics has a unit of its own")
    except InputError as error:
        return _imported(model, document, translation, notes, str(error))
    document_of_units, translation_of_units = _document(parsed, contents, units)
    try:
        checked = Model.load(document_of_units)
        _check_factors(model, checked)
    except InputError as error:
        return _imported(
            model, document, translation, (*notes, f"units do not agree, and are not checked: {error.faults[0]}")
        )
    return _imported(checked, document_of_units, translation_of_units, notes)


def _imported(
    model: Model, document: Document, translation: Translation, notes: tuple[str, ...], incomplete: str = ""
) -> ImportedModel:
    names = {identifier: translation.names[identifier] for identifier in translation.names}
    return ImportedModel(model, dict(document.data), names, translation.states, notes, incomplete)


def _document(parsed: Parsed, contents: Contents, units: Units) -> tuple[Document, Translation]:
    """The tables of a model file, whose keys are at the lines of the SBML file."""
    translation = Translation(parsed, contents, units)
    tables = translation.write()
    header = {
        "title": contents.title,
        "time": units.time,
        "about": f"Imported from {parsed.path.name}, SBML {parsed.level}.",
    }
    header |= {} if units.is_checked else {"units": "unchecked"}
    return Document(parsed.path, {"model": header, **tables.data}, tables.lines), translation


def _notes(contents: Contents, translation: Translation) -> tuple[str, ...]:
    renamed = translation.names.renamed
    notes = (
        [f"{', '.join(f'{shortened(o)} is {new}' for o, new in renamed.items())}: no quantity may have such a name"]
        if renamed
        else []
    )
    return (*notes, *(f"line {line}: left out: {what}" for what, line in contents.left_out))


def _check_factors(model: Model, checked: Model) -> None:
    """Refuse units that agree up to a factor: SBML takes numbers as they are, and a model file would convert them."""
    for kind, keys in _EXPRESSIONS.items():
        for name, row in getattr(checked, kind).items():
            plain = getattr(model, kind)[name]
            _check_same({key: (getattr(row, key), getattr(plain, key)) for key in keys}, row)
    for name, event in checked.events.items():
        plain = model.events[name].expressions
        _check_same({key: (value, plain[key]) for key, value in event.expressions.items()}, event)


def _check_same(pairs: dict[str, tuple[Any, Any]], row: Any) -> None:
    for key, (converted, plain) in pairs.items():
        if converted != plain:
            raise InputError(Fault("units in it differ by a factor", *row.location(key)))
