"""The verb `export`: its formats, what it refuses, and expressions as text of other languages."""

import functools
import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import kinetics
from kinetics import Course, InputError, Model, Regimen, UnknownNameError
from kinetics.exports.formats.infix import PYTHON, SBML, infix
from kinetics.exports.formats.units import unit_identifier, unit_parts
from kinetics.expressions import evaluate, parse
from kinetics.interop.sbml.formulas.math import Formula, Mathematics
from kinetics.interop.sbml.formulas.terms import Term
from kinetics.regimen import dose_records
from kinetics.units import conversion, parse_unit

NAMES = {name: sp.Symbol(name, real=True) for name in ("A", "B", "k")}
leaves = st.sampled_from(["A", "B", "k", "1", "2", "0.25", "3/7", "1e-7"])
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda text: f"(-{text})"),
        st.tuples(inner, st.integers(2, 3)).map(lambda t: f"({t[0]})^{t[1]}"),
        st.tuples(inner, inner).map(lambda t: f"{t[0]}/(1 + ({t[1]})^2)"),
        st.tuples(st.sampled_from(["exp(-{}^2)", "sqrt(1 + {}^2)", "abs({})", "max({}, 1)", "min({}, 0)"]), inner).map(
            lambda t: t[0].format(f"({t[1]})")
        ),
        st.tuples(leaves, leaves, inner).map(lambda t: f"piecewise({t[0]} < {t[1]}, {t[2]}, 2*{t[0]})"),
        st.tuples(leaves, leaves, inner).map(lambda t: f"piecewise({t[0]} < 1 xor {t[1]} > 0, {t[2]}, {t[0]})"),
    ),
    max_leaves=8,
)


@given(trees, st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_text_of_python_has_the_value_of_the_expression(text, numbers):
    expression = parse(text, NAMES)
    values = dict(zip(NAMES.values(), numbers, strict=True))
    found = eval(infix(expression, PYTHON), {"np": np}, {s.name: np.float64(v) for s, v in values.items()})
    assert float(found) == pytest.approx(evaluate(expression, values), rel=1e-11, abs=1e-11, nan_ok=True)


@given(trees, st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_formulas_of_sbml_are_read_as_they_were_written(text, numbers):
    libsbml = pytest.importorskip("libsbml")
    expression = parse(text, NAMES)
    tree = libsbml.parseL3Formula(infix(expression, SBML))
    assert tree is not None, libsbml.getLastParseL3Error()
    again = parse(Mathematics({}).number(Formula(tree, 1), SimpleNamespace(value=Term)).text, NAMES)
    values = dict(zip(NAMES.values(), numbers, strict=True))
    assert evaluate(again, values) == pytest.approx(evaluate(expression, values), rel=1e-11, abs=1e-11, nan_ok=True)


@pytest.mark.parametrize("text", ["mg/L/day", "1e9/L", "mg/m^2", "1/day", "month", "L/mg/day", "kg", "ng/mL"])
def test_a_unit_is_the_product_of_its_parts(text):
    root = {"metre": "m", "litre": "L", "gram": "g", "second": "s"}
    unit, product, factor = parse_unit(text), parse_unit("1"), 1.0
    for kind, exponent, multiplier in unit_parts(unit):
        product = product * parse_unit(root[kind]) ** exponent
        factor *= multiplier**exponent
    assert factor == pytest.approx(float(conversion(unit, product)), rel=1e-14)
    assert unit_identifier(unit).isidentifier()


def test_records_of_nonmem_are_those_of_the_regimen():
    model, regimen = Model.load("reconstitution"), Regimen.load("ms_licensed")
    head, *rows = [line.split(",") for line in kinetics.export(model, "nonmem", regimen=regimen).splitlines()]
    records = dose_records(regimen, model)
    assert head == ["ID", "TIME", "AMT", "RATE", "EVID", "CMT", "DV", "MDV"]
    assert [(float(row[1]), float(row[2])) for row in rows] == [(record.time, record.amount) for record in records]
    durations = [float(row[2]) / float(row[3]) for row in rows]
    assert durations == pytest.approx([record.duration for record in records])


def test_the_ending_of_a_file_says_the_format(tmp_path):
    for suffix, begin in ((".xml", "<?xml"), (".ant", "//"), (".py", '"""'), (".tex", "\\")):
        path = tmp_path / f"model{suffix}"
        text = kinetics.export("rituximab", out=path)
        assert path.read_text(encoding="utf-8") == text
        assert text.lstrip().startswith(begin)


def test_the_same_model_is_the_same_text():
    texts = [Model.load("rituximab").to_sbml(regimen="rituximab_2_x_1000mg") for _ in range(2)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"format": "smbl"}, UnknownNameError, "did you mean 'sbml'"),
        ({}, InputError, "say which"),
        ({"out": "model.txt"}, InputError, "say which"),
        ({"format": "nonmem"}, InputError, "name one with --regimen"),
        ({"format": "python", "regimen": "rituximab_2_x_1000mg"}, InputError, "has no doses"),
        ({"format": "latex", "cohort": "x"}, InputError, "needs no cohort"),
        ({"format": "sbml", "regimen": "ms_licensed"}, InputError, "unknown drug 'alemtuzumab'"),
        ({"format": "sbml", "regimen": "nobody"}, InputError, "nobody"),
        ({"format": "sbml", "out": "/nowhere/model.xml"}, InputError, "cannot be written"),
    ],
)
def test_what_cannot_be_exported_is_named(options, error, message):
    with pytest.raises(error, match=message):
        kinetics.export("rituximab", **options)


