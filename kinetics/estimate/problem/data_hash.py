"""The hash of what a fit problem says and names, its model apart: a result with another one is out of date."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from kinetics.estimate.problem.fact_target import FactTarget
from kinetics.estimate.problem.reading import ProblemReader
from kinetics.files.checksums import content_hash
from kinetics.model import Model
from kinetics.published import Target

IN_WORDS = {"section", "statement", "finding", "not_counted", "reason"}
"""Columns of evidence that change no fit."""


def data_hash(read: ProblemReader, model: Model) -> str:
    """Of the problem, its rows, regimens and visits, its cohorts, and the priors that its cohorts have of their own."""
    priors = {name: own for name, cohort in read.cohorts.items() if (own := cohort.own_priors(model))}
    return content_hash(
        read.document.data,
        [item.row.model_dump(exclude_defaults=True) for item in read.rows],
        {target.row.regimen: target.regimen.content_hash for target in read.targets},
        {name: cohort.content_hash for name, cohort in read.cohorts.items()},
        {target.row.name: _when_visited(target) for target in read.targets if target.visits},
        *_facts(read),
        *([priors] if priors else ()),
    )


def _when_visited(target: Target) -> tuple[float, ...]:
    """When its patients are measured, and how far the days may be from that, if anything says so."""
    return target.visits if math.isinf(target.window) else (*target.visits, target.window)


def _facts(read: ProblemReader) -> Iterator[Any]:
    """The rows of evidence without what they say in words, and the arms of both sides of each."""
    facts = [target.fact for target in read.targets if isinstance(target, FactTarget)]
    if facts:
        yield [item.row.model_dump(exclude_defaults=True, exclude=IN_WORDS) for item in read.fact_rows]
        yield [[each.arm.regimen.content_hash, each.arm.cohort.content_hash] for f in facts for each in f.quantities]
