"""A model as SBML Level 3 Version 2: every state a parameter with a rate rule, every definition an assignment rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinetics import __version__
from kinetics.errors import InputError
from kinetics.exports.formats.infix import SBML, infix
from kinetics.exports.formats.names import Names
from kinetics.exports.formats.units import unit_identifier, unit_parts
from kinetics.files.bibliography import CHOICE, Source
from kinetics.model import Model
from kinetics.model.timing.clock import is_clock
from kinetics.text.extras import needs
from kinetics.units import Unit

LEVEL, VERSION = 3, 2
_NOTES = '<body xmlns="http://www.w3.org/1999/xhtml"><p>lymphokinetics {}, model hash {}</p></body>'


def sbml_text(model: Model, sources: Mapping[str, Source]) -> str:
    """A model as SBML; its doses and cohorts are not in it, its events are.

    Parameters
    ----------
    model : Model
        A checked model.
    sources : mapping of str to Source
        The bibliography of its parameters: one with a DOI becomes an annotation.

    Raises
    ------
    InputError
        If python-libsbml is not installed.
    """
    return _Writer(model, sources).text()


class _Writer:
    def __init__(self, model: Model, sources: Mapping[str, Source]) -> None:
        self._libsbml = _library()
        self._model, self._sources = model, sources
        self._names = Names.of(model, time="time")
        self._states = {name: row for name, row in model.states.items() if not is_clock(row)}
        self._document = self._libsbml.SBMLDocument(LEVEL, VERSION)
        self._sbml = self._document.createModel()
        self._settings = self._libsbml.L3ParserSettings()
        self._units: dict[str, str] = {}

    def text(self) -> str:
        """The whole document."""
        model, sbml = self._model, self._sbml
        sbml.setId(self._names.model)
        sbml.setName(model.title)
        if not model.is_unchecked:
            sbml.setTimeUnits(self._unit(model.time))
        # names before formulas, which are read with them in view: `pi` or `time` may be anything's name
        for row in (*model.parameters.values(), *model.inputs.values()):
            self._parameter(row, constant=True).setValue(model.defaults[row.name])
        for name, row in model.definitions.items():
            self._parameter(row, constant=self._is_fixed(name))
        for row in self._states.values():
            self._parameter(row, constant=False)
        self._settings.setModel(sbml)
        self._settings.setParseAvogadroCsymbol(False)
        for name in model.order:
            self._define(name)
        for name, row in self._states.items():
            self._set_initial(name, row.initial)
            if row.rate != 0:
                rule = sbml.createRateRule()
                rule.setVariable(name)
                rule.setMath(self._math(row.rate))
        for event in model.events.values():
            self._event(event)
        for row in model.parameters.values():
            self._cite(row)
        sbml.setNotes(_NOTES.format(__version__, model.content_hash))
        # a writer with the name of a program would write the time as well, and no two files would be alike
        return self._libsbml.writeSBMLToString(self._document)

    def _parameter(self, row: Any, *, constant: bool) -> Any:
        parameter = self._sbml.createParameter()
        parameter.setId(row.name)
        parameter.setConstant(constant)
        if not self._model.is_unchecked:
            parameter.setUnits(self._unit(row.unit))
        if row.label or row.about:
            parameter.setName(row.label or row.about)
        return parameter

    def _define(self, name: str) -> None:
        value = self._model.definitions[name].value
        if self._is_fixed(name):
            self._set_initial(name, value)
        else:
            rule = self._sbml.createAssignmentRule()
            rule.setVariable(name)
            rule.setMath(self._math(value))

    def _is_fixed(self, name: str) -> bool:
        """Whether a value at the start says all of a definition; an output is a rule, by which it is read as one."""
        return name in self._model.constants and name not in self._model.outputs

    def _set_initial(self, name: str, value: Any) -> None:
        assignment = self._sbml.createInitialAssignment()
        assignment.setSymbol(name)
        assignment.setMath(self._math(value))

    def _event(self, row: Any) -> None:
        event = self._sbml.createEvent()
        event.setId(self._names.events[row.name])
        event.setUseValuesFromTriggerTime(row.values_at == "trigger")
        trigger = event.createTrigger()
        trigger.setInitialValue(row.initial)
        trigger.setPersistent(row.persistent)
        trigger.setMath(self._math(row.trigger))
        if row.delay is not None:
            event.createDelay().setMath(self._math(row.delay))
        if row.priority is not None:
            event.createPriority().setMath(self._math(row.priority))
        for state, value in row.assignments.items():
            assignment = event.createEventAssignment()
            assignment.setVariable(state)
            assignment.setMath(self._math(value))

    def _math(self, expression: Any) -> Any:
        text = infix(expression, SBML, self._names.quantities)
        math = self._libsbml.parseL3FormulaWithSettings(text, self._settings)
        assert math is not None, self._libsbml.getLastParseL3Error()
        return math

    def _unit(self, unit: Unit) -> str:
        identifier = unit_identifier(unit)
        if identifier not in self._units:
            definition = self._sbml.createUnitDefinition()
            definition.setId(identifier)
            for kind, exponent, multiplier in unit_parts(unit) or [("dimensionless", 1, 1.0)]:
                part = definition.createUnit()
                part.setKind(self._libsbml.UnitKind_forName(kind))
                part.setExponent(exponent)
                part.setScale(0)
                part.setMultiplier(multiplier)
            self._units[identifier] = identifier
        return identifier

    def _cite(self, row: Any) -> None:
        """The publication of a number, as MIRIAM has it."""
        source = None if row.source == CHOICE else self._sources.get(row.source)
        doi = "" if source is None else source.fields.get("doi", "")
        if not doi:
            return
        parameter = self._sbml.getParameter(row.name)
        parameter.setMetaId(f"meta_{row.name}")
        term = self._libsbml.CVTerm(self._libsbml.BIOLOGICAL_QUALIFIER)
        term.setBiologicalQualifierType(self._libsbml.BQB_IS_DESCRIBED_BY)
        term.addResource(f"https://doi.org/{doi}")
        parameter.addCVTerm(term)


def _library() -> Any:
    try:
        import libsbml  # a large library, of an optional extra
    except ImportError as error:
        raise InputError(f"writing SBML {needs('python-libsbml', 'sbml')}") from error
    return libsbml
