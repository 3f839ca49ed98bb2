"""Distributions and correlations in model files: read, taken over by cohorts and composites, and each fault placed."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.model import Correlation, Model, Parameter, State
from kinetics.population.draws import draw_patients

VARIED = """\
[model]
title = "Patients differ"
time = "day"
[parameters]
CL = { value = 2.0, unit = "L/day", spread = 0.3, source = "choice" }
V = { value = 10, unit = "L", spread = 0.2, source = "choice" }
F = { value = 0.8, unit = "1", spread = 0.5, distribution = "logit_normal", source = "choice" }
age = { value = 40, unit = "year", spread = 9, distribution = "normal", minimum = 18, source = "choice" }
sex = { value = 1, unit = "1", distribution = "categories", shares = [0.35, 0.65], source = "choice" }
k = { value = 0.1, unit = "1/day", source = "choice" }
[states.A]
unit = "mg"
initial = "0"
rate = "-k*A"
[[correlations]]
between = ["CL", "V"]
value = 0.5
source = "choice"
[[correlations]]
between = ["age", "CL"]
value = -0.2
source = "choice"
[cohorts.old.parameters]
age = { value = 780, unit = "month", spread = 60, source = "choice" }
F = { value = 6.0, unit = "%", spread = 0.4, distribution = "log_normal", source = "choice" }
sex = { value = 0, unit = "1", shares = [0.9, 0.1], source = "choice" }
[[cohorts.old.correlations]]
between = ["V", "CL"]
value = 0.1
source = "choice"
[cohorts.older]
extends = "old"
[cohorts.older.parameters]
age = { value = 70, unit = "year", spread = 4, source = "choice" }
k = { value = 0.2, unit = "1/day", spread = 0.1, source = "choice" }
[[cohorts.older.correlations]]
between = ["k", "V"]
value = 0.3
source = "choice"
"""


def written(folder: Path, text: str, name: str = "model") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def changed(old: str, new: str, text: str = VARIED) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def faults_of(path: Path) -> list[tuple[int, str, str]]:
    with pytest.raises(InputError) as error:
        Model.load(path)
    places = [(fault.where.removeprefix(f"{path}:"), fault) for fault in error.value.faults]
    return [(int(line), fault.name, fault.message) for line, fault in places]


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if part in line)


def test_a_cohort_takes_over_what_it_does_not_say(tmp_path):
    model = Model.load(written(tmp_path, VARIED))
    own, old, older = (cohort_parameters(model, name) for name in (None, "old", "older"))
    assert own.spreads == {"CL": 0.3, "V": 0.2, "F": 0.5, "age": 9.0}
    assert own.distributions == {"F": "logit_normal", "age": "normal", "sex": "categories"}
    assert own.shares == {"sex": (0.35, 0.65)}
    assert own.correlations == {("CL", "V"): 0.5, ("CL", "age"): -0.2}
    assert old.values["age"] == pytest.approx(65.0)
    assert old.spreads["age"] == pytest.approx(5.0)  # 60 months: in the unit of its own row
    assert old.spreads["F"] == 0.4  # of the logarithm, which has no unit
    assert old.distributions == {"age": "normal", "sex": "categories"}
    assert old.shares == {"sex": (0.9, 0.1)}
    assert old.correlations == {("CL", "V"): 0.1, ("CL", "age"): -0.2}
    assert (older.spreads["age"], older.spreads["k"], older.shares) == (4.0, 0.1, old.shares)
    assert older.correlations == {("CL", "V"): 0.1, ("CL", "age"): -0.2, ("V", "k"): 0.3}
    assert len({cohort.content_hash for cohort in (own, old, older)}) == 3


def test_a_cohort_draws_from_what_it_says(tmp_path):
    system = compile_model(Model.load(written(tmp_path, VARIED)))
    table = draw_patients(system, cohort_parameters(system.model, "old"), 2**12, 1, sampling="quasi")
    values = dict(zip(system.parameters, table.T, strict=True))
    assert np.corrcoef(np.log(values["CL"]), np.log(values["V"]))[0, 1] == pytest.approx(0.1, abs=5e-3)
    assert np.corrcoef(np.log(values["CL"]), values["age"])[0, 1] == pytest.approx(-0.2, abs=5e-3)
    assert values["age"].std() == pytest.approx(5.0, rel=5e-3)
    assert values["sex"].mean() == pytest.approx(0.1, abs=2e-3)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('spread = 0.5, distribution = "logit_normal"', "spread = 0.5"),
        ('"logit_normal", source', '"logit_normal", maximum = 0.9, source'),
        ("shares = [0.35, 0.65]", "shares = [0.4, 0.6]"),
        ("value = 0.5", "value = 0.4"),
        ('between = ["age", "CL"]', 'between = ["age", "V"]'),
    ],
)
def test_the_hash_of_a_model_tells_what_patients_are(tmp_path, old, new):
    one, other = (Model.load(written(tmp_path, text, name)) for text, name in ((VARIED, "a"), (changed(old, new), "b")))
    assert one.content_hash != other.content_hash
    assert one.structure_hash == other.structure_hash


def test_a_distribution_that_is_the_default_is_no_other_model(tmp_path):
    bare = "\n".join(VARIED.split("\n")[: line_of(VARIED, "[[correlations]]") - 1])
    said = changed("spread = 0.3", 'spread = 0.3, distribution = "log_normal"', bare)
    models = [Model.load(written(tmp_path, text, name)) for text, name in ((bare, "a"), (said, "b"))]
    assert models[0].content_hash == models[1].content_hash


COHORT = "cohorts.old.parameters"
FAULTY = [
    ('"logit_normal"', '"logistic"', "parameters.F.distribution", "'logit_normal'"),
    ("value = 0.8", "value = 1.0", "parameters.F.value", "must lie between 0 and 1, both excluded"),
    ("value = 0.8", "value = 1.2", "parameters.F.value", "must lie between 0 and 1, both excluded"),
    ('"logit_normal"', '"logit_normal", maximum = 0.7', "parameters.F.value", "above its maximum 0.7"),
    ('"logit_normal"', '"logit_normal", maximum = 0', "parameters.F.distribution", "minimum is 0 and its maximum 0"),
    ("spread = 0.5, ", "", "parameters.F.distribution", "distribution 'logit_normal' needs a spread"),
    ("spread = 9, ", "", "parameters.age.distribution", "distribution 'normal' needs a spread"),
    ("value = 40", "value = 17", "parameters.age.value", "below its minimum 18"),
    ("minimum = 18", "positive = true, minimum = -9", None, None),
    ("value = 40, unit = \"year\", spread = 9, distribution = \"normal\", minimum = 18",
     "value = -4, unit = \"year\", spread = 9, distribution = \"normal\", positive = true",
     "parameters.age.value", "must be positive"),
    ("spread = 0.3", "spread = 11", "parameters.CL.spread", "at most 10, found 11: it is on the logarithm"),
    ("spread = 0.5", "spread = 11", "parameters.F.spread", "at most 10, found 11: it is on the logit"),
    ("spread = 0.3", "spread = 0", "parameters.CL.spread", "greater than 0"),
    ("spread = 9", "spread = inf", "parameters.age.spread", "finite"),
    ("[0.35, 0.65]", "[0.35, 0.6]", "parameters.sex.shares", "must sum to 1, and they sum to 0.95"),
    ("[0.35, 0.65]", "[1.0]", "parameters.sex.shares", "at least two"),
    ("[0.35, 0.65]", "[1.5, 0.5]", "parameters.sex.shares", "less than or equal to 1"),
    ("[0.35, 0.65]", "0.35", "parameters.sex.shares", "tuple"),
    ('distribution = "categories", ', "", "parameters.sex.shares", "only distribution 'categories' has shares"),
    (", shares = [0.35, 0.65]", "", "parameters.sex.distribution", "needs shares, such as"),
    ("shares = [0.35, 0.65]", "shares = [0.35, 0.65], spread = 1", "parameters.sex.spread", "no spread"),
    ("shares = [0.35, 0.65]", "shares = [0.35, 0.65], prior = 1", "parameters.sex.prior", "no logarithm"),
    ('sex = { value = 1, unit = "1"', 'sex = { value = 1, unit = "%"', "parameters.sex.unit", "their unit is '1'"),
    ("sex = { value = 1,", "sex = { value = 2,", "parameters.sex.value", "whole numbers from 0 to 1"),
    ("sex = { value = 1,", "sex = { value = 0.5,", "parameters.sex.value", "whole numbers from 0 to 1"),
    ("sex = { value = 0,", "sex = { value = 0.5,", f"{COHORT}.sex.value", "whole numbers from 0 to 1"),
    ("[0.9, 0.1]", "[0.9, 0.2]", f"{COHORT}.sex.shares", "must sum to 1"),
    ("[0.9, 0.1]", "[0.5, 0.3, 0.2]", f"{COHORT}.sex.shares", "the model has 2 categories"),
    ("shares = [0.9, 0.1]", 'distribution = "normal", spread = 1', f"{COHORT}.sex.shares", "cannot change that"),
    ("spread = 0.4, ", "", f"{COHORT}.F.distribution", "distribution 'log_normal' needs a spread"),
    ("value = 6.0", "value = 160", f"{COHORT}.F.value", "must lie between 0 and 1"),
    ("value = 780", "value = 78", f"{COHORT}.age.value", "below its minimum 18"),
    ("value = 0.5\n", "value = 1.0\n", "correlations.0.value", "less than 1"),
    ("value = -0.2", "value = -1.5", "correlations.1.value", "greater than -1"),
    ("value = -0.2", "value = nan", "correlations.1.value", "less than 1"),
    ('between = ["CL", "V"]', 'between = ["CL"]', "correlations.0.between", "at least 2"),
    ('between = ["CL", "V"]', 'between = ["CL", "W"]', "correlations", "unknown parameter 'W'"),
    ('between = ["CL", "V"]', 'between = ["CL", "k"]', "correlations", "'k' does not vary; give it a spread"),
    ('between = ["CL", "V"]', 'between = ["V", "V"]', "correlations", "correlates 'V' with itself"),
    ('between = ["age", "CL"]', 'between = ["V", "CL"]', "correlations", "'CL' and 'V' are given twice"),
    ('between = ["V", "CL"]', 'between = ["V", "k"]', "cohorts.old.correlations", "'k' does not vary"),
    ('between = ["V", "CL"]', 'between = ["V", "X"]', "cohorts.old.correlations", "unknown parameter 'X'"),
    ("[[correlations]]\nbetween = [\"age\", \"CL\"]", "[[correlations]]\ncolour = 1\nbetween = [\"age\", \"CL\"]",
     "correlations.1.colour", "unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "name", "message"), FAULTY)
def test_each_fault_has_its_line_and_name_and_is_the_only_one(tmp_path, old, new, name, message):
    text = changed(old, new)
    path = written(tmp_path, text)
    if name is None:
        assert Model.load(path)
        return
    found = faults_of(path)
    assert len(found) == 1, found
    assert found[0][1] == name
    assert message in found[0][2]
    lines = zip(text.split("\n"), VARIED.split("\n"), strict=False)
    assert found[0][0] == next(number for number, (now, before) in enumerate(lines, 1) if now != before)


def test_a_source_of_a_correlation_must_be_known(tmp_path):
    text = changed('value = -0.2\nsource = "choice"', 'value = -0.2\nsource = "nobody"')
    assert [(line, name) for line, name, _ in faults_of(written(tmp_path, text))] == [
        (line_of(text, "nobody"), "correlations.1.source")
    ]


def correlated(*values: float, pairs=(("CL", "V"), ("CL", "age"), ("V", "age"))) -> str:
    head = VARIED.split("[[correlations]]")[0]
    rows = zip(pairs, values, strict=True)
    return head + "".join(
        f'[[correlations]]\nbetween = ["{one}", "{other}"]\nvalue = {value}\nsource = "choice"\n'
        for (one, other), value in rows
    )


def test_correlations_that_contradict_each_other_are_told_where_the_last_is(tmp_path):
    # the determinant of the three is 1 - 3 r^2 + 2 r^3 with all signs alike, and 1 - 3 r^2 - 2 r^3 with one reversed
    assert Model.load(written(tmp_path, correlated(0.9, 0.9, 0.9)))
    assert Model.load(written(tmp_path, correlated(0.49, 0.49, -0.49)))
    text = correlated(0.51, 0.51, -0.51)
    assert faults_of(written(tmp_path, text)) == [
        (
            line_of(text, 'between = ["V", "age"]'),
            "correlations",
            "the correlations of 'CL', 'V', 'age' contradict each other: their matrix is not positive definite",
        )
    ]


def test_a_cohort_may_contradict_what_it_extends(tmp_path):
    text = correlated(0.8, 0.8, 0.8) + '[[cohorts.odd.correlations]]\nbetween = ["V", "CL"]\nvalue = -0.8\n'
    text += 'source = "choice"\n'
    found = faults_of(written(tmp_path, text))
    assert [(line, name) for line, name, _ in found] == [(line_of(text, '["V", "CL"]'), "cohorts.odd.correlations")]
    assert "not positive definite" in found[0][2]


def test_a_composite_takes_over_correlations_and_adds_its_own(tmp_path):
    written(tmp_path, VARIED.split("[cohorts.old.parameters]")[0], "pk")
    both = """\
