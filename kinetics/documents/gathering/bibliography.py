"""The sources that a document cites, in full."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from kinetics.documents.content import Citation, Reference
from kinetics.files.bibliography import CHOICE, Source, find_source

_CHOSEN = "choice of the model"
_MARKUP = re.compile(r"[{}]|\\[,;:]")


@dataclass
class Bibliography:
    """Collects what is cited."""

    sources: dict[str, Source] = field(default_factory=dict[str, Source])

    def cite(self, key: str, folder: Path) -> str:
        """The source of a key, in short; ``folder`` is where its bibliography is looked for first."""
        if key == CHOICE:
            return _CHOSEN
        source = find_source(key, folder)
        return self.cite_source(source) if source else key

    def cite_source(self, source: Source) -> Citation:
        """A source in short."""
        self.sources[source.key] = source
        return Citation(_plain(source.short), source.key)

    @property
    def references(self) -> list[Reference]:
        """What was cited, in the order of the alphabet."""
        entries = [_reference(source) for source in self.sources.values()]
        return sorted(entries, key=lambda entry: (entry.label.casefold(), entry.key))


def _reference(source: Source) -> Reference:
    fields = {name: _plain(text) for name, text in source.fields.items()}
    volume, pages = fields.get("volume", ""), fields.get("pages", "").replace("--", "–")
    place = ":".join(filter(None, (volume, pages)))
    where = " ".join(filter(None, (fields.get("journal") or fields.get("publisher", ""), place)))
    # what has no journal, such as a label, says in other fields how it is found
    where = where or fields.get("howpublished", "")
    parts = (_authors(fields.get("author", "")), fields.get("title", ""), where, fields.get("year", ""))
    doi = fields.get("doi", "")
    text = ". ".join(part.rstrip(".") for part in parts if part)
    url = f"https://doi.org/{doi}" if doi else fields.get("url", "")
    return Reference(source.key, _plain(source.short), f"{text}.", url if url.startswith("https://") else "")


def _authors(text: str) -> str:
    names = text.split(" and ")
    return ", ".join("et al" if name == "others" else name for name in names) if text else ""


def _plain(text: str) -> str:
    return _MARKUP.sub("", text)
