"""The discrepancy of a model: how far published numbers lie from predictions of it, by output and by distance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kinetics.crossvalidation.distance import FittedArm
from kinetics.crossvalidation.estimating import NONE, DiscrepancySD, pooled_sd, shrunk_sd
from kinetics.crossvalidation.left_out import FoldResult, LeftOutNumber
from kinetics.text.numbers import number_text
from kinetics.text.tables import html_table

NEAR, FAR = "visit", "source"
"""Distances from the data: another time of a study that is fitted, and another source."""
ALL = "*"
"""In place of an output: all outputs."""
INFORMATIVE = 1.0
"""A left-out number whose log standard error is larger, a factor of seven either way, is not predicted by the rest."""

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
        By distance (``visit`` or ``source``), output (``*`` for all) and kind of number (``value``, ``sd``, ``share``).
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

    def sd(self, output: str, distance: str = NEAR, number: str = "value") -> DiscrepancySD:
        """The log standard deviation for one output: as estimated, but another source adds to a visit what a visit has.

        That of all outputs stands for an output of which nothing was left out.
        """
        return sd_of(self.classes, output, distance, number)

    @property
    def step(self) -> DiscrepancySD:
        """What each step away from the data adds: what sources add to visits, and as much as a visit has at least."""
        near, far = self.sd(ALL, NEAR), self.sd(ALL, FAR)
        return DiscrepancySD((far.log_sd**2 - near.log_sd**2) ** 0.5, far.freedom, far.numbers)


def sd_of(classes: Mapping[Class, DiscrepancySD], output: str, distance: str, number: str) -> DiscrepancySD:
    """As `Discrepancy.sd`; none where nothing was left out."""

    def at(distance: str) -> DiscrepancySD | None:
        return classes.get((distance, output, number)) or classes.get((distance, ALL, number))

    near, far = at(NEAR), at(FAR)
    if distance == NEAR or near is None:
        return near or far or NONE
    least = DiscrepancySD(2**0.5 * near.log_sd, near.freedom, near.numbers)
    return least if far is None or far.log_sd < least.log_sd else far


def estimated_classes(results: Iterable[FoldResult], without: Iterable[str] = ()) -> dict[Class, DiscrepancySD]:
    """The classes of folds' numbers, but for rows of some names.

    Distance ``visit`` is estimated from visits left out, or from rows if no visit was; ``source`` from sources left
    out. Numbers that the rest does not predict tell nothing and are not used.
    """
    left, by_kind = set(without), dict[str, list[LeftOutNumber]]()
    for result in results:
        informative = [one for one in result.numbers if one.parameter_sd <= INFORMATIVE and one.row not in left]
        by_kind.setdefault(result.fold.by, []).extend(informative)
    distances = {NEAR: by_kind.get("visit") or by_kind.get("row") or [], FAR: by_kind.get("source") or []}
    classes = dict[Class, DiscrepancySD]()
    for distance, numbers in distances.items():
        for kind in dict.fromkeys(one.number for one in numbers):
            of_kind = [one for one in numbers if one.number == kind]
            pooled = classes[distance, ALL, kind] = pooled_sd(*_columns(of_kind))
            for output in dict.fromkeys(one.output for one in of_kind):
                own = _columns([one for one in of_kind if one.output == output])
                classes[distance, output, kind] = shrunk_sd(*own, pooled)
    return classes


def _columns(numbers: Iterable[LeftOutNumber]) -> tuple[list[float], list[float]]:
    """Errors, and their variances without the discrepancy."""
    errors, variances = list[float](), list[float]()
    for one in numbers:
        errors.append(one.error)
        variances.append(one.variance)
    return errors, variances
