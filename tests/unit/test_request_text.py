"""Requests as text: what a worker reads is what was sent, to the last bit, for everything that ships."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from kinetics.errors import InputError
from kinetics.expressions.trees import expression_of, expression_tree
from kinetics.files.library import library_names
from kinetics.model import Model
from kinetics.population.covariates import Covariates
from kinetics.simulation import SimulationRequest, load_request
from kinetics.simulation.request_text import request_from, request_text


@pytest.mark.parametrize("name", library_names("models"))
def test_every_model_and_cohort_that_ships(name):
    model = Model.load(name)
    for cohort in (None, *model.cohorts):
        request = load_request(SimulationRequest(model=model, until="1 year", cohort=cohort, measures="nadir"))
        found = request_from(request_text(request))
        assert found.model == replace(model, cohorts={}, path=None, extends=())
        assert found.model.content_hash == model.content_hash
        states = zip(found.model.states.values(), model.states.values(), strict=True)
        for row, sent in states:
            assert (sp.srepr(row.rate), sp.srepr(row.initial)) == (sp.srepr(sent.rate), sp.srepr(sent.initial))
        assert (found.cohort, found.measures) == (request.cohort, request.measures)


@pytest.mark.parametrize("name", library_names("models/regimens"))
def test_every_regimen_that_ships(name):
    request = load_request(SimulationRequest(model="nk", until="1 year", regimen=name))
    found = request_from(request_text(request)).regimen
    assert (found, found.name, found.content_hash) == (request.regimen, name, request.regimen.content_hash)


@pytest.mark.parametrize("name", library_names("models/visits"))
def test_every_schedule_of_visits_that_ships(name):
    request = load_request(SimulationRequest(model="nk", until="1 year", patients=2))
    from kinetics.observation import VisitSchedule

    schedule = VisitSchedule.load(name)
    found = request_from(request_text(replace(request, observe=schedule))).observe
    assert (found, found.content_hash) == (schedule, schedule.content_hash)


def test_numbers_of_numpy_and_tables_of_patients(tmp_path):
    known = Covariates(("k",), np.array([1]), np.array([[0.1], [1 / 3]]), tmp_path / "known.csv", (2, 3))
    sets = [{"p": np.float64(0.1), "q": "2 mg", "n": np.int64(3)}]
    request = replace(load_request(SimulationRequest(model="nk", until="1 year")), covariates=known, parameters=sets)
    found = request_from(request_text(request))
    assert found.parameters == sets
    assert found.covariates.content_hash == known.content_hash
    assert (found.covariates.columns.dtype, found.covariates.lines) == (known.columns.dtype, known.lines)


def test_an_expression_that_is_not_worked_out_stays_so():
    a, b = sp.symbols("a b", real=True)
    branches = sp.Piecewise((a, a > b), (b, True))
    for one in (sp.Mul(2, a + b, evaluate=False), branches, sp.Max(a, b, 0) ** -2, sp.pi * a):
        found = expression_of(expression_tree(one))
        assert sp.srepr(found) == sp.srepr(one)


def test_an_expression_that_no_model_file_has_is_refused():
    with pytest.raises(InputError, match=r"sin is no part of an expression of a model file: sin\(x\)"):
        expression_tree(sp.sin(sp.Symbol("x", real=True)))
