"""Changes to files: of bytes, of lines and words, of tables and keys. Each takes a content and makes another."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import tomllib
from collections.abc import Callable
from typing import Any

from odd import CHARACTERS, NUMBERS, TEXTS, edited

__all__ = ["mutated"]

_QUOTED = re.compile(r'"[^"\n]*"')
_NUMBER = re.compile(r"(?<![\w.\"])-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?(?![\w.\"])")
_UNITS = (
    "mg",
    "L",
    "day",
    "1/day",
    "L/day",
    "1e9/L",
    "month",
    "1",
    "mg/L",
    "cells/uL",
    "furlong",
    "1 day^²",
    "m²",
    "degC",
    "percent",
    "",
    "1/mg/day",
)
_MOST = 400_000  # bytes: what grows is cut, or it only meets the limit of size


def mutated(content: bytes, suffix: str, chance: random.Random) -> bytes:
    """The content of a file with a given suffix after a few changes."""
    for _ in range(1 if chance.random() < 0.6 else chance.randint(2, 5)):
        kinds = _OF_SUFFIX.get(suffix, ()) * 3 + (_bytes,)
        content = chance.choice(kinds)(content, chance)[:_MOST]
    return content


def _bytes(content: bytes, chance: random.Random) -> bytes:
    """What disks, transfers and editors do."""
    at = chance.randint(0, len(content))
    end = min(len(content), at + int(2 ** chance.uniform(0, 10)))
    part, kind = content[at:end], chance.randrange(9)
    if kind == 0 and content:
        flipped = bytearray(content)
        flipped[min(at, len(flipped) - 1)] ^= 1 << chance.randrange(8)
        return bytes(flipped)
    if kind == 1:
        return content[:at]
    if kind == 2:
        return content[:at] + content[end:]
    if kind == 3:
        return content[:at] + part * chance.choice((2, 2, 3, 1000)) + content[end:]
    if kind == 4:
        return content[:at] + bytes(chance.randrange(256) for _ in range(chance.choice((1, 1, 4, 40)))) + content[end:]
    if kind == 5:
        return content[:at] + b"\0" * len(part) + content[end:]
    if kind == 6:
        return chance.choice((b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\n" * 1000)) + content[at:]
    if kind == 7:
        return content.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n", b"")))
    return content[:at] + chance.choice(CHARACTERS).encode() * chance.choice((1, 1, 1, 3, 40_000)) + content[at:]


def _text(content: bytes, chance: random.Random) -> bytes:
    """What people do: a word, a number or a line of it is another, twice there, or gone."""
    text = content.decode(errors="replace")
    lines = text.split("\n")
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    kind = chance.randrange(10)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(other, lines[at])
    elif kind == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == 3:
        lines[at] = edited(lines[at], chance)
    elif kind == 4:
        lines[at : at + 1] = [lines[at]] * chance.choice((2, 50, 3000))
    else:
        pattern, words = _QUOTED, tuple(f'"{one}"' for one in _UNITS)
        if kind == 5:
            pattern, words = _NUMBER, NUMBERS
        elif kind == 6:
            words = tuple(json.dumps(one) for one in TEXTS)
        elif kind == 7:
            words = tuple(_QUOTED.findall(text)) or words
        elif kind == 8:
            words = (json.dumps(edited(chance.choice(_QUOTED.findall(text) or ['"x"'])[1:-1], chance)),)
        return _substituted(text, pattern, chance.choice(words), chance).encode("utf-8", "replace")
    return "\n".join(lines).encode("utf-8", "replace")


def _substituted(text: str, pattern: re.Pattern[str], word: str, chance: random.Random) -> str:
    found = list(pattern.finditer(text))
    if not found:
        return text + word
    one = chance.choice(found)
    return text[: one.start()] + word + text[one.end() :]


def _tables(content: bytes, chance: random.Random) -> bytes:
    """Keys of TOML that are gone, renamed, there twice, of another type, elsewhere."""
    try:
        data = tomllib.loads(content.decode())
    except (ValueError, RecursionError):
        return _text(content, chance)
    for _ in range(chance.randint(1, 2)):
        _change(data, chance)
    return "\n".join(f"{_key(key)} = {_toml(value)}" for key, value in data.items()).encode()


def _change(data: Any, chance: random.Random) -> None:
    """One change somewhere inside."""
    tables = [data]
    for table in tables:
        rows = table.values() if isinstance(table, dict) else table
        tables += [row for row in rows if isinstance(row, dict | list) and row]
    table = chance.choice(tables)
    keys: list[Any] = list(table) if isinstance(table, dict) else list(range(len(table)))
    if not keys:
        return
    key, other = chance.choice(keys), chance.choice(keys)
    kind = chance.randrange(6)
    if kind == 0:
        del table[key]
    elif kind == 1:
        table[key] = chance.choice(_VALUES)(chance)
    elif kind == 2:
        table[key], table[other] = table[other], table[key]
    elif kind == 3:
        source = chance.choice(tables)
        table[key] = json.loads(json.dumps(source, default=str)) if len(str(source)) < 3000 else {}
    elif isinstance(table, dict):
        name = (
            edited(str(key), chance, 1) if kind == 4 else chance.choice((*TEXTS[:40], "k", "value", "extends", "uses"))
        )
        table[name] = table.pop(key) if kind == 4 else table[key]
    else:
        table.extend([table[key]] * chance.choice((1, 3, 300)))


def _nested(chance: random.Random) -> Any:
    value: Any = 1
    for _ in range(chance.choice((3, 31, 33, 90))):
        value = {"a": value} if chance.random() < 0.5 else [value]
    return value


_VALUES: tuple[Callable[[random.Random], Any], ...] = (
    lambda chance: chance.choice(TEXTS),
    lambda chance: chance.choice(_UNITS),
    lambda chance: chance.choice((0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**4000, True, False)),
    lambda chance: chance.choice((0.0, -0.0, 1e308, 1e-308, 5e-324, float("nan"), float("inf"), -1.5)),
    lambda chance: chance.choice(([], {}, [[]], [{}], [1, "a"], ["a"] * 50, {"a": {}}, {"value": 1, "unit": "1"})),
    _nested,
)


def _key(key: object) -> str:
    return json.dumps(str(key)).replace("\x7f", "\\u007f")


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_toml(row)}" for key, row in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) > 10**100:
        return "1" + "0" * 4000
    return str(value) if isinstance(value, int | float) else _key(value)


def _cells(content: bytes, chance: random.Random) -> bytes:
    """Cells, rows and columns of CSV that are gone, there twice, or hold what another ought to."""
    text = content.decode(errors="replace")
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error:
        return _text(content, chance)
    if not rows or not rows[0]:
        return _text(content, chance)
    row, column = chance.choice(rows[1:] or rows), chance.randrange(len(rows[0]))
    kind = chance.randrange(8)
    if kind == 0:
        rows = [one[:column] + one[column + 1 :] for one in rows]
    elif kind == 1:
        rows = [one[:column] + one[column : column + 1] * 2 + one[column + 1 :] for one in rows]
    elif kind == 2:
        rows += [row] * chance.choice((1, 2, 3000))
    elif kind == 3:
        rows[0] = chance.sample(rows[0], len(rows[0]))
    elif kind == 4:
        rows[0][column] = chance.choice((*TEXTS, edited(rows[0][column], chance)))
    elif column < len(row):
        words = (NUMBERS, TEXTS, _UNITS, [edited(row[column], chance)], chance.choice(rows) or [""])
        row[column] = chance.choice(chance.choice(words))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def _json(content: bytes, chance: random.Random) -> bytes:
    """The same of JSON."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return _bytes(content, chance)
    if not isinstance(data, dict | list) or not data:
        return _bytes(content, chance)
    if chance.random() < 0.1:
        return b'{"a":' * 100_000
    _change(data, chance)
    return json.dumps(data, default=str).encode()


_OF_SUFFIX: dict[str, tuple[Callable[[bytes, random.Random], bytes], ...]] = {
    ".toml": (_text, _tables),
    ".csv": (_text, _cells),
    ".bib": (_text,),
    ".json": (_json,),
}
