"""`Model`: what a model file says, checked, with its symbols, rates and outputs as sympy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import sympy as sp  # pyright: ignore[reportMissingTypeStubs]

from kinetics.errors import Faults, UnknownNameError
from kinetics.files.documents import Document
from kinetics.files.library import find_file, library_folder
from kinetics.files.read_cache import ReadCache
from kinetics.files.rows import dotted_name
from kinetics.model import hashes
from kinetics.model.adoption import adopted_tables
from kinetics.model.checks import check_unchecked, checked
from kinetics.model.composition import read_draft
from kinetics.model.definitions import evaluated_constants
from kinetics.model.events import Event
from kinetics.model.formats import OtherFormats
from kinetics.model.quantities import Cohort, Correlation, Derived, Dose, Input, Output, Parameter, Quantity, State
from kinetics.model.ranges import out_of_range
from kinetics.model.timing.clock import time_unit
from kinetics.text.suggestions import did_you_mean
from kinetics.text.tables import html_table
from kinetics.units import Unit, display_unit


@dataclass(frozen=True, repr=False)
class Model(OtherFormats):
    """A checked compartment model, flat: in a composite every name is ALIAS_NAME.

    Use `Model.load` or `Model.from_symbols` to make one.

    Parameters
    ----------
    name, title, about, time, is_unchecked : str, pint.Unit and bool
        What it is called and is; the unit of time, ``1`` if times are bare numbers; whether all units are ``1``.
    parameters, inputs, derived, doses, states, outputs, cohorts : mapping of str to quantity
        What it is made of. Expressions are sympy, in the declared units, with every conversion written in.
    correlations, events : tuple of Correlation, and mapping of str to Event
        Of the parameters that vary between patients, by flat name; what sets states when a condition becomes true.
    order, constants : tuple of str
        Derived quantities and outputs, each after those it uses; those of them that depend on parameters alone.
    path, extends, aliases : pathlib.Path or None, and tuples
        The file it was read from; those whose rows it took as an extension, nearest first; names of models it uses.

    Examples
    --------
    >>> from kinetics.files.library import library_names
    >>> Model.load(library_names("models")[0]).path.suffix
    '.toml'
    """

    name: str
    title: str
    time: Unit
    parameters: Mapping[str, Parameter]
    inputs: Mapping[str, Input]
    derived: Mapping[str, Derived]
    doses: Mapping[str, Dose]
    states: Mapping[str, State]
    outputs: Mapping[str, Output]
    correlations: tuple[Correlation, ...] = ()
    events: Mapping[str, Event] = field(default_factory=dict[str, Event])
    cohorts: Mapping[str, Cohort] = field(default_factory=dict[str, Cohort])
    order: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    about: str = ""
    is_unchecked: bool = False
    path: Path | None = None
    extends: tuple[Path, ...] = ()
    aliases: tuple[str, ...] = ()

    def __repr__(self) -> str:
        kinds = ("states", "parameters", "outputs", "doses", "cohorts")
        return f"<Model {self.name} ({', '.join(f'{kind}: {len(getattr(self, kind))}' for kind in kinds)})>"

    def _repr_html_(self) -> str:
        kinds = {"state": self.states, "output": self.outputs, "dose": self.doses, "parameter": self.parameters}
        quantities = [(kind, row) for kind, table in kinds.items() for row in table.values()]
        values = {name: f"{row.value:g}" for name, row in self.parameters.items()}
        rows = [[kind, q.name, values.get(q.name, ""), display_unit(q.unit), q.about] for kind, q in quantities]
        others = {"event": self.events, "cohort": self.cohorts}
        rows += [[kind, row.name, "", "", row.about] for kind, table in others.items() for row in table.values()]
        return html_table(f"Model {self.name}: {self.title}", ["kind", "name", "value", "unit", "about"], rows)

    @classmethod
    def load(cls, name: str | Path | Document) -> Model:
        """Read a model file: a path (it has a separator or ends in ``.toml``), or the name of a model that ships.

        What has been read of it already, or made in the same form, is a `Document`.

        Raises
        ------
        InputError
            With every fault of the file, of the files it extends and of those it uses.
        """
        return _read(name)[0] if isinstance(name, Document) else _CACHE.read(find_file(name, "models"), _read)

    @classmethod
    def from_symbols(
        cls,
        name: str,
        *,
        time: str,
        states: Iterable[State],
        parameters: Iterable[Parameter] = (),
        inputs: Iterable[Input] = (),
        derived: Iterable[Derived] = (),
        doses: Iterable[Dose] = (),
        outputs: Iterable[Output] = (),
        correlations: Iterable[Correlation] = (),
        events: Iterable[Event] = (),
        title: str = "",
    ) -> Model:
        """Build a model from sympy expressions, with the same checks as a file.

        Parameters
        ----------
        name, title, time : str
            What to call it, in short and at length; the unit of time, or ``"1"``.
        states, parameters, inputs, derived, doses, outputs, correlations, events : iterable
            Units may be text; expressions may use any sympy symbols of the declared names.

        Raises
        ------
        InputError
            With everything that is wrong.

        Examples
        --------
        >>> k, A = sp.symbols("k A")
        >>> rate = Parameter(name="k", value=0.1, unit="1/day")
        >>> pool = State(name="A", unit="mg", initial=0, rate=-k * A)
        >>> model = Model.from_symbols("decay", time="day", parameters=[rate], states=[pool])
        >>> model
        <Model decay (states: 1, parameters: 1, outputs: 0, doses: 0, cohorts: 0)>
        >>> model.states["A"].rate
        -A*k
        """
        faults, unit = Faults(), None
        values = {"parameters": parameters, "inputs": inputs, "derived": derived, "doses": doses, "outputs": outputs}
        tables = adopted_tables(faults, events, **values, states=states)
        with faults.gather("time"):
            unit = time_unit(time)
        return checked(cls, faults, tables, tuple(correlations), unit, name=name, title=title or name)

    @cached_property
    def definitions(self) -> dict[str, Derived | Output]:
        """Derived quantities and outputs, by name."""
        return {**self.derived, **self.outputs}

    @cached_property
    def defaults(self) -> dict[str, float]:
        """The value of every parameter, and the resting value of every input, in its unit."""
        rests = {name: row.rest for name, row in self.inputs.items()}
        return {name: row.value for name, row in self.parameters.items()} | rests

    @property
    def reference(self) -> str:
        """What `Model.load` finds the model by: its name if it ships, else its path."""
        if self.path is None or self.path.resolve().parent == library_folder("models").resolve():
            return self.name
        return str(self.path.resolve())

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the model without its cohorts: structure, units, default values, tolerances, measurement."""
        return hashes.content(self)

    @cached_property
    def structure_hash(self) -> str:
        """SHA-256 of the equations and units alone: what compiled code depends on."""
        return hashes.structure(self)

    def flat_name(self, name: str) -> str:
        """The flat name of a parameter or input that may be written with a dot; `UnknownNameError` if there is none."""
        flat = name.replace(".", "_")
        if flat not in self.defaults:
            dotted = (dotted_name(known, self.aliases) for known in self.defaults)
            raise UnknownNameError(f"model '{self.name}' has no parameter '{name}'{did_you_mean(name, dotted)}")
        return flat

    def quantity(self, name: str) -> Quantity:
        """The state or output of a name; `UnknownNameError` if there is none."""
        if (row := self.states.get(name) or self.outputs.get(name)) is not None:
            return row
        raise UnknownNameError(f"model '{self.name}' has no output or state '{name}'; outputs are {self._outputs()}")

    def output(self, name: str) -> Output:
        """The output of a name; `UnknownNameError` if there is none."""
        if name in self.outputs:
            return self.outputs[name]
        raise UnknownNameError(f"model '{self.name}' has no output '{name}'; there are {self._outputs()}")

    def _outputs(self) -> str:
        return ", ".join(self.outputs) or "none"

    def is_exploratory(self, name: str | None) -> bool:
        """Whether this is the name of an output that is exploratory."""
        return name is not None and name in self.outputs and self.outputs[name].exploratory

    def written_out(self, expression: Any, keep: Iterable[str] = ()) -> Any:
        """An expression with derived quantities replaced by what they stand for, save those in ``keep``."""
        values: dict[sp.Symbol, Any] = {}
        for row in (self.definitions[name] for name in self.order if name not in set(keep)):
            values[row.symbol] = row.value.xreplace(values)
        return expression.xreplace(values)

    def constant_values(self, parameters: Mapping[str, float]) -> dict[str, float]:
        """The derived quantities that depend on parameters alone, for values of these.

        Raises
        ------
        InputError
            If a parameter is out of range, or one of them below its minimum or not finite; what is behind it is named.
        """
        faults = Faults()
        for row in self.parameters.values():
            for message in out_of_range(row, parameters[row.name]):
                faults.add(message, *row.location("value"))
        faults.raise_if_any()
        return evaluated_constants({name: self.definitions[name] for name in self.constants}, parameters, faults)


def _read(file: Path | Document) -> tuple[Model, tuple[Path, ...]]:
    """The model of a file, and all files that it was read from."""
    faults, time = Faults(), None
    draft = read_draft(file, faults)
    header, path = draft.header, draft.document.path
    if header["time"] is not None:
        with faults.gather(draft.document.where("model", "time"), "model.time"):
            time = time_unit(header["time"])
    check_unchecked(draft, time, faults)
    rest = {key: getattr(draft, key) for key in ("cohorts", "extends", "aliases", "is_unchecked")}
    rest |= {"title": header["title"], "about": header["about"], "name": path.stem, "path": path}
    return checked(Model, faults, draft.tables, draft.correlations, time, **rest), draft.files


_CACHE = ReadCache[Model](most=32)
