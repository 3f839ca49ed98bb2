"""What of an SBML file becomes what: mathematics, names, units, and what is said of the rest."""

import numpy as np
import pytest

from kinetics import InputError, Model, UnitError, read_sbml, simulate
from kinetics.errors import KineticsError
from kinetics.interop.sbml import import_sbml
from kinetics.interop.sbml.formulas.terms import MAX_LENGTH

libsbml = pytest.importorskip("libsbml")

CORE = "http://www.sbml.org/sbml/level3/version2/core"
MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML" xmlns:s="http://www.sbml.org/sbml/level3/version2/core">'
SYMBOL = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/{0}">{0}</csymbol>'


def written(folder, content, attributes=""):
    path = folder / "model.xml"
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<sbml xmlns="{CORE}" level="3" version="2">\n'
        f"<model {attributes}>\n{content}\n</model></sbml>\n"
    )
    return path


def parameters(**values):
    rows = (f'<parameter id="{name}" value="{value}" constant="false"/>' for name, value in values.items())
    return f"<listOfParameters>{''.join(rows)}</listOfParameters>"


def initially(**formulas):
    rows = (
        f'<initialAssignment symbol="{name}">{MATH}{math}</math></initialAssignment>' for name, math in formulas.items()
    )
    return f"<listOfInitialAssignments>{''.join(rows)}</listOfInitialAssignments>"


def apply(operator, *arguments):
    return f"<apply><{operator}/>{''.join(arguments)}</apply>"


def cn(value):
    return f"<cn> {value} </cn>"


def value_of(folder, math, **values):
    """What an initial assignment of a piece of mathematics gives."""
    path = written(folder, parameters(result=0, **values) + initially(result=math))
    model = import_sbml(path).model
    return model.constant_values(model.defaults)["result"]


TRUE, FALSE = "<true/>", "<false/>"
OPERATORS = {
    "sec": (0.3, 1 / np.cos(0.3)), "csc": (0.3, 1 / np.sin(0.3)), "cot": (0.3, 1 / np.tan(0.3)),
    "sech": (0.3, 1 / np.cosh(0.3)), "csch": (0.3, 1 / np.sinh(0.3)), "coth": (0.3, 1 / np.tanh(0.3)),
    "arcsec": (1.7, np.arccos(1 / 1.7)), "arccsc": (1.7, np.arcsin(1 / 1.7)), "arccot": (1.7, np.arctan(1 / 1.7)),
    "arcsech": (0.4, np.arccosh(1 / 0.4)), "arccsch": (0.4, np.arcsinh(1 / 0.4)), "arccoth": (1.7, np.arctanh(1 / 1.7)),
    "sin": (0.3, np.sin(0.3)), "arccosh": (1.7, np.arccosh(1.7)), "arctanh": (0.3, np.arctanh(0.3)),
    "floor": (-2.5, -3), "ceiling": (-2.5, -2), "factorial": (5, 120), "abs": (-2, 2), "ln": (3, np.log(3)),
    "exp": (2, np.exp(2)), "root": (9, 3), "log": (1000, 3), "minus": (-4, 4),
}  # fmt: skip


