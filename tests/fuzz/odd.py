"""What people, programs and attackers write where a number, a name or a text is wanted."""

from __future__ import annotations

import random

__all__ = ["CHARACTERS", "NUMBERS", "TEXTS", "edited"]

NUMBERS = (
    "0", "1", "-1", "2", "64", "65", "1e5", "1e-9", "0.751", "0.1", "1e16", "1e154", "1e155", "1e308", "1.8e308",
    "1e-308", "5e-324", "1e-400", "1e400", "9" * 39, "9" * 41, "0." + "3" * 37, "0." + "0" * 36 + "1",
    "9007199254740993", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "-0.0", "00012", "nan", "inf", "-inf", "1_000", "1,5", "0x10", "1e", "1e+", ".5", "5.",
    "1.2.3", "٣", "１２", "²", "½", "Ⅷ", "1e999999999", "0.1000000000000000055511151231257827",
)  # fmt: skip

CHARACTERS = (
    *"()[]{}<>+-*/^=!,;:.'\"\\`~@#$%&|?_ \t\n\r0123456789eEabcxyzkA",
    "\x00", "\x07", "\x08", "\x1b", "\x7f", "\x85", "\x9b", "\u00ad", "\u200b", "\u202e", "\u2028", "\ufeff", "\ufffd",
    "µ", "μ", "é", "ß", "İ", "²", "⁹", "½", "٣", "１", "−", "×", "·", "\U0001f9ec", "\U0010ffff",
    "**", "//", "<=", ">=", "==", "!=", "&&", "||", "->", "__", "..",
)  # fmt: skip

TEXTS = (
    "", " ", "choice", "1", "mg", "day", "none", "null", "true", "[]", "{}", "x", "t", "time", "patient", "failure",
    "\x1b[2J\x1b]0;x\x07", "\u202egnp.exe", "a\x00b", "a\nb", "a\r\x1b[1Aerror: forged", "../../../../etc/passwd",
    "/dev/zero", "/dev/stdin", ".", "..", "~", "a/" * 100, "C:\\x", "nul", "x" * 5000, "é" * 3000, "$\\frac{1}{$",
    "$\\input{/etc/passwd}$", "\\write18{touch trap}", "<script>", "]]>", "&#0;", "=1+1", "%s%n%x", "{0.__class__}",
    "{x!r}", "__import__('os').system('touch trap')", "().__class__.__base__", "lambda: 0", "9^9^9^9",
    "(" * 200 + "1" + ")" * 200, "-" * 3000 + "1", "1e9/L", "10⁹/L", "m²", "1 day^²", "12 mg", "400 cells/uL",
    "40 % of baseline", "baseline", "-1 day", "inf mg", "1e400 mg", "1e308 year", "1e-320 day", "1 furlong", "12",
    "12mg", "1 mg mg", "20 degC",
)  # fmt: skip


def edited(text: str, chance: random.Random, most: int = 3) -> str:
    """The text after a few of the edits that slips of the hand and of programs make."""
    for _ in range(chance.randint(1, most)):
        at = chance.randint(0, len(text))
        end = min(len(text), at + 1 + int(chance.expovariate(0.3)))
        other = chance.randint(0, len(text))
        text = chance.choice(
            (
                text[:at] + chance.choice(CHARACTERS) + text[at:],
                text[:at] + chance.choice(CHARACTERS) + text[end:],
                text[:at] + text[end:],
                text[:end] + text[at:],
                text[:at] + chance.choice(NUMBERS) + text[end:],
                text[:other] + text[at:end] + text[other:],
                text[:at] + chance.choice(TEXTS)[:200] + text[at:],
            )
        )
    return text
