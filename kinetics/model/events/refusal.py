"""Verbs that cannot follow events refuse a model that has some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kinetics.errors import InputError
from kinetics.text.lists import listed

if TYPE_CHECKING:
    from kinetics.model.model import Model


def check_no_events(model: Model, verb: str, missing: str) -> None:
    """Refuse a model with events for a verb that would pass over them.

    Parameters
    ----------
    model : Model
        The model.
    verb : str
        What is asked for.
    missing : str
        Why it cannot follow events.

    Raises
    ------
    InputError
        That names the model, its events, the verb, and what is missing.
    """
    if model.events:
        raise InputError(
            f"model '{model.name}' has events ({listed(model.events)}), which {verb} cannot follow: {missing}; "
            "simulate can, and so can a fit of the typical patient"
        )