@pytest.mark.parametrize("operator", OPERATORS)
def test_functions_of_one_number(operator, tmp_path):
    argument, value = OPERATORS[operator]
    assert value_of(tmp_path, apply(operator, "<ci>x</ci>"), x=argument) == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize(
    ("math", "value"),
    [
        (apply("minus", cn(7), apply("minus", cn(3), cn(1))), 5),
        (apply("minus", cn(7), apply("plus", cn(3), cn(1))), 3),
        (apply("divide", cn(12), apply("divide", cn(6), cn(2))), 4),
        (apply("divide", cn(12), apply("times", cn(6), cn(2))), 1),
        (apply("power", cn(-2), cn(2)), 4),
        (apply("minus", apply("power", cn(2), cn(2))), -4),
        (apply("power", apply("power", cn(2), cn(3)), cn(2)), 64),
        (apply("times", cn(-3), cn(-2)), 6),
        (apply("plus"), 0),
        (apply("times"), 1),
        (apply("root", f"<degree>{cn(3)}</degree>", cn(27)), 3),
        (apply("log", f"<logbase>{cn(2)}</logbase>", cn(32)), 5),
        (apply("max", cn(3), cn(7), cn(5)), 7),
        (apply("quotient", cn(-9), cn(2)), -4),
        (apply("rem", cn(-9), cn(2)), -1),
        (apply("lt", cn(1), cn(2), cn(3)), 1),
        (apply("lt", cn(1), cn(3), cn(2)), 0),
        (apply("xor", TRUE, TRUE, TRUE), 1),
        (apply("implies", TRUE, FALSE), 0),
        (apply("eq", TRUE, apply("gt", cn(2), cn(1))), 1),
        (apply("neq", TRUE, apply("gt", cn(2), cn(1))), 0),
        (apply("and"), 1),
        (apply("or"), 0),
        (apply("plus", TRUE, TRUE), 2),
        (apply("and", cn(3), TRUE), 1),
        ("<pi/>", np.pi),
        ("<exponentiale/>", np.e),
        (SYMBOL.format("avogadro"), 6.02214179e23),
        ('<cn type="e-notation"> 1.5 <sep/> -3 </cn>', 0.0015),
        ('<cn type="rational"> 1 <sep/> 3 </cn>', 1 / 3),
        (f"<piecewise><piece>{cn(1)}{FALSE}</piece><otherwise>{cn(2)}</otherwise></piecewise>", 2),
        (f"<piecewise><piece>{cn(1)}{apply('gt', '<ci>x</ci>', cn(2))}</piece></piecewise>", 0),
    ],
)  # fmt: skip
def test_mathematics_keeps_its_order_and_its_logic(math, value, tmp_path):
    assert value_of(tmp_path, math, x=1) == pytest.approx(value, rel=1e-13)


def test_initial_assignments_come_in_any_order(tmp_path):
    math = {"c": apply("times", "<ci>b</ci>", cn(2)), "b": apply("plus", "<ci>a</ci>", cn(1))}
    model = import_sbml(written(tmp_path, parameters(a=3, b=0, c=0) + initially(**math))).model
    values = model.constant_values(model.defaults)
    assert (values["b"], values["c"]) == (4, 8)


def test_a_changing_compartment_dilutes_what_is_in_it(tmp_path):
    content = (
        '<listOfCompartments><compartment id="c" size="2" spatialDimensions="3" constant="false"/></listOfCompartments>'
        '<listOfSpecies><species id="S" compartment="c" initialAmount="6" hasOnlySubstanceUnits="false" '
        'boundaryCondition="false" constant="false"/></listOfSpecies>'
        f'<listOfRules><rateRule variable="c">{MATH}{cn(1)}</math></rateRule></listOfRules>'
    )
    result = simulate(read_sbml(written(tmp_path, content)), times=[0.0, 1.0, 4.0])
    np.testing.assert_allclose(result["S"].values, [3.0, 2.0, 1.0], rtol=1e-6)


def test_names_that_no_quantity_may_have_are_changed_and_that_is_said(tmp_path):
    path = written(tmp_path, parameters(E=1, time=2, _k=3, ok=4))
    imported = import_sbml(path)
    assert {imported.names[name] for name in ("E", "time", "_k", "ok")} <= set(imported.model.parameters)
    assert imported.names["ok"] == "ok"
    assert "E is E_" in imported.notes[0]
    with pytest.warns(UserWarning, match="E is E_"):
        assert Model.from_sbml(path).content_hash == imported.model.content_hash


UNITS = (
    '<listOfUnitDefinitions><unitDefinition id="{0}"><listOfUnits>'
    '<unit kind="{1}" exponent="{2}" scale="{3}" multiplier="{4}"/></listOfUnits></unitDefinition>'
    "</listOfUnitDefinitions>"
)
DECLARED = 'timeUnits="second" substanceUnits="mole" extentUnits="mole" volumeUnits="litre"'


def decay(folder, unit_of_k, math, attributes=DECLARED, definition=("per", "second", -1, 0, 1)):
    """One species that decays at rate k, with the unit of k."""
    content = (
        UNITS.format(*definition)
        + '<listOfCompartments><compartment id="c" size="2" spatialDimensions="3" constant="true"/>'
        '</listOfCompartments><listOfSpecies><species id="S" compartment="c" initialConcentration="3" '
        'hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/></listOfSpecies>'
        f'<listOfParameters><parameter id="k" value="0.5" {unit_of_k} constant="true"/></listOfParameters>'
        '<listOfReactions>\n<reaction id="J" reversible="false"><listOfReactants>'
        '<speciesReference species="S" stoichiometry="1" constant="true"/></listOfReactants>\n<kineticLaw>'
        f"{MATH}{math}</math></kineticLaw></reaction></listOfReactions>"
    )
    return import_sbml(written(folder, content, attributes))


