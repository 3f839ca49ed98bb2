"""Hostile SBML: each file is refused with status 2 and its line, in seconds, and the interpreter lives on."""

import subprocess
import sys
import time

import pytest

pytest.importorskip("libsbml")

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
CORE = "http://www.sbml.org/sbml/level3/version2/core"
MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">'
PACKAGE = "http://www.sbml.org/sbml/level3/version1/{0}/version1"


def document(content, more="", level="3", version="2", uri=CORE):
    """A document whose model begins on line 3, its content on line 4."""
    return (
        f'{HEAD}<sbml xmlns="{uri}" level="{level}" version="{version}"{more}>\n<model>\n{content}\n</model></sbml>\n'
    )


def parameter(name, value="1", constant="true"):
    return f'<parameter id="{name}" value="{value}" constant="{constant}"/>\n'


def assigned(math, name="p"):
    """A parameter on line 5 that a rule on line 7 assigns."""
    parameters = f"<listOfParameters>\n{parameter(name, constant='false')}</listOfParameters><listOfRules>\n"
    return f'{parameters}<assignmentRule variable="{name}">{MATH}{math}</math></assignmentRule></listOfRules>'


def nested(depth):
    return "<apply><minus/>" * depth + "<cn>1</cn>" + "</apply>" * depth


def package(name, required="true"):
    return f' xmlns:x="{PACKAGE.format(name)}" x:required="{required}"'


def species(attributes=""):
    return (
        '<listOfCompartments><compartment id="c" size="1" constant="true"/></listOfCompartments><listOfSpecies>\n'
        f'<species id="S" {attributes} initialAmount="1" hasOnlySubstanceUnits="false" boundaryCondition="false" '
        'constant="false"/></listOfSpecies>'
    )


def chain(length):
    """Parameters from line 5 on, each assigned the one after it."""
    parameters = "".join(parameter(f"k{n}", constant="false") for n in range(length)).replace("\n", "")
    rules = (
        f'<assignmentRule variable="k{n}">{MATH}<ci>k{n + 1}</ci></math></assignmentRule>' for n in range(length - 1)
    )
    return f"<listOfParameters>\n{parameters}</listOfParameters><listOfRules>{''.join(rules)}</listOfRules>"


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
FUNCTION = (
    '<functionDefinition id="{0}">' + MATH + "<lambda><bvar><ci>x</ci></bvar>{1}</lambda></math></functionDefinition>"
)
CALLS = "<apply><ci>f{0}</ci><apply><ci>f{0}</ci><ci>x</ci></apply></apply>"
DOUBLING = "".join(FUNCTION.format(f"f{n}", CALLS.format(n - 1)) for n in range(1, 18))
DELAY = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/delay">delay</csymbol>'
FAST = (
    '<listOfReactions>\n<reaction id="J" reversible="false" fast="true"><kineticLaw>'
    f"{MATH}<cn>1</cn></math></kineticLaw></reaction></listOfReactions>"
)
V1 = "http://www.sbml.org/sbml/level3/version1/core"
FILES = {
    "a billion laughs": (HEAD + f'<!DOCTYPE sbml [<!ENTITY a0 "ha">{LAUGHS}]>\n' + "<sbml>&a11;</sbml>", 2, "DOCTYPE"),
    "an external entity": (HEAD + '<!DOCTYPE sbml [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<sbml>&x;</sbml>', 2, "DOCTYPE"),
    "an external document type": (HEAD + '<!DOCTYPE sbml SYSTEM "http://localhost/x.dtd">\n<sbml/>', 2, "DOCTYPE"),
    "mathematics nested 20000 deep": (document(assigned(nested(20_000))), 7, "nested"),
    "elements nested 20000 deep": (document("<notes>" + "<a>" * 20_000 + "</a>" * 20_000 + "</notes>"), 4, "nested"),
    "mathematics nested below the limit of XML": (document(assigned(nested(150))), 7, "nested"),
    "the package comp": (document("", package("comp")), 2, "comp"),
    "the package fbc": (document("", package("fbc", "false")), 2, "fbc"),
    "the package distrib": (document("", package("distrib")), 2, "distrib"),
    "a package that is required": (document("", package("spatial")), 2, "spatial"),
    "two of one identifier": (
        document(f"<listOfParameters>\n{parameter('k')}{parameter('k')}</listOfParameters>"), 6, "'k'"
    ),
    "a species without a compartment": (document(species()), 5, "compartment"),
    "a species in no compartment of the file": (document(species('compartment="d"')), 5, "'d'"),
    "no XML": ("SBML is not this\n", 1, "XML"),
    "an element that does not end": (HEAD + f'<sbml xmlns="{CORE}" level="3" version="2">\n<model>\n', 4, "XML"),
    "a NUL byte": (document(assigned("<cn>1\0</cn>")), 7, "XML"),
    "what is not UTF-8": (document(assigned("<ci>p</ci>")).encode("utf-16"), 1, "UTF-8"),
    "other XML": (HEAD + '<html xmlns="http://www.w3.org/1999/xhtml"/>', 2, "no SBML"),
    "level 1": (document("", level="1", uri="http://www.sbml.org/sbml/level1"), 2, "level 1"),
    "level 9": (document("", level="9"), 2, "level 9"),
    "no model": (f'{HEAD}<sbml xmlns="{CORE}" level="3" version="2"/>', 1, "no model"),
    "an unknown name": (document(assigned("<ci>q</ci>")), 7, "'q'"),
    "a circle of rules": (document(assigned("<ci>p</ci>")), 7, "cyclic"),
    "a delay": (document(assigned(f"<apply>{DELAY}<cn>1</cn><cn>2</cn></apply>")), 7, "delay()"),
    "an algebraic rule": (document(assigned("<cn>1</cn>").replace('assignmentRule variable="p"', "algebraicRule").replace("/assignmentRule", "/algebraicRule")), 7, "algebraic"),
    "a fast reaction": (document(FAST, version="1", uri=V1), 5, "fast"),
    "a number that is no number": (document(assigned("<notanumber/>")), 7, "nan"),
    "infinity": (document(assigned("<infinity/>")), 7, "inf"),
    "a tower of powers": (document(assigned("<apply><power/><cn>9</cn><apply><power/><cn>9</cn><cn>99</cn></apply></apply>")), 7, "exponent"),
    "functions that double": (
        document(
            f"<listOfFunctionDefinitions>{FUNCTION.format('f0', '<apply><plus/><ci>x</ci><ci>x</ci></apply>')}{DOUBLING}"
            f"</listOfFunctionDefinitions>{assigned('<apply><ci>f17</ci><ci>p</ci></apply>', 'p').replace('<ci>p</ci>', '<cn>2</cn>')}"
        ), 7, "longer",
    ),
    "mathematics of 100000 terms": (document(assigned("<apply><plus/>" + "<cn>1</cn>" * 100_000 + "</apply>")), 7, "elements"),
    "a sum too long for an expression": (document(assigned("<apply><plus/>" + "<cn>1</cn>" * 5000 + "</apply>")), 7, "longer"),
    "a rule for nothing": (document(assigned("<cn>1</cn>").replace('variable="p"', 'variable="q"')), 7, "'q'"),
    "a rule for a constant": (document(assigned("<cn>1</cn>").replace("false", "true")), 7, "constant"),
    "a chain of 1500 rules": (document(chain(1500)), 5, "more than 1000"),
    "a parameter without a value": (document('<listOfParameters>\n<parameter id="k" constant="true"/></listOfParameters>'), 5, "no value"),
    "an attribute beyond reason": (document(f"<listOfParameters>\n{parameter('k' * 100_000)}</listOfParameters>"), 5, "attribute"),
}  # fmt: skip


