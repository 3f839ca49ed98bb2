"""About how long a command takes is said before the work: from the pace of its first steps, or as it took last time."""

import sys

import pytest

from kinetics.cli.terminal import durations, progress
from kinetics.cli.terminal.compilation import Compilation


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets, and the lines that are told."""
    now, lines = [0.0], []
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "tell", lines.append)
    return now, lines


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("kinetics.compile.cache.cache_folder", lambda: tmp_path)
    return tmp_path


def test_the_pace_of_the_first_steps_tells_the_whole_once(clock):
    now, lines = clock
    steps = progress.Steps("draws", Compilation())
    for second in range(20):  # a step a second, of 200
        now[0] = 30.0 + second
        steps.count(second, 200)
    assert lines == ["draws: about 3 min"]


def test_what_is_compiled_before_the_first_step_is_no_pace(clock):
    now, lines = clock
    steps = progress.Steps("draws", Compilation())
    now[0] = 60.0
    steps.count(0, 5)
    now[0] = 61.5
    steps.count(1, 5)
    assert lines == []  # 7.5 s are not long


def test_the_lines_of_a_search_tell_the_pace_before_it_is_done(clock):
    now, lines = clock
    steps = progress.Steps("fit", Compilation(), lines_a_step=10)
    for line in range(4):
        now[0] = 5.0 + 3 * line
        steps.say("log posterior")
        steps.count(0, 2)
    assert lines == ["fit: about 1 min"]  # 2 searches of 10 lines, 3 s each


def test_the_time_of_a_command_is_said_at_its_next_run(clock, cache, monkeypatch):
    now, lines = clock
    monkeypatch.setattr(sys, "argv", ["kinetics", "fit", "one"])
    for seconds in (95.0, 1.0):
        with progress.watched("one"):
            now[0] += seconds
    assert lines == ["one: about 2 min, as it took last time"]
    monkeypatch.setattr(sys, "argv", ["kinetics", "fit", "one", "--posterior", "1000"])
    with progress.watched("one"):
        now[0] += 1.0
    assert len(lines) == 1


def test_neither_a_failure_nor_short_work_is_kept(clock, cache):
    now, _ = clock

    def fail():
        with progress.watched("one"):
            now[0] += 95.0
            raise ValueError("it fails")

    with pytest.raises(ValueError, match="it fails"):
        fail()
    with progress.watched("two"):
        now[0] += 9.0
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": "b"}', b"\xff"])
def test_a_damaged_file_of_times_is_no_time(cache, content):
    (cache / "durations.json").write_bytes(content)
    assert durations.last_time("one") == 0.0
    durations.keep_time("one", 20.0)
    assert durations.last_time("one") == 20.0


def test_only_the_latest_times_are_kept(cache):
    for number in range(durations.MOST + 3):
        durations.keep_time(str(number), 20.0)
    assert [durations.last_time(str(number)) for number in (2, 3)] == [0.0, 20.0]