LAW = apply("times", "<ci>k</ci>", "<ci>c</ci>", "<ci>S</ci>")


def test_units_that_are_complete_and_agree_are_checked(tmp_path):
    imported = decay(tmp_path, 'units="per"', LAW)
    assert (str(imported.model.states["S_amount"].unit), str(imported.model.time)) == ("mole", "second")
    assert not imported.model.is_unchecked
    assert imported.notes == ()


@pytest.mark.parametrize(("multiplier", "unit"), [(60, "minute"), (3600, "hour"), (86400, "day")])
def test_multiples_of_a_second_are_units_of_time(multiplier, unit, tmp_path):
    law = apply("divide", apply("times", "<ci>c</ci>", "<ci>S</ci>"), "<ci>k</ci>")
    declared = DECLARED.replace("second", "mine")
    imported = decay(tmp_path, 'units="mine"', law, declared, ("mine", "second", 1, 0, multiplier))
    assert (str(imported.model.time), str(imported.model.parameters["k"].unit)) == (unit, unit)


def test_units_that_are_not_complete_are_not_checked(tmp_path):
    imported = decay(tmp_path, "", LAW)
    assert imported.model.is_unchecked
    assert "'k' has no unit" in imported.incomplete
    assert imported.notes == ()
    assert "nits=" not in imported.model.to_sbml()


def test_of_units_that_do_not_agree_the_first_element_is_named(tmp_path):
    imported = decay(tmp_path, 'units="per"', apply("times", "<ci>k</ci>", "<ci>S</ci>"))
    assert imported.model.is_unchecked
    assert "model.xml:6: outputs.J.value" in imported.notes[0]
    assert "mol/L" in imported.notes[0]


def test_units_that_agree_up_to_a_factor_do_not_agree(tmp_path):
    """SBML takes numbers as they are; a model file would convert them."""
    imported = decay(tmp_path, 'units="per"', LAW, definition=("per", "second", -1, -3, 1))
    assert imported.model.is_unchecked
    assert "factor" in imported.notes[0]
    curve = simulate(imported.model, times=[0.0, 2.0])["S"].values
    np.testing.assert_allclose(curve, [3.0, 3.0 * np.exp(-1.0)], rtol=1e-6)


def test_what_has_no_effect_is_said(tmp_path):
    rule = '<listOfRules><rateRule variable="p"/></listOfRules>'
    imported = import_sbml(written(tmp_path, parameters(p=3) + rule))
    assert "line 4: left out: the rate rule of p, which has no mathematics" in imported.notes
    np.testing.assert_array_equal(imported.model.parameters["p"].value, 3.0)


def test_a_text_longer_than_an_expression_is_a_fault_of_its_line(tmp_path):
    math = apply("plus", *(["<ci>p</ci>"] * MAX_LENGTH))
    with pytest.raises(KineticsError, match=r"model\.xml:4: .*longer than"):
        import_sbml(written(tmp_path, parameters(p=1, q=1) + initially(q=math)))
    assert issubclass(UnitError, InputError)


def test_a_rate_longer_than_an_expression_is_a_sum_of_parts(tmp_path):
    """Each of 80 reactions of long names takes k*S."""
    law = f"<kineticLaw>{MATH}{apply('times', '<ci>k</ci>', '<ci>S</ci>')}</math></kineticLaw>"
    taken = '<listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/></listOfReactants>'
    rows = (f'<reaction id="{"J" * 57}_{n}" reversible="false">{taken}{law}</reaction>' for n in range(80))
    content = (
        '<listOfCompartments><compartment id="c" size="1" spatialDimensions="3" constant="true"/></listOfCompartments>'
        '<listOfSpecies><species id="S" compartment="c" initialAmount="6" hasOnlySubstanceUnits="true" '
        'boundaryCondition="false" constant="false"/></listOfSpecies>'
        f'<listOfParameters><parameter id="k" value="1" constant="true"/></listOfParameters>'
        f"<listOfReactions>{''.join(rows)}</listOfReactions>"
    )
    state = (model := import_sbml(written(tmp_path, content)).model).states["S_amount"]
    assert model.written_out(state.rate) == -80 * model.parameters["k"].symbol * state.symbol


