"""Model files: what is wrong is told with file, line and name, all of it at once; what is right is not blamed."""

import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from kinetics.checking.files import check_file
from kinetics.cohorts import parameter_table
from kinetics.errors import Faults, InputError, UnknownNameError
from kinetics.files.library import library_names
from kinetics.model import Derived, Dose, Model, Output, Parameter, State

SOUND = """\
[model]
title = "One compartment"
time = "day"

[parameters]
V = { value = 10, unit = "L", about = "volume", source = "choice" }
CL = { value = 2.0, unit = "L/day", spread = 0.3, about = "clearance", source = "choice" }
MIC = { value = 0.5, unit = "mg/L", about = "threshold", source = "choice" }

[derived]
k_el = { value = "CL/V", unit = "1/day", about = "elimination", minimum = 0 }

[inputs]
loss = { unit = "1/day", rest = 0, about = "further loss" }

[doses.drug]
unit = "g"
into = "A"

[states.A]
unit = "mg"
initial = "0"
rate = "-(k_el + loss)*A"
about = "amount"

[outputs.C]
unit = "mg/L"
value = "A/V"
about = "concentration"
lower_limit = "MIC"

[cohorts.slow]
about = "slow eliminators"

[cohorts.slow.parameters]
CL = { value = 500, unit = "mL/day", source = "choice" }
"""


def written(folder: Path, text: str, name: str = "model") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if line.startswith(start))


def faults_of(path: Path) -> list[tuple[int, str, str]]:
    """Line, name and message of every fault; the file is asserted."""
    with pytest.raises(InputError) as error:
        Model.load(path)
    found = []
    for fault in error.value.faults:
        file, _, line = fault.where.rpartition(":")
        assert file == str(path), fault
        assert str(fault).startswith(f"{path}:{line}: ")
        found.append((int(line), fault.name, fault.message))
    assert str(error.value).count("\n") == len(found) - 1
    return found


def changed(*changes: tuple[str, str]) -> str:
    text = SOUND
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_a_sound_model_is_read(tmp_path):
    model = Model.load(written(tmp_path, SOUND))
    k_el, loss, A, V = sp.symbols("k_el loss A V", real=True)
    assert model.name == "model"
    assert model.states["A"].rate == -(k_el + loss) * A
    assert model.outputs["C"].value == A / V
    assert model.defaults == {"V": 10.0, "CL": 2.0, "MIC": 0.5, "loss": 0.0}
    assert model.constant_values(model.defaults) == {"k_el": 0.2}
    assert model.cohorts["slow"].values["CL"].value == 0.5
    assert model.doses["drug"].into == "A"


