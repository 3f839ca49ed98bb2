"""What between-study variability and normal measurements need of the rows of a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kinetics.cohorts.fit_results import BETWEEN_STUDIES, ERROR
from kinetics.errors import InputError
from kinetics.estimate.problem.free import FreeParameter
from kinetics.model.events import check_no_events
from kinetics.published import ArmMoments, MomentTarget, Target, TypicalTarget, arms_of_moments
from kinetics.published.kinds.count import TypicalCount

if TYPE_CHECKING:
    from kinetics.estimate.problem.reading import ProblemReader

LEAST_STUDIES = 2
"""A variance between studies needs so many."""


def check_study_effects(reader: ProblemReader, free: Sequence[FreeParameter], targets: Sequence[Target]) -> None:
    """Note a random effect of one study, or of a population, and rows that are no counts."""
    effects = [one for one in free if one.flat.endswith(BETWEEN_STUDIES)]
    if not effects:
        return
    if reader.model is not None:
        with reader.at("between_studies"):
            missing = "their arms are integrated side by side, and events one patient after the other"
            check_no_events(reader.model, "a fit with random effects of studies", missing)
    fitted = [target for target in targets if target.row.use == "fit"]
    studies = sorted({target.row.trial for target in fitted})
    if not all(isinstance(target, TypicalTarget) for target in fitted):
        reader.add("is of a fit of the typical patient; leave out [population]", "between_studies")
    elif len(studies) < LEAST_STUDIES:
        message = f"all rows are of one study, {studies[0]}: a variance between studies needs {LEAST_STUDIES} at least"
        reader.add(f"{message}, named in the column 'study'", "between_studies")
    typical = {one.flat for one in free if one.is_typical}
    for effect in effects:
        if effect.of not in typical:
            reader.add("needs a row in [free]: its typical value is estimated too", "between_studies", effect.of)
    for target in fitted:
        if isinstance(target, TypicalTarget) and not isinstance(target.quantity, TypicalCount):
            message = f"row '{target.row.name}' is a {target.row.kind}; random effects of studies need counts, or their"
            reader.add(f"{message} percentages of baseline", "between_studies")


def check_moments(reader: ProblemReader, targets: Sequence[Target], where: Mapping[str, str]) -> None:
    """Note, with the row, an output without an error, and what is wrong between means and covariances of an arm."""
    estimated = {one.of for one in reader.free if one.flat.endswith(ERROR)}
    for target in targets:
        for output in {one.output for one in target.measurements} if isinstance(target, MomentTarget) else ():
            if reader.model is not None and reader.model.output(output).noise is None and output not in estimated:
                message = f"output '{output}' of model '{reader.model.name}' has no 'noise'; give it a row in [errors]"
                reader.faults.add(message, where[target.row.name], target.row.name)
    fitted = [target for target in targets if isinstance(target, MomentTarget) and target.row.use == "fit"]
    for rows in arms_of_moments(fitted):
        try:
            ArmMoments.of(rows)
        except InputError as error:
            for fault in error.faults:
                reader.faults.add(fault.message, where[fault.name or rows[0].row.name], fault.name or rows[0].row.name)
