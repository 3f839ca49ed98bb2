"""Entries of BibTeX, written so that LaTeX can do nothing with them but print them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

import latexcodec  # the codec "ulatex", which pybtex brings along  # noqa: F401

from kinetics.files.bibliography import Source
from kinetics.text.escaping import latex_text

FIELDS = (
    "author", "editor", "title", "journal", "booktitle", "publisher", "institution", "howpublished", "series",
    "edition", "volume", "number", "pages", "year", "month", "version", "doi", "url",
)  # fmt: skip
"""The fields that are written, in this order."""
_ELSEWHERE = {"doi", "journal", "booktitle", "publisher", "howpublished", "url"}
"""Fields of which one leads to the publication; without them, the note has to."""
_VERBATIM = {
    "doi": re.compile(r"10\.\d{4,9}/[-._;()/:A-Za-z0-9]+"),
    "url": re.compile(r"https?://[-A-Za-z0-9._~:/?&=+]+"),
}
"""What of a field is written as it is: styles print an escaped address with its backslashes."""
_UNESCAPED_PERCENT = re.compile(r"(?<!\\)%")


def bibtex(sources: Iterable[Source]) -> str:
    """The entries in order, one field a line; a key that comes again has a number behind it."""
    entries: dict[str, str] = {}
    for source in sources:
        key = first = re.sub(r"[^A-Za-z0-9_.:+-]", "_", source.key) or "_"
        count = 1
        while key in entries:
            count += 1
            key = f"{first}_{count}"
        entries[key] = _entry(source, key)
    return "\n\n".join(entries.values()) + "\n"


def _entry(source: Source, key: str) -> str:
    kind = source.entry_type if re.fullmatch("[a-z]+", source.entry_type) else "misc"
    names = [name for name in FIELDS if source.fields.get(name)]
    if "note" in source.fields and not _ELSEWHERE & {*names}:
        names.append("note")
    lines = [f"  {name} = {{{_value(name, source.fields[name])}}}" for name in names]
    return ",\n".join([f"@{kind}{{{key}", *lines]) + "\n}"


def _value(name: str, text: str) -> str:
    if name in _VERBATIM and _VERBATIM[name].fullmatch(text):
        return text
    return latex_text(_characters(text), groups=True).replace("\N{EN DASH}", "--")


def _characters(text: str) -> str:
    """What a bibliography writes as LaTeX, such as an accent, as the character; what is no LaTeX stays as it is."""
    try:
        return codecs.decode(_UNESCAPED_PERCENT.sub(r"\\%", text), "ulatex")  # pyright: ignore
    except UnicodeDecodeError:
        return text