[model]
title = "Two drugs"
time = "day"
[uses]
a = "./pk.toml"
b = "./pk.toml"
[states.N]
unit = "1"
initial = "1"
rate = "-a.k*N"
[[correlations]]
between = ["a.CL", "b.CL"]
value = 0.7
source = "choice"
[cohorts.tied]
[[cohorts.tied.correlations]]
between = ["b.V", "b.CL"]
value = 0.4
source = "choice"
"""
    model = Model.load(written(tmp_path, both))
    assert {row.pair: row.value for row in model.correlations} == {
        ("a_CL", "a_V"): 0.5,
        ("a_CL", "a_age"): -0.2,
        ("b_CL", "b_V"): 0.5,
        ("b_CL", "b_age"): -0.2,
        ("a_CL", "b_CL"): 0.7,
    }
    assert cohort_parameters(model, "tied").correlations[("b_CL", "b_V")] == 0.4
    text = changed('["a.CL", "b.CL"]', '["a.CL", "b.CLL"]', both)
    (fault,) = faults_of(written(tmp_path, text))
    assert fault == (line_of(text, "b.CLL"), "correlations", "unknown parameter 'b_CLL'; did you mean 'b_CL'?")
    text = changed('["a.CL", "b.CL"]', '["b.CL", "b.V"]', both)
    (fault,) = faults_of(written(tmp_path, text))
    assert fault[0] == line_of(text, '["b.CL", "b.V"]')
    assert fault[2].startswith(f"'b_CL' and 'b_V' are given twice, before at {tmp_path / 'pk.toml'}:16")


def test_a_model_that_cannot_be_read_is_no_reason_to_blame_its_correlations(tmp_path):
    text = """\
