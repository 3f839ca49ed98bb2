"""A model file that extends another: both merged into one document, which knows the file of every key."""

from __future__ import annotations

import filecmp
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kinetics.errors import Faults, InputError, warn
from kinetics.files.documents import Document
from kinetics.files.kinds import document_of
from kinetics.files.library import find_file, names_a_file, path_from
from kinetics.files.rows import read_fields
from kinetics.model.schema import BaseHeaderRow, CohortValueRow

MAX_LEVELS = 8
Keys = tuple[str, ...]
_COLUMNS = frozenset(CohortValueRow.model_fields)


@dataclass(frozen=True)
class ExtendedDocument(Document):
    """A model file, ``own``, together with what it takes from the one it extends.

    ``data`` has the rows of both; a row of the extension replaces the base's row of the same name.
    ``locations`` has the document, and the keys there, of what is not the extension's under the same keys.
    """

    own: Document = field(kw_only=True)
    locations: Mapping[Keys, tuple[Document, Keys]] = field(kw_only=True, repr=False)

    def where(self, *keys: str | int) -> str:
        """``file:line`` of a key, in the file that says it."""
        document, path = self._said(tuple(map(str, keys)))
        return document.where(*path)

    def file(self, *keys: str | int) -> Path:
        """The file that says a key."""
        document, path = self._said(tuple(map(str, keys)))
        return document.file(*path)

    def _said(self, keys: Keys) -> tuple[Document, Keys]:
        for length in range(len(keys), 0, -1):
            if location := self.locations.get(keys[:length]):
                document, path = location
                return document, (*path, *keys[length:])
        return self.own, keys


def read_extended(
    file: Path | Document, faults: Faults, trail: tuple[Path, ...] = ()
) -> tuple[Document, tuple[Path, ...]]:
    """Read a model file with all that it takes from those it extends, whose paths are returned too, nearest first.

    ``trail`` are the files that led here, to refuse a model that extends itself. A base that cannot be read raises:
    without it nothing in the file can be checked.
    """
    own = file if isinstance(file, Document) else document_of("model", file)
    path, trail = own.path, (*trail, own.path.resolve())
    header = own.data.get("model")
    if not isinstance(header, dict) or "extends" not in header:
        return own, ()
    unreadable = Faults()
    base, bases = own, ()
    with unreadable.gather(own.where("model", "extends"), "model.extends"):
        if not isinstance(header["extends"], str):
            raise InputError("must be one text: the name of a model, or a path")
        if len(trail) > MAX_LEVELS:
            raise InputError(f"more than {MAX_LEVELS} levels of models")
        base_path = model_path(header["extends"], own.path, trail, "extends")
        base, further = read_extended(base_path, faults, trail)
        bases = (base_path, *further)
    unreadable.raise_if_any()
    read_fields(BaseHeaderRow, base.data.get("model", {}), base, ("model",), faults)
    merger = _Merger(own, base)
    return ExtendedDocument(path, merger.table(own.data, base.data, ()), own=own, locations=merger.locations), bases


def model_path(name: str, file: Path, trail: tuple[Path, ...], verb: str) -> Path:
    """The file of a model that another ``file`` names, for use or extension, which must not be one that led there.

    A copy of the library whose parts are edited still names those that ship; that is worth a warning.
    """
    path = find_file(path_from(file, name), "models")
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of symbolic links, a NUL byte
        raise InputError(f"{name!r} leads to no file") from error
    if resolved in trail:
        raise InputError(f"a model that {verb} itself")
    beside = file.with_name(path.name)
    if not names_a_file(name) and beside.resolve() not in trail and _is_another(beside, path):
        message = f"{verb} the '{name}' that ships, and not the file {beside.name} beside it, which differs"
        warn(f"{file}: {message}; write '{beside.name}' to take that one")
    return path


def _is_another(file: Path, path: Path) -> bool:
    """Whether a file exists and has another content than the one at the path."""
    with suppress(OSError):
        return file.is_file() and not filecmp.cmp(file, path)
    return False


class _Merger:
    """Merges an extension into a base, and notes where the keys are that the extension takes over."""

    def __init__(self, own: Document, base: Document) -> None:
        self.own, self.base = own, base
        self.locations: dict[Keys, tuple[Document, Keys]] = {}

    def table(self, own: Mapping[str, Any], base: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
        """The rows of the base, replaced or not, then those that are new."""
        merged = {
            key: self._value(own[key], row, (*keys, key)) if key in own else self._taken(row, (*keys, key))
            for key, row in base.items()
        }
        return merged | {key: row for key, row in own.items() if key not in base}

    def _taken(self, value: Any, keys: Keys) -> Any:
        self.locations[keys] = self.base, keys
        return value

    def _value(self, own: Any, base: Any, keys: Keys) -> Any:
        if keys == ("model",):
            return self._header(own, base)
        if _is_list(keys):
            return self._merged(list, self._correlations, own, base, keys)
        if _holds_rows(keys, own, base):
            return self._merged(dict, self.table, own, base, keys)
        return own

    def _merged(self, kind: type, merge: Callable[[Any, Any, Keys], Any], own: Any, base: Any, keys: Keys) -> Any:
        """Both together; what is of the wrong kind stays, to be reported as a fault of the file that says it."""
        if not isinstance(own, kind):
            return own
        return merge(own, base, keys) if isinstance(base, kind) else self._taken(base, keys)

    def _header(self, own: dict[str, Any], base: Any) -> dict[str, Any]:
        """The extension's own; of the base's only the unit of time, and that units are unchecked, is inherited."""
        inherited = {"time", "units"} & (base.keys() if isinstance(base, dict) else set()) - own.keys()
        return own | {key: self._taken(base[key], ("model", key)) for key in sorted(inherited)}

    def _correlations(self, own: list[Any], base: list[Any], keys: Keys) -> list[Any]:
        """The base's but those of pairs that the extension names, then the extension's."""
        replaced = {_pair(row) for row in own} - {None}
        retained = [index for index, row in enumerate(base) if _pair(row) not in replaced]
        for position, index in enumerate(retained):
            self.locations[(*keys, str(position))] = self.base, (*keys, str(index))
        for index in range(len(own)):
            self.locations[(*keys, str(len(retained) + index))] = self.own, (*keys, str(index))
        return [base[index] for index in retained] + own


def _is_list(keys: Keys) -> bool:
    """Whether these keys lead to correlations, of the model or of a cohort."""
    return keys == ("correlations",) or (len(keys) == 3 and keys[0] == "cohorts" and keys[2] == "correlations")


def _holds_rows(keys: Keys, own: Any, base: Any) -> bool:
    """Whether what stands under these keys is merged row by row; else it is one row, which is replaced as a whole."""
    match keys:
        case (_,) | ("bindings" | "cohorts", _) | ("cohorts", _, "parameters"):
            return True
        case ("cohorts", _, "parameters", _):  # values of the file's own parameters, or of a used model
            return all(isinstance(row, dict) and not row.keys() & _COLUMNS for row in (own, base))
    return False


def _pair(row: Any) -> frozenset[str] | None:
    """The flat names that a row of correlations is between; None if it does not say two."""
    between = row.get("between") if isinstance(row, dict) else None
    if not isinstance(between, list) or not all(isinstance(name, str) for name in between):
        return None
    return frozenset(name.replace(".", "_") for name in between)
