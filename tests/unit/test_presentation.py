"""Equations and tables for readers."""

import re

import pytest
import sympy as sp

from kinetics.cohorts import parameter_table
from kinetics.comparison import read_comparison
from kinetics.errors import UnknownNameError
from kinetics.files.library import library_names
from kinetics.model import Derived, Input, Model, Output, Parameter, State
from kinetics.model.latex import equations, is_latex, latex, latex_name
from kinetics.observation import VisitSchedule
from kinetics.regimen import Course, Regimen

CASES = re.compile(r"\\begin\{cases\}.*?\\end\{cases\}")  # it aligns by itself
k, V, A, S, C = sp.symbols("k_el V A_c alpha_0 total")


def known() -> Model:
    return Model.from_symbols(
        "known",
        time="day",
        parameters=[
            Parameter(name="k_el", value=0.1, unit="1/day", spread=0.3, about="elimination"),
            Parameter(name="V", value=3, unit="L", latex="V_{1}"),
        ],
        inputs=[Input(name="alpha_0", unit="1", rest=1)],
        derived=[Derived(name="total", unit="mg/L", value=A / V)],
        states=[State(name="A_c", unit="mg", initial=0, rate=-k * A * S)],
        outputs=[Output(name="C", unit="mg/L", value=C, latex=r"\input{x}")],
    )


def test_a_known_model_is_written_as_by_hand():
    assert [tuple(row) for row in equations(known())] == [
        ("rate", "A_c", r"\frac{\mathrm{d} A_{c}}{\mathrm{d} t} &= - A_{c} \alpha_{0} k_{el}"),
        ("initial", "A_c", r"A_{c}(0) &= 0"),
        ("derived", "total", r"\mathrm{total} &= \frac{A_{c}}{V_{1}}"),
        ("output", "C", r"C &= \mathrm{total}"),
    ]


def test_the_system_is_aligned():
    text = latex(known())
    assert text.startswith("\\begin{align*}\n")
    assert text.endswith("\n\\end{align*}\n")
    assert text.count("&=") == 4
    assert text.count("\\\\\n") == 3


def test_two_names_never_share_a_symbol():
    model = Model.from_symbols(
        "shared",
        time="day",
        parameters=[Parameter(name=n, value=1, unit="1/day", latex=t) for n, t in (("p", "k"), ("q", "k"), ("k", ""))]
        + [Parameter(name=n, value=1, unit="1/day") for n in ("a_b", "a__b", "a_b_")],
        states=[State(name="X", unit="mg", initial=0, rate=-sum(sp.symbols("p q k a_b a__b a_b_")) * sp.Symbol("X"))],
    )
    text = equations(model)[0].latex
    for symbol in (r"\mathrm{a\_b}", r"\mathrm{a\_\_b}", r"\mathrm{a\_b\_}"):
        assert symbol in text
    assert len(set(re.findall(r"\b[pqk]\b", text))) == 3


@pytest.mark.parametrize("name", library_names("models"))
def test_every_equation_of_every_model_that_ships(name):
    model = Model.load(name)
    rows = equations(model)
    assert {row.name for row in rows if row.kind == "rate"} == set(model.states)
    assert {row.name for row in rows if row.kind == "initial"} == set(model.states)
    assert {row.name for row in rows if row.kind == "derived"} == set(model.derived)
    assert {row.name for row in rows if row.kind == "output"} == set(model.outputs)
    left = [row.latex.split(" &= ")[0] for row in rows if row.kind != "output"]
    assert len(set(left)) == len(left)
    for row in rows:
        assert CASES.sub("", row.latex).count("&") == 1
        assert row.latex.count("{") == row.latex.count("}")
        assert not re.search(r"\\(input|include|write|def|catcode)", row.latex)


@pytest.mark.parametrize("name", library_names("models"))
def test_every_parameter_of_every_model_that_ships(name):
    model = Model.load(name)
    rows = parameter_table(model)
    assert [row.name for row in rows] == list(model.parameters)
    assert {row.name: row.value for row in rows} == {n: p.value for n, p in model.parameters.items()}
    assert all(row.source and row.about for row in rows)


