"""Faults of arguments of a verb, under the options of the command that gave them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from kinetics.errors import InputError


@contextmanager
def named_as_options(options: Mapping[str, str]) -> Iterator[None]:
    """Name a fault of the block by its option, by the name of its argument; one that is in a file keeps its name."""
    try:
        yield
    except InputError as error:
        faults = tuple(
            fault if fault.where else replace(fault, name=options.get(fault.name, fault.name)) for fault in error.faults
        )
        if faults == error.faults:
            raise
        raise type(error)(*faults) from error
