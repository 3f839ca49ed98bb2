"""Bytes of a text file to text: UTF-8 and UTF-16 with or without a byte order mark, and Windows-1252, which is said."""

from __future__ import annotations

import codecs

from kinetics.errors import Fault, InputError

ENCODINGS = ("utf-8", "utf-16", "windows-1252", "latin-1")
"""What a mapping may state."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig", "UTF-8"), (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"))
_MARKS += ((codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),)


def decoded(raw: bytes, encoding: str | None, where: str) -> tuple[str, list[str]]:
    r"""The text of a file and what is to be said of it; `InputError` if it is no text.

    A byte order mark decides; then a stated ``encoding``; then zero bytes, which UTF-16 has; then UTF-8. What is not
    UTF-8 is read as Windows-1252, as Excel writes it in Western Europe, and that is said.

    Examples
    --------
    >>> decoded("µL".encode("utf-16"), None, "a.csv")
    ('µL', ['UTF-16 with a byte order mark'])
    >>> decoded(b"\xb5L", None, "a.csv")[1]
    ['not UTF-8, read as windows-1252; if letters are wrong, state [patients] encoding, one of utf-8, utf-16, ...']
    """
    for mark, codec, name in _MARKS:
        if raw.startswith(mark):
            return _decode(raw, codec, where), [f"{name} with a byte order mark"]
    if encoding is not None:
        return _decode(raw, encoding, where), [f"read as {encoding}, as stated"]
    if (order := _utf16_order(raw[:2000])) is not None:
        return _decode(raw, order, where), ["UTF-16 without a byte order mark"]
    if b"\0" in raw:
        raise InputError(Fault("is no text: it has zero bytes; save it as CSV (UTF-8), or as .xlsx", where))
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError:
        listed = ", ".join(ENCODINGS)
        note = f"not UTF-8, read as windows-1252; if letters are wrong, state [patients] encoding, one of {listed}"
        return _decode(raw, "windows-1252", where), [note]


def _decode(raw: bytes, codec: str, where: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is no text in {codec.removesuffix('-sig')}: byte {raw[error.start]:#04x}; save it as CSV (UTF-8)"
        raise InputError(Fault(message, f"{where}:{line}")) from error


def _utf16_order(raw: bytes) -> str | None:
    """The codec of text most of whose characters have a zero byte before or behind."""
    half = len(raw) // 2
    if half < 2:
        return None
    if raw[1::2].count(0) > half / 2 and raw[0::2].count(0) < half / 10:
        return "utf-16-le"
    if raw[0::2].count(0) > half / 2 and raw[1::2].count(0) < half / 10:
        return "utf-16-be"
    return None
