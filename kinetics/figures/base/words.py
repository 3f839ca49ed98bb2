"""The fixed words of figures and their captions, in the language of a reader; and labels that a reader changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kinetics.errors import Faults, InputError
from kinetics.files.documents import read_document
from kinetics.text.suggestions import did_you_mean

_FOLDER = Path(__file__).parents[1] / "languages"
ENGLISH = "en"
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class Words:
    """Fixed words by key, and labels by what they replace: the name of an output, or the label a file gives it."""

    texts: Mapping[str, str]
    labels: Mapping[str, str]


def languages() -> list[str]:
    """The languages that ship."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


@lru_cache(maxsize=8)
def _shipped(language: str) -> Mapping[str, str]:
    return MappingProxyType(read_document(_FOLDER / f"{language}.toml").data["words"])


def read_language(language: str, folder: Path = Path()) -> Mapping[str, str]:
    """The words of a language that ships, or of a file that has some of them in ``[words]``; the others are English.

    An `InputError` has every key that is no word of figures, and every text that lacks a place of the English one.
    """
    if not language.endswith(".toml"):
        if language not in languages():
            hint = did_you_mean(language, languages())
            message = f"no language '{language}'{hint}; there are {', '.join(languages())}, or the path of a .toml file"
            raise InputError(message)
        return {**_shipped(ENGLISH), **_shipped(language)}
    document = read_document(folder / language)
    return with_words(_shipped(ENGLISH), document.data.get("words", {}))


def with_words(texts: Mapping[str, str], changes: Mapping[str, Any]) -> Mapping[str, str]:
    """Words with some changed; an `InputError` has every key and text that does not fit."""
    faults = Faults()
    for key, text in changes.items():
        if key not in texts:
            faults.add(f"no word '{key}' in figures{did_you_mean(key, texts)}", name="words")
        elif not isinstance(text, str):
            faults.add(f"'{key}' must be a text, found {text!r}", name="words")
        elif unknown := set(_PLACEHOLDER.findall(text)) - set(_PLACEHOLDER.findall(_shipped(ENGLISH)[key])):
            names = ", ".join(sorted(f"{{{name}}}" for name in unknown))
            faults.add(f"'{key}' has no {names}; in English it is '{_shipped(ENGLISH)[key]}'", name="words")
    faults.raise_if_any()
    return {**texts, **changes}


_SPOKEN: ContextVar[Words | None] = ContextVar("words", default=None)


@contextmanager
def speaking(words: Words) -> Iterator[None]:
    """Draw and describe in these words."""
    token = _SPOKEN.set(words)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def say(key: str, **values: object) -> str:
    """A fixed word, or a sentence with its values, in the language of the figure; English outside of one.

    Examples
    --------
    >>> say("median_of_patients", n=64)
    'median of 64 patients'
    """
    spoken = _SPOKEN.get()
    text = (spoken.texts if spoken else _shipped(ENGLISH))[key]
    return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), text)


def shown_label(name: str, label: str = "") -> str:
    """The label that a reader chose for a name or for its label, or else that label; without any, the name."""
    spoken = _SPOKEN.get()
    chosen = spoken.labels if spoken else {}
    return chosen.get(name) or chosen.get(label) or label or name
