"""Hostile SBML: each file is refused with status 2 and its line, in seconds, and the interpreter lives on."""

import gzip
import subprocess
import sys

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


def listed(*rows):
    """Parameters from line 5 on."""
    return f"<listOfParameters>\n{''.join(rows)}</listOfParameters>"


def assigned(math, name="p"):
    """A parameter on line 5 that a rule on line 7 assigns."""
    parameters = f"<listOfParameters>\n{parameter(name, constant='false')}</listOfParameters><listOfRules>\n"
    return f'{parameters}<assignmentRule variable="{name}">{MATH}{math}</math></assignmentRule></listOfRules>'


def nested(depth):
    return "<apply><minus/>" * depth + "<cn>1</cn>" + "</apply>" * depth


def package(name, required="true"):
    return f' xmlns:x="{PACKAGE.format(name)}" x:required="{required}"'


def species(attributes="", constant="false"):
    return (
        '<listOfCompartments><compartment id="c" size="1" constant="true"/></listOfCompartments><listOfSpecies>\n'
        f'<species id="S" {attributes} initialAmount="1" hasOnlySubstanceUnits="false" boundaryCondition="false" '
        f'constant="{constant}"/></listOfSpecies>'
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
TWICE = "<apply><plus/><ci>x</ci><ci>x</ci></apply>"
CALLS = "<apply><ci>f{0}</ci><apply><ci>f{0}</ci><ci>x</ci></apply></apply>"
DOUBLING = "".join(FUNCTION.format(f"f{n}", CALLS.format(n - 1)) for n in range(1, 18))
DELAY = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/delay">delay</csymbol>'
FAST = (
    '<listOfReactions>\n<reaction id="J" reversible="false" fast="true"><kineticLaw>'
    f"{MATH}<cn>1</cn></math></kineticLaw></reaction></listOfReactions>"
)
ALGEBRAIC = assigned("<cn>1</cn>").replace(' variable="p"', "").replace("assignmentRule", "algebraicRule")
MAKES_S = (
    '<listOfReactions>\n<reaction id="J" reversible="false"><listOfProducts><speciesReference species="S" '
    'stoichiometry="1" constant="true"/></listOfProducts></reaction></listOfReactions>'
)
ONCE_INITIAL = f'<initialAssignment symbol="p">{MATH}<cn>1</cn></math></initialAssignment>\n'
TWICE_INITIAL = (
    f"<listOfParameters>\n{parameter('p')}</listOfParameters><listOfInitialAssignments>\n{ONCE_INITIAL * 2}"
    "</listOfInitialAssignments>"
)
TOWER = "<apply><power/><cn>9</cn><apply><power/><cn>9</cn><cn>99</cn></apply></apply>"
V1 = "http://www.sbml.org/sbml/level3/version1/core"
FILES = {
    "a billion laughs": (HEAD + f'<!DOCTYPE sbml [<!ENTITY a0 "ha">{LAUGHS}]>\n' + "<sbml>&a11;</sbml>", 2, "DOCTYPE"),
    "an external entity": (
        HEAD + '<!DOCTYPE sbml [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<sbml>&x;</sbml>',
        2,
        "DOCTYPE",
    ),
    "an external document type": (HEAD + '<!DOCTYPE sbml SYSTEM "http://localhost/x.dtd">\n<sbml/>', 2, "DOCTYPE"),
    "mathematics nested 20000 deep": (document(assigned(nested(20_000))), 7, "nested"),
    "elements nested 20000 deep": (document("<notes>" + "<a>" * 20_000 + "</a>" * 20_000 + "</notes>"), 4, "nested"),
    "mathematics nested below the limit of XML": (document(assigned(nested(150))), 7, "nested"),
    "the package comp": (document("", package("comp")), 2, "comp"),
    "the package fbc": (document("", package("fbc", "false")), 2, "fbc"),
    "the package distrib": (document("", package("distrib")), 2, "distrib"),
    "a package that is required": (document("", package("spatial")), 2, "spatial"),
    "two of one identifier": (
        document(f"<listOfParameters>\n{parameter('k')}{parameter('k')}</listOfParameters>"),
        6,
        "'k'",
    ),
    "a species without a compartment": (document(species()), 5, "compartment"),
    "a species in no compartment of the file": (document(species('compartment="d"')), 5, "'d'"),
    "a species with two initial values": (
        document(species('compartment="c" initialConcentration="2"')),
        5,
        "leave one",
    ),
    "a concentration in nothing": (document(species('compartment="c"').replace('size="1"', 'size="0"')), 5, "size 0"),
    "a constant that a reaction changes": (
        document(
            species('compartment="c"').replace('n="false" constant="false"', 'n="false" constant="true"') + MAKES_S
        ),
        6,
        "which is constant",
    ),
    "two initial values": (document(TWICE_INITIAL), 8, "a second"),
    "no XML": ("SBML is not this\n", 1, "XML"),
    "an element that does not end": (HEAD + f'<sbml xmlns="{CORE}" level="3" version="2">\n<model>\n', 4, "XML"),
    "a NUL byte": (document(assigned("<cn>1\0</cn>")), 7, "XML"),
    "UTF-16": (document(assigned("<ci>p</ci>")).encode("utf-16"), 1, "UTF-16"),
    "what is not UTF-8": (document(assigned("<ci>\xe9</ci>")).encode("latin-1"), 7, "UTF-8"),
    "a compressed file": (gzip.compress(document("").encode()), 1, "unpack it"),
    "an empty file": ("", 1, "XML"),
    "other XML": (HEAD + '<html xmlns="http://www.w3.org/1999/xhtml"/>', 2, "no SBML"),
    "level 1": (document("", level="1", uri="http://www.sbml.org/sbml/level1"), 2, "level 1"),
    "level 9": (document("", level="9"), 2, "level 9"),
    "no model": (f'{HEAD}<sbml xmlns="{CORE}" level="3" version="2"/>', 1, "no model"),
    "an unknown name": (document(assigned("<ci>q</ci>")), 7, "'q'"),
    "a circle of rules": (document(assigned("<ci>p</ci>")), 7, "cyclic"),
    "a delay": (document(assigned(f"<apply>{DELAY}<cn>1</cn><cn>2</cn></apply>")), 7, "delay()"),
    "an algebraic rule": (document(ALGEBRAIC), 7, "algebraic"),
    "a fast reaction": (document(FAST, version="1", uri=V1), 5, "fast"),
    "a number that is no number": (document(assigned("<notanumber/>")), 7, "nan"),
    "infinity": (document(assigned("<infinity/>")), 7, "inf"),
    "a decimal comma": (document(assigned("<cn>1,5</cn>")), 7, "'1,5' is no number"),
    "a number of base 16": (document(assigned('<cn type="integer" base="16">1F</cn>')), 7, "base 16"),
    "half a number": (document(assigned('<cn type="rational">1</cn>')), 7, "2 parts"),
    "a value in hexadecimal": (
        document(listed(parameter("k", "0x10"))),
        5,
        "'0x10'",
    ),
    "a value beyond doubles": (
        document(f"<listOfParameters>\n{parameter('k', '1e400')}</listOfParameters>"),
        5,
        "1e400",
    ),
    "a tower of powers": (document(assigned(TOWER)), 7, "exponent"),
    "functions that double": (
        document(
            f"<listOfFunctionDefinitions>{FUNCTION.format('f0', TWICE)}{DOUBLING}"
            f"</listOfFunctionDefinitions>{assigned('<apply><ci>f17</ci><cn>2</cn></apply>')}"
        ),
        7,
        "longer",
    ),
    "functions in a circle": (
        document(
            f"<listOfFunctionDefinitions>{FUNCTION.format('f', '<apply><ci>g</ci><ci>x</ci></apply>')}"
            f"{FUNCTION.format('g', '<apply><ci>f</ci><ci>x</ci></apply>')}</listOfFunctionDefinitions>"
        ),
        4,
        "f -> g -> f",
    ),
    "functions beyond reason": (
        document(f"<listOfFunctionDefinitions>{'<functionDefinition/>' * 3001}</listOfFunctionDefinitions>"),
        4,
        "more than 3000 functions",
    ),
    "mathematics of 100000 terms": (
        document(assigned("<apply><plus/>" + "<cn>1</cn>" * 100_000 + "</apply>")),
        7,
        "elements",
    ),
    "a sum too long for an expression": (
        document(assigned("<apply><plus/>" + "<cn>1</cn>" * 5000 + "</apply>")),
        7,
        "longer",
    ),
    "a rule for nothing": (document(assigned("<cn>1</cn>").replace('variable="p"', 'variable="q"')), 7, "'q'"),
    "a rule for a constant": (document(assigned("<cn>1</cn>").replace("false", "true")), 7, "constant"),
    "a chain of 1500 rules": (document(chain(1500)), 5, "more than 1000"),
    "a parameter without a value": (
        document('<listOfParameters>\n<parameter id="k" constant="true"/></listOfParameters>'),
        5,
        "no value",
    ),
    "an attribute beyond reason": (
        document(f"<listOfParameters>\n{parameter('k' * 100_000)}</listOfParameters>"),
        5,
        "attribute",
    ),
}


@pytest.mark.processor_time(30)
@pytest.mark.parametrize("name", FILES)
def test_it_is_refused_with_its_line(run, name, tmp_path):
    content, line, word = FILES[name]
    path, out = tmp_path / "model.xml", tmp_path / "out.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    answer = run("import", path, "--out", out)
    assert answer.status == 2, answer.err[-500:]
    assert f"error: {path}:{line}: " in answer.err
    assert word in answer.err
    assert len(answer.err) < 20_000
    assert not out.exists()


def test_mathematics_nested_deep_does_not_end_the_process(tmp_path):
    """libsbml itself ends in a fault of the system, which no exception tells."""
    path = tmp_path / "model.xml"
    path.write_text(document(assigned(nested(20_000))))
    command = [sys.executable, "-m", "kinetics.cli", "import", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert f"error: {path}:7: elements nested" in done.stderr


@pytest.mark.processor_time(30)
def test_a_file_of_100_megabytes_is_refused_unread(run, tmp_path):
    path = tmp_path / "model.xml"
    path.write_bytes((HEAD + "<!--").encode() + b" " * 100_000_000)
    answer = run("import", path)
    assert answer.status == 2
    assert "larger than 20 MB" in answer.err


def test_all_faults_of_mathematics_are_told_at_once(run, tmp_path):
    path = tmp_path / "model.xml"
    fault = f'<assignmentRule variable="p">{MATH}<apply>{DELAY}<cn>1</cn><cn>2</cn></apply></math></assignmentRule>\n'
    rules = fault + fault.replace('"p"', '"q"')
    names = "".join(parameter(name, constant="false") for name in "pq")
    path.write_text(document(f"<listOfParameters>\n{names}</listOfParameters><listOfRules>\n{rules}</listOfRules>"))
    told = run("import", path).err
    assert f"{path}:8: " in told
    assert f"{path}:9: " in told


def test_what_libsbml_finds_and_what_it_does_not_are_told_at_once(run, tmp_path):
    path = tmp_path / "model.xml"
    rows = [parameter("k"), parameter("k"), '<parameter id="m" constant="true"/>\n']
    path.write_text(document(species('compartment="d"') + f"<listOfParameters>\n{''.join(rows)}</listOfParameters>"))
    told = run("import", path).err
    for line, word in ((5, "'d'"), (7, "'k'"), (8, "no value")):
        assert any(f"{path}:{line}: " in fault and word in fault for fault in told.splitlines()), line


@pytest.mark.processor_time(30)
def test_functions_that_call_each_other_without_end_are_refused(run, tmp_path):
    """2^17 calls, whose text does not grow."""
    path = tmp_path / "model.xml"
    functions = (
        f"<listOfFunctionDefinitions>{FUNCTION.format('f0', '<cn>1</cn>')}{DOUBLING}</listOfFunctionDefinitions>"
    )
    path.write_text(document(functions + assigned("<apply><ci>f17</ci><cn>2</cn></apply>")))
    answer = run("import", path)
    assert answer.status == 2
    assert "operations in all" in answer.err


def test_what_was_renamed_and_left_out_is_told_and_written(run, tmp_path):
    path, out = tmp_path / "model.xml", tmp_path / "out.toml"
    rule = '<listOfRules><rateRule variable="E"/></listOfRules>'
    path.write_text(document(f"<listOfParameters>\n{parameter('E', constant='false')}</listOfParameters>{rule}"))
    answer = run("import", path, "--out", out)
    assert answer.status == 0
    for told in ("E is E_", "line 6: left out: the rate rule of E", "units are not checked"):
        assert told in answer.err
        assert told in out.read_text()
    assert run("check", out).status == 0


def test_a_file_that_exists_stays_if_the_import_fails(run, tmp_path):
    path, out = tmp_path / "model.xml", tmp_path / "out.toml"
    path.write_text("no SBML")
    out.write_text("mine")
    assert run("import", path, "--out", out).status == 2
    assert out.read_text() == "mine"


def test_it_is_checked_and_taken_by_no_other_command_as_it_is(run, tmp_path):
    path = tmp_path / "model.xml"
    path.write_text(document(f"<listOfParameters>\n{parameter('E', constant='false')}</listOfParameters>"))
    checked = run("check", path)
    assert (checked.status, "E is E_" in checked.out) == (0, True)
    simulated = run("simulate", path, "--until", "1 day")
    assert simulated.status == 2
    assert "kinetics import" in simulated.err
