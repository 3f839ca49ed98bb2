"""The kinds of inputs, and the share each has of a run."""

from __future__ import annotations

from case import Source
from commands import Commands
from damage import Results, Stores
from expressions import Expressions
from files import Files
from quantities import Quantities
from sbml import Sbml

__all__ = ["SOURCES"]

SOURCES: dict[str, type[Source]] = {
    "expressions": Expressions,
    "quantities": Quantities,
    "files": Files,
    "sbml": Sbml,
    "results": Results,
    "stores": Stores,
    "commands": Commands,
}