MORE = ' = { value = 1, unit = "1", source = "choice" }\nMIC = {'
FAULTY = [
    (
        "unknown symbol",
        ('rate = "-(k_el + loss)*A"', 'rate = "-(k_ell + loss)*A"'),
        "states.A.rate",
        "unknown name 'k_ell'; did",
    ),
    ("unknown function", ('value = "A/V"', 'value = "foo(A/V)"'), "outputs.C.value", "unknown function 'foo'"),
    ("code", ('value = "A/V"', "value = \"__import__('os').system('touch owned')\""), "outputs.C.value", "cannot read"),
    ("attribute", ('value = "A/V"', 'value = "A.__class__"'), "outputs.C.value", "unknown name 'A.__class__'"),
    ("tower", ('value = "A/V"', 'value = "9^9^9^9"'), "outputs.C.value", "exponent beyond 64"),
    ("deep", ('value = "A/V"', f'value = "{"(" * 99}A{")" * 99}"'), "outputs.C.value", "nested more than 50"),
    ("sum", ('rate = "-(k_el + loss)*A"', 'rate = "-(k_el + V)*A"'), "states.A.rate", "has unit"),
    ("rate", ('rate = "-(k_el + loss)*A"', 'rate = "-A"'), "states.A.rate", "'-A' has unit 'mg', expected 'mg/day'"),
    ("log", ('value = "CL/V"', 'value = "log(V)*CL/V"'), "derived.k_el.value", "log of 'V', which has unit 'L'"),
    ("comparison", ('"A/V"', '"piecewise(A < 5, A/V, 0)"'), "outputs.C.value", "'mg'"),
    ("output", ('value = "A/V"', 'value = "A"'), "outputs.C.value", "'A' has unit 'mg', expected 'mg/L'"),
    ("derived", ('value = "CL/V"', 'value = "CL"'), "derived.k_el.value", "expected '1/day'"),
    ("initial", ('initial = "0"', 'initial = "V"'), "states.A.initial", "'V' has unit 'L', expected 'mg'"),
    ("initial from a state", ('initial = "0"', 'initial = "2*A"'), "states.A.initial", "cannot depend on state 'A'"),
    ("missing unit", ('unit = "L", ', ""), "parameters.V", "missing 'unit'"),
    ("empty unit", ('unit = "L", ', 'unit = " ", '), "parameters.V.unit", "missing unit"),
    ("unknown unit", ('unit = "L", ', 'unit = "litter", '), "parameters.V.unit", "unknown unit 'litter'"),
    ("hostile unit", ('unit = "L", ', 'unit = "10**10**8", '), "parameters.V.unit", "cannot read unit"),
    (
        "cycle",
        ('value = "CL/V"', 'value = "k_el*CL/CL + k_el"'),
        "derived.k_el.value",
        "cyclic definition: k_el -> k_el",
    ),
    (
        "duplicate",
        ("loss = {", 'CL = { unit = "1/day", rest = 0 }\nloss = {'),
        "inputs.CL",
        "duplicate name: also in [parameters]",
    ),
    ("reserved", ("MIC = {", f"exp{MORE}"), "parameters.exp", "'exp' is reserved or no identifier"),
    ("no identifier", ("MIC = {", f'"a b; import os"{MORE}'), "parameters.a b; import os", "no identifier"),
    ("newline in a name", ("MIC = {", f'"a\\nb"{MORE}'), "parameters.a\nb", "a key holds U+000A"),
    ("quote in a name", ("MIC = {", f"'a\"b'{MORE}"), 'parameters.a"b', "no identifier"),
    ("long name", ("MIC = {", "M" * 65 + MORE), "parameters." + "M" * 65, "no identifier"),
    ("boolean", ("value = 10,", "value = true,"), "parameters.V.value", "valid number, found True"),
    ("text", ("value = 10,", 'value = "10",'), "parameters.V.value", "valid number, found '10'"),
    ("date", ("value = 10,", "value = 2024-01-01,"), "parameters.V.value", "valid number, found datetime.date"),
    ("list", ("value = 10,", "value = [10],"), "parameters.V.value", "valid number, found [10]"),
    ("NaN", ("value = 10,", "value = nan,"), "parameters.V.value", "finite number, found nan"),
    ("infinite", ("value = 10,", "value = -inf,"), "parameters.V.value", "finite number, found -inf"),
    ("overflow", ("value = 10,", "value = 1e999,"), "parameters.V.value", "finite number, found inf"),
    ("date for an expression", ('value = "A/V"', "value = 12:00:00"), "outputs.C.value", "valid string, found"),
    ("number for an expression", ('initial = "0"', "initial = 0"), "states.A.initial", "valid string, found 0"),
    (
        "list for a table",
        ('V = { value = 10, unit = "L", about = "volume", source = "choice" }', "V = [1]"),
        "parameters.V",
        "must be a table",
    ),
    ("negative spread", ("spread = 0.3", "spread = -0.3"), "parameters.CL.spread", "greater than 0, found -0.3"),
    (
        "spread of a negative",
        ("value = 2.0,", "value = -2.0,"),
        "parameters.CL.value",
        "is -2 L/day, but must be positive",
    ),
    ("a volume of zero", ("value = 10,", "value = 0, positive = true,"), "parameters.V.value", "is 0 L, but must be"),
    ("above the maximum", ("value = 10,", "value = 10, maximum = 9,"), "parameters.V.value", "above its maximum 9"),
    ("below the minimum", ("value = 10,", "value = 10, minimum = 11,"), "parameters.V.value", "below its minimum 11"),
    ("no range", ("value = 10,", "value = 10, minimum = 9, maximum = 8,"), "parameters.V.maximum", "below its minimum"),
    ("positive is no word", ("value = 10,", 'value = 10, positive = "yes",'), "parameters.V.positive", "valid boolean"),
    ("unknown key", ("spread = 0.3", "spred = 0.3"), "parameters.CL.spred", "unknown key; there are value, unit"),
    (
        "unknown source",
        ('threshold", source = "choice"', 'threshold", source = "nobody"'),
        "parameters.MIC.source",
        "source 'nobody' is in no",
    ),
    (
        "hostile symbol",
        ('about = "volume",', "symbol = '\\input{x}',"),
        "parameters.V.symbol",
        "must be a short LaTeX symbol",
    ),
    ("dose into nothing", ('into = "A"', 'into = "B"'), "doses.drug.into", "goes into unknown state 'B'"),
    ("dose of another dimension", ('unit = "g"', 'unit = "L"'), "doses.drug.unit", "'L' is not a kind of 'mg'"),
    (
        "unknown limit",
        ('lower_limit = "MIC"', 'lower_limit = "MAC"'),
        "outputs.C.lower_limit",
        "unknown parameter 'MAC'",
    ),
    (
        "limit of another dimension",
        ('lower_limit = "MIC"', 'lower_limit = "V"'),
        "outputs.C.lower_limit",
        "'L' is not a kind of 'mg/L'",
    ),
    (
        "minimum of what varies",
        ('value = "CL/V"', 'value = "CL*A/(V*A + V*max(A, 0))"'),
        "derived.k_el.minimum",
        "of parameters alone",
    ),
    (
        "cohort of an unknown parameter",
        ("CL = { value = 500", "LC = { value = 500"),
        "cohorts.slow.parameters.LC",
        "unknown parameter 'LC'",
    ),
    (
        "cohort value in a wrong unit",
        ('unit = "mL/day"', 'unit = "mL"'),
        "cohorts.slow.parameters.CL",
        "'mL' is not a kind of 'L/day'",
    ),
    ("cohort value without unit", (', unit = "mL/day"', ""), "cohorts.slow.parameters.CL", "missing 'unit'"),
    ("cohort value that is NaN", ("value = 500", "value = nan"), "cohorts.slow.parameters.CL.value", "finite number"),
    (
        "negative cohort value",
        ("value = 500", "value = -500"),
        "cohorts.slow.parameters.CL.value",
        "is -0.5 L/day, but must be positive",
    ),
    (
        "cohort of a cohort that is none",
        ('about = "slow el', 'extends = "fast"\nabout = "slow el'),
        "cohorts.slow.extends",
        "unknown cohort 'fast'",
    ),
    (
        "cohort that extends itself",
        ('about = "slow el', 'extends = "slow"\nabout = "slow el'),
        "cohorts.slow.extends",
        "extends itself: slow -> slow",
    ),
    ("unknown table", ("[inputs]", "[input]"), "input", "unknown table"),
    ("unit of time", ('time = "day"', 'time = "mg"'), "model.time", "'mg' is not a kind of 'day'"),
    ("missing title", ('title = "One compartment"', ""), "model", "missing 'title'"),
    (
        "below its minimum",
        ("value = 10,", "value = -10,"),
        "derived.k_el.value",
        "is -0.2, below its minimum 0; it follows from CL = 2, V = -10",
    ),
    (
        "division by zero",
        ("value = 10,", "value = 0,"),
        "derived.k_el.value",
        "is inf, not finite; it follows from CL = 2, V = 0",
    ),
]


