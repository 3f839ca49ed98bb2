"""The YAML file of a problem: plain data of limited size with the line of each key, and the files that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from kinetics.errors import Fault, Faults, InputError
from kinetics.files.reading import MAX_TEXT, check_regular, read_bytes
from kinetics.text.extras import needs

MAX_DEPTH = 20
INSTALL = f"PEtab {needs('more packages', 'sbml')}"


@dataclass(frozen=True)
class Document:
    """What a YAML file says.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    content : dict
        Mappings, lists, texts, numbers, truth values.
    lines : dict
        The ``file:line`` of each key and item, by its path from the top.
    """

    path: Path
    content: dict[str, Any]
    lines: dict[tuple[Any, ...], str] = field(repr=False)

    def where(self, *keys: Any) -> str:
        """The ``file:line`` of a key, or of the nearest one around it."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, f"{self.path}:1")

    def file(self, location: Any, faults: Faults, *keys: Any) -> Path | None:
        """The file of a location beside the document; a location that leads elsewhere is a fault."""
        where, name = self.where(*keys), ".".join(map(str, keys))
        if not isinstance(location, str) or not location.strip():
            faults.add(f"must be the name of a file; found {location!r:.40}", where, name)
            return None
        parts = {*PurePosixPath(location).parts, *PureWindowsPath(location).parts}
        is_elsewhere = PurePosixPath(location).is_absolute() or PureWindowsPath(location).anchor or "://" in location
        if is_elsewhere or ".." in parts:
            said = "must lie in the folder of the YAML file: write a relative path without '..'"
            faults.add(f"{said}; found '{location:.60}'", where, name)
            return None
        path = self.path.parent / location
        with faults.gather(where, name):
            check_regular(path)
            if self.path.parent.resolve() not in path.resolve().parents:
                raise InputError(Fault(f"'{location:.60}' leads out of the folder of the YAML file", where, name))
            return path
        return None


def read_document(path: Path) -> Document:
    """Read a YAML file without running anything; aliases and tags, which no problem needs, are refused.

    Raises
    ------
    InputError
        If it is no YAML, too large or too deep, or not a mapping.
    """
    try:
        import yaml
    except ImportError as error:
        raise InputError(Fault(INSTALL, str(path))) from error
    text = read_bytes(path, MAX_TEXT, "a YAML file")
    lines: dict[tuple[Any, ...], str] = {}
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            line = f"{path}:{event.start_mark.line + 1}"
            if depth > MAX_DEPTH:
                raise InputError(Fault(f"nested more than {MAX_DEPTH} deep", line))
            tag = getattr(event, "tag", None)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or tag:
                raise InputError(Fault("has an anchor, an alias or a tag; write the value itself", line))
        content = _plain(yaml, yaml.compose(text, Loader=yaml.SafeLoader), path, (), lines)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        raise InputError(Fault(f"not a YAML file: {getattr(error, 'problem', None) or error}", where)) from error
    if not isinstance(content, dict):
        raise InputError(Fault("is no PEtab problem: it has no keys", f"{path}:1"))
    return Document(path, content, lines)


def _plain(yaml: Any, node: Any, path: Path, keys: tuple[Any, ...], lines: dict[tuple[Any, ...], str]) -> Any:
    if node is None:
        return None
    lines.setdefault(keys, f"{path}:{node.start_mark.line + 1}")
    if isinstance(node, yaml.SequenceNode):
        return [_plain(yaml, item, path, (*keys, index), lines) for index, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return yaml.SafeLoader("").construct_object(node)
    content: dict[str, Any] = {}
    for key_node, value in node.value:
        line = f"{path}:{key_node.start_mark.line + 1}"
        if not isinstance(key_node, yaml.ScalarNode):
            raise InputError(Fault("has a key that is no text", line))
        key = str(key_node.value)
        if key in content:
            raise InputError(Fault("duplicate key", line, key))
        lines[*keys, key] = line
        content[key] = _plain(yaml, value, path, (*keys, key), lines)
    return content
