"""Sixty cases of the SBML semantic test suite: what others computed, and both engines here."""

import csv
import warnings
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from kinetics import simulate
from kinetics.interop.sbml import import_sbml

ORACLES = Path(__file__).parents[3] / "shared" / "oracles"
CASES = sorted(path.name for path in (ORACLES / "sbml").glob("[0-9]*"))
BENCHMARK = sorted((ORACLES / "benchmark").glob("*/*.xml"))
pytestmark = pytest.mark.skipif(not CASES, reason="the cases of the SBML suite are not here: ../shared/oracles/sbml")


def file_of(case, pattern):
    (path,) = (ORACLES / "sbml" / case).glob(pattern)
    return path


def settings_of(case):
    lines = file_of(case, "*-settings.txt").read_text().splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines) if key}


def names_in(text):
    return [name.strip() for name in text.split(",") if name.strip()]


def expected(case):
    """The results that come with a case, by name; the times first."""
    with file_of(case, "*-results.csv").open(newline="") as file:
        head, *rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    columns = dict(zip(head, np.array(rows, float).T, strict=True))
    return columns.pop(head[0]), columns


def species_of(path):
    """The attributes of each species, read by another parser."""
    return {row.get("id"): row.attrib for row in ElementTree.parse(path).iter() if row.tag.endswith("}species")}


def computed(case, engine, times):
    """What the model gives, by name of the case, in amounts or concentrations as the case wants it."""
    path, settings = file_of(case, "*-sbml-*.xml"), settings_of(case)
    imported = import_sbml(path)
    result = simulate(imported.model, times=list(times), engine=engine)
    constants = {**imported.model.defaults, **imported.model.constant_values(imported.model.defaults)}

    def curve(identifier):
        name = imported.names[identifier]
        return result[name].values if name in result else np.full(len(times), constants[name])

    curves = {name: curve(name) for name in names_in(settings["variables"])}
    for name, row in species_of(path).items():
        if name not in curves:
            continue
        is_amount = row["hasOnlySubstanceUnits"] == "true"
        if name in names_in(settings["amount"]) and not is_amount:
            curves[name] = curves[name] * curve(row["compartment"])
        if name in names_in(settings["concentration"]) and is_amount:
            curves[name] = curves[name] / curve(row["compartment"])
    return curves


@pytest.mark.parametrize("engine", ["scipy", "batch"])
@pytest.mark.parametrize("case", CASES)
def test_the_case_gives_what_the_suite_expects(case, engine):
    settings, (times, columns) = settings_of(case), expected(case)
    curves = computed(case, engine, times)
    assert set(names_in(settings["variables"])) == curves.keys()
    for name, values in curves.items():
        bound = float(settings["absolute"]) + float(settings["relative"]) * np.abs(columns[name])
        np.testing.assert_array_less(np.abs(values - columns[name]), bound + 1e-300, err_msg=name)


@pytest.mark.parametrize("path", BENCHMARK, ids=lambda path: path.parent.name)
def test_a_published_model_is_read_and_its_file_gives_the_same(path, tmp_path):
    from kinetics import Model

    imported = import_sbml(path)
    written = tmp_path / f"{path.stem}.toml"
    written.write_text(imported.to_toml())
    assert Model.load(written).content_hash == imported.model.content_hash
