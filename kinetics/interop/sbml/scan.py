"""What an SBML file may be, looked at before its parser sees a byte: size, depth, entities, level, packages.

libsbml follows nested elements and nested mathematics by recursion, and ends the process when these are deep enough.
Expat, which reads the file here, does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from kinetics.errors import Fault, Faults, InputError
from kinetics.files.reading import read_bytes
from kinetics.interop.sbml.literals import SEPARATOR, attribute_fault, number_fault
from kinetics.text.escaping import character_name, forbidden_character

MAX_BYTES = 20_000_000
MAX_DEPTH = 200
"""Elements within elements."""
MAX_ELEMENTS = 500_000
MAX_MATHEMATICS = 6000
"""Elements of one piece of mathematics: more make a text that is longer than an expression may be."""
_MATH = "http://www.w3.org/1998/Math/MathML math"
_NUMBER, _SEPARATOR = f"{_MATH[:-4]}cn", f"{_MATH[:-4]}sep"
MAX_ROWS = 3000
"""Of each kind that is counted: libsbml compares many of them with all others."""
_COUNTED = {
    **dict.fromkeys(("compartment", "species", "parameter", "localParameter"), "compartments, species and parameters"),
    **dict.fromkeys(("speciesReference", "modifierSpeciesReference"), "reactants, products and modifiers"),
    "reaction": "reactions",
    "event": "events",
    "functionDefinition": "functions",
    "unitDefinition": "units",
    "initialAssignment": "initial assignments",
    **dict.fromkeys(("assignmentRule", "rateRule", "algebraicRule"), "rules"),
    "eventAssignment": "event assignments",
    "constraint": "constraints",
}
_MORE = {"reactants, products and modifiers": 10, "event assignments": 10}
"""How many times `MAX_ROWS` there may be of some."""
_OTHERS = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
"""By the first bytes, what is taken for SBML."""
MAX_NAME = 80
"""Characters of an identifier that a message shows."""
MAX_TEXT = 10_000
"""Characters of an attribute."""
LEVELS = ((2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (3, 1), (3, 2))
_CORE = re.compile(r"http://www\.sbml\.org/sbml/level(\d)(?:/version(\d))?(?:/core)?")
_PACKAGE = re.compile(r"http://www\.sbml\.org/sbml/level\d/version\d/(?!core$)(\w+)/version\d")
_DECLARATION = re.compile(r"\A\s*(?:<\?xml\s[^>]*\?>)?")
_MATHEMATICS_OF_VERSION_2 = "l3v2extendedmath"
"""A package by which files of version 1 have ``max``, ``rem`` and others, which all are read."""
_CHANGES_MATHEMATICS = {
    "comp": "models that are composed of others; flatten the file first",
    "fbc": "flux balances, which are no dynamics",
    "distrib": "random numbers in its mathematics",
}
"""What packages add that no model here has, whether or not the file says that they are required."""


@dataclass
class Scan:
    """The text of a file that is safe to parse, and the packages of which only a picture or a grouping is lost."""

    text: str = ""
    left_out: list[tuple[str, int]] = field(default_factory=list)


def scan(path: Path) -> Scan:
    """Read a file, and look at its elements one after the other.

    Raises
    ------
    InputError
        With each fault and its line: the file is too large, no XML, nested too deep, declares entities, or is of a
        level or needs a package that is not read.
    """
    if character := forbidden_character(path.name):
        raise InputError(Fault(f"the file's name holds {character_name(character)}; rename it", str(path)))
    raw = read_bytes(path, MAX_BYTES, "an SBML file")
    if other := next((name for start, name in _OTHERS.items() if raw.startswith(start)), ""):
        mend = "write it in UTF-8" if other == "UTF-16" else "unpack it first"
        raise InputError(Fault(f"is {other}, and SBML is text in UTF-8; {mend}", f"{path}:1"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(Fault("not UTF-8, in which SBML is written", f"{path}:{line}")) from error
    scanner = _Scanner(path)
    scanner.read(text.encode())
    scanner.faults.raise_if_any()
    return Scan(_DECLARATION.sub(_with_encoding, text, count=1), scanner.left_out)


def _with_encoding(declaration: re.Match[str]) -> str:
    """The declaration of XML with the encoding that libsbml asks for, on as many lines."""
    return '<?xml version="1.0" encoding="UTF-8"?>' + "\n" * declaration[0].count("\n")


class _Scanner:
    def __init__(self, path: Path) -> None:
        self.path, self.faults = path, Faults()
        self.left_out: list[tuple[str, int]] = []
        self.depth = self.elements = self.before_mathematics = 0
        self.packages: dict[str, str] = {}
        self.core = ""
        self.counts: dict[str, int] = {}
        self.literal: dict[str, str] = {}
        self.digits: list[str] = []
        self.parser = parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self.doctype
        parser.StartNamespaceDeclHandler = self.namespace
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end

    def read(self, raw: bytes) -> None:
        try:
            self.parser.Parse(raw, True)
        except expat.ExpatError as error:
            message = f"not XML that can be read: {expat.ErrorString(error.code)}"
            raise InputError(*self.faults, Fault(message, f"{self.path}:{error.lineno}")) from error

    @property
    def where(self) -> str:
        return f"{self.path}:{self.parser.CurrentLineNumber}"

    def stop(self, message: str) -> InputError:
        """A fault after which the rest is not looked at."""
        return InputError(*self.faults, Fault(message, self.where))

    def doctype(self, *_: Any) -> None:
        raise self.stop("declares a document type, which may define entities; remove the DOCTYPE")

    def namespace(self, _: str | None, uri: str) -> None:
        if (package := _PACKAGE.fullmatch(uri or "")) and uri not in self.packages:
            self.packages[uri] = package[1]
            if package[1] in _CHANGES_MATHEMATICS:
                self.faults.add(f"uses package {package[1]}: {_CHANGES_MATHEMATICS[package[1]]}", self.where)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH:
            raise self.stop(f"elements nested more than {MAX_DEPTH} deep")
        if self.elements > MAX_ELEMENTS:
            raise self.stop(f"more than {MAX_ELEMENTS} elements")
        if name == _MATH:
            self.before_mathematics = self.elements
        elif name.startswith(_MATH[:-4]) and self.elements - self.before_mathematics > MAX_MATHEMATICS:
            raise self.stop(f"more than {MAX_MATHEMATICS} elements in one piece of mathematics")
        if any(len(text) > MAX_TEXT for text in attributes.values()):
            self.faults.add(f"an attribute of more than {MAX_TEXT} characters", self.where)
        if self.elements == 1:
            self.root(name, attributes)
        if name == _NUMBER:
            self.literal, self.digits = attributes, []
            self.parser.CharacterDataHandler = self.digits.append
        elif name == _SEPARATOR:
            self.digits.append(SEPARATOR)
        elif name.startswith(self.core):
            self.row(name[len(self.core) :], attributes)

    def row(self, element: str, attributes: dict[str, str]) -> None:
        """An element of SBML itself."""
        for key, text in attributes.items():
            if fault := attribute_fault(key, text):
                self.faults.add(fault, self.where, attributes.get("id", "")[:MAX_NAME])
        kind = _COUNTED.get(element, "")
        self.counts[kind] = self.counts.get(kind, 0) + 1
        most = MAX_ROWS * _MORE.get(kind, 1)
        if kind and self.counts[kind] > most:
            raise self.stop(f"more than {most} {kind}")

    def end(self, name: str) -> None:
        self.depth -= 1
        if name == _NUMBER:
            self.parser.CharacterDataHandler = None
            if fault := number_fault("".join(self.digits), self.literal):
                self.faults.add(fault, self.where)

    def root(self, name: str, attributes: dict[str, str]) -> None:
        uri, _, element = name.rpartition(" ")
        core = _CORE.fullmatch(uri)
        if element != "sbml" or core is None:
            raise self.stop(f"is no SBML: its first element is '{element[:40]}' of the namespace '{uri[:80]}'")
        self.core = f"{uri} "
        level, version = attributes.get("level", ""), attributes.get("version", "")
        if (level, version) not in {(str(one), str(other)) for one, other in LEVELS}:
            raise self.stop(f"is SBML level {level[:9] or '?'} version {version[:9] or '?'}; levels 2 and 3 are read")
        for uri, package in self.packages.items():
            if package == _MATHEMATICS_OF_VERSION_2:
                continue
            if attributes.get(f"{uri} required") == "true" and package not in _CHANGES_MATHEMATICS:
                self.faults.add(f"needs package {package}, which is not read", self.where)
            elif package not in _CHANGES_MATHEMATICS:
                self.left_out.append((f"package {package}", self.parser.CurrentLineNumber))