def test_doses_of_a_rule_that_may_overlap_are_refused():
    rule = kinetics.Rule("amount", "1 mg", "drug", "1 mg", "4 hour", most=2)
    pool = kinetics.model.State(name="A", unit="mg", initial=0, rate=0)
    dose = kinetics.model.Dose(name="drug", unit="mg", into="A")
    count = kinetics.model.Output(name="amount", unit="mg", value=pool.symbol)
    model = Model.from_symbols("pool", time="day", states=[pool], doses=[dose], outputs=[count])
    with pytest.raises(InputError, match="may overlap"):
        kinetics.export(model, "antimony", regimen=Regimen(rules=[rule]))


def test_added_names_keep_clear_of_those_of_the_model():
    names = ("inflow_drug", "clock_", "A")
    states = [kinetics.model.State(name=name, unit="mg", initial=0, rate=0) for name in names]
    dose = kinetics.model.Dose(name="drug", unit="mg", into="A")
    model = Model.from_symbols("pool", time="day", states=states, doses=[dose])
    text = kinetics.export(model, "antimony", regimen=Course.of("drug", "1 mg", "4 hour"))
    declared = [line.strip() for line in text.splitlines() if line.strip().startswith("var ")]
    assert declared == [f"var {name};" for name in itertools.chain(names, ["inflow_drug_"])]


WORDS = ("lambda", "values", "np", "at", "unit_mg", "gamma", "item")


@pytest.fixture
def worded():
    """A model whose names are words of Python and Antimony: A falls by the sum of 1, 2, ... a day."""
    rows = [kinetics.model.Parameter(name=word, value=n, unit="1/day") for n, word in enumerate(WORDS, 1)]
    pool = kinetics.model.State(
        name="import", unit="1", initial=1, rate=-sum(r.symbol for r in rows) * sp.Symbol("import")
    )
    return functools.partial(Model.from_symbols, "my-words", time="day", parameters=rows, states=[pool])


def test_words_of_python_are_names_in_its_module(worded):
    module = {}
    exec(worded().to_python(), module)
    rates = module["rates"](0.0, [2.0], {"lambda": 3.0})
    np.testing.assert_array_equal(rates, [-2.0 * (sum(range(1, len(WORDS) + 1)) + 2)])


def test_words_of_antimony_are_names_in_its_text_and_an_event_waits(worded):
    """An event may have the name of a quantity; elsewhere all names are in one space."""
    antimony, libsbml = pytest.importorskip("antimony"), pytest.importorskip("libsbml")
    pool = sp.Symbol("import")
    event = kinetics.model.Event(
        name="import", trigger=pool < 1, delay=sp.Symbol("at") ** -1, assignments={"import": pool}
    )
    model = worded(events=[event])
    antimony.clearPreviousLoads()
    assert antimony.loadAntimonyString(model.to_antimony()) >= 0, antimony.getLastError()
    for text in (antimony.getSBMLString("my_words"), model.to_sbml()):
        document = libsbml.readSBMLFromString(text)
        assert not document.checkConsistency() or not document.getNumErrors(libsbml.LIBSBML_SEV_ERROR)
        read = document.getModel()
        assert [row.getValue() for row in read.getListOfParameters()][: len(WORDS)] == list(range(1, len(WORDS) + 1))
        assert libsbml.formulaToL3String(read.getEvent(0).getDelay().getMath()) in ("1 / at_", "1 / at")
    with pytest.raises(InputError, match="python has no events"):
        model.to_python()
