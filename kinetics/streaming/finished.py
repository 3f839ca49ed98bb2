"""How far a stream has got, and at whose request: ``progress.json``."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinetics.errors import InputError

__all__ = ["Finished"]

_DAMAGED = "progress.json was not written by this program; delete the folder to start again"


@dataclass(frozen=True)
class Finished:
    """How far a request has got: so many runs, of which so many failed."""

    request: dict[str, Any]
    count: int = 0
    failed: int = 0

    @classmethod
    def read(cls, part: Path, request: dict[str, Any], size: int, *, resume: bool) -> Finished:
        """What is finished of a request; work of another, or work that would be lost, is refused."""
        count = cls.read_count(part)
        if not count:
            return cls(request)
        there = json.loads((part / "progress.json").read_text(encoding="utf-8"))
        if not resume:
            raise InputError(
                f"{part}: holds {count} finished of an interrupted run; "
                "go on with --resume (in Python resume=True), or delete it to start again"
            )
        if differences := _differences(there["request"], request):
            raise InputError(
                f"{part}: is of another request: {'; '.join(differences)}. Ask for the same, or delete it and start"
            )
        if count > size:
            raise InputError(f"{part}: {_DAMAGED}")
        return cls(request, count, int(there["failed"]))

    @staticmethod
    def read_count(part: Path) -> int:
        """How many runs are finished; 0 if there is nothing to go on from."""
        file = part / "progress.json"
        if not file.is_file() or not (part / "store" / ".zgroup").is_file():
            return 0
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            count, failed, request = content["finished"], content["failed"], content["request"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{part}: {_DAMAGED}") from error
        if not (isinstance(request, dict) and all(type(n) is int and n >= 0 for n in (count, failed))):
            raise InputError(f"{part}: {_DAMAGED}")
        return count

    def write(self, part: Path) -> None:
        """Replace what was noted before."""
        content = {"finished": self.count, "failed": self.failed, "request": self.request}
        (part / "progress.json.new").write_text(json.dumps(content, indent=1), encoding="utf-8")
        os.replace(part / "progress.json.new", part / "progress.json")


def _differences(there: dict[str, Any], here: dict[str, Any]) -> list[str]:
    """What two requests do not share, in words."""
    told = []
    for key in dict.fromkeys((*here, *there)):
        if there.get(key) != here.get(key):
            name, one, other = key.replace("_", " "), there.get(key, "not given"), here.get(key, "not given")
            plain = not key.endswith("_hash") and not isinstance(other, list)
            told.append(f"{name} is {one} there and {other} here" if plain else f"other {name.removesuffix(' hash')}")
    return told