@pytest.mark.parametrize("cohort", ["relapsing", "progressive"])
def test_the_table_of_a_cohort_tells_estimates_from_sources(cohort):
    from kinetics.cohorts.cohort import cohort_parameters

    model = Model.load("reconstitution")
    values = cohort_parameters(model, cohort)
    rows = {row.name: row for row in parameter_table(model, cohort)}
    assert {name: row.value for name, row in rows.items()} == {n: values.values[n] for n in model.parameters}
    assert rows["limit_CD4"].doi == "10.1136/jnnp-2011-300826"
    estimated = [row for row in rows.values() if row.source.startswith("estimate of ")]
    assert {row.name: row.source.removeprefix("estimate of ") for row in estimated} == values.estimated
    assert rows["signals_e4"].source == "estimate of care_ms_course_1_population"  # the second fit holds it fixed
    second = "estimate of hill_cawthorne_2012_population"
    assert (rows["cd4_phi"].source == second) == (cohort == "progressive")


def test_a_model_is_short_to_print():
    assert repr(known()) == "<Model known (states: 1, parameters: 2, outputs: 1, doses: 0, cohorts: 0)>"
    assert len(repr(Model.load("reconstitution"))) < 100


def test_what_a_model_is_made_of_is_short_to_print():
    model = Model.load("reconstitution")
    assert max(len(repr(row)) for row in model.definitions.values()) < 300
    assert repr(known().parameters["V"]) == "<Parameter V, L>".replace("L", str(known().parameters["V"].unit))
    assert repr(model.cohorts["relapsing"]).startswith("<Cohort relapsing:")
    assert len(repr(model.cohorts["relapsing"])) < 200


def test_visits_and_a_comparison_are_short_to_print_and_tables_in_a_notebook():
    visits, comparison = VisitSchedule.load(library_names("models/visits")[0]), read_comparison()
    assert repr(visits).startswith(f"<VisitSchedule {visits.name}: ")
    assert len(repr(visits)) < 150
    assert all("<table>" in one._repr_html_() for one in (visits, comparison))


def test_the_package_lists_its_public_names():
    import kinetics

    assert dir(kinetics) == sorted(kinetics.__all__)


def test_an_unknown_cohort_is_told():
    with pytest.raises(UnknownNameError, match="has no cohort 'none'; it declares no cohorts"):
        parameter_table(known(), "none")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("k_M4", "k_{M4}"),
        ("k", "k"),
        ("CL", "CL"),
        ("phi", r"\phi"),
        ("clearance_0", r"\mathrm{clearance}_{0}"),
        ("x__y", "x_{y}"),
    ],
)
def test_names_become_symbols(name, written):
    assert latex_name(name) == written
    assert is_latex(written)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k_",
        "k^",
        "{",
        "}{",
        "$x$",
        "x%",
        "x&y",
        "x#1",
        "~",
        r"\input{a}",
        r"\write18{ls}",
        r"\\",
        "\\",
        "a\nb",
        "é",
        "x" * 61,
    ],
)
def test_what_is_no_symbol(text):
    assert not is_latex(text)


def test_a_notebook_shows_what_a_model_and_a_regimen_are_made_of():
    rate = Parameter(name="k", value=0.1, unit="1/day", about="loss < gain")
    pool = State(name="A", unit="mg", initial=0, rate=0)
    shown = Model.from_symbols("decay", time="day", parameters=[rate], states=[pool])._repr_html_()
    assert "<td>parameter</td><td>k</td><td>0.1</td><td>1/day</td><td>loss &lt; gain</td>" in shown
    course = Course.of("drug_a", "12 mg", every="1 day", count=3)
    assert repr(course) == "<Course at 0 day: 3 doses of drug_a>"
    assert repr(course.doses[0]) == "<Dose drug_a 12 mg at 0 day>"
    assert repr(Regimen.none()) == "<Regimen none: 0 courses, 0 doses>"
    assert "<td>3, every 1 day</td>" in course._repr_html_()
    assert "<td>3, every 1 day</td>" in course.repeat(2, every="12 month")._repr_html_()
