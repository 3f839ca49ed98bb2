"""Model files that extend others: what is taken, what is replaced, and whose line a fault names."""

import re
from pathlib import Path

import pytest

from kinetics.cohorts import parameter_table
from kinetics.cohorts.cohort import cohort_parameters
from kinetics.errors import InputError
from kinetics.files.library import library_folder, library_names
from kinetics.model import Model
from kinetics.reports.models import model_text

PART = """\
[model]
title = "Pool"
time = "day"
[parameters]
N_0 = { value = 2, unit = "1e9/L", spread = 0.2, source = "choice" }
out = { value = 0.2, unit = "1/day", spread = 0.3, source = "choice" }
[inputs]
kill = { unit = "1/day", rest = 0 }
[states.N]
unit = "1e9/L"
initial = "N_0"
rate = "out*(N_0 - N) - kill*N"
[outputs.count]
unit = "1e9/L"
value = "N"
"""
HEAD = '[model]\ntitle = "Base"\ntime = "day"\nabout = "of its own"\n'
BASE = (
    HEAD
    + """\
[uses]
one = "./part.toml"
[parameters]
strength = { value = 0.5, unit = "1/day", source = "choice" }
limit = { value = 1, unit = "1e9/L", source = "choice" }
[bindings]
one.kill = "strength"
[outputs.N]
unit = "1e9/L"
value = "one.count"
lower_limit = "limit"
[[correlations]]
between = ["one.N_0", "one.out"]
value = 0.1
source = "choice"
[cohorts.young]
about = "young"
[cohorts.young.parameters]
one.N_0 = { value = 3, unit = "1e9/L", source = "choice" }
strength = { value = 1, unit = "1/day", source = "choice" }
[cohorts.old]
extends = "young"
"""
)
ADDED = """\
[bindings]
one.kill = "strength + weak"
two.kill = "weak"
[outputs.N]
unit = "1e9/L"
value = "one.count + two.count"
[outputs.second]
unit = "1e9/L"
value = "two.count"
[[correlations]]
between = ["one.out", "one.N_0"]
value = 0.2
source = "choice"
[[correlations]]
between = ["two.N_0", "two.out"]
value = 0.3
source = "choice"
[cohorts.young]
about = "young, both pools"
[cohorts.young.parameters]
one.N_0 = { value = 4, unit = "1e9/L", spread = 0.5, source = "choice" }
two.N_0 = { value = 5, unit = "1e9/L", source = "choice" }
"""
EXTENSION = (
    """\
[model]
title = "Extension"
extends = "base.toml"
[uses]
two = "./part.toml"
[parameters]
limit = { value = 1.5, unit = "1e9/L", source = "choice" }
weak = { value = 0.1, unit = "1/day", source = "choice" }
"""
    + ADDED
    + """\
[cohorts.other]
extends = "old"
"""
)
# the two above in one, by hand: rows of the base at their places, then those of the extension
WRITTEN_OUT = (
    """\
[model]
title = "Extension"
time = "day"
[uses]
one = "./part.toml"
two = "./part.toml"
[parameters]
strength = { value = 0.5, unit = "1/day", source = "choice" }
limit = { value = 1.5, unit = "1e9/L", source = "choice" }
weak = { value = 0.1, unit = "1/day", source = "choice" }
"""
    + ADDED
    + """\
strength = { value = 1, unit = "1/day", source = "choice" }
[cohorts.old]
extends = "young"
[cohorts.other]
extends = "old"
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = {"part": PART, "base": BASE, "extension": EXTENSION, "written_out": WRITTEN_OUT}
    for name, text in texts.items():
        (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path


def edited(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    path = folder / f"{name}.toml"
    text = path.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text)
    return folder / "extension.toml"


def faults(path: Path) -> list[tuple[str, str, str]]:
    """``file:line`` without the folder, name and message."""
    with pytest.raises(InputError) as error:
        Model.load(path)
    return [(re.sub(r".*/", "", fault.where), fault.name, fault.message) for fault in error.value.faults]


def test_an_extension_is_the_composite_written_out(folder):
    model, written_out = (Model.load(folder / f"{name}.toml") for name in ("extension", "written_out"))
    assert model.content_hash == written_out.content_hash
    assert model.outputs["N"].lower_limit is None  # a row is replaced as a whole
    assert model.cohorts == written_out.cohorts
    assert (model.title, model.about, model.time) == ("Extension", "", written_out.time)
    for cohort in ("young", "old", "other"):
        of_both = (cohort_parameters(each, cohort) for each in (model, written_out))
        assert len({each.content_hash for each in of_both}) == 1
    assert cohort_parameters(model, "other").values["strength"] == 1


def test_the_base_is_left_as_it_is(folder):
    before = Model.load(folder / "base.toml").content_hash
    Model.load(folder / "extension.toml")
    assert Model.load(folder / "base.toml").content_hash == before


def test_an_extension_of_nothing_has_the_content_of_its_base(folder):
    path = edited(folder, "extension", (EXTENSION, '[model]\ntitle = "same"\nextends = "./base.toml"\n'))
    assert Model.load(path).content_hash == Model.load(folder / "base.toml").content_hash


def test_a_replaced_binding_is_the_one_that_counts(folder):
    model = Model.load(folder / "extension.toml")
    strength, weak = (model.parameters[name].symbol for name in ("strength", "weak"))
    assert model.derived["one_kill"].value == strength + weak
    assert Model.load(folder / "base.toml").derived["one_kill"].value == strength


def test_a_cohort_is_merged_key_by_key(folder):
    edited(folder, "base", ('about = "young"', 'about = "young"\nfrom_fit = "first"'))
    edited(folder, "extension", ('extends = "old"', 'extends = "young"\n[cohorts.old]\nfrom_fit = ["a", "b"]'))
    young, old = (Model.load(folder / "extension.toml").cohorts[name] for name in ("young", "old"))
    assert (young.about, young.from_fit) == ("young, both pools", ("first",))
    assert (old.extends, old.from_fit) == ("young", ("a", "b"))
    assert {name: value.value for name, value in young.values.items()} == {"one_N_0": 4, "two_N_0": 5, "strength": 1}
    assert (Path(young.where).name, Path(young.fits_where).name) == ("extension.toml:26", "base.toml:22")
    edited(folder, "extension", ('about = "young, both pools"', "from_fit = []"))
    assert Model.load(folder / "extension.toml").cohorts["young"].from_fit == ()


def test_correlations_of_a_cohort_replace_those_of_the_same_pair(folder):
    rows = '[[cohorts.young.correlations]]\nbetween = [{}]\nvalue = {}\nsource = "choice"\n'
    edited(folder, "base", ("[cohorts.old]", rows.format('"one.N_0", "one.out"', 0.4) + "[cohorts.old]"))
    pairs = ('"one.out", "one.N_0"', 0.5), ('"one.out", "two.out"', 0.6)
    edited(folder, "extension", ("[cohorts.other]", "".join(rows.format(*pair) for pair in pairs) + "[cohorts.other]"))
    young = Model.load(folder / "extension.toml").cohorts["young"]
    assert [(row.pair, row.value) for row in young.correlations] == [
        (("one_N_0", "one_out"), 0.5),
        (("one_out", "two_out"), 0.6),
    ]
    edited(folder, "extension", ('between = ["one.out", "two.out"]', 'between = ["one.out", "three.out"]'))
    (fault,) = faults(folder / "extension.toml")
    assert fault[0] == "extension.toml:36"


def test_what_is_exploratory_stays_so_through_parts_and_extensions(folder):
    before = {name: Model.load(folder / f"{name}.toml").content_hash for name in ("part", "base", "extension")}
    edited(folder, "part", ('value = "N"\n', 'value = "N"\nexploratory = true\n'))
    edited(folder, "base", ("[[correlations]]", '[outputs.own]\nunit = "1e9/L"\nvalue = "limit"\n[[correlations]]'))
    model = Model.load(folder / "extension.toml")
    assert [name for name in model.outputs if model.is_exploratory(name)] == ["N", "second"]
    assert "N (exploratory)" in model_text(model)
    assert "own (exploratory)" not in model_text(model)
    edited(folder, "base", ('[outputs.own]\nunit = "1e9/L"\nvalue = "limit"\n', ""))
    assert {name: Model.load(folder / f"{name}.toml").content_hash for name in before} == before


def test_chains(folder):
    (folder / "top.toml").write_text(
        '[model]\ntitle = "top"\nextends = "extension.toml"\n[bindings]\none.kill = "weak"\n'
        '[cohorts.young.parameters]\nstrength = { value = 7, unit = "1/day", source = "choice" }\n'
    )
    model = Model.load(folder / "top.toml")
    assert model.derived["one_kill"].value == model.parameters["weak"].symbol
    assert cohort_parameters(model, "other").values["strength"] == 7
    assert cohort_parameters(model, "other").values["two_N_0"] == 5
    assert [path.stem for path in model.extends] == ["extension", "base"]
    edited(folder, "base", ('one.kill = "strength"', 'one.kill = "strength"\none.kil = "strength"'))
    assert [fault[:2] for fault in faults(folder / "top.toml")] == [("base.toml:12", "bindings.one.kil")]


def test_it_is_shown_what_a_model_extends(folder):
    assert "\n\nExtends base\n\n" in model_text(Model.load(folder / "extension.toml"))
    assert "Extends" not in model_text(Model.load(folder / "base.toml"))


def test_paths_and_sources_count_from_the_file_that_says_them(folder):
    inner = folder / "inner"
    inner.mkdir()
    for name in ("base", "part"):
        (folder / f"{name}.toml").rename(inner / f"{name}.toml")
    (inner / "references.bib").write_text('@article{inside_2001,\n author = "Ines Inner",\n year = {2001},\n}\n')
    edited(
        inner,
        "base",
        ('value = 3, unit = "1e9/L", source = "choice"', 'value = 3, unit = "1e9/L", source = "inside_2001"'),
    )
    path = edited(
        folder,
        "extension",
        ('"base.toml"', '"./inner/base.toml"'),
        ('"./part.toml"', '"inner/part.toml"'),
        ('one.N_0 = { value = 4, unit = "1e9/L", spread = 0.5, source = "choice" }\n', ""),
    )
    model = Model.load(path)
    assert list(model.states) == ["one_N", "two_N"]
    assert {row.name: row.source for row in parameter_table(model, "young")}["one_N_0"] == "Inner 2001"
    edited(
        folder,
        "extension",
        ('value = 5, unit = "1e9/L", source = "choice"', 'value = 5, unit = "1e9/L", source = "inside_2001"'),
    )
    assert [fault[:2] for fault in faults(path)] == [("extension.toml:29", "cohorts.young.parameters.two.N_0")]


def test_a_name_of_the_library_is_not_the_file_beside(tmp_path):
    name = library_names("models")[0]
    shipped, beside = (folder / f"{name}.toml" for folder in (library_folder("models"), tmp_path))
    composite = tmp_path / "mine.toml"
    composite.write_text(f'[model]\ntitle = "Mine"\nextends = "{name}"\n')
    beside.write_bytes(shipped.read_bytes())
    plain = Model.load(composite)  # a copy that nobody edited is no reason to warn
    beside.write_bytes(shipped.read_bytes() + b"# edited\n")
    message = f"{composite}: extends the '{name}' that ships, and not the file {name}.toml beside it, which differs; "
    with pytest.warns(UserWarning, match=re.escape(f"{message}write '{name}.toml' to take that one")):
        assert Model.load(composite).content_hash == plain.content_hash
    beside.write_text(composite.read_text())  # a file that extends the one of its own name means the shipped one
    Model.load(beside)
    composite.write_text(composite.read_text().replace(f'"{name}"', f'"{name}.toml"'))
    Model.load(composite)


def test_a_name_of_the_library_can_be_extended(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[model]\ntitle = "mine"\nextends = "reconstitution"\n')
    assert Model.load(path).content_hash == Model.load("reconstitution").content_hash


CASES = [
    ("row of the base", "base", ("value = 0.5,", 'value = "x",'), "base.toml:8", "parameters.strength.value"),
    ("binding of the base", "base", ("[outputs.N]", 'three.x = "1"\n[outputs.N]'), "base.toml:12", "bindings.three.x"),
    ("uses of the base", "base", ('one = "./part.toml"', 'one = "./tarp.toml"'), "tarp.toml", "uses.one"),
    ("cohort of the base", "base", ("strength = { value = 1,", "strength = {"), "base.toml:24",
     "cohorts.young.parameters.strength"),
    ("cohort that only the base has", "base", ('extends = "young"', 'extends = "yung"'), "base.toml:26",
     "cohorts.old.extends"),
    ("unknown table of the base", "base", ("[bindings]", "[kinetics]\n[bindings]"), "base.toml:10", "kinetics"),
    ("table of the base that is none", "base", ("[uses]", 'doses = 3\n[uses]'), "base.toml:5", "model.doses"),
    ("title of the base", "base", ('title = "Base"\n', ""), "base.toml:1", "model"),
    ("time of the base", "base", ('time = "day"', 'time = "L"'), "base.toml:3", "model.time"),
    ("new row", "extension", ("value = 0.1,", 'value = "x",'), "extension.toml:8", "parameters.weak.value"),
    ("replaced row", "extension", ("value = 1.5,", 'value = "x",'), "extension.toml:7", "parameters.limit.value"),
    ("unit of a replaced binding", "extension", ("strength + weak", "limit"), "extension.toml:10", "bindings.one.kill"),
    ("unknown name", "extension", ("one.count + two.count", "one.cuont"), "extension.toml:14", "outputs.N.value"),
    ("unbound input", "extension", ('two.kill = "weak"\n', ""), "extension.toml:5", "bindings.two.kill"),
    ("cohort of the extension", "extension", ("two.N_0 = {", "two.N_1 = {"), "extension.toml:30",
     "cohorts.young.parameters.two.N_1"),
    ("correlation", "extension", ('"two.N_0", "two.out"', '"two.N_0", "two.oot"'), "extension.toml:23", "correlations"),
    ("title", "extension", ('title = "Extension"\n', ""), "extension.toml:1", "model"),
    ("a name in two tables", "extension", ("[bindings]", '[inputs]\nstrength = { unit = "1", rest = 0 }\n[bindings]'),
     "extension.toml:10", "inputs.strength"),
    ("number as base", "extension", ('"base.toml"', "3"), "extension.toml:3", "model.extends"),
    ("list as base", "extension", ('"base.toml"', '["base.toml"]'), "extension.toml:3", "model.extends"),
    ("table as base", "extension", ('"base.toml"', "{ base = 1 }"), "extension.toml:3", "model.extends"),
    ("empty name", "extension", ('"base.toml"', '""'), "extension.toml:3", "model.extends"),
    ("unknown base", "extension", ('"base.toml"', '"nothing_such"'), "extension.toml:3", "model.extends"),
    ("no such file", "extension", ('"base.toml"', '"./bass.toml"'), "bass.toml", "model.extends"),
    ("folder", "extension", ('"base.toml"', '"../"'), "..", "model.extends"),
    ("NUL byte", "extension", ('"base.toml"', '"./a\\u0000.toml"'), "extension.toml:3", "model.extends"),
    ("device", "extension", ('"base.toml"', '"/dev/zero"'), "zero", "model.extends"),
    ("base that is no TOML", "base", ('"Base"', "Base"), "base.toml:2", "title"),
    ("itself", "extension", ('"base.toml"', '"extension.toml"'), "extension.toml:3", "model.extends"),
    ("one that extends it", "base", ('time = "day"', 'extends = "./extension.toml"'), "base.toml:3", "model.extends"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "edit", "where", "label"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
@pytest.mark.processor_time(10)
def test_one_fault_names_the_file_that_says_it(folder, name, edit, where, label):
    found = faults(edited(folder, name, edit))
    assert [(place, fault) for place, fault, _ in found] == [(where, label)], found


@pytest.mark.parametrize("table", ["uses", "bindings", "parameters", "outputs", "correlations", "cohorts"])
@pytest.mark.parametrize("value", ["3", '"x"', "[1]", "[[1]]"])
@pytest.mark.processor_time(10)
def test_a_table_that_is_none_is_a_fault_of_its_own_file(folder, table, value):
    part = '[model]\ntitle = "x"\nextends = "base.toml"\n'
    (folder / "extension.toml").write_text(f"{table} = {value}\n{part}")
    assert any(where == "extension.toml:1" for where, _, _ in faults(folder / "extension.toml"))
    text = re.sub(rf"(?ms)^\[+{table}\b[^\n]*\n.*?(?=^\[+(?!{table})|\Z)", "", BASE)
    (folder / "base.toml").write_text(f"{table} = {value}\n{text}")
    (folder / "extension.toml").write_text(EXTENSION)
    assert any(where == "base.toml:1" for where, _, _ in faults(folder / "extension.toml"))


def test_a_part_that_extends_the_composite_it_is_of(folder):
    path = edited(folder, "part", ('title = "Pool"', 'title = "Pool"\nextends = "./extension.toml"'))
    assert ("part.toml:3", "model.extends", "a model that extends itself") in faults(path)
    edited(folder, "part", ('extends = "./extension.toml"', 'extends = "./base.toml"'))
    assert any(fault[:2] == ("base.toml:6", "uses.one") for fault in faults(path))


def test_faults_of_base_extension_and_parts_are_told_at_once(folder):
    edited(folder, "part", ("out*(N_0 - N)", "outt*(N_0 - N)"))
    edited(folder, "base", ("value = 0.5,", 'value = "x",'))
    found = faults(edited(folder, "extension", ("value = 0.1,", 'value = "x",')))
    assert {where for where, _, _ in found} == {"part.toml:12", "base.toml:8", "extension.toml:8"}


@pytest.mark.processor_time(60)
def test_chains_have_the_levels_of_composites(folder):
    for level in range(9):
        (folder / f"l{level}.toml").write_text(f'[model]\ntitle = "l"\nextends = "./l{level + 1}.toml"\n')
    (folder / "l9.toml").write_text(BASE)
    assert Model.load(folder / "l2.toml").content_hash == Model.load(folder / "base.toml").content_hash
    assert faults(folder / "l0.toml") == [("l8.toml:3", "model.extends", "more than 8 levels of models")]
