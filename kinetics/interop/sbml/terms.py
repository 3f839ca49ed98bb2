"""Pieces of text of our grammar, which know how tightly they bind and whether they are conditions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kinetics.errors import InputError

MAX_LENGTH = 4000
"""Characters of an expression of a model file."""
OR, XOR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(10)


@dataclass(frozen=True)
class Term:
    """A text, and what stands outermost in it; those up to `COMPARISON` are conditions.

    Examples
    --------
    >>> Term("a + b", SUM).within(PRODUCT), Term("a*b", PRODUCT).within(SUM), Term("-1", SIGN).within(POWER)
    ('(a + b)', 'a*b', '(-1)')
    """

    text: str
    binds: int = ATOM
    is_condition: bool = False

    def __post_init__(self) -> None:
        if len(self.text) > MAX_LENGTH:
            raise InputError(f"mathematics that is longer than {MAX_LENGTH} characters, written out")

    def within(self, binds: int) -> str:
        """The text as a part of what binds so tightly, in brackets if it needs them."""
        return self.text if self.binds >= binds else f"({self.text})"

    def as_number(self) -> Term:
        """The value of a condition as SBML counts it, 1 or 0.

        >>> Term("a < b", COMPARISON, is_condition=True).as_number().text
        'piecewise(a < b, 1, 0)'
        """
        if not self.is_condition:
            return self
        if self.text in ("true", "false"):
            return Term("1" if self.text == "true" else "0")
        return Term(f"piecewise({self.text}, 1, 0)")

    def as_condition(self) -> Term:
        """A number as a condition: whether it is not zero.

        >>> Term("a + b", SUM).as_condition().text, Term("3").as_condition().text
        ('a + b != 0', 'true')
        """
        if self.is_condition:
            return self
        try:
            return Term("true" if float(self.text) else "false", is_condition=True)
        except ValueError:
            return Term(f"{self.within(SUM)} != 0", COMPARISON, is_condition=True)


def number(value: float) -> Term:
    """A number of a file; `InputError` if it is not finite.

    >>> number(-2.0), number(6.02214179e23).text
    (Term(text='-2', binds=7, is_condition=False), '6.02214179e+23')
    """
    if not math.isfinite(value):
        raise InputError(f"the number {value}, which no model file has")
    text = str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
    return Term(text, SIGN if text.startswith("-") else ATOM)


def number_with_exponent(mantissa: float, exponent: int) -> Term:
    """A number as a file writes it, with a power of ten.

    >>> number_with_exponent(6.022, 23).text
    '6.022e23'
    """
    digits = number(mantissa)
    return (
        Term(f"{digits.text}e{exponent}", digits.binds) if "e" not in digits.text else number(mantissa * 10.0**exponent)
    )


def product(*factors: Term) -> Term:
    """Numbers multiplied; ones are left out.

    >>> product(Term("1"), Term("a + b", SUM), Term("c")).text
    '(a + b)*c'
    """
    kept = [factor for factor in factors if factor.text != "1"]
    if len(kept) < 2:
        return kept[0] if kept else Term("1")
    first, *others = kept
    return Term("*".join([first.within(PRODUCT), *(other.within(SIGN) for other in others)]), PRODUCT)


def quotient(above: Term, below: Term) -> Term:
    """One number divided by another.

    >>> quotient(Term("a*b", PRODUCT), Term("c*d", PRODUCT)).text
    'a*b/(c*d)'
    """
    return above if below.text == "1" else Term(f"{above.within(PRODUCT)}/{below.within(POWER)}", PRODUCT)


def total(*terms: Term) -> Term:
    """Numbers added; zero if there are none.

    >>> total(Term("a"), Term("-2*b", PRODUCT), Term("c + d", SUM)).text
    'a - 2*b + c + d'
    """
    text = ""
    for term in terms:
        part = term.within(SUM)
        if part.startswith("-"):
            text = f"{text} - {part[1:]}" if text else part
        else:
            text = f"{text} + {part}" if text else part
    if len(terms) == 1:
        return terms[0]
    return Term(text, SUM) if terms else Term("0")


def negative(term: Term) -> Term:
    """Minus a number.

    >>> negative(Term("a + b", SUM)).text, negative(Term("a*b", PRODUCT)).text
    ('-(a + b)', '-a*b')
    """
    return Term(f"-{term.within(POWER if term.text.startswith('-') else PRODUCT)}", PRODUCT)


def power(base: Term, exponent: Term) -> Term:
    """One number to the power of another.

    >>> power(Term("-2", SIGN), Term("n + 1", SUM)).text
    '(-2)^(n + 1)'
    """
    return Term(f"{base.within(ATOM)}^{exponent.within(ATOM)}", POWER)


def call(name: str, *arguments: Term) -> Term:
    """A function of numbers."""
    return Term(f"{name}({', '.join(argument.text for argument in arguments)})")
