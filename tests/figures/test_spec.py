"""What is wrong with a figure file is said at once, each fault with its line."""

import pytest

from kinetics.errors import InputError
from kinetics.figures import read_figure

from .conftest import FIGURE


def faults(folder, old, new):
    """The faults after an edit, as {name: (line, message)}."""
    assert FIGURE.count(old) >= 1, old
    text = FIGURE.replace(old, new, 1)
    path = folder / "figure.toml"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read_figure(path)
    found = {}
    for fault in raised.value.faults:
        assert fault.where.startswith(f"{path}:"), fault
        found[fault.name] = (int(fault.where.rsplit(":", 1)[1]), fault.message)
    return found, text


def line_of(text, part):
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize(
    ("old", "new", "name", "part", "message"),
    [
        ('kind = "time_course"', 'kind = "pie"', "figure.kind", 'kind = "pie"', "unknown kind 'pie'; there are"),
        ('kind = "time_course"', "", "figure.kind", "[figure]", "missing 'kind'"),
        ('output = "M"', 'output = "Q"', "curves.1.output", 'output = "Q"', "no output 'Q'; there are N, M, amount"),
        ('output = "M"', 'output = "amount"', "curves.1.output", 'output = "amount"', "'mg' is not a kind of '1/nL'"),
        ('unit = "1e9/L"\n', "", "panels.counts", "[panels.counts]", "missing 'unit'"),
        ('unit = "1e9/L"', 'unit = "litters"', "panels.counts.unit", 'unit = "litters"', "unknown unit 'litters'"),
        ('scale = "log"', 'scale = "cube"', "panels.counts.scale", "cube", "'log' or 'linear'"),
        ("lower = 0.01", "lower = 0", "panels.counts.lower", "lower = 0", "must be positive on a log scale"),
        ("lower = 0.01", "lower = 5", "panels.counts.lower", "lower = 5", "lower is not below upper"),
        ('panel = "counts"', 'panel = "shares"', "curves.0.panel", 'panel = "shares"', "no panel 'shares'"),
        ('label = "M cells"', 'label = "M"\nhue = "blue"', "curves.1.hue", "hue", "unknown key"),
        ('cohort = "adults"', 'cohort = "elders"', "figure.cohort", "cohort", "no cohort 'elders'; there are adults"),
        ('until = "24 month"', 'until = "24 mg"', "figure.until", "until", "'mg' is not a kind of 'day'"),
        ('until = "24 month"', 'until = "-1 month"', "figure.until", "until", "must be positive"),
        ('"./model.toml"', '"none_such"', "figure.model", "none_such", "no 'none_such' in models"),
        ('"./regimen.toml"', '"none_such"', "figure.regimen", "none_such", "no 'none_such' in models/regimens"),
        ('"count_6"', '"count_7"', "curves.0.published", "count_7", "no row 'count_7' in the tables"),
        ('"count_6"', '"others"', "curves.0.published", "others", "is of cohort 'children', the figure of 'adults'"),
        ('"count_6"', '"count_18"', "curves.0.published", "count_18", "differs before then from the one drawn"),
        ('until = "24 month"', 'until = "8 month"', "curves.0.published", "published", "after the end of the figure"),
        ('"M"', '"M"\npublished = ["count_6"]', "curves.1.published", '["count_6"]', "is of output 'N'"),
        ("[size]", "[sizes]", "sizes", "[sizes]", "unknown table"),
    ],
)  # fmt: skip
def test_a_fault_is_placed(folder, old, new, name, part, message):
    found, text = faults(folder, old, new)
    assert name in found, found
    line, said = found[name]
    assert line == line_of(text, part)
    assert message in said


def test_every_fault_at_once(folder):
    text = (
        FIGURE.replace('output = "M"', 'output = "Q"')
        .replace('unit = "1e9/L"\n', "")
        .replace('every = "1 month"', 'every = "x"')
    )
    (folder / "figure.toml").write_text(text)
    with pytest.raises(InputError) as raised:
        read_figure(folder / "figure.toml")
    assert {fault.name for fault in raised.value.faults} == {"figure.every", "panels.counts", "curves.1.output"}


def test_a_count_has_no_place_in_percent_of_the_models_baseline(folder):
    text = FIGURE.replace('unit = "1e9/L"', 'unit = "percent"\npercent_of_baseline = true').replace(
        "upper = 2", "upper = 200"
    )
    (folder / "figure.toml").write_text(text)
    with pytest.raises(InputError, match="row 'count_6' is a count"):
        read_figure(folder / "figure.toml")


@pytest.mark.parametrize("name", ["recovery", "retreatment"])
def test_what_ships_is_clean(name):
    read_figure(name)