@pytest.mark.parametrize(("change", "name", "told"), [case[1:] for case in FAULTY], ids=[case[0] for case in FAULTY])
@pytest.mark.processor_time(10)
def test_one_fault_is_told_once_and_alone(tmp_path, monkeypatch, change, name, told):
    monkeypatch.chdir(tmp_path)
    text = changed(change)
    found = faults_of(written(tmp_path, text))
    if change[0] == "[inputs]":  # the names of the table are gone with it
        found = [fault for fault in found if "unknown name 'loss'" not in fault[2]]
    assert [fault[1] for fault in found] == [name], found
    assert told in found[0][2]
    first = next(n for n, (a, b) in enumerate(zip(SOUND.split("\n"), text.split("\n"), strict=False), 1) if a != b)
    table = max((n for n, line in enumerate(text.split("\n")[:first], 1) if line.startswith("[")), default=1)
    assert table <= found[0][0] <= first + 1 or found[0][:2] == (line_of(text, "k_el"), "derived.k_el.value")
    if name.startswith(("states.A.", "outputs.C.", "derived.k_el.")) and "follows from" not in told:
        assert found[0][0] == first  # the line of the key itself
    assert not (tmp_path / "owned").exists()


MANY = """\
[model]
title = "Many faults"
time = "day"
[parameters]
V = { value = 10, unit = "L", source = "choice" }
k = { value = 1, source = "choice" }
exp = { value = 1, unit = "1", source = "choice" }
neg = { value = 1, unit = "litter", spread = -1, source = "nobody" }
twice = { value = 1, unit = "L", source = "choice" }
[derived]
one = { value = "two + V", unit = "L" }
two = { value = "one - V", unit = "L" }
twice = { value = "twice + k", unit = "mg" }
uses_faulty = { value = "k*neg*twice + exp", unit = "1" }
[doses.drug]
unit = "mg"
into = "nowhere"
[states.A]
unit = "mg"
initial = "V"
rate = "A + foo(B)"
[states.B]
initial = "0"
rate = "mistake"
[outputs.C]
unit = "mg/L"
value = "log(A)*B"
[outputs.D]
unit = "mg"
value = "piecewise(A > V, k, A) + B"
lower_limit = "k"
[cohorts.c.parameters]
k = { value = 2, unit = "1", source = "choice" }
kk = { value = 2, unit = "1", source = "choice" }
"""


