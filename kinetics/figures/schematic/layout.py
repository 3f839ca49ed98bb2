"""Where the boxes of a schematic stand: layers along the flows, exchanging states beside each other in one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kinetics.figures.schematic.flows import Flow

Places = dict[str, tuple[int, int]]
Edges = dict[str, set[str]]


@dataclass(frozen=True)
class Box:
    """The place of a state on the page: its middle and its size, mm, y upwards."""

    x: float
    y: float
    width: float
    height: float


def place(names: Sequence[str], flows: Iterable[Flow]) -> Places:
    """The layer of each state, and its place in the layer, from 0.

    States that exchange are of one layer, and other flows lead to a later one; so does regulation that is no feedback.
    In a layer, those with flows to other layers are first.

    Examples
    --------
    >>> place("ABC", [Flow("A", "B"), Flow("B", "A"), Flow("B", "C")])
    {'B': (0, 0), 'A': (0, 1), 'C': (1, 0)}
    """
    edges: Edges = {name: set() for name in names}
    flows = [flow for flow in flows if flow.source in edges or flow.target in edges]
    between = [{flow.source, flow.target} for flow in flows if flow.source and flow.target]
    outside = {end for ends in between if not ends <= edges.keys() for end in ends}
    for flow in flows:
        if flow.source in edges and flow.target in edges:
            edges[flow.source].add(flow.target)
    reached = {name: _reached(edges, name) for name in names}
    group = {name: next(other for other in names if other == name or _exchange(reached, name, other)) for name in names}
    links: Edges = {group[name]: {group[to] for to in edges[name]} - {group[name]} for name in names}
    for name in names:
        links[group[name]] |= {group[to] for to in edges[name]} - {group[name]}
    for flow in flows:
        for regulator in (name for name in flow.regulators if name in edges):
            to = group.get(flow.target or flow.source or "", group[regulator])
            if to != group[regulator] and group[regulator] not in _reached(links, to):
                links[group[regulator]].add(to)
    layers = _layers(links)
    places: Places = {}
    taken: dict[int, int] = {}
    for first in dict.fromkeys(group.values()):
        members = [name for name in names if group[name] == first]
        members.sort(key=lambda name: name not in outside and not _leads_elsewhere(name, group, edges))
        for name in members:
            places[name] = (layers[first], taken.setdefault(layers[first], 0))
            taken[layers[first]] += 1
    return places


def _exchange(reached: Mapping[str, set[str]], one: str, other: str) -> bool:
    return other in reached[one] and one in reached[other]


def _reached(edges: Mapping[str, set[str]], start: str) -> set[str]:
    """What can be reached from a state along edges."""
    found, todo = set[str](), [start]
    while todo:
        new = edges[todo.pop()] - found
        found |= new
        todo += sorted(new)
    return found


def _layers(links: Mapping[str, set[str]]) -> dict[str, int]:
    """The longest way to each, without circles."""
    layers = dict.fromkeys(links, 0)
    for _ in links:
        for name, targets in links.items():
            for to in targets:
                layers[to] = max(layers[to], layers[name] + 1)
    return layers


def _leads_elsewhere(name: str, group: Mapping[str, str], edges: Edges) -> bool:
    ends = edges[name] | {other for other, targets in edges.items() if name in targets}
    return any(group[end] != group[name] for end in ends)
