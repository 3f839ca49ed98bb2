"""SBML that libsbml writes: a random network gives the curves of the same network in our own text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics import Model, simulate
from kinetics.interop.sbml import import_sbml

libsbml = pytest.importorskip("libsbml")
TIMES = [0.0, 0.3, 1.0, 2.5, 6.0]
FEW = settings(max_examples=12, deadline=None)


@st.composite
def networks(draw):
    """Initial concentrations, compartments of species, their sizes, and reactions of mass action."""
    n_species = draw(st.integers(2, 4))
    number = st.floats(0.1, 3.0).map(lambda value: round(value, 3))
    sizes = draw(st.lists(number, min_size=1, max_size=2))
    species = [(draw(number), draw(st.integers(0, len(sizes) - 1)), draw(st.booleans())) for _ in range(n_species)]
    member = st.integers(0, n_species - 1)
    side = st.lists(member, min_size=1, max_size=2)
    reactions = draw(st.lists(st.tuples(side, side, number), min_size=1, max_size=4))
    return sizes, species, reactions


def as_sbml(network):
    """The document that libsbml writes: laws in amounts per time, of concentrations or of amounts."""
    sizes, species, reactions = network
    document = libsbml.SBMLDocument(3, 2)
    model = document.createModel()
    for number, size in enumerate(sizes):
        row = model.createCompartment()
        row.setId(f"c{number}"), row.setSize(size), row.setConstant(True), row.setSpatialDimensions(3)
    for number, (value, compartment, is_amount) in enumerate(species):
        row = model.createSpecies()
        row.setId(f"S{number}"), row.setCompartment(f"c{compartment}"), row.setInitialConcentration(value)
        row.setHasOnlySubstanceUnits(is_amount), row.setBoundaryCondition(False), row.setConstant(False)
    for number, (taken, made, rate) in enumerate(reactions):
        row = model.createReaction()
        row.setId(f"J{number}"), row.setReversible(False)
        for side, create in ((taken, row.createReactant), (made, row.createProduct)):
            for index in side:
                reference = create()
                reference.setSpecies(f"S{index}"), reference.setStoichiometry(1), reference.setConstant(True)
        law = row.createKineticLaw()
        local = law.createLocalParameter()
        local.setId("k"), local.setValue(rate)
        law.setMath(libsbml.parseL3Formula("*".join(["k", *(f"S{index}" for index in taken)])))
    return libsbml.writeSBMLToString(document)


def as_toml(network):
    """The same in our own text, written from the same numbers by hand."""
    sizes, species, reactions = network

    def meant(index):
        _, compartment, is_amount = species[index]
        return f"A{index}" if is_amount else f"(A{index}/{sizes[compartment]})"

    rates = ["0" for _ in species]
    for taken, made, rate in reactions:
        law = "*".join([str(rate), *map(meant, taken)])
        for index in taken:
            rates[index] += f" - {law}"
        for index in made:
            rates[index] += f" + {law}"
    lines = ["[model]", 'title = "network"', 'time = "1"', 'units = "unchecked"']
    for index, (value, compartment, _) in enumerate(species):
        initial = f"{value}*{sizes[compartment]}"
        lines += [f"[states.A{index}]", 'unit = "1"', f'initial = "{initial}"', f'rate = "{rates[index]}"']
    for index in range(len(species)):
        lines += [f"[outputs.S{index}]", 'unit = "1"', f'value = "{meant(index)}"']
    return "\n".join(lines)


@FEW
@given(networks())
def test_a_random_network_has_the_curves_of_its_own_text(tmp_path_factory, network):
    folder = tmp_path_factory.mktemp("network")
    sbml, toml = folder / "network.xml", folder / "network.toml"
    sbml.write_text(as_sbml(network))
    toml.write_text(as_toml(network))
    imported = import_sbml(sbml)
    ours, theirs = (simulate(model, times=TIMES) for model in (Model.load(toml), imported.model))
    for name in (f"S{index}" for index in range(len(network[1]))):
        values = theirs[imported.names[name]].values if name in theirs else imported.model.defaults[name]
        np.testing.assert_allclose(values, ours[name].values, rtol=1e-6, atol=1e-9)


@FEW
@given(networks())
def test_the_written_file_is_the_same_model(tmp_path_factory, network):
    folder = tmp_path_factory.mktemp("written")
    sbml, toml = folder / "network.xml", folder / "network.toml"
    sbml.write_text(as_sbml(network))
    imported = import_sbml(sbml)
    toml.write_text(imported.to_toml())
    assert Model.load(toml).content_hash == imported.model.content_hash