def test_all_faults_of_a_file_are_told_at_once_and_none_else(tmp_path):
    found = {(line, name): message for line, name, message in faults_of(written(tmp_path, MANY))}
    expected = {
        (6, "parameters.k"): "missing 'unit'",
        (7, "parameters.exp"): "reserved",
        (8, "parameters.neg.spread"): "greater than 0",
        (8, "parameters.neg.unit"): "unknown unit 'litter'",
        (8, "parameters.neg.source"): "source 'nobody'",
        (13, "derived.twice"): "duplicate name",
        (11, "derived.one.value"): "cyclic definition: one -> two -> one",
        (17, "doses.drug.into"): "unknown state 'nowhere'",
        (20, "states.A.initial"): "'V' has unit 'L'",
        (21, "states.A.rate"): "unknown function 'foo'",
        (22, "states.B"): "missing 'unit'",
        (24, "states.B.rate"): "unknown name 'mistake'",
        (27, "outputs.C.value"): "log of 'A'",
        (30, "outputs.D.value"): "beside it",
        (34, "cohorts.c.parameters.kk"): "unknown parameter 'kk'; did you mean 'k'?",
    }
    # a dose's fault stands at its table
    found = {(17 if name == "doses.drug.into" else line, name): message for (line, name), message in found.items()}
    assert found.keys() == expected.keys()
    for place, told in expected.items():
        assert told in found[place]


def test_a_cohort_stays_in_the_range_of_its_parameter(tmp_path):
    text = changed(("spread = 0.3", "minimum = 1"))
    assert faults_of(written(tmp_path, text)) == [
        (line_of(text, "CL = { value = 500"), "cohorts.slow.parameters.CL.value", "is 0.5 L/day, below its minimum 1")
    ]


@pytest.mark.processor_time(30)
def test_a_thousand_circles_are_told_in_short(tmp_path):
    """Every quantity uses the next and all before it: circles without number, each of which has a thousand names."""
    rows = [
        f'd{i} = {{ value = "d{(i + 1) % 900} + {" + ".join(f"d{j}" for j in range(min(i, 100)))} + 1", unit = "1" }}\n'
        for i in range(1, 900)
    ]
    text = changed(("[inputs]", 'd0 = { value = "d1", unit = "1" }\n' + "".join(rows) + "[inputs]"))
    started = time.process_time()
    faults = faults_of(written(tmp_path, text))
    assert time.process_time() - started < 15
    assert len(faults) <= 900
    assert max(len(message) for _, _, message in faults) < 400


def test_two_cycles_are_two_faults(tmp_path):
    text = changed(
        (
            "[inputs]",
            "".join(f'{a} = {{ value = "{b}", unit = "1" }}\n' for a, b in ("pq", "qp", "rr")) + "[inputs]",
        )
    )
    assert [message for _, _, message in faults_of(written(tmp_path, text))] == [
        "cyclic definition: p -> q -> p",
        "cyclic definition: r -> r",
    ]


def test_a_file_that_is_no_model_says_so(tmp_path):
    assert {name for _, name, _ in faults_of(written(tmp_path, ""))} == {"model", "states"}
    assert ("model", "must be a table with title, time, about, units, extends") in [
        f[1:] for f in faults_of(written(tmp_path, "model = 1"))
    ]
    wrong = "\n".join(
        f"{table} = [1]" for table in ("parameters", "derived", "states", "outputs", "cohorts", "uses", "bindings")
    )
    told = [name for _, name, message in faults_of(written(tmp_path, wrong)) if "must be a table" in message]
    assert sorted(told) == ["bindings", "cohorts", "derived", "outputs", "parameters", "states", "uses"]


