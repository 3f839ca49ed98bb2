"""Tables of known patients: what a CSV says stands in the patients, in any unit and stretch; each fault is placed."""

import csv
from typing import Any

import numpy as np
import pytest
import sympy as sp
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.model import Derived, Input, Model, Output, Parameter, State
from kinetics.population.covariates import read_covariates
from kinetics.population.draws import draw_patients
from kinetics.regimen import Regimen
from kinetics.simulation.simulating import simulate

TABLE = "weight [kg],sex,share [%]\n70,1,20\n61.5,0,35.5\n 80 , 1 ,1e1\n"


def weighed() -> Model:
    """dA/dt = -CL/V (weight/70 kg) A from 1: a patient's output is known from the parameters."""
    A, CL, V, weight, ref = sp.symbols("A CL V weight ref")
    return Model.from_symbols(
        "weighed",
        time="day",
        parameters=[
            Parameter(name="CL", value=2.0, unit="L/day", spread=0.3),
            Parameter(name="V", value=10.0, unit="L", spread=0.2),
            Parameter(name="weight", value=70.0, unit="kg", spread=9.0, distribution="normal", minimum=30, maximum=200),
            Parameter(name="sex", value=0, unit="1", distribution="categories", shares=(0.5, 0.5)),
            Parameter(name="share", value=0.2, unit="1", spread=0.5, distribution="logit_normal"),
            Parameter(name="ref", value=70.0, unit="kg"),
        ],
        inputs=[Input(name="help", unit="1", rest=1.0)],
        derived=[
            Derived(name="k", unit="1/day", value=CL / V * weight / ref, minimum=0),
            Derived(name="room", unit="1", value=1 - sp.Symbol("share"), minimum=0.3),
        ],
        states=[State(name="A", unit="1", initial=1, rate=-sp.Symbol("k") * sp.Symbol("help") * A)],
        outputs=[Output(name="left", unit="1", value=A)],
    )


@pytest.fixture(scope="module")
def system():
    return compile_model(weighed())


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text(TABLE)
    return path


def test_values_are_those_of_the_file_in_the_units_of_the_model(system, table):
    known = read_covariates(table, system.model)
    assert known.names == ("weight", "sex", "share")
    np.testing.assert_allclose(known.values, [[70, 1, 0.2], [61.5, 0, 0.355], [80, 1, 0.1]], rtol=1e-15)
    assert known.where(2) == f"{table}:4"


def test_known_values_replace_drawn_ones_and_nothing_else(system, table):
    cohort = cohort_parameters(system.model)
    known = read_covariates(table, system.model)
    without, with_table = (draw_patients(system, cohort, 3, 5, covariates=each) for each in (None, known))
    columns = [system.parameters.index(name) for name in known.names]
    others = [index for index in range(len(system.parameters)) if index not in columns]
    np.testing.assert_array_equal(with_table[:, columns], known.values)
    np.testing.assert_array_equal(with_table[:, others], without[:, others])


@pytest.mark.parametrize("sampling", ["random", "quasi"])
def test_a_known_patient_is_the_same_in_any_stretch(system, table, sampling):
    cohort, known = cohort_parameters(system.model), read_covariates(table, system.model)
    whole, *parts = (
        draw_patients(system, cohort, count, 5, first=first, sampling=sampling, covariates=known)
        for first, count in ((0, 3), (0, 1), (1, 2))
    )
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_known_values_stay_when_the_rest_is_drawn_again(tmp_path):
    """share above 0.7 is inadmissible: a patient of whom only it is drawn again keeps the weight of the table."""
    model = weighed()
    system, cohort = compile_model(model), cohort_parameters(model)
    high = type(cohort)("", {**cohort.values, "share": 0.6}, cohort.spreads, distributions=cohort.distributions)
    path = tmp_path / "weights.csv"
    path.write_text("weight [kg]\n" + "\n".join(map(str, range(50, 150))) + "\n")
    drawn = draw_patients(system, high, 100, 1, covariates=read_covariates(path, model))
    np.testing.assert_array_equal(drawn[:, system.parameters.index("weight")], np.arange(50.0, 150.0))
    share = drawn[:, system.parameters.index("share")]
    assert share.max() <= 0.7
    assert len(np.unique(share)) == 100


