"""A small problem in PEtab 1 and 2: A becomes B at rate k, with A(0) = a0; A is measured at three times."""

import math

import pytest

pytest.importorskip("yaml", reason="PEtab needs the extra sbml")
pytest.importorskip("libsbml", reason="PEtab needs the extra sbml")
pytest.importorskip("petab", reason="PEtab needs the extra sbml")

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1">
  <model id="decay">
    <listOfCompartments><compartment id="cell" size="1" constant="true"/></listOfCompartments>
    <listOfSpecies>
      <species id="A" compartment="cell" initialConcentration="1" hasOnlySubstanceUnits="false"
        boundaryCondition="false" constant="false"/>
      <species id="B" compartment="cell" initialConcentration="0" hasOnlySubstanceUnits="false"
        boundaryCondition="false" constant="false"/>
    </listOfSpecies>
    <listOfParameters><parameter id="k" value="1" constant="true"/></listOfParameters>
    <listOfReactions>
      <reaction id="R" reversible="false" fast="false">
        <listOfReactants><speciesReference species="A" stoichiometry="1" constant="true"/></listOfReactants>
        <listOfProducts><speciesReference species="B" stoichiometry="1" constant="true"/></listOfProducts>
        <kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML">
          <apply><times/><ci>cell</ci><ci>k</ci><ci>A</ci></apply>
        </math></kineticLaw>
      </reaction>
    </listOfReactions>
  </model>
</sbml>
"""
MEASURED = {0.0: 2.1, 1.0: 1.2, 3.0: 0.4}
SIGMA, A0, K = 0.1, 2.0, 0.5


def _table(*rows):
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


FILES = {
    1: {
        "problem.yaml": "format_version: 1\nparameter_file: parameters.tsv\nproblems:\n"
        "- condition_files: [conditions.tsv]\n"
        "  measurement_files: [measurements.tsv]\n  observable_files: [observables.tsv]\n  sbml_files: [model.xml]\n",
        "conditions.tsv": _table(["conditionId", "A"], ["c0", "a0"]),
        "measurements.tsv": _table(
            ["observableId", "simulationConditionId", "measurement", "time", "noiseParameters"],
            *(["of_A", "c0", value, time, SIGMA] for time, value in MEASURED.items()),
        ),
        "observables.tsv": _table(
            ["observableId", "observableFormula", "noiseFormula"], ["of_A", "A", "noiseParameter1_of_A"]
        ),
        "parameters.tsv": _table(
            ["parameterId", "parameterScale", "lowerBound", "upperBound", "nominalValue", "estimate"],
            ["a0", "lin", 0.1, 10, A0, 1],
            ["k", "log10", 0.001, 100, K, 1],
        ),
    },
    2: {
        "problem.yaml": "format_version: 2.0.0\nparameter_files: [parameters.tsv]\nmodel_files:\n  decay:\n"
        "    language: sbml\n    location: model.xml\ncondition_files: [conditions.tsv]\n"
        "experiment_files: [experiments.tsv]\nmeasurement_files: [measurements.tsv]\n"
        "observable_files: [observables.tsv]\n",
        "conditions.tsv": _table(["conditionId", "targetId", "targetValue"], ["c0", "A", "a0"]),
        "experiments.tsv": _table(["experimentId", "time", "conditionId"], ["e0", 0, "c0"]),
        "measurements.tsv": _table(
            ["observableId", "experimentId", "measurement", "time", "noiseParameters"],
            *(["of_A", "e0", value, time, SIGMA] for time, value in MEASURED.items()),
        ),
        "observables.tsv": _table(
            ["observableId", "observableFormula", "noiseFormula", "noisePlaceholders"],
            ["of_A", "A", "width", "width"],
        ),
        "parameters.tsv": _table(
            ["parameterId", "lowerBound", "upperBound", "nominalValue", "estimate"],
            ["a0", 0.1, 10, A0, "true"],
            ["k", 0.001, 100, K, "true"],
        ),
    },
}
"""By version: the text of each file."""


def write_problem(folder, version, **changes):
    """Write a problem, with other texts for some files by their stems; the path of its YAML file."""
    for name, text in {**FILES[version], "model.xml": MODEL}.items():
        (folder / name).write_text(changes.get(name.partition(".")[0], text))
    return folder / "problem.yaml"


def log_likelihood(a0=A0, k=K):
    """In closed form."""
    residuals = [(value - a0 * math.exp(-k * time)) / SIGMA for time, value in MEASURED.items()]
    return sum(-0.5 * r**2 - math.log(SIGMA * math.sqrt(2 * math.pi)) for r in residuals)