def test_mathematics_of_version_2_in_a_file_of_version_1(tmp_path):
    path = written(tmp_path, parameters(p=3, q=1) + initially(q=apply("max", "<ci>p</ci>", cn(2))))
    package = 'xmlns:e="http://www.sbml.org/sbml/level3/version1/l3v2extendedmath/version1" e:required="true"'
    version1 = (
        path.read_text().replace("version2/core", "version1/core").replace('version="2"', f'version="1" {package}')
    )
    path.write_text(version1)
    model = import_sbml(path).model
    assert model.constant_values(model.defaults)["q"] == 3


def test_a_size_that_an_initial_assignment_gives_is_not_said_to_be_missing(tmp_path):
    compartment = '<compartment id="c" spatialDimensions="3" constant="true"/>'
    content = f"<listOfCompartments>{compartment}</listOfCompartments>{parameters(p=1)}{initially(c=cn(3))}"
    assert import_sbml(written(tmp_path, content)).notes == ()


def delayed(folder, at_trigger):
    """A concentration that is set after a delay, in a compartment that grows."""
    rate = f'<listOfRules><rateRule variable="c">{MATH}{cn(1)}</math></rateRule></listOfRules>'
    trigger = f"{MATH}{apply('gt', SYMBOL.format('time'), cn(1))}</math>"
    content = (
        '<listOfCompartments><compartment id="c" size="2" spatialDimensions="3" constant="false"/>'
        '</listOfCompartments><listOfSpecies><species id="S" compartment="c" initialAmount="6" '
        'hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/></listOfSpecies>'
        f'{rate}<listOfEvents><event id="e" useValuesFromTriggerTime="{at_trigger}">'
        f'<trigger initialValue="true" persistent="true">{trigger}'
        f"</trigger><delay>{MATH}{cn(1)}</math></delay><listOfEventAssignments>"
        f'<eventAssignment variable="S">{MATH}{cn(5)}</math></eventAssignment></listOfEventAssignments></event>'
        "</listOfEvents>"
    )
    return import_sbml(written(folder, content)).model


def test_an_event_sets_a_concentration_in_the_size_that_the_compartment_has_then(tmp_path):
    result = simulate(delayed(tmp_path, "false"), times=[1.9, 2.0, 4.0])
    np.testing.assert_allclose(result["S"].values, [6 / 3.9, 5.0, 5.0 * 4 / 6], rtol=1e-6)


def test_an_event_that_would_need_the_size_at_another_time_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"model\.xml:4: e: sets the concentration of 'S'"):
        delayed(tmp_path, "true")


def test_level_2_with_mathematics_of_stoichiometry(tmp_path):
    """A makes three of B: d[B]/dt = 3 k [A], so that B rises by three times what A falls by."""
    path = tmp_path / "model.xml"
    math = '<math xmlns="http://www.w3.org/1998/Math/MathML">'
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" '
        'version="4"><model><listOfCompartments><compartment id="c" size="2"/></listOfCompartments><listOfSpecies>'
        '<species id="A" compartment="c" initialConcentration="3"/><species id="B" compartment="c" initialAmount="1"/>'
        '</listOfSpecies><listOfParameters><parameter id="n" value="2"/></listOfParameters><listOfReactions>'
        '<reaction id="R" reversible="false"><listOfReactants><speciesReference species="A"/></listOfReactants>'
        '<listOfProducts><speciesReference species="B"><stoichiometryMath>'
        f"{math}{apply('times', '<ci>n</ci>', cn(1.5))}</math></stoichiometryMath></speciesReference>"
        f"</listOfProducts><kineticLaw>{math}"
        f"{apply('times', '<ci>k</ci>', '<ci>c</ci>', '<ci>A</ci>')}</math><listOfParameters>"
        '<parameter id="k" value="0.5"/></listOfParameters></kineticLaw></reaction></listOfReactions></model></sbml>'
    )
    result = simulate(import_sbml(path).model, times=[0.0, 2.0])
    remaining = 3 * np.exp(-1)
    np.testing.assert_allclose(result["A"].values, [3.0, remaining], rtol=1e-6)
    np.testing.assert_allclose(result["B"].values, [0.5, 0.5 + 3 * (3 - remaining)], rtol=1e-6)
