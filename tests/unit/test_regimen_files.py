"""Regimen files: what a good one says, and that every fault of a bad one is named with its line."""

import subprocess
import sys
import time

import pytest

from kinetics.errors import InputError, UnknownNameError
from kinetics.regimen import Course, Regimen, with_retreatment

HEADER = '[regimen]\ntitle = "A regimen"\nsource = "choice"\n'
GOOD = 'drug = "drug_a", amount = "12 mg"'


@pytest.fixture
def load(tmp_path):
    def load(text: str | bytes) -> Regimen:
        path = tmp_path / "mine.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Regimen.load(path)

    return load


def course(dose: str = GOOD, start: str = '"0 day"') -> str:
    return f"{HEADER}\n[[courses]]\nstart = {start}\ndoses = [{{ {dose} }}]\n"


def faults(load, text) -> list[str]:
    """The faults, without the folder."""
    with pytest.raises(InputError) as error:
        load(text)
    return [str(fault)[str(fault).find("mine.toml") :] for fault in error.value.faults]


def test_a_good_file(load):
    regimen = load(course(GOOD + ', start = "1 day", duration = "4 hour", every = "1 day", count = 3', '"12 month"'))
    assert (regimen.name, regimen.title, regimen.source) == ("mine", "A regimen", "choice")
    assert regimen.courses == (Course.of("drug_a", "12 mg", "4 hour", "1 day", 3).at("366.25 day"),)


def test_what_is_said_about_it_is_shown_and_kept_and_is_no_difference(load):
    said = load(
        course().replace('source = "choice"', 'source = "choice"\nabout = "Amounts published, durations chosen."')
    )
    assert said.about == "Amounts published, durations chosen."
    assert str(said).splitlines()[1] == said.about
    again = with_retreatment(said, said.courses[0], ["24 month"])
    assert {said.shift("1 day").about, said.repeat(2, "1 year").about, (said + said.shift("1 year")).about} == {
        said.about
    }
    assert (again.about, (said + Course.of("drug_a", "1 mg").at("2 year")).about) == (said.about, said.about)
    plain = load(course())
    assert (plain, plain.content_hash) == (said, said.content_hash)
    assert (plain.about, len(str(plain).splitlines())) == ("", len(str(said).splitlines()) - 1)


def test_a_text_path_and_a_path_are_the_same(load, tmp_path):
    assert load(course()) == Regimen.load(str(tmp_path / "mine.toml"))


def test_doses_as_tables(load):
    doses = '[[courses.doses]]\ndrug = "drug_a"\namount = "1 mg"\n' * 2
    assert len(load(f'{HEADER}[[courses]]\nstart = "0 day"\n{doses}').doses) == 2


def test_no_courses_is_drug_free(load):
    assert load(HEADER) == Regimen.none()


def test_a_source_beside_the_file(load, tmp_path):
    text = course().replace('"choice"', '"me_2020"')
    assert faults(load, text) == [
        "mine.toml:3: regimen.source: source 'me_2020' is in no references.bib; add it there, or write 'choice'"
    ]
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "references.bib").write_text("@misc{me_2020,\n  title = {Mine},\n}\n")
    (folder / "mine.toml").write_text(text)
    assert Regimen.load(folder / "mine.toml").source == "me_2020"


