"""The discrepancy of a model: how far published numbers lie from predictions of it, by output and by distance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.crossvalidation.distance import FittedArm
from kinetics.crossvalidation.estimating import NONE, DiscrepancySD, Errors, pooled_sd, shrunk_sd, summed_sd
from kinetics.crossvalidation.folds import UNFITTED
from kinetics.crossvalidation.left_out import FoldResult, LeftOutNumber
from kinetics.text.numbers import number_text
from kinetics.text.tables import html_table

NEAR, FAR = "visit", "source"
"""What a class is of: another time of a study that is fitted; and what each step away from the data adds to it."""
ALL = "*"
"""In place of an output, or of a kind of number: all of them."""

Class = tuple[str, str, str]
"""Distance, output and kind of number."""


@dataclass(frozen=True, eq=False, repr=False)
class Discrepancy:
    """What a model gets wrong beside what its parameters leave open, on the logarithm.

    Parameters
    ----------
    fit, data_hash, model_hash : str
        The fit that it belongs to.
    seed : int
        That of the fit.
    classes : mapping of (str, str, str) to DiscrepancySD
        By distance (``visit``; ``source`` for what a step away adds), output (``*`` for all) and kind of number
        (``value``, ``sd``, ``share``, ``time``; of steps ``*`` for all).
    arms : tuple of FittedArm
        Which patients were fitted, under which first course, and until when.

    Examples
    --------
    >>> crossvalidate("my_fit").discrepancy.sd("A").log_sd  # doctest: +SKIP
    0.12
    """

    fit: str
    data_hash: str
    model_hash: str
    seed: int
    classes: Mapping[Class, DiscrepancySD]
    arms: tuple[FittedArm, ...]

    def __repr__(self) -> str:
        sds = ", ".join(
            f"{distance} {one.log_sd:.2g}"
            for (distance, output, number), one in self.classes.items()
            if (output, number) == (ALL, "value")
        )
        return f"<Discrepancy of '{self.fit}': log standard deviation by distance: {sds}>"

    def _repr_html_(self) -> str:
        rows = [
            [*key, number_text(one.log_sd), number_text(one.freedom), str(one.numbers)]
            for key, one in self.classes.items()
        ]
        head = ["distance", "output", "number", "log standard deviation", "degrees of freedom", "left-out numbers"]
        return html_table(repr(self)[1:-1], head, rows)

    def sd(self, output: str, steps: float = 0.0, number: str = "value") -> DiscrepancySD:
        """The log standard deviation for one output at some steps from the data, of which another source is one.

        That of all outputs stands for an output of which nothing was left out.
        """
        return sd_of(self.classes, output, steps, number)

    def step(self, output: str, number: str = "value") -> DiscrepancySD:
        """What each step away from the data adds: as much as a visit has, where no other source tells."""
        return _step(self.classes, output, number) or NONE


def sd_of(classes: Mapping[Class, DiscrepancySD], output: str, steps: float, number: str) -> DiscrepancySD:
    """As `Discrepancy.sd`; none where nothing was left out."""
    near, step = _class(classes, NEAR, output, number), _step(classes, output, number)
    if near is None:  # what a step adds then has in it what a visit has
        return NONE if step is None else summed_sd(NONE, step, max(steps, 1.0))
    return summed_sd(near, step or NONE, steps)


def estimated_classes(results: Iterable[FoldResult], without: Iterable[str] = ()) -> dict[Class, DiscrepancySD]:
    """The classes of folds' numbers, but for rows of some names.

    Distance ``visit`` is estimated from visits left out, or from rows if no visit was; ``source``, what each step away
    from the data adds, from sources left out and sources never fitted. Numbers that the rest does not predict tell
    nothing and are not used.
    """
    left, by_kind = set(without), defaultdict[str, list[LeftOutNumber]](list)
    for result in results:
        by_kind[result.fold.by] += [one for one in result.numbers if one.informative and one.row not in left]
    near = by_kind["visit"] or by_kind["row"]
    classes = dict[Class, DiscrepancySD]()
    for number, of_kind in _by(near, "number"):
        pooled = classes[NEAR, ALL, number] = pooled_sd(_errors(of_kind))
        classes |= {(NEAR, name, number): shrunk_sd(_errors(own), pooled) for name, own in _by(of_kind, "output")}
    return classes | _steps_of(classes, by_kind["source"] + by_kind[UNFITTED])


def _steps_of(near: Mapping[Class, DiscrepancySD], numbers: Sequence[LeftOutNumber]) -> dict[Class, DiscrepancySD]:
    """What a step adds to a visit, of all numbers; towards it of each kind, and towards that of each output."""
    if not numbers:
        return {}

    def errors(own: Sequence[LeftOutNumber]) -> Errors:
        """The error of k steps has k times the variance of one, beside that of a visit."""
        visits = [(_class(near, NEAR, one.output, one.number) or NONE).log_sd for one in own]
        return _errors(own, np.array(visits), np.array([one.steps for one in own]))

    of_all = max(pooled_sd(errors(numbers)), near.get((NEAR, ALL, "value"), NONE), key=lambda one: one.log_sd)
    steps = {(FAR, ALL, ALL): of_all}
    for number, of_kind in _by(numbers, "number"):
        pooled = steps[FAR, ALL, number] = shrunk_sd(errors(of_kind), of_all)
        steps |= {(FAR, name, number): shrunk_sd(errors(own), pooled) for name, own in _by(of_kind, "output")}
    return steps


def _by(numbers: Sequence[LeftOutNumber], key: str) -> list[tuple[str, list[LeftOutNumber]]]:
    """Numbers of one output, or of one kind, together."""
    groups = defaultdict[str, list[LeftOutNumber]](list)
    for one in numbers:
        groups[getattr(one, key)].append(one)
    return list(groups.items())


def _errors(
    numbers: Sequence[LeftOutNumber], visits: np.ndarray | float = 0.0, steps: np.ndarray | float = 1.0
) -> Errors:
    """Of one step each, beside the standard deviation of visits."""
    errors, variances, weights = (
        np.array([getattr(one, key) for one in numbers]) for key in ("error", "variance", "weight")
    )
    return Errors(errors / np.sqrt(steps), (variances + visits**2) / steps, weights)


def _class(classes: Mapping[Class, DiscrepancySD], distance: str, output: str, number: str) -> DiscrepancySD | None:
    return classes.get((distance, output, number)) or classes.get((distance, ALL, number))


def _step(classes: Mapping[Class, DiscrepancySD], output: str, number: str) -> DiscrepancySD | None:
    far = _class(classes, FAR, output, number) or classes.get((FAR, ALL, ALL))
    return far or classes.get((NEAR, ALL, number))
