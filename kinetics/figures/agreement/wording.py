"""What the lines of a figure of agreement are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kinetics.figures.base.words import say


@dataclass(frozen=True)
class Wording:
    """Texts in the language of the figure.

    ``groups`` are the headings by ``use``, from top to bottom; ``column_model`` and ``column_range`` those of the table
    over the model's number and its interval; ``verdicts`` the words of the key and their meaning by ``inside``;
    ``bars`` and ``outer`` are of the model's intervals, ``alone`` of a model without any.
    """

    groups: Mapping[str, str]
    axis: str
    column_model: str
    column_range: str
    verdicts: Mapping[int, tuple[str, str]]
    bars: tuple[str, str]
    outer: tuple[str, str] = ("", "")
    alone: str = ""


def wording_of_agreement() -> Wording:
    """Published numbers beside those of a fitted model."""
    return Wording(
        groups={use: say(f"use_{use}") for use in ("fit", "calibrate", "validate")},
        axis=say("published_over_model"),
        column_model=say("column_model"),
        column_range=say("column_range"),
        verdicts={
            1: (say("inside"), say("inside_meaning")),
            0: (say("outside"), say("outside_meaning")),
            -1: (say("unjudged"), say("unjudged_meaning")),
        },
        bars=(say("model_studies"), say("model_studies_meaning")),
        alone=say("model_typical_meaning"),
    )
