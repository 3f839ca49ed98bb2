"""An SBML file to libsbml's model of it, after the scan: every fault that libsbml finds, with its line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinetics.errors import Faults, InputError
from kinetics.interop.sbml.scan import scan
from kinetics.text.extras import needs

MISSING = f"SBML {needs('python-libsbml', 'sbml')}"
_REFERENCE = "\nReference: "


@dataclass(frozen=True)
class Parsed:
    """A file as libsbml has it, in the words of level 3; its own level; what is left out of it, with lines.

    ``document`` owns the memory of ``model``.
    """

    path: Path
    document: Any
    model: Any
    level: str
    left_out: list[tuple[str, int]]

    def where(self, line: int) -> str:
        """``file:line``."""
        return f"{self.path}:{max(line, 1)}"


def parse_sbml(path: Path) -> Parsed:
    """Parse a file that may be hostile.

    Raises
    ------
    InputError
        With every fault of the scan; else with every fault that libsbml finds, and algebraic rules, delays and fast
        reactions by name.
    """
    try:
        import libsbml
    except ImportError as error:
        raise InputError(MISSING) from error
    checked = scan(path)
    document: Any = libsbml.readSBMLFromString(checked.text)
    if not document.getNumErrors(libsbml.LIBSBML_SEV_ERROR) and not document.getNumErrors(libsbml.LIBSBML_SEV_FATAL):
        for category in _unused_checks(libsbml):
            document.setConsistencyChecks(category, False)
        document.checkConsistency()
    faults, model = Faults(), document.getModel()
    for number in range(document.getNumErrors()):
        error = document.getError(number)
        if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR:
            faults.add(_message(error), f"{path}:{max(error.getLine(), 1)}")
    if model is None:
        faults.add("has no model", f"{path}:1")
    else:
        _refuse_by_name(model, path, faults)
    faults.raise_if_any()
    level = f"level {document.getLevel()} version {document.getVersion()}"
    if document.getLevel() < 3 and not document.setLevelAndVersion(3, 2, False):
        raise InputError(f"{path}: SBML {level} that libsbml cannot convert to level 3")
    return Parsed(path, document, document.getModel(), level, checked.left_out)


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
    return (detail or f"{error.getShortMessage()}: {' '.join(general.split())}").rstrip(".")[:300]


def _refuse_by_name(model: Any, path: Path, faults: Faults) -> None:
    for rule in model.getListOfRules():
        if rule.isAlgebraic():
            faults.add("an algebraic rule; write each of its variables as an assignment", f"{path}:{rule.getLine()}")
    for reaction in model.getListOfReactions():
        if reaction.isSetFast() and reaction.getFast():
            message = "a fast reaction; give it a large rate constant, or write its equilibrium as an assignment"
            faults.add(message, f"{path}:{reaction.getLine()}", reaction.getId())
