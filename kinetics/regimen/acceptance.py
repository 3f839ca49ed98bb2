"""Whether a model accepts a regimen: its drugs, the units of its doses, what its rules look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kinetics.errors import InputError
from kinetics.regimen.regimen import Regimen
from kinetics.regimen.segments import segments
from kinetics.regimen.triggers import triggers

if TYPE_CHECKING:
    from kinetics.model import Model

__all__ = ["check_accepted", "check_row_accepted"]


def check_accepted(regimen: Regimen, model: Model, until: float = 1.0) -> None:
    """Refuse a regimen whose doses or rules a model does not take until a time, in the model's unit.

    Raises
    ------
    UnknownNameError
        If the model accepts no such drug, or has no output that a rule looks at.
    UnitError
        If an amount or a level has another dimension than the model's.
    InputError
        If ``until`` is not positive and finite.

    Examples
    --------
    >>> from kinetics.model import Model, State
    >>> still = Model.from_symbols("still", time="day", states=[State(name="A", unit="mg", initial=0, rate=0)])
    >>> check_accepted(Regimen.none(), still)
    """
    doses = {name: dose.unit for name, dose in model.doses.items()}
    outputs = {name: output.unit for name, output in model.outputs.items()}
    segments(regimen, doses, model.time, until)
    triggers(regimen, outputs, doses, model.time)


def check_row_accepted(regimen: Regimen, model: Model) -> None:
    """Refuse what `check_accepted` refuses, with one fault that names both, for the row that asks for them."""
    try:
        check_accepted(regimen, model)
    except InputError as error:
        raise InputError(f"regimen '{regimen.name}' cannot be given to model '{model.name}': {error}") from error
