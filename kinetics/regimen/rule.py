"""`Rule`: doses given when the simulated state calls for them, not at times known beforehand."""

# what a user gives is checked, whatever its annotation says
# pyright: reportUnnecessaryIsInstance=false
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from kinetics.errors import Faults
from kinetics.expressions import is_name
from kinetics.files.arguments import is_whole, whole_number
from kinetics.regimen.dose import Dose, amount_text
from kinetics.regimen.times import MAX_COUNT, Amount, days, in_days, offsets, time_text
from kinetics.units import Quantity, registry, unit_text
from kinetics.units.levels import Level, read_level

MAX_DOSES = 1000
"""The most times a rule may act."""

DIRECTIONS = ("up", "down")


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Rule:
    """When an output crosses a level, give a dose at once, or begin a course of doses.

    An upward crossing needs the output to have been below the level, a downward one above it: after it has acted, a
    rule waits until the output has gone back. A crossing that comes too early or outside the window is lost, and so is
    one from the first dose of a course to its last. A course that has begun is given to its end.

    Parameters
    ----------
    output : str
        An output of the model.
    level : str
        A positive quantity such as ``"0.4 1e9/L"``, or a share such as ``"40 % of baseline"``; baseline is the value
        before any drug.
    drug : str
        The name of a dose of the model.
    amount : str or pint.Quantity
        Of each dose, positive; kept in its own unit.
    duration : str or pint.Quantity
        Length of a constant infusion; zero is a bolus. Kept in days.
    direction : {"up", "down"}
        Which way the output crosses.
    most : int
        How often the rule acts at most, 1 to 1000.
    apart : str or pint.Quantity
        The least time between an action of the rule and any other course of its drug, both at their first dose: one
        that is scheduled, before or after it, or one that this or another rule has given. Kept in days.
    after_course : int, optional
        The course in whose window the rule acts, counted from 1: from its first dose to that of the next course. By
        default the rule acts at any time from time zero.
    every : str or pint.Quantity, optional
        From one dose of a course to the next; needed for more than one. Kept in days, and only then.
    count : int
        How many doses one action gives, 1 to 10000; the first is at the crossing.

    Raises
    ------
    InputError
        With everything that is wrong.

    Examples
    --------
    >>> print(Rule("A", "40 % of baseline", "drug_a", "12 mg", "4 hour", most=2, apart="60 day", after_course=1))
    when A rises to 40 % of baseline after course 1: drug_a 12 mg over 4 hour, at most 2 times, 60 day apart
    >>> print(Rule("A", "0.4 mg/L", "drug_a", "12 mg", most=2, every="1 day", count=3))
    when A rises to 0.4 mg/L: drug_a 12 mg, a course of 3 every 1 day, at most 2 times
    >>> Rule("A", "0 mg/L", "drug_a", "12 mg", direction="sideways")
    Traceback (most recent call last):
    kinetics.errors.InputError: level: must be positive, found '0 mg/L'
    direction: must be 'up' or 'down', found 'sideways'
    """

    output: str
    level: str
    drug: str
    amount: Quantity
    duration: Quantity
    direction: str
    most: int
    apart: Quantity
    after_course: int | None
    every: Quantity | None
    count: int

    def __init__(
        self,
        output: str,
        level: str,
        drug: str,
        amount: Amount,
        duration: Amount = "0 day",
        direction: str = "up",
        most: int = 1,
        apart: Amount = "0 day",
        after_course: int | None = None,
        every: Amount | None = None,
        count: int = 1,
    ) -> None:
        faults = Faults()
        if not isinstance(output, str) or not is_name(output):
            faults.add(f"must be the name of an output, found {output!r:.40}", name="output")
        with faults.gather(name="level"):
            if not isinstance(level, str):
                faults.add(f"must be text such as '40 % of baseline', found {level!r:.40}", name="level")
            elif read_level(level).number <= 0:
                faults.add(f"must be positive, found '{level}'", name="level")
        with faults.gather():
            Dose(drug, amount, duration=duration)
        if direction not in DIRECTIONS:
            faults.add(f"must be 'up' or 'down', found {direction!r:.40}", name="direction")
        with faults.gather():
            whole_number("most", most, 1, MAX_DOSES)
        with faults.gather(name="apart"):
            object.__setattr__(self, "apart", days(in_days(apart)))
            if self.apart.magnitude < 0:
                faults.add(f"must not be negative, found '{apart}'", name="apart")
        if after_course is not None and (not is_whole(after_course) or after_course < 1):
            faults.add(f"must be the number of a course, from 1, found {after_course!r:.40}", name="after_course")
        with faults.gather():
            offsets(count, every)
        faults.raise_if_any()
        dose = Dose(drug, amount, duration=duration)
        fields = {"output": output, "level": " ".join(level.split()), "drug": drug, "amount": dose.amount}
        fields |= {"duration": dose.duration, "direction": direction, "most": most, "after_course": after_course}
        fields |= {"every": None if every is None or count == 1 else days(in_days(every)), "count": count}
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def dose(self) -> Dose:
        """What is given at the crossing, as if at time zero."""
        return Dose(self.drug, self.amount, duration=self.duration)

    @property
    def threshold(self) -> Level:
        """The level, read."""
        return read_level(self.level)

    @cached_property
    def fingerprint(self) -> list[Any]:
        """What the rule is, to 12 digits: what a content hash is made of."""
        level = self.threshold
        if level.unit is None:
            at = [f"{level.number:.11e}", "of baseline"]
        else:
            root = cast(Quantity, registry.Quantity(level.number, level.unit).to_root_units())
            at = [f"{float(root.magnitude):.11e}", unit_text(root.units)]
        _, duration, *dose = self.dose.fingerprint
        acts = [self.direction, self.most, f"{self.apart.magnitude:.9f}", self.after_course]
        # a single dose has none, so that results made before there were courses keep their hash
        course = [] if self.every is None else [self.count, f"{self.every.magnitude:.9f}"]
        return [self.output, *at, *dose, duration, *acts, *course]

    def __eq__(self, other: object) -> bool:
        return self.fingerprint == other.fingerprint if isinstance(other, Rule) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.fingerprint))

    def __repr__(self) -> str:
        return f"<Rule {self}>"

    def __str__(self) -> str:
        verb = "rises" if self.direction == "up" else "falls"
        when = f"when {self.output} {verb} to {self.level}"
        when += f" after course {self.after_course}" if self.after_course else ""
        dose = f"{self.drug} {amount_text(self.amount)}"
        dose += f" over {time_text(self.duration.magnitude)}" if self.duration.magnitude else ""
        dose += f", a course of {self.count} every {time_text(self.every.magnitude)}" if self.every is not None else ""
        often = "once" if self.most == 1 else f"at most {self.most} times"
        often += f", {time_text(self.apart.magnitude)} apart" if self.apart.magnitude else ""
        return f"{when}: {dose}, {often}"


def check_rules(rules: Mapping[int, Any], courses: int, faults: Faults) -> None:
    """Note every rule, or row of a file, on a course that is not there, and more doses than reason."""
    for number, rule in rules.items():
        if rule.after_course and rule.after_course > courses:
            last = f"the last is {courses}" if courses else "the regimen has none"
            faults.add(f"there is no course {rule.after_course}; {last}", name=f"rules.{number}.after_course")
    if sum(rule.most * rule.count for rule in rules.values()) > MAX_COUNT:
        faults.add(f"more than {MAX_COUNT} doses; give the rules a smaller 'most' or 'count'", name="rules")
