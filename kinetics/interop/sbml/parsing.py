"""An SBML file to libsbml's model of it, after the scan: every fault that libsbml finds, with its line."""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from kinetics.errors import Fault, Faults, InputError
from kinetics.interop.sbml.scan import scan
from kinetics.text.extras import needs

MISSING = f"SBML {needs('python-libsbml', 'sbml')}"
_REFERENCE = "\nReference: "
MAX_MESSAGE = 300
"""Characters of what libsbml says of a fault."""


@dataclass(frozen=True)
class Parsed:
    """A file as libsbml has it, in the words of level 3; its own level; what is left out of it, with lines.

    ``document`` owns the memory of ``model``; ``faults`` are those of a file that is complete all the same.
    """

    path: Path
    document: Any
    model: Any
    level: str
    left_out: list[tuple[str, int]]
    faults: Faults = field(default_factory=Faults)

    def where(self, line: int) -> str:
        """``file:line``."""
        return f"{self.path}:{max(line, 1)}"


def parse_sbml(path: Path) -> Parsed:
    """Parse a file that may be hostile.

    Raises
    ------
    InputError
        With every fault of the scan; else with every fault that libsbml finds as it reads, and algebraic rules and
        fast reactions by name.
    """
    try:
        import libsbml
    except ImportError as error:
        raise InputError(MISSING) from error
    checked = scan(path)
    document: Any = libsbml.readSBMLFromString(checked.text)
    _refuse_circles(document.getModel(), path)
    faults, model = Faults(), document.getModel()
    is_read = not _add_faults(document, path, faults)
    if is_read:
        for category in _unused_checks(libsbml):
            document.setConsistencyChecks(category, False)
        document.checkConsistency()
        _add_faults(document, path, faults)
    if model is None:
        faults.add("has no model", f"{path}:1")
    else:
        _refuse_by_name(model, path, faults)
    level = f"level {document.getLevel()} version {document.getVersion()}"
    if not is_read or model is None or document.getLevel() < 3:
        faults.raise_if_any()
    if document.getLevel() < 3 and not document.setLevelAndVersion(3, 2, False):
        raise InputError(f"{path}: SBML {level} that libsbml cannot convert to level 3")
    return Parsed(path, document, document.getModel(), level, checked.left_out, faults)


def _add_faults(document: Any, path: Path, faults: Faults) -> int:
    """Add what libsbml calls an error; their number."""
    import libsbml

    errors = [document.getError(number) for number in range(document.getNumErrors())]
    wrong = [error for error in errors if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR]
    for error in wrong:
        faults.add(_message(error), f"{path}:{max(error.getLine(), 1)}")
    return len(wrong)


def _refuse_circles(model: Any, path: Path) -> None:
    """Refuse functions that call each other in a circle: a check of libsbml follows it until the process ends."""
    functions = {} if model is None else {row.getId(): row for row in model.getListOfFunctionDefinitions()}
    try:
        TopologicalSorter({name: _called(row.getMath()) for name, row in functions.items()}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        line = max(functions[circle[0]].getLine(), 1)
        message = f"functions that call each other in a circle: {' -> '.join(circle[::-1])}"
        raise InputError(Fault(message, f"{path}:{line}")) from None


def _called(node: Any) -> set[str]:
    """The names of functions in a piece of mathematics."""
    import libsbml

    names, pending = set[str](), [node]
    while pending:
        if (one := pending.pop()) is not None:
            names |= {one.getName()} if one.getType() == libsbml.AST_FUNCTION else set()
            pending += [one.getChild(index) for index in range(one.getNumChildren())]
    return names


def _unused_checks(libsbml: Any) -> tuple[int, ...]:
    """Checks that are made here, in less time, or say nothing of the numbers."""
    return (
        libsbml.LIBSBML_CAT_GENERAL_CONSISTENCY,
        libsbml.LIBSBML_CAT_OVERDETERMINED_MODEL,
        libsbml.LIBSBML_CAT_UNITS_CONSISTENCY,
        libsbml.LIBSBML_CAT_MODELING_PRACTICE,
        libsbml.LIBSBML_CAT_SBO_CONSISTENCY,
    )


def _message(error: Any) -> str:
    """What libsbml says of the element itself, if it does, else what it says of the kind of fault."""
    general, _, rest = error.getMessage().partition(_REFERENCE)
    detail = " ".join(rest.partition("\n")[2].split())
    text = (detail or f"{error.getShortMessage()}: {' '.join(general.split())}").strip(" .[")
    return text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE].rpartition(' ')[0]} ..."


def _refuse_by_name(model: Any, path: Path, faults: Faults) -> None:
    for rule in model.getListOfRules():
        if rule.isAlgebraic():
            faults.add("an algebraic rule; write each of its variables as an assignment", f"{path}:{rule.getLine()}")
    for reaction in model.getListOfReactions():
        if reaction.isSetFast() and reaction.getFast():
            message = "a fast reaction; give it a large rate constant, or write its equilibrium as an assignment"
            faults.add(message, f"{path}:{reaction.getLine()}", reaction.getId())