def test_a_known_patient_that_cannot_be_is_told_with_its_line(system, tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text("share\n0.2\n0.9\n")
    with pytest.raises(InputError, match=r"patients\.csv:3: no admissible patient in 1000 draws: room stays"):
        draw_patients(system, cohort_parameters(system.model), 2, 0, covariates=read_covariates(path, system.model))


@given(st.lists(st.tuples(st.floats(30, 200), st.sampled_from([0, 1])), min_size=1, max_size=20))
def test_a_table_survives_its_file(tmp_path_factory, patients):
    path = tmp_path_factory.mktemp("tables") / "patients.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["sex", "weight [kg]"], *([sex, repr(weight)] for weight, sex in patients)])
    known = read_covariates(path, weighed())
    np.testing.assert_array_equal(known.values, [[sex, weight] for weight, sex in patients])


def test_the_hash_is_of_the_numbers(tmp_path):
    model = weighed()
    texts = ("weight [kg]\n70\n80\n", "weight [g]\n70000\n80000\n\n", "weight [kg]\n80\n70\n", "ref [kg]\n70\n80\n")
    hashes = []
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.csv"
        path.write_text(text)
        hashes.append(read_covariates(path, model).content_hash)
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize(
    ("text", "line", "name", "message"),
    [
        ("weight [kg],colour\n70,1\n", 1, "colour", "model 'weighed' has no parameter 'colour'"),
        ("weight [kg],weight [g]\n70,1\n", 1, "weight [g]", "duplicate column"),
        ("weight\n70\n", 1, "weight", "needs a unit: write 'weight [kg]'"),
        ("weight [L]\n70\n", 1, "weight [L]", "'L' is not a kind of 'kg'"),
        ("weight [stone\n70\n", 1, "weight [stone", "a column is a parameter with its unit in brackets"),
        ("weight [10**10**8]\n70\n", 1, "weight [10**10**8]", "cannot read unit"),
        ("weight [kg],\n70,1\n", 1, "", "a column is a parameter"),
        ("weight [kg]\n70\nheavy\n", 3, "weight", "is no finite number: 'heavy'"),
        ("weight [kg]\n70\nnan\n", 3, "weight", "is no finite number: 'nan'"),
        ("weight [kg]\n70\n1e999\n", 3, "weight", "is no finite number: '1e999'"),
        ("weight [kg]\n70\n1_0\n", 3, "weight", "is no finite number: '1_0'"),
        ("weight [kg],sex\n70,\n", 2, "sex", "is no finite number: ''"),
        ("\nweight [kg]\n70\n__import__('os')\n\n", 4, "weight", "is no finite number"),
        ("weight [kg]\n70\n\n80\n", 3, "", "is empty; give the values of this patient, or leave the line out"),
        ("weight [kg],sex\n70,1\n,\n80,1\n", 3, "", "is empty"),
        ("weight [kg]\n70\n20\n", 3, "weight", "is 20 kg, below its minimum 30"),
        ("weight [g]\n500000\n", 2, "weight", "is 500 kg, above its maximum 200"),
        ("sex\n1\n2\n", 3, "sex", "its categories are the whole numbers from 0 to 1"),
        ("share [%]\n100\n", 2, "share", "must lie between 0 and 1, both excluded"),
        ("CL [L/day]\n0\n", 2, "CL", "must be positive"),
        ("weight [kg],sex\n70\n", 2, "", "has 1 fields, and the header 2"),
        ("weight [kg]\n70,1\n", 2, "", "has 2 fields, and the header 1"),
        ("weight [kg]\n", 1, "", "has no patients"),
        ("", 1, "", "has no patients"),
        ('weight [kg]\n"70\n', 2, "", "not a CSV table"),
    ],
)
def test_each_fault_of_a_table_has_its_line_and_name(tmp_path, text, line, name, message):
    path = tmp_path / "patients.csv"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_covariates(path, weighed())
    (fault,) = error.value.faults
    assert (fault.where, fault.name) == (f"{path}:{line}", name)
    assert message in fault.message


def test_all_faults_of_a_table_are_told_at_once(tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text("weight [kg],colour,sex\n70,2,1\nx,y,5\n10,2,1\n")
    with pytest.raises(InputError) as error:
        read_covariates(path, weighed())
    assert [(fault.where.rpartition(":")[2], fault.name) for fault in error.value.faults] == [
        ("1", "colour"),
        ("3", "weight"),
        ("3", "sex"),
        ("4", "weight"),
    ]


TIMES: dict[str, Any] = {"until": "4 day", "every": "1 day"}


def test_a_simulation_of_known_patients_follows_its_closed_form(table):
    model = weighed()
    fixed = Model.from_symbols(
        "fixed",
        time="day",
        parameters=[
            Parameter(name=row.name, value=row.value, unit=row.unit, minimum=row.minimum, maximum=row.maximum)
            for row in model.parameters.values()
        ],
        inputs=model.inputs.values(),
        derived=model.derived.values(),
        states=model.states.values(),
        outputs=model.outputs.values(),
    )
    result = simulate(fixed, Regimen.none(), covariates=table, **TIMES)
    rate = 0.2 * np.array([70, 61.5, 80])[:, None] / 70
    np.testing.assert_allclose(result["left"].values, np.exp(-rate * result["time"].values), rtol=1e-6)
    assert result.sizes["patient"] == 3


def test_the_provenance_tells_the_table_and_the_sampling(table):
    model = weighed()
    known = simulate(model, Regimen.none(), covariates=table, patients=3, sampling="quasi", **TIMES)
    assert known.attrs["covariates"] == "weight, sex, share"
    assert known.attrs["covariates_hash"] == read_covariates(table, model).content_hash
    assert known.attrs["sampling"] == "quasi"
    plain = simulate(model, Regimen.none(), patients=3, **TIMES)
    assert plain.attrs["sampling"] == "random"
    assert not {"covariates", "covariates_hash"} & plain.attrs.keys()
    assert "sampling" not in simulate(model, Regimen.none(), **TIMES).attrs


def test_another_number_of_patients_is_refused(table):
    with pytest.raises(InputError, match=r"patients\.csv has 3 patients, and 4 are asked for"):
        simulate(weighed(), Regimen.none(), covariates=table, patients=4, **TIMES)
    with pytest.raises(InputError, match="either patients or a sequence"):
        simulate(weighed(), Regimen.none(), covariates=table, parameters=[{"V": 1.0}], **TIMES)


@pytest.mark.parametrize("sampling", ["random", "quasi"])
def test_a_stream_of_known_patients_is_the_study_in_memory(tmp_path, sampling):
    path = tmp_path / "patients.csv"
    path.write_text("weight [kg],share\n" + "".join(f"{60 + k},{0.1 + k / 50}\n" for k in range(23)))
    asked: dict[str, Any] = {"regimen": Regimen.none(), "covariates": path, "sampling": sampling, "seed": 2, **TIMES}
    memory = simulate(weighed(), **asked)
    stream = simulate(weighed(), out=tmp_path / "all.zarr", chunk=5, **asked).load()
    xr.testing.assert_equal(memory, stream)
    assert {**memory.attrs, "created": ""} == {**stream.attrs, "created": ""}


def test_a_stream_goes_on_with_the_same_table_alone(tmp_path, table):
    def stop(done: int, _: int) -> None:
        if done >= 1:
            raise KeyboardInterrupt

    asked: dict[str, Any] = {"regimen": Regimen.none(), "covariates": table, "out": tmp_path / "all.zarr", "chunk": 1}
    asked |= TIMES
    with pytest.raises(KeyboardInterrupt):
        simulate(weighed(), progress=stop, **asked)
    whole = table.read_text()
    table.write_text(whole.replace("61.5", "61.6"))
    with pytest.raises(InputError, match="other covariates"):
        simulate(weighed(), resume=True, **asked)
    table.write_text(whole)
    with pytest.raises(InputError, match="sampling is random there and quasi here"):
        simulate(weighed(), resume=True, sampling="quasi", **asked)
    resumed = simulate(weighed(), resume=True, **asked).load()
    xr.testing.assert_equal(resumed, simulate(weighed(), Regimen.none(), covariates=table, **TIMES))


def test_what_is_known_of_patients_is_in_the_dataset_by_their_names(tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text("id,weight [kg]\nP-07,70\nP-09,61.5\n")
    result = simulate(weighed(), until="2 day", every="1 day", covariates=path)
    assert result["patient_id"].values.tolist() == ["P-07", "P-09"]
    assert result["weight"].values.tolist() == [70.0, 61.5]
    assert "CL" not in result
    streamed = simulate(weighed(), until="2 day", every="1 day", covariates=path, out=tmp_path / "x.zarr", chunk=1)
    xr.testing.assert_equal(streamed.load(), result)


def test_drawn_parameters_are_kept_as_they_were_drawn():
    asked = {"until": "1 day", "patients": 3, "seed": 5}
    result = simulate("alemtuzumab", keep_parameters=True, **asked)
    model = Model.load("alemtuzumab")
    system, cohort = compile_model(model), cohort_parameters(model)
    drawn = draw_patients(system, cohort, 3, seed=5)
    for name in cohort.spreads:
        np.testing.assert_array_equal(result[name], drawn[:, list(model.defaults).index(name)])
        assert result[name].attrs["units"]
    assert not set(cohort.spreads) & set(simulate("alemtuzumab", **asked).variables)


def test_names_of_patients_are_of_one_patient_each(tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text("id,weight [kg]\nP-07,70\nP-07,61.5\n,80\n")
    with pytest.raises(InputError) as caught:
        read_covariates(path, weighed())
    assert [fault.where.rpartition(":")[2] for fault in caught.value.faults] == ["3", "4"]
