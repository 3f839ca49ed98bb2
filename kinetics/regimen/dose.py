"""`Dose`: an amount of a drug, given at a time, at once or as an infusion; and doses as a table to read."""

# what a user gives is checked, whatever its annotation says
# pyright: reportUnnecessaryIsInstance=false
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, cast

from kinetics.errors import Faults
from kinetics.expressions import is_name
from kinetics.regimen.times import SAME, Amount, days, in_days, offsets, time_text
from kinetics.text.numbers import count_text
from kinetics.text.tables import table
from kinetics.units import Quantity, adopt, parse_quantity, registry, unit_text


@dataclass(frozen=True, init=False, repr=False)
class Dose:
    """An amount of a drug.

    Parameters
    ----------
    drug : str
        An identifier, the name of a dose of the model.
    amount : str or pint.Quantity
        Positive; kept in its own unit.
    start : str or pint.Quantity
        Time since time zero, not negative; kept in days.
    duration : str or pint.Quantity
        Length of a constant infusion; zero is a bolus. Kept in days.

    Raises
    ------
    InputError
        With everything that is wrong.

    Examples
    --------
    >>> dose = Dose("drug_a", "12 mg", start="1 month", duration="4 hour")
    >>> print(dose)
    drug_a 12 mg at 1 month over 4 hour
    >>> print(dose.start)
    30.4375 day
    >>> Dose("drug_a", "-12 mg", start="-1 day")
    Traceback (most recent call last):
    kinetics.errors.InputError: amount: must be positive, found '-12 mg'
    start: is before time zero, found '-1 day'
    """

    drug: str
    amount: Quantity
    start: Quantity
    duration: Quantity

    def __init__(self, drug: str, amount: Amount, start: Amount = "0 day", duration: Amount = "0 day") -> None:
        faults = Faults()
        if not isinstance(drug, str) or not is_name(drug):
            faults.add(f"must be a name (letters, digits, _) that is not reserved, found {drug!r:.40}", name="drug")
        with faults.gather(name="amount"):
            object.__setattr__(self, "amount", _amount(amount))
            if self.amount.magnitude <= 0:
                faults.add(f"must be positive, found '{amount}'", name="amount")
        for name, value, wrong in (
            ("start", start, "is before time zero"),
            ("duration", duration, "must not be negative"),
        ):
            with faults.gather(name=name):
                object.__setattr__(self, name, days(in_days(value)))
                if getattr(self, name).magnitude < 0:
                    faults.add(f"{wrong}, found '{value}'", name=name)
        object.__setattr__(self, "drug", drug)
        faults.raise_if_any()

    @property
    def end(self) -> Quantity:
        """When it has been given, in days; the start of a bolus."""
        return days(self.start.magnitude + self.duration.magnitude)

    @cached_property
    def key(self) -> tuple[float, float, str, float, str]:
        """Start and duration in days, drug, amount and unit in root units: the order of doses, and what they are."""
        root = self.amount.to_root_units()
        return (self.start.magnitude, self.duration.magnitude, self.drug, float(root.magnitude), str(root.units))

    @property
    def fingerprint(self) -> list[str]:
        """The key to 1e-9 day and 12 digits: what a content hash is made of."""
        start, duration, drug, amount, unit = self.key
        return [f"{start:.9f}", f"{duration:.9f}", drug, f"{amount:.11e}", unit]

    def shift(self, by: Amount) -> Dose:
        """The same dose later, or earlier if ``by`` is negative."""
        start = self.start.magnitude + in_days(by)
        return replace(self, start=days(0.0 if abs(start) <= SAME else start))  # there and back again may miss zero

    def repeat(self, count: int, every: Amount | None = None) -> tuple[Dose, ...]:
        """The same dose ``count`` times, each ``every`` after the one before.

        Examples
        --------
        >>> [str(dose.start) for dose in Dose("drug_a", "1 mg").repeat(3, "12 hour")]
        ['0.0 day', '0.5 day', '1.0 day']
        """
        start = self.start.magnitude
        return tuple(replace(self, start=days(start + offset)) for offset in offsets(count, every))

    def __repr__(self) -> str:
        return f"<Dose {self}>"

    def __str__(self) -> str:
        text = f"{self.drug} {amount_text(self.amount)} at {time_text(self.start.magnitude)}"
        return text + (f" over {time_text(self.duration.magnitude)}" if self.duration.magnitude else "")


def amount_text(amount: Quantity) -> str:
    """An amount as `kinetics.units.parse_quantity` reads it.

    >>> amount_text(Dose("drug_a", "0.5 mg/kg").amount)
    '0.5 mg/kg'
    """
    return f"{amount.magnitude:.10g} {unit_text(amount.units)}"


def _amount(value: Any) -> Quantity:
    """An amount as a pint quantity with a finite float."""
    read = parse_quantity if isinstance(value, str) else adopt
    return cast(Quantity, registry.Quantity(*read(value, example="mg")))


HEAD = ("course", "start", "drug", "amount", "duration", "doses")


def course_table(courses: Iterable[Sequence[Dose]]) -> str:
    """The doses of courses as a table, one line a drug and dose size.

    >>> print(course_table([Dose("drug_a", "12 mg", duration="4 hour").repeat(5, "1 day")]))
    course  start  drug    amount  duration  doses
    1       0 day  drug_a  12 mg   4 hour    5, every 1 day
    """
    return table(HEAD, course_rows(courses), text=range(len(HEAD)))


def course_rows(courses: Iterable[Sequence[Dose]]) -> list[tuple[str, ...]]:
    """The rows of `course_table`."""
    return [(str(number), *row) for number, doses in enumerate(courses, 1) for row in _lines(doses)]


def _lines(doses: Sequence[Dose]) -> Iterator[tuple[str, ...]]:
    alike: dict[tuple[str, str, str], list[float]] = {}
    for dose in doses:
        duration = time_text(dose.duration.magnitude) if dose.duration.magnitude else "bolus"
        alike.setdefault((dose.drug, amount_text(dose.amount), duration), []).append(dose.start.magnitude)
    for dose, starts in alike.items():
        yield (time_text(starts[0]), *dose, _rhythm(starts))


def _rhythm(starts: Sequence[float]) -> str:
    """How many, and how far apart: every so often if evenly, else the time from the first to the last."""
    steps = [later - earlier for earlier, later in pairwise(starts)]
    if not steps:
        return "1"
    if max(steps) - min(steps) <= SAME:
        return f"{len(starts)}, every {time_text(steps[0])}"
    return f"{len(starts)} within {starts[-1] - starts[0]:.3g} day"


def dose_count(doses: Sequence[Dose]) -> str:
    """How many doses there are, and of what.

    >>> dose_count(Dose("drug_a", "12 mg").repeat(5, "1 day"))
    '5 doses of drug_a'
    """
    drugs = ", ".join(sorted({dose.drug for dose in doses}))
    return count_text(len(doses), "dose") + (f" of {drugs}" if drugs else "")


def content_text(courses: int, doses: Sequence[Dose], rules: int) -> str:
    """How many courses, doses and rules there are, and the drugs of the doses."""
    number_of_rules = [count_text(rules, "rule")] if rules else []
    return ", ".join([count_text(courses, "course"), dose_count(doses), *number_of_rules])
