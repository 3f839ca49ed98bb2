"""Schematics: the arrows are the flows of the model, all of them and no others."""

import pytest
import sympy as sp

from kinetics import Model, draw
from kinetics.errors import InputError
from kinetics.figures.schematic.flows import flows
from kinetics.files.library import library_names
from kinetics.model import Input, Parameter, State


def rates(**names):
    return [Parameter(name=name, value=0.1, unit=unit) for name, unit in names.items()]


def model(rates_of, parameters, inputs=(), unit="mg"):
    states = [State(name=name, unit=unit, initial=0, rate=sp.sympify(rate)) for name, rate in rates_of.items()]
    return Model.from_symbols("m", time="day", parameters=parameters, inputs=inputs, states=states)


def arrows(model):
    return {(flow.source, flow.target, flow.is_growth) for flow in flows(model)}


A, B, C, k, d, s, r, V, X = sp.symbols("A B C k d s r V X")


@pytest.mark.parametrize(
    ("rates_of", "expected"),
    [
        ({"A": -k * A, "B": k * A - d * B}, {("A", "B", False), ("B", None, False)}),
        ({"A": k * (B - A), "B": k * (A - B)}, {("A", "B", False), ("B", "A", False)}),
        ({"A": -k * A * B, "B": -k * A * B, "C": k * A * B}, {("A", "C", False), ("B", "C", False)}),
        ({"A": -k * A, "B": 2 * k * A}, {("A", "B", False)}),
        ({"A": -k * A, "B": k * A / r}, {("A", "B", False)}),
        ({"A": -d * A, "B": k * A}, {("A", None, False), (None, "B", False)}),
        ({"A": k * A * (1 - A / V), "B": s - d * B}, {(None, "A", True), (None, "B", False), ("B", None, False)}),
        ({"A": k * (V - A)}, {(None, "A", False), ("A", None, False)}),
        ({"A": -k * A * (1 + r * (X - 1)), "B": k * A * (1 + r * (X - 1))}, {("A", "B", False)}),
    ],
    ids=["chain", "exchange", "binding", "division", "factor", "signal", "logistic", "turnover", "regulated"],
)
def test_the_arrows_are_the_flows(rates_of, expected):
    parameters = rates(k="1/day", d="1/day", r="1", V="mg", s="mg/day")
    if "C" in rates_of:
        parameters = rates(k="1/day/mg")
    if "V" in str(rates_of) and "A/V" not in str(rates_of):
        parameters = rates(k="1/day", V="mg")
    built = model(rates_of, parameters, [Input(name="X", unit="1", rest=1)])
    assert arrows(built) == expected


def test_a_regulator_is_an_input_or_another_state():
    rates_of = {"A": -k * A * X, "B": k * A * X - d * B * A / V}
    built = model(rates_of, rates(k="1/day", d="1/day", V="mg"), [Input(name="X", unit="1", rest=1)])
    found = {(flow.source, flow.target): flow.regulators for flow in flows(built)}
    assert found == {("A", "B"): ("X",), ("B", None): ("A",)}


def test_the_flows_of_models_that_ship():
    assert arrows(Model.load("alemtuzumab")) == {
        ("A_c", "A_p", False), ("A_p", "A_c", False), ("A_c", None, False),
    }  # fmt: skip
    assert arrows(Model.load("cd4")) == {
        ("N4_t", "N4_b", False), ("N4_b", "N4_t", False), ("M4_t", "M4_b", False), ("M4_b", "M4_t", False),
        ("N4_t", "M4_t", False), (None, "N4_t", False), (None, "N4_t", True), (None, "M4_t", False),
        (None, "M4_t", True), ("N4_t", None, False), ("N4_b", None, False), ("M4_t", None, False),
        ("M4_b", None, False),
    }  # fmt: skip


def test_what_leaves_one_part_enters_another():
    ends = {(flow.source, flow.target) for flow in flows(Model.load("reconstitution"))}
    between = {(a, b) for a, b in ends if a and b and a.split("_")[0] != b.split("_")[0]}
    assert between == {("cd4_M4_t", "treg_R_t")}


@pytest.mark.parametrize("states", [2, 3, 5])
def test_every_flow_of_a_closed_model_has_both_ends(states):
    names = [f"S{i}" for i in range(states)]
    moves = {(i, (i + step) % states) for i in range(states) for step in (1, 2) if (i + step) % states != i}
    parameters = rates(**{f"k{i}_{j}": "1/day" for i, j in moves})
    rates_of = dict.fromkeys(names, 0)
    for i, j in moves:
        amount = sp.Symbol(f"k{i}_{j}") * sp.Symbol(names[i])
        rates_of[names[i]] -= amount
        rates_of[names[j]] += amount
    found = arrows(model(rates_of, parameters))
    assert found == {(names[i], names[j], False) for i, j in moves}


@pytest.mark.parametrize("name", library_names("models"))
def test_every_model_that_ships_fits_a_page(name):
    drawn = draw("schematic", model=name)
    gids = {artist.get_gid() for artist in drawn.figure.axes[0].get_children()}
    states, own = Model.load(name).states, flows(Model.load(name))
    assert {f"state-{state}" for state in states} <= gids
    shown = {tuple(sorted((flow.source, flow.target))) for flow in own if flow.source and flow.target}
    for source, target in shown:
        assert {f"flow-{source}-{target}", f"flow-{target}-{source}"} & gids
    assert len(drawn.data) == len(own)


@pytest.mark.parametrize("name", ["alemtuzumab", "cd4", "cd8", "treg", "b_cells", "nk", "rituximab"])
def test_a_small_model_fits_a_column(name):
    assert draw("schematic", model=name, width="single").figure.get_size_inches()[0] == pytest.approx(85 / 25.4)


def test_a_schematic_without_a_model_says_how():
    with pytest.raises(InputError, match=r"draw\('schematic', model=NAME\)"):
        draw("schematic")


def test_identical_models_are_drawn_alike(tmp_path):
    for name in ("a.svg", "b.svg"):
        draw("schematic", tmp_path / name, model="treg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
