"""Composite models: flat names, bindings, cohorts over qualified names, and their faults."""

import time
from pathlib import Path

import pytest
import sympy as sp

from kinetics.errors import InputError
from kinetics.model import Model

PK = """\
[model]
title = "Drug"
time = "hour"
[parameters]
V = { value = 10, unit = "L", source = "choice" }
k = { value = 0.1, unit = "1/hour", source = "choice" }
[doses.drug]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "0"
rate = "-k*A"
[outputs.C]
unit = "mg/L"
value = "A/V"
"""
PD = """\
[model]
title = "Effect"
time = "day"
[parameters]
R_0 = { value = 2, unit = "1e9/L", spread = 0.2, source = "choice" }
out = { value = 0.2, unit = "1/day", source = "choice" }
slope = { value = 1, unit = "L/mg", source = "choice" }
[derived]
made = { value = "out*R_0", unit = "1e9/L/day" }
[inputs]
level = { unit = "mg/L", rest = 0 }
[states.R]
unit = "1e9/L"
initial = "R_0"
rate = "made - out*R*(1 + slope*level)"
[outputs.count]
unit = "1e9/L"
value = "R"
"""
BOTH = """\
[model]
title = "Drug and effect"
time = "day"
[uses]
pk = "./pk.toml"
pd = "./pd.toml"
[parameters]
limit = { value = 1, unit = "cells/uL", source = "choice" }
[bindings]
pd.level = "pk.C"
[outputs.R]
unit = "cells/uL"
value = "pd.count"
lower_limit = "limit"
[cohorts.low]
about = "low counts"
[cohorts.low.parameters]
pd.R_0 = { value = 500, unit = "cells/uL", source = "choice" }
pk.V = { value = 5000, unit = "mL", source = "choice" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("pk", PK), ("pd", PD), ("both", BOTH)):
        (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path


def faults(path: Path) -> list[tuple[str, str, str]]:
    """``file:line`` without the folder, name and message."""
    with pytest.raises(InputError) as error:
        Model.load(path)
    return [(fault.where.removeprefix(f"{path.parent}/"), fault.name, fault.message) for fault in error.value.faults]


def change(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    path = folder / f"{name}.toml"
    text = path.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text)
    return folder / "both.toml"


def test_a_composite_is_flat(folder):
    model = Model.load(folder / "both.toml")
    A, V, R, R_0, out, made, slope, level = (
        sp.Symbol(name, real=True)
        for name in ("pk_A", "pk_V", "pd_R", "pd_R_0", "pd_out", "pd_made", "pd_slope", "pd_level")
    )
    assert list(model.states) == ["pk_A", "pd_R"]
    assert not model.inputs
    assert model.doses["drug"].into == "pk_A"
    assert model.states["pk_A"].rate == -24 * A * sp.Symbol("pk_k", real=True)
    assert sp.expand(model.states["pd_R"].rate - (made - out * R * (1 + slope * level))) == 0
    assert model.written_out(level) == A / V
    assert model.written_out(model.outputs["R"].value) == 1000 * R
    assert model.constant_values(model.defaults)["pd_made"] == 0.4
    assert model.states["pd_R"].initial == R_0
    assert model.flat_name("pd.R_0") == "pd_R_0"
    assert {name: value.value for name, value in model.cohorts["low"].values.items()} == {"pd_R_0": 0.5, "pk_V": 5.0}


def test_a_composite_of_a_composite(folder):
    (folder / "outer.toml").write_text(
        '[model]\ntitle = "o"\ntime = "day"\n[uses]\nin = "./both.toml"\n'
        '[outputs.R]\nunit = "1e9/L"\nvalue = "in.pd_R + 0*in.R"\n'
    )
    assert list(Model.load(folder / "outer.toml").states) == ["in_pk_A", "in_pd_R"]


CASES = [
    (
        "unbound input",
        "both",
        ('pd.level = "pk.C"', ""),
        "both.toml:6",
        "bindings.pd.level",
        "input 'pd.level' is not bound",
    ),
    (
        "unknown input",
        "both",
        ('pd.level = "pk.C"', 'pd.level = "pk.C"\npd.lvl = "pk.C"'),
        "both.toml:11",
        "bindings.pd.lvl",
        "no used model has an input 'pd.lvl'",
    ),
    (
        "unknown model",
        "both",
        ('pd.level = "pk.C"', 'pd.level = "pk.C"\nqq.x = "pk.C"'),
        "both.toml:11",
        "bindings.qq.x",
        "no used model has an input 'qq.x'",
    ),
    (
        "unknown symbol",
        "both",
        ('"pd.count"', '"pd.cuont"'),
        "both.toml:13",
        "outputs.R.value",
        "unknown name 'pd.cuont'; did you mean 'pd.count'?",
    ),
    (
        "unit of a binding",
        "both",
        ('level = "pk.C"', 'level = "pk.A"'),
        "both.toml:10",
        "bindings.pd.level",
        "'pk_A' has unit 'mg', expected 'mg/L'",
    ),
    (
        "unit of an output",
        "both",
        ('"pd.count"', '"pk.C"'),
        "both.toml:13",
        "outputs.R.value",
        "'pk_C' has unit 'mg/L', expected '1/uL'",
    ),
    (
        "unknown parameter of a cohort",
        "both",
        ("pd.R_0 =", "pd.R_1 ="),
        "both.toml:18",
        "cohorts.low.parameters.pd.R_1",
        "unknown parameter 'pd.R_1'; did you mean 'pd.R_0'?",
    ),
    (
        "cohort's value without a number",
        "both",
        ("value = 5000, ", ""),
        "both.toml:19",
        "cohorts.low.parameters.pk.V",
        "missing 'value'",
    ),
    (
        "unit of a cohort's value",
        "both",
        ('unit = "mL"', 'unit = "mg"'),
        "both.toml:19",
        "cohorts.low.parameters.pk.V",
        "'mg' is not a kind of 'L'",
    ),
    (
        "negative value of a cohort",
        "both",
        ("value = 500,", "value = -500,"),
        "both.toml:18",
        "cohorts.low.parameters.pd.R_0.value",
        "must be positive",
    ),
    (
        "quoted binding",
        "both",
        ("pd.level = ", 'pd.level = "pk.C"\n"pd.level" = '),
        "both.toml:11",
        "bindings.pd.level",
        "without quotes around the key",
    ),
    (
        "binding that is no text",
        "both",
        ('level = "pk.C"', "level = 3"),
        "both.toml:10",
        "bindings.pd.level",
        "expression",
    ),
    ("no such file", "both", ("./pk.toml", "./kp.toml"), "kp.toml", "uses.pk", "No such file"),
    (
        "no such library model",
        "both",
        ('"./pk.toml"', '"nothing_such"'),
        "both.toml:5",
        "uses.pk",
        "no 'nothing_such' in models",
    ),
    ("no text", "both", ('"./pk.toml"', "3"), "both.toml:5", "uses.pk", "must be an identifier = the name of a model"),
    ("unreadable", "pk", ('"Drug"', "Drug"), "pk.toml:2", "title", "not valid TOML"),
    (
        "reserved alias",
        "both",
        ("[parameters]", 'exp = "./pk.toml"\n[parameters]'),
        "both.toml:7",
        "uses.exp",
        "must be an identifier",
    ),
    (
        "fault in a used model",
        "pk",
        ('"A/V"', '"A"'),
        "pk.toml:16",
        "outputs.C.value",
        "'pk_A' has unit 'mg', expected 'mg/L'",
    ),
    ("faulty input of a used model", "pd", ('unit = "mg/L", ', ""), "pd.toml:11", "inputs.level", "missing 'unit'"),
    ("faulty state of a used model", "pk", ('initial = "0"', ""), "pk.toml:10", "states.A", "missing 'initial'"),
    (
        "faulty parameter of a used model",
        "pk",
        ("value = 10", "value = nan"),
        "pk.toml:5",
        "parameters.V.value",
        "finite number",
    ),
    (
        "collision with a state",
        "both",
        ("limit = {", 'pd_R = { value = 1, unit = "1/nL", source = "choice" }\nlimit = {'),
        "both.toml:6",
        "uses.pd",
        "'pd_R' of 'pd' collides",
    ),
    (
        "collision with an input",
        "both",
        ("limit = {", 'pd_level = { value = 1, unit = "mg/L", source = "choice" }\nlimit = {'),
        "both.toml:11",
        "bindings.pd.level",
        "'pd_level' collides",
    ),
    (
        "the same drug twice",
        "both",
        ("[parameters]", 'second = "./pk.toml"\n[parameters]'),
        "both.toml:7",
        "uses.second",
        "'drug' of 'second' collides",
    ),
]


@pytest.mark.parametrize(
    ("name", "edit", "where", "label", "told"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
@pytest.mark.processor_time(10)
def test_one_fault_is_told_once_and_alone(folder, name, edit, where, label, told):
    found = faults(change(folder, name, edit))
    assert [(place, fault) for place, fault, _ in found] == [(where, label)], found
    assert told in found[0][2]


def test_faults_of_all_files_are_told_at_once(folder):
    change(folder, "pk", ('"-k*A"', '"-kk*A"'), ("value = 10", 'value = "ten"'))
    change(folder, "pd", ("out*R_0", "out + R_0"), ('unit = "L/mg"', 'unit = "L/gm"'))
    found = faults(change(folder, "both", ('"pd.count"', '"pd.count + limt"'), ("pk.V =", "pk.W =")))
    assert [(place, name) for place, name, _ in found] == [
        ("pk.toml:5", "parameters.V.value"),
        ("pk.toml:13", "states.A.rate"),
        ("pd.toml:7", "parameters.slope.unit"),
        ("both.toml:13", "outputs.R.value"),
        ("both.toml:19", "cohorts.low.parameters.pk.W"),
        ("pd.toml:9", "derived.made.value"),
    ]


def test_a_model_that_uses_itself(folder):
    path = change(folder, "pk", ("[parameters]", '[uses]\nagain = "./both.toml"\n[parameters]'))
    assert faults(path) == [("pk.toml:5", "uses.again", "a model that uses itself")]
    (folder / "self.toml").write_text('[model]\ntitle = "s"\ntime = "day"\n[uses]\nme = "./link.toml"\n')
    (folder / "link.toml").symlink_to(folder / "self.toml")
    assert ("self.toml:5", "uses.me", "a model that uses itself") in faults(folder / "self.toml")


@pytest.mark.parametrize("name", ["./loop.toml", "./nul\\u0000.toml", "./folder/", "./" + "long" * 200])
def test_a_used_model_that_is_no_file(folder, name):
    (folder / "loop.toml").symlink_to(folder / "loop.toml")
    (folder / "folder").mkdir()
    found = faults(change(folder, "both", ("./pk.toml", name)))
    assert [fault[1] for fault in found] == ["uses.pk"], found


@pytest.mark.processor_time(60)
def test_models_that_use_each_other_without_end_are_refused(folder):
    for level in range(30):
        uses = f'[uses]\na = "./l{level + 1}.toml"\nb = "./l{level + 1}.toml"\n' if level < 29 else ""
        (folder / f"l{level}.toml").write_text(f'[model]\ntitle = "l"\ntime = "day"\n{uses}')
    assert any("levels of them" in message for _, _, message in faults(folder / "l0.toml"))
    wide = "\n".join(f'm{i} = "./l29.toml"' for i in range(2000))
    (folder / "wide.toml").write_text(f'[model]\ntitle = "w"\ntime = "day"\n[uses]\n{wide}\n')
    assert any("more than 100 models" in message for _, _, message in faults(folder / "wide.toml"))


def test_cohorts_extend_each_other_once(folder):
    text = (folder / "both.toml").read_text()
    cycle = '[cohorts.a]\nextends = "b"\n[cohorts.b]\nextends = "a"\n[cohorts.c]\nextends = "a"\n'
    (folder / "both.toml").write_text(text + cycle)
    assert [(name, message) for _, name, message in faults(folder / "both.toml")] == [
        ("cohorts.a.extends", "extends itself: a -> b -> a")
    ]


@pytest.mark.processor_time(60)
def test_a_composite_of_too_many_rows_is_refused_before_all_are_read(tmp_path):
    states = "".join(f'[states.s{i}]\nunit = "1"\ninitial = "1"\nrate = "-k*s{i}"\n' for i in range(900))
    part = f"""[model]
title = "Part"
time = "day"
[parameters]
k = {{ value = 1, unit = "1/day", source = "choice" }}
{states}"""
    (tmp_path / "part.toml").write_text(part)
    whole = tmp_path / "whole.toml"
    whole.write_text(
        '[model]\ntitle = "Whole"\ntime = "day"\n[uses]\n' + "".join(f'p{i} = "./part.toml"\n' for i in range(99))
    )
    started = time.process_time()
    with pytest.raises(InputError) as error:
        Model.load(whole)
    assert time.process_time() - started < 20
    (fault,) = error.value.faults
    assert (fault.where, fault.name) == (f"{whole}:9", "uses.p4")
    assert "3604 rows in all, and the limit is 3000" in fault.message
