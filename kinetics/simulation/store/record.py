"""The record of a stream, ``progress.json``: its request, and a checksum of every finished part."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kinetics.errors import InputError
from kinetics.files.checksums import content_hash, store_checksums
from kinetics.files.reading import read_json
from kinetics.files.writing import write_atomically

_DAMAGED = "is damaged, or was not written by this program; delete the folder to start again"


@dataclass(frozen=True)
class StreamRecord:
    """The finished chunks of a request: the checksum of the files of each, in their order; empty if it is not finished.

    The request is as JSON, with the number of runs in a ``chunk``. ``layout`` holds the checksum of each file of the
    store that is no chunk of runs; it is empty before there is a store.
    """

    request: dict[str, Any]
    layout: dict[str, str] = field(default_factory=dict)
    chunks: tuple[str, ...] = ()

    def runs(self, size: int) -> int:
        """The number of runs that are finished, of ``size``."""
        return min(self.finished * self.request["chunk"], size)

    @property
    def finished(self) -> int:
        """The number of chunks that are finished."""
        return len(self.chunks) - self.chunks.count("")

    def of_chunks(self, number: int) -> StreamRecord:
        """The record of ``number`` chunks; those that it does not have are not finished."""
        return replace(self, chunks=(*self.chunks[:number], *[""] * (number - len(self.chunks))))

    def with_chunks(self, checksums: Mapping[int, str]) -> StreamRecord:
        """The record after chunks, by number, are finished, or done again."""
        chunks = list(self.chunks)
        for number, checksum in checksums.items():
            chunks[number] = checksum
        return replace(self, chunks=tuple(chunks))

    @classmethod
    def read(cls, part: Path) -> StreamRecord | None:
        """What is finished in a folder of unfinished work; None if nothing is.

        Raises
        ------
        InputError
            If the record cannot be read, or does not agree with its own checksum.
        """
        file = part / "progress.json"
        if not os.path.lexists(file) or not (part / "store").is_dir():
            return None
        try:
            content = read_json(file)
            claimed = content.pop("checksum")
            record = cls(content["request"], content["layout"], tuple(map(str, content["chunks"])))
            sound = claimed == content_hash(content) and int(record.request["chunk"]) > 0
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{file}: {_DAMAGED}") from error
        if not sound:
            raise InputError(f"{file}: {_DAMAGED}")
        return record if record.finished else None

    def check(self, part: Path, request: dict[str, Any], size: int, *, resume: bool) -> None:
        """Refuse, with an `InputError`, work of another request or not to be resumed, and a damaged store."""
        if not resume:
            raise InputError(
                f"{part}: holds {self.runs(size)} finished of an interrupted run; "
                "go on with --resume (in Python resume=True), or delete it to start again"
            )
        if differences := _differences(self.request, request):
            raise InputError(
                f"{part}: is of another request: {'; '.join(differences)}. "
                "Ask for the same, or delete it to start again"
            )
        present = store_checksums(part / "store")
        for name, checksum in self.layout.items():
            if present.get(name) != checksum:
                raise InputError(
                    f"{part / 'store' / name}: is gone or damaged, and nothing can be read without it; "
                    f"delete {part} to start again"
                )

    def write(self, part: Path) -> None:
        """Write the record in place of the earlier one."""
        known = max((number for number, checksum in enumerate(self.chunks, 1) if checksum), default=0)
        content = {"request": self.request, "layout": self.layout, "chunks": list(self.chunks[:known])}
        write_atomically(part / "progress.json", json.dumps({**content, "checksum": content_hash(content)}, indent=1))


def _differences(recorded: dict[str, Any], requested: dict[str, Any]) -> list[str]:
    """What two requests do not share, in words."""
    differences = []
    for key in dict.fromkeys((*requested, *recorded)):
        if recorded.get(key) != requested.get(key):
            name = key.replace("_", " ")
            old, new = recorded.get(key, "not given"), requested.get(key, "not given")
            plain = not key.endswith("_hash") and not isinstance(new, list)
            text = f"{name} is {old} there and {new} here" if plain else f"other {name.removesuffix(' hash')}"
            differences.append(text)
    return differences