def run(path, *options):
    command = [sys.executable, "-m", "kinetics.cli", "import", str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("name", FILES)
def test_it_is_refused_with_its_line(name, tmp_path):
    content, line, word = FILES[name]
    path, out = tmp_path / "model.xml", tmp_path / "out.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = run(path, "--out", str(out))
    assert done.returncode == 2, (done.returncode, done.stderr[-500:])
    assert f"error: {path}:{line}: " in done.stderr
    assert word in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr) < 20_000
    assert not out.exists()


def test_a_file_of_100_megabytes_is_refused_unread(tmp_path):
    path = tmp_path / "model.xml"
    path.write_bytes((HEAD + "<!--").encode() + b" " * 100_000_000)
    begun = time.process_time()
    done = run(path)
    assert done.returncode == 2
    assert "larger than 20 MB" in done.stderr
    assert time.process_time() - begun < 60


def test_functions_that_call_each_other_without_end_are_refused(tmp_path):
    path = tmp_path / "model.xml"
    functions = (
        f"<listOfFunctionDefinitions>{FUNCTION.format('f0', '<cn>1</cn>')}{DOUBLING}</listOfFunctionDefinitions>"
    )
    path.write_text(document(functions + assigned("<apply><ci>f17</ci><cn>2</cn></apply>")))
    done = run(path)
    assert done.returncode in (0, 2)
    assert done.returncode == 0 or "operations" in done.stderr


def test_all_faults_are_told_at_once(tmp_path):
    path = tmp_path / "model.xml"
    fault = f'<assignmentRule variable="p">{MATH}<apply>{DELAY}<cn>1</cn><cn>2</cn></apply></math></assignmentRule>\n'
    rules = fault + fault.replace('"p"', '"q"')
    names = "".join(parameter(name, constant="false") for name in "pq")
    path.write_text(document(f"<listOfParameters>\n{names}</listOfParameters><listOfRules>\n{rules}</listOfRules>"))
    told = run(path).stderr
    assert f"{path}:8: " in told
    assert f"{path}:9: " in told
