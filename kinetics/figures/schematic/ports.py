"""What enters and leaves the states of a model from outside: doses, sources, growth, losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kinetics.figures.schematic.flows import Flow
from kinetics.figures.treatments import drug_label
from kinetics.model import Model

_KINDS = ("dose", "source", "growth", "loss")


@dataclass(frozen=True)
class Port:
    """What enters or leaves a box from outside: a flow, or a dose, with the names beside it."""

    kind: str
    gid: str
    names: tuple[str, ...] = ()


def ports_of(model: Model, found: Sequence[Flow], labels: Mapping[str, str]) -> dict[str, list[Port]]:
    """The ports of each state, by its name; ``labels`` are those of states and inputs."""
    ports: dict[str, list[Port]] = {}
    for row in model.doses.values():
        if row.into in model.states:
            ports.setdefault(row.into, []).append(Port("dose", f"dose-{row.name}", (drug_label(row.name, model),)))
    for flow in found:
        if flow.source is None or flow.target is None:
            state = flow.source or flow.target or ""
            kind = "loss" if flow.target is None else "growth" if flow.is_growth else "source"
            names = tuple(dict.fromkeys(labels[name] for name in flow.regulators))
            ports.setdefault(state, []).append(Port(kind, f"{kind}-{state}", names))
    return {state: sorted(own, key=lambda port: _KINDS.index(port.kind)) for state, own in ports.items()}
