"""Measures by name, and the text that stands for one: ``"nadir"``, ``"A time_to 40 % of baseline"``."""

# what a user gives is checked, whatever its annotation says
# pyright: reportUnnecessaryIsInstance=false
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import Any

from kinetics.errors import Faults, InputError
from kinetics.files.arguments import all_of
from kinetics.measures.evaluation import Measure
from kinetics.measures.extremes import Nadir, Overshoot, Peak, TimeOfNadir, TimeOfOvershoot, TimeOfPeak
from kinetics.measures.thresholds import TimeAbove, TimeBelow, TimeToThreshold
from kinetics.measures.values import AreaUnderCurve, Final, Length, Plateau, ValueAt
from kinetics.text.suggestions import did_you_mean

MEASURES: Mapping[str, type[Measure]] = MappingProxyType(
    {
        "nadir": Nadir,
        "time_of_nadir": TimeOfNadir,
        "overshoot": Overshoot,
        "time_of_overshoot": TimeOfOvershoot,
        "peak": Peak,
        "time_of_peak": TimeOfPeak,
        "time_to": TimeToThreshold,
        "time_below": TimeBelow,
        "time_above": TimeAbove,
        "value": ValueAt,
        "final": Final,
        "area": AreaUnderCurve,
        "plateau": Plateau,
        "length": Length,
    }
)
"""Every measure by its name in text. Its class says what it is: ``description`` and ``measured_in``."""

RECOVERY = "recovery"
"""Stands for the time to the lower limit of normal of every output that has one."""

_ALIASES = {
    "recovery_time": RECOVERY,
    "auc": "area",
    "last": "final",
    "minimum": "nadir",
    "maximum": "peak",
}
"""What users write for a measure, as other packages name it."""

_EXAMPLES = {"level": "40 % of baseline", "time": "12 month", "length": "1 year"}


def read_measures(
    measures: Measure | str | Iterable[Measure | str], outputs: Collection[str], limits: Mapping[str, str]
) -> tuple[Measure, ...]:
    """The measures that a caller names.

    Parameters
    ----------
    measures : Measure, str, or iterable of them
        A text is a name of `MEASURES` or ``recovery``, with the level or time that it needs behind it, and before it
        the output it is taken of; without one it is taken of all.
    outputs : collection of str
        The names there are.
    limits : mapping of str to str
        The lower limit of normal, a level, of outputs that have one.

    Raises
    ------
    InputError
        With everything that is no measure.

    Examples
    --------
    >>> [each.name for each in read_measures(["nadir", "A time_to baseline"], ["A", "B"], {})]
    ['A_nadir', 'B_nadir', 'A_time_to_baseline']
    >>> read_measures("recovery", ["A", "B"], {"B": "0.4 1/nL"})
    (TimeToThreshold(output='B', level='0.4 1/nL'),)
    """
    is_one = isinstance(measures, str | Measure)
    listed: Sequence[Any] = [measures] if is_one else all_of("measures", measures, None, "['nadir']")
    faults, read = Faults(), list[Measure]()
    for number, each in enumerate(listed):
        with faults.gather(name=f"measures[{number}]"):
            if isinstance(each, Measure):
                read.append(each)
            elif isinstance(each, str):
                read += _named(" ".join(each.split()), outputs, limits)
            else:
                kind = type(each).__name__
                raise InputError(f"must be a Measure or its name, such as 'nadir'; found {kind} {each!r:.40}")
    faults.raise_if_any()
    return tuple(read)


def _named(text: str, outputs: Collection[str], limits: Mapping[str, str]) -> list[Measure]:
    """The measures of ``[OUTPUT] NAME [ARGUMENT]``."""
    name, _, argument = text.partition(" ")
    if name in outputs and name != RECOVERY and name not in MEASURES:
        outputs = [name]
        name, _, argument = argument.partition(" ")
    if name == RECOVERY and not argument:
        if not (limited := [output for output in outputs if output in limits]):
            raise InputError(
                f"'{text[:60]}' needs an output with a lower limit of normal; write 'time_to LEVEL', or give limits"
            )
        return [TimeToThreshold(output, limits[output]) for output in limited]
    if name not in MEASURES:
        known = (*MEASURES, RECOVERY)
        hint = f"; did you mean '{alias}'?" if (alias := _alias(name)) else did_you_mean(name, [*known, *outputs])
        raise InputError(f"unknown measure '{text[:60]}'; write '[OUTPUT] NAME', NAME one of {', '.join(known)}{hint}")
    kind = MEASURES[name]
    _, *needed = fields(kind)
    if argument and not needed:
        raise InputError(f"'{name}' takes nothing behind it; found '{argument[:60]}'")
    if not argument and any(field.default is MISSING for field in needed):
        raise InputError(f"'{name}' needs a {needed[0].name}, such as '{name} {_EXAMPLES[needed[0].name]}'")
    return [kind(output, *filter(None, [argument])) for output in outputs]


def _alias(name: str) -> str:
    """The name in text of what is called by its class, such as ``TimeToThreshold``, or otherwise; empty if unknown."""
    of_class = {kind.__name__.lower(): text for text, kind in MEASURES.items()}
    return _ALIASES.get(name.lower(), of_class.get(name.replace("_", "").lower(), ""))