@pytest.mark.parametrize(
    ("dose", "fault"),
    [
        ('drug = "drug_a", amount = "-12 mg"', "amount: must be positive, found '-12 mg'"),
        ('drug = "drug_a", amount = "0 mg"', "amount: must be positive"),
        ('drug = "drug_a", amount = "nan mg"', "amount: cannot read quantity"),
        ('drug = "drug_a", amount = "1e999 mg"', "amount: quantity '1e999 mg' is not finite"),
        ('drug = "drug_a", amount = nan', "amount: input should be a valid string"),
        ('drug = "drug_a", amount = inf', "amount: input should be a valid string"),
        ('drug = "drug_a", amount = 12', "amount: input should be a valid string"),
        ('drug = "drug_a", amount = "12"', "amount: quantity '12' has no unit; write for example '12 mg'"),
        ('drug = "drug_a", amount = "12 litter"', "amount: unknown unit 'litter'"),
        ('drug = "drug_a", amount = "9^9^9^9 mg"', "amount: cannot read"),
        ('drug = "drug_a", amount = "1 10**10**8"', "amount: cannot read unit"),
        ('drug = "drug_a"', "missing 'amount'"),
        ('amount = "12 mg"', "missing 'drug'"),
        ("drug = \"__import__('os').system('true')\", amount = \"1 mg\"", "drug: must be a name"),
        ('drug = "a.b", amount = "1 mg"', "drug: must be a name"),
        (GOOD + ', start = "-1 day"', "start: is before time zero, found '-1 day'"),
        (GOOD + ', start = "1 mg"', "start: 'mg' is not a kind of 'day'"),
        (GOOD + ', duration = "-4 hour"', "duration: must not be negative"),
        (GOOD + ', duration = "inf day"', "duration: cannot read"),
        (GOOD + ", count = 3", "every: missing"),
        (GOOD + ', every = "1 day"', "every: needs 'count'"),
        (GOOD + ', every = "0 day", count = 3', "every: must be positive"),
        (GOOD + ', every = "-1 day", count = 3', "every: must be positive"),
        (GOOD + ', every = "1 day", count = 0', "count: input should be greater than or equal to 1"),
        (GOOD + ', every = "1 day", count = -5', "count: input should be greater"),
        (GOOD + ', every = "1 day", count = 10001', "count: input should be less than or equal to 10000"),
        (GOOD + ', every = "1 day", count = 2.0', "count: input should be a valid integer"),
        (GOOD + ', every = "1 day", count = nan', "count: input should be a valid integer"),
        (GOOD + ', every = "1 day", count = true', "count: input should be a valid integer"),
        (GOOD + ", every = 1, count = 3", "every: input should be a valid string"),
        (GOOD + ', every = "1e308 day", count = 3', "start: quantity inf day: must be one finite number"),
        (GOOD + ', dose = "1 mg"', "dose: unknown key; there are drug, amount"),
    ],
)
def test_a_bad_dose_is_named_with_its_line(load, dose, fault):
    found = faults(load, course(dose))
    assert len(found) == 1, found
    start = "mine.toml:7: courses.0.doses.0"
    assert found[0].startswith(f"{start}: {fault}" if fault.startswith("missing") else f"{start}.{fault}")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (course(start='"-1 month"'), "6: courses.0.start: is before time zero, found '-1 month'"),
        (course(start='"1 mg"'), "6: courses.0.start: 'mg' is not a kind of 'day'"),
        (course(start='"nan day"'), "6: courses.0.start: cannot read"),
        (course(start="nan"), "6: courses.0.start: input should be a valid string"),
        (course(start='""'), "6: courses.0.start: string should have at least 1 character"),
        (course().replace('start = "0 day"\n', ""), "5: courses.0: missing 'start'"),
        (course().replace("doses = [{ " + GOOD + " }]", "doses = []"), "7: courses.0.doses: list should have at least"),
        (course().replace("doses = [{ " + GOOD + " }]", "doses = [3]"), "7: courses.0.doses.0: must be a table"),
        (course().replace("doses = [{ " + GOOD + " }]", ""), "5: courses.0: missing 'doses'"),
        (course() + "rest = 1\n", "8: courses.0.rest: unknown key; there are start, doses"),
        (course() + "[extra]\n", "8: extra: unknown key; there are regimen, courses"),
        (course().replace("[[courses]]", "[courses]"), "5: courses: input should be a valid list"),
        (course().replace('title = "A regimen"', ""), "1: regimen: missing 'title'"),
        (course().replace('source = "choice"', ""), "1: regimen: missing 'source'"),
        (course().replace("source", "sources"), "3: regimen.sources: unknown key"),
        ("", "1: missing 'regimen'"),
        ("regimen = 1\n", "1: regimen: must be a table"),
        ("[regimen\n", "1: not valid TOML"),
        (course() + "x" * 1_000_001, "larger than 1000 kB"),
        (b"\xff\xfe", "not UTF-8"),
        ("a = " + "[" * 100_000, "nested beyond reason"),
    ],
)
def test_a_bad_file_is_named_with_its_line(load, text, fault):
    found = faults(load, text)
    assert any(one.removeprefix("mine.toml:").strip().startswith(fault) for one in found), found


def test_every_fault_of_a_file_at_once(load):
    text = """[regimen]
title = "Bad"
source = "nowhere_1900"
colour = "red"

[[courses]]
start = "-1 month"
doses = [{ drug = "1a", amount = "-12 mg", duration = "-1 hour", every = "-1 day", count = 0, x = 1 }]

[[courses]]
start = "12 parsec"

[[courses.doses]]
amount = "12"
every = 3
count = 2

[[courses]]
doses = [{ drug = "drug_a", amount = "12 mg", count = 2 }]
"""
    where = [one.partition(": ")[2].partition(": ")[0] for one in faults(load, text)]
    assert sorted(where) == [
        "courses.0.doses.0.amount",
        "courses.0.doses.0.count",
        "courses.0.doses.0.drug",
        "courses.0.doses.0.duration",
        "courses.0.doses.0.every",
        "courses.0.doses.0.x",
        "courses.0.start",
        "courses.1.doses.0",
        "courses.1.doses.0.amount",
        "courses.1.doses.0.every",
        "courses.1.start",
        "courses.2",
        "courses.2.doses.0.every",
        "regimen.colour",
    ]


def test_more_doses_than_reason_are_refused_fast(load):
    row = f'{{ {GOOD}, every = "1 day", count = 10000 }},\n'
    begun = time.process_time()
    assert faults(load, f'{HEADER}[[courses]]\nstart = "0 day"\ndoses = [{row * 1000}]') == [
        "mine.toml:4: courses: more than 10000 doses in the file"
    ]
    assert time.process_time() - begun < 10


def test_unknown_library_name_suggests():
    with pytest.raises(UnknownNameError, match="did you mean 'ms_licensed'"):
        Regimen.load("ms_licenced")


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        Regimen.load(tmp_path / "none.toml")
    with pytest.raises(InputError, match="is a folder"):
        Regimen.load(tmp_path)


def test_loading_runs_nothing(tmp_path):
    witness = tmp_path / "ran"
    path = tmp_path / "evil.toml"
    code = f"__import__('pathlib').Path({str(witness)!r}).touch()"
    path.write_text(course(f'drug = "{code}", amount = "{code}"'.replace("\\", "/")))
    done = subprocess.run(
        [sys.executable, "-c", f"from kinetics import Regimen; Regimen.load({str(path)!r})"],
        capture_output=True,
        timeout=600,
    )
    assert done.returncode != 0
    assert b"drug: must be a name" in done.stderr
    assert b"amount: cannot read quantity" in done.stderr
    assert not witness.exists()
