"""A model of SBML with everything that is read, its elements, attributes and operators changed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

from case import Case
from mutations import mutated
from odd import CHARACTERS, NUMBERS

__all__ = ["Sbml"]

_MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">'
_TIME = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time"> t </csymbol>'
HONEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">
<model id="m" timeUnits="second" substanceUnits="mole" extentUnits="mole" volumeUnits="litre" conversionFactor="f">
<listOfFunctionDefinitions><functionDefinition id="twice">{_MATH}<lambda><bvar><ci>x</ci></bvar>
<apply><times/><cn>2</cn><ci>x</ci></apply></lambda></math></functionDefinition></listOfFunctionDefinitions>
<listOfUnitDefinitions><unitDefinition id="per_s"><listOfUnits>
<unit kind="second" exponent="-1" scale="0" multiplier="1"/></listOfUnits></unitDefinition></listOfUnitDefinitions>
<listOfCompartments><compartment id="c" size="2" spatialDimensions="3" constant="false"/></listOfCompartments>
<listOfSpecies>
<species id="A" compartment="c" initialConcentration="3" hasOnlySubstanceUnits="false" boundaryCondition="false"
 constant="false"/>
<species id="B" compartment="c" initialAmount="1" hasOnlySubstanceUnits="true" boundaryCondition="false"
 constant="false"/>
</listOfSpecies>
<listOfParameters><parameter id="k" value="0.5" units="per_s" constant="true"/>
<parameter id="f" value="1" units="dimensionless" constant="true"/>
<parameter id="p" value="1" units="dimensionless" constant="false"/>
<parameter id="q" value="1" constant="false"/></listOfParameters>
<listOfInitialAssignments><initialAssignment symbol="p">{_MATH}
<apply><ci>twice</ci><ci>f</ci></apply></math></initialAssignment></listOfInitialAssignments>
<listOfRules><rateRule variable="c">{_MATH}<cn>0.1</cn></math></rateRule>
<assignmentRule variable="q">{_MATH}<piecewise><piece><ci>p</ci><apply><gt/>{_TIME}<cn>2</cn></apply></piece>
<otherwise><apply><exp/><ci>f</ci></apply></otherwise></piecewise></math></assignmentRule></listOfRules>
<listOfReactions><reaction id="J" reversible="false">
<listOfReactants><speciesReference species="A" stoichiometry="1" constant="true"/></listOfReactants>
<listOfProducts><speciesReference id="n" species="B" stoichiometry="2" constant="true"/></listOfProducts>
<kineticLaw>{_MATH}<apply><times/><ci>k</ci><ci>c</ci><ci>A</ci><ci>g</ci></apply></math>
<listOfLocalParameters><localParameter id="g" value="1"/></listOfLocalParameters></kineticLaw></reaction>
</listOfReactions>
<listOfEvents><event id="e" useValuesFromTriggerTime="false"><trigger initialValue="true" persistent="false">{_MATH}
<apply><and/><apply><lt/><ci>A</ci><cn>1</cn></apply><true/></apply></math></trigger>
<delay>{_MATH}<cn>1</cn></math></delay><priority>{_MATH}<cn>1</cn></math></priority>
<listOfEventAssignments><eventAssignment variable="A">{_MATH}<cn>1</cn></math></eventAssignment>
</listOfEventAssignments></event></listOfEvents>
</model></sbml>
"""
_TOKEN = re.compile(r"<[^>]*>|[^<]+")
_VALUE = re.compile(r'"([^"\n]*)"')
_OPERATOR = re.compile(r"(?<=<)(?:times|exp|gt|lt|and|true|cn|ci)(?=[\s/>])")
_WORDS = ("A", "B", "c", "k", "p", "q", "J", "n", "e", "m", "E", "time", "true", "INF", "NaN", "mole", "second", "")
_OPERATORS = (
    "plus", "minus", "divide", "power", "root", "log", "ln", "xor", "not", "implies", "factorial", "quotient", "rem",
    "max", "min", "arccoth", "infinity", "notanumber", "lambda", "piecewise", "selector", "vector", "apply",
)  # fmt: skip


class Sbml:
    """Changed copies of a model, each read as `kinetics import` does, and written.

    Parameters
    ----------
    folder : pathlib.Path
        Where the file of the moment is.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "model.xml"

    def warm(self) -> None:
        """Read the honest model."""
        self.path.write_text(HONEST)
        self.read()

    def make(self, chance: random.Random) -> Case:
        """The next input."""
        text = HONEST
        for _ in range(chance.randint(1, 4)):
            text = chance.choice(_CHANGES)(text, chance)
        content = text.encode(errors="replace")
        content = mutated(content, ".xml", chance) if chance.random() < 0.3 else content

        def run() -> None:
            self.path.write_bytes(content)
            self.read()

        return Case(self.path.name, content, run, self.path.parent)

    def read(self) -> None:
        from kinetics.interop.sbml import import_sbml

        import_sbml(self.path).to_toml()


def _without(text: str, chance: random.Random) -> str:
    parts = _TOKEN.findall(text) or [""]
    del parts[chance.randrange(len(parts))]
    return "".join(parts)


def _again(text: str, chance: random.Random) -> str:
    parts = _TOKEN.findall(text) or [""]
    begin = chance.randrange(len(parts))
    part = parts[begin : begin + chance.randint(1, 12)]
    at = chance.randrange(len(parts))
    return "".join([*parts[:at], *part, *parts[at:]])


def _replaced(pattern: re.Pattern[str], group: int, texts: tuple[str, ...]) -> Callable[[str, random.Random], str]:
    def change(text: str, chance: random.Random) -> str:
        matches = list(pattern.finditer(text))
        if not matches:
            return text
        match = chance.choice(matches)
        return text[: match.start(group)] + chance.choice(texts) + text[match.end(group) :]

    return change


_CHANGES = (
    _without,
    _again,
    _replaced(_VALUE, 1, (*_WORDS, *NUMBERS, *CHARACTERS)),
    _replaced(_OPERATOR, 0, _OPERATORS),
)