[model]
title = "One of two"
time = "day"
[uses]
gone = "./gone.toml"
[parameters]
k = { value = 0.1, unit = "1/day", spread = 0.1, source = "choice" }
[states.N]
unit = "1"
initial = "1"
rate = "-k*N"
[[correlations]]
between = ["gone.CL", "k"]
value = 0.7
source = "choice"
"""
    with pytest.raises(InputError) as error:
        Model.load(written(tmp_path, text))
    assert [fault.name for fault in error.value.faults] == ["uses.gone"]


def test_a_model_of_symbols_has_the_same_checks():
    with pytest.raises(InputError) as error:
        Model.from_symbols(
            "symbols",
            time="day",
            parameters=[
                Parameter(name="a", value=1.0, unit="1", spread=0.1),
                Parameter(name="b", value=1.0, unit="1", spread=-0.1),
                Parameter(name="f", value=1.0, unit="1"),
                Parameter(name="c", value=1.0, unit="1", distribution="uniform"),
                Parameter(name="d", value=1.0, unit="1", distribution="categories", shares=(0.5, 0.6)),
            ],
            states=[State(name="y", unit="1", initial=1, rate=0)],
            correlations=[Correlation(("a", "e"), 0.1), Correlation(("a", "f"), 0.1)],
        )
    told = str(error.value)
    for part in ("'e'", "'f' does not vary", "above 0", "unknown distribution 'uniform'", "they sum to 1.1"):
        assert part in told


def test_a_hostile_number_of_correlations_is_refused_at_once(tmp_path):
    names = [f"p{number}" for number in range(900)]
    rows = "\n".join(f'{name} = {{ value = 1, unit = "1", spread = 0.1, source = "choice" }}' for name in names)
    pairs = list(pairwise(names))
    text = correlated(*[0.1] * len(pairs), pairs=pairs).replace("[states.A]", f"{rows}\n[states.A]")
    found = faults_of(written(tmp_path, text))
    assert [message.partition(":")[0] for _, _, message in found] == [
        "more than 100 parameters hang together by correlations"
    ]
