"""Files are read again when, and only when, one of them may have changed."""

import os

import pytest

from kinetics import FitProblem, Model
from kinetics.errors import InputError

PART = """
[model]
title = "part"
time = "day"
[parameters.a0]
value = 1
unit = "mg"
about = "start"
source = "choice"
[parameters.k]
value = {value}
unit = "1/day"
about = "rate"
source = "choice"
[states.A]
initial = "a0"
rate = "-k*A"
unit = "mg"
about = "amount"
"""
WHOLE = '[model]\ntitle = "whole"\ntime = "day"\n[uses]\np = "part.toml"\n'


def write(path, text, age=60.0):
    path.write_text(text)
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))


@pytest.fixture
def whole(tmp_path):
    write(tmp_path / "part.toml", PART.format(value=1))
    write(tmp_path / "whole.toml", WHOLE)
    return tmp_path / "whole.toml"


def test_a_model_whose_files_are_the_same_is_not_read_again(whole):
    assert Model.load(whole) is Model.load(whole)


def test_a_change_of_a_part_is_seen_though_time_and_size_are_the_same(whole):
    before = Model.load(whole)
    stamp = whole.with_name("part.toml").stat().st_mtime
    write(whole.with_name("part.toml"), PART.format(value=2))
    os.utime(whole.with_name("part.toml"), (stamp, stamp))
    assert before.parameters["p_k"].value == 1
    assert Model.load(whole).parameters["p_k"].value == 2


def test_a_part_that_is_gone_is_a_fault(whole):
    Model.load(whole)
    whole.with_name("part.toml").unlink()
    with pytest.raises(InputError, match=r"part\.toml"):
        Model.load(whole)


def test_a_file_written_while_it_was_read_is_not_kept(whole):
    write(whole, WHOLE, age=0)
    assert Model.load(whole) is not Model.load(whole)


def test_no_reader_changes_the_document_that_the_next_one_takes(project):
    """A fit that leaves out a parameter of the one it extends leaves that one whole."""
    free = {"A0": 'lower = 0.01, upper = 100, unit = "1e9/L"', "c": 'lower = 0.01, upper = 100, unit = "1"'}
    base = project.fit({"time": "5 day", "value": 1.0, "log_se": 0.1}, free=free)
    write(base, base.read_text())
    fewer = base.with_name("fewer.toml")
    fewer.write_text('[fit]\ntitle = "fewer"\nextends = "./one.toml"\nwithout = ["c"]\n')
    names = [[one.name for one in FitProblem.load(path).free] for path in (fewer, fewer, base)]
    assert names == [["A0"], ["A0"], ["A0", "c"]]
