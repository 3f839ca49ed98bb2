"""A model of any size: a chain of pools that exchange with their neighbours, each exchange at most so fast."""

from __future__ import annotations

__all__ = ["chain"]

_HEAD = """
[model]
title = "A chain of {size} pools with saturable exchange"
time = "day"

[parameters]
forth = {{ value = 2, unit = "mg/day", source = "choice" }}
back = {{ value = 1, unit = "mg/day", source = "choice" }}
half = {{ value = 5, unit = "mg", spread = 0.2, source = "choice" }}
loss = {{ value = 0.1, unit = "1/day", spread = 0.2, source = "choice" }}
supply = {{ value = 1, unit = "mg/day", source = "choice" }}
rest = {{ value = 1, unit = "mg", source = "choice" }}
"""


def chain(size: int) -> str:
    """The text of a model file of so many states, two at least."""
    lines = [_HEAD.format(size=size), "[derived]"]
    for i in range(size - 1):
        exchange = f"forth*S{i}/(half + S{i}) - back*S{i + 1}/(half + S{i + 1})"
        lines.append(f'flow{i} = {{ value = "{exchange}", unit = "mg/day" }}')
    lines.append("[states]")
    for i in range(size):
        gain, flow = f"flow{i - 1}" if i else "supply", f" - flow{i}" if i < size - 1 else ""
        rate = f"{gain}{flow} - loss*S{i}"
        lines.append(f'S{i} = {{ unit = "mg", initial = "rest", rate = "{rate}", about = "pool {i}" }}')
    lines += ["[outputs]", f'last = {{ value = "S{size - 1}", unit = "mg", about = "the last pool" }}', ""]
    return "\n".join(lines)