def test_a_file_that_cannot_be_read_says_where(tmp_path):
    with pytest.raises(InputError, match=r"model.toml:4: time: not valid TOML"):
        Model.load(written(tmp_path, '[model]\ntitle = "x"\n\ntime = day\n'))
    with pytest.raises(InputError, match="larger than 1000 kB"):
        Model.load(written(tmp_path, SOUND + "#" * 1_000_000))
    with pytest.raises(InputError, match="is a folder"):
        Model.load(tmp_path)
    with pytest.raises(UnknownNameError, match="no 'alemtuzumap' in models; did you mean 'alemtuzumab'"):
        Model.load("alemtuzumap")


@pytest.mark.processor_time(20)
def test_what_is_endless_when_written_out_is_refused_at_once(tmp_path):
    def chain(first: str, step: str) -> str:
        rows = [f'd0 = {{ value = "{first}", unit = "1" }}']
        rows += [f'd{i} = {{ value = "{step.format(f"d{i - 1}")}", unit = "1" }}' for i in range(1, 40)]
        return changed(("[inputs]", "\n".join(rows) + "\n[inputs]"))

    for first, step in (("2*V/V + CL/CL*loss/k_el", "{0}*{0} + {0}"), ("(2*loss/k_el)^60", "{0}^60")):
        found = faults_of(written(tmp_path, chain(first, step)))
        assert found[0][1].startswith("d")
        assert all("too large when" in message for _, _, message in found)


@pytest.mark.processor_time(60)
def test_a_long_chain_is_no_depth(tmp_path):
    rows = ['d0 = { value = "1", unit = "1" }'] + [
        f'd{i} = {{ value = "d{i - 1} + 1", unit = "1" }}' for i in range(1, 900)
    ]
    model = Model.load(written(tmp_path, changed(("[inputs]", "\n".join(reversed(rows)) + "\n[inputs]"))))
    assert model.constant_values(model.defaults)["d899"] == 900


@pytest.mark.processor_time(20)
def test_a_derived_quantity_whose_minimum_is_no_number_is_a_fault(tmp_path):
    path = tmp_path / "model.toml"
    row = 'k = { value = "1", unit = "1", minimum = "low" }'
    path.write_text(f'[model]\ntitle = "a"\ntime = "day"\n[derived]\n{row}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"model.toml:5: derived.k.minimum: "):
        Model.load(path)


def test_a_table_has_a_largest_size(tmp_path):
    rows = "\n".join(f"p{i} = {{}}" for i in range(20_000))
    assert "more than 1000 rows" in [
        message for _, _, message in faults_of(written(tmp_path, changed(("[inputs]", rows + "\n[inputs]"))))
    ]


def test_a_bibliography_beside_the_file_counts(tmp_path):
    text = changed(('threshold", source = "choice"', 'threshold", source = "vries_1999"'))
    (tmp_path / "references.bib").write_text(
        "@article{vries_1999,\n  author = {Anna de Vries and others},\n  year = {1999},\n  doi = {10.1/x}\n}\n"
    )
    path = written(tmp_path, text)
    row = {row.name: row for row in parameter_table(Model.load(path))}["MIC"]
    assert (row.source, row.doi) == ("de Vries 1999", "10.1/x")
    (tmp_path / "references.bib").unlink()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "references.bib").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"references\.bib: parameters\.MIC\.source: not UTF-8"):
        Model.load(written(tmp_path / "bad", text))


@pytest.mark.processor_time(10)
def test_a_hostile_bibliography_does_not_hang(tmp_path):
    from kinetics.files.bibliography import read_bibliography

    for number, text in enumerate(
        ("\n" * 990_000, "@a" * 400_000, "@a{" + " " * 990_000, "k = {" * 190_000, "@" + "a" * 990_000)
    ):
        (tmp_path / f"{number}.bib").write_text(text)
        assert read_bibliography(tmp_path / f"{number}.bib") == {}


def test_a_bibliography_that_changes_is_read_again(tmp_path):
    from kinetics.files.bibliography import read_bibliography

    path = tmp_path / "references.bib"
    for key in ("a_2000", "b_20001"):
        path.write_text(f"@misc{{{key},\n}}\n")
        assert list(read_bibliography(path)) == [key]


