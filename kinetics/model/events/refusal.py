"""Verbs that cannot follow events refuse a model that has some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kinetics.errors import InputError
from kinetics.text.lists import listed

if TYPE_CHECKING:
    from kinetics.model.model import Model


def check_no_events(model: Model, verb: str) -> None:
    """Refuse a model with events for a verb that would pass over them.

    Raises
    ------
    InputError
        That names the model, its events and the verb.
    """
    if model.events:
        raise InputError(
            f"model '{model.name}' has events ({listed(model.events)}), which {verb} cannot follow; simulate can, and "
            f"so can compare and figures of simulations"
        )
