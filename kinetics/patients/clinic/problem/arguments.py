"""Arguments of a call as the tables of a clinic's file, so that both are read and checked alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kinetics.files.documents import Document


class Arguments(Document):
    """Arguments of a call, with the same keys as a file: a fault names the argument."""

    def where(self, *keys: str | int) -> str:
        """Nowhere: there is no file."""
        return ""

    @classmethod
    def of(cls, **tables: Any) -> Arguments:
        """Those of tables by name, as a file has them: lists of any tuple, without what is None."""
        return cls(Path(), _stated(tables))


def parameter_rows(parameters: Mapping[str, Mapping[str, Any]] | Iterable[str] | None) -> dict[str, Any] | None:
    """The table of parameters, of a mapping or of names alone."""
    if parameters is None:
        return None
    if isinstance(parameters, Mapping):
        return {name.replace(".", "_"): row for name, row in parameters.items()}
    return {name.replace(".", "_"): {} for name in ([parameters] if isinstance(parameters, str) else parameters)}


def _stated(content: Any) -> Any:
    """Tables of any mapping, and lists of what else is iterable, without what is None."""
    if isinstance(content, Mapping):
        return {str(key): _stated(value) for key, value in content.items() if value is not None}
    is_list = isinstance(content, Iterable) and not isinstance(content, str)
    return [_stated(one) for one in content] if is_list else content
