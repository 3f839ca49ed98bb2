"""What the quantities and events of a model are called in a language that has words of its own."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from kinetics.model import Model
from kinetics.model.timing.clock import CLOCK, is_clock


@dataclass(frozen=True)
class Names:
    """Names that a language can read, each once; one that it cannot has an underscore at its end.

    Parameters
    ----------
    model : str
        The name of the whole.
    quantities, events : dict of str to str
        By the name that the model has for it, which here may be that of both a quantity and an event.
    """

    model: str
    quantities: dict[str, str]
    events: dict[str, str]

    @classmethod
    def of(cls, model: Model, reserved: Collection[str] = (), time: str = "") -> Names:
        """Those of a model.

        Parameters
        ----------
        model : Model
            A checked model.
        reserved : collection of str
            What nothing may be called.
        time : str
            What the clock of the model is called; by default its name is kept.

        Examples
        --------
        >>> from kinetics.model import Parameter, State
        >>> pool = State(name="at", unit="mg", initial=0, rate=0)
        >>> Names.of(Model.from_symbols("my-pool", time="day", states=[pool]), {"at"})
        Names(model='my_pool', quantities={'at': 'at_'}, events={})
        """
        own = [*model.defaults, *model.definitions, *model.states]
        taken = {*own, *model.events, *reserved}
        quantities = {name: free_name(name, taken) if name in reserved else name for name in own}
        if CLOCK in model.states and is_clock(model.states[CLOCK]):
            quantities[CLOCK] = time or quantities[CLOCK]
        events = {name: free_name(name, taken) if name in {*own, *reserved} else name for name in model.events}
        return cls(free_name(_identifier(model.name), taken), quantities, events)


def free_name(name: str, taken: set[str]) -> str:
    """The name, or one like it, that is not taken yet; it is then.

    >>> free_name("A", {"A", "A_"})
    'A__'
    """
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _identifier(name: str) -> str:
    """The name of a file as an identifier."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return plain if plain[:1].isalpha() else f"model_{plain}"