def test_an_entry_that_is_no_entry_is_told(tmp_path):
    path, faults = tmp_path / "references.bib", Faults()
    path.write_text("@misc{a_2000,\n title = {A},\n note = {B}\n}\n@misc{b_2000,\n title {B},\n note = {B},\n}\n")
    check_file(path, "bibliography", faults)
    (fault,) = map(str, faults)
    assert fault.startswith(f"{path}:6: cannot read this entry: '=' expected")


def test_texts_of_a_bibliography_that_double_are_not_kept(tmp_path):
    names = "abcdefghijklmnopqrstuvwxyz"
    doubled = "".join(f"@string{{{two}={one}#{one}}}" for one, two in pairwise(names))
    path, faults = tmp_path / "references.bib", Faults()
    path.write_text(f'@string{{a="{"x" * 1000}"}}{doubled}@misc{{k, {"note = z, " * 100}}}')
    check_file(path, "bibliography", faults)
    assert "texts too long in all" in "\n".join(map(str, faults))


def test_every_model_that_ships_is_sound():
    for name in library_names("models"):
        model = Model.load(name)
        assert model.name == name
        assert np.isfinite(list(model.constant_values(model.defaults).values())).all()


def test_hashes_tell_structure_from_values(tmp_path):
    model = Model.load(written(tmp_path, SOUND))
    other_value = Model.load(written(tmp_path, changed(("value = 10,", "value = 11,")), "value"))
    other_rate = Model.load(written(tmp_path, changed(('"-(k_el + loss)*A"', '"-(k_el + 2*loss)*A"')), "rate"))
    other_cohort = Model.load(written(tmp_path, changed(("value = 500", "value = 600")), "cohort"))
    assert other_value.structure_hash == model.structure_hash != other_rate.structure_hash
    assert len({model.content_hash, other_value.content_hash, other_rate.content_hash}) == 3
    assert other_cohort.content_hash == model.content_hash


def decay(**changes) -> Model:
    k, A, V = sp.symbols("k A V")
    given = {
        "time": "day",
        "parameters": [Parameter(name="k", value=0.1, unit="1/hour"), Parameter(name="V", value=3, unit="L")],
        "states": [State(name="A", unit="mg", initial=0, rate=-k * A)],
        "doses": [Dose(name="drug", unit="g", into="A")],
        "outputs": [Output(name="C", unit="mg/L", value=A / V)],
    }
    return Model.from_symbols("decay", **(given | changes))


def test_a_model_from_symbols_has_the_checks_of_a_file():
    k, A = sp.symbols("k A", real=True)
    assert decay().states["A"].rate == -24 * k * A
    wrong = [
        State(name="A", unit="mg", initial=1.5, rate=-sp.Symbol("q") * A),
        State(name="x; y", unit="bad", initial=0, rate=A),
    ]
    with pytest.raises(InputError) as error:
        decay(states=wrong, parameters=[Parameter(name="k", value=float("nan"), unit="1/day")])
    told = str(error.value)
    for part in (
        "unknown name 'q'",
        "reserved or no identifier",
        "unknown unit 'bad'",
        "'3/2' has unit '1'",
        "found nan",
        "unknown name 'V'",
    ):
        assert part in told


@pytest.mark.parametrize(
    "expression",
    ["__import__('os').system('touch owned')", None, True, float("inf"), sp.I, sp.zoo, {1: 2}, [1]],
    ids=repr,
)
def test_an_expression_from_python_is_sympy_or_a_number(tmp_path, monkeypatch, expression):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="finite real number or an expression of sympy"):
        decay(derived=[Derived(name="d", unit="1", value=expression)])
    assert not (tmp_path / "owned").exists()


def test_a_function_outside_the_grammar_is_refused():
    with pytest.raises(InputError, match="is not of the grammar"):
        decay(derived=[Derived(name="d", unit="1", value=sp.gamma(sp.Symbol("k")))])


def test_one_and_the_same_from_file_and_symbols(tmp_path):
    model = Model.load(written(tmp_path, SOUND))
    rebuilt = Model.from_symbols(
        "model",
        time="day",
        parameters=model.parameters.values(),
        inputs=model.inputs.values(),
        derived=model.derived.values(),
        doses=model.doses.values(),
        states=model.states.values(),
        outputs=model.outputs.values(),
    )
    assert rebuilt.content_hash == model.content_hash


def test_names_that_are_not_there():
    model = decay()
    with pytest.raises(UnknownNameError, match=r"has no parameter 'x\.y'"):
        model.flat_name("x.y")
    with pytest.raises(UnknownNameError, match="no output or state 'D'; outputs are C"):
        model.quantity("D")
