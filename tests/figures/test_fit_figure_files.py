"""What is wrong with the file of a figure of a fit is said at once, each fault with its line."""

import pytest

from kinetics.errors import InputError
from kinetics.figures import read_figure

from .cases import FIGURES, write_case


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("case"))


def line_of(text, part):
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize("name", list(FIGURES))
def test_the_case_is_clean(figures, name):
    read_figure(figures / f"{name}.toml")


@pytest.mark.parametrize(
    ("figure", "old", "new", "name", "part", "message"),
    [
        ("check", '"../population.toml"', '"none"', "figure.fit", '"none"', "no 'none' in fits"),
        ("check", '"../population.toml"', '"../typical.toml"', "figure.fit", "typical", "has no table [population]"),
        ("check", 'until = "120 day"', "", "figure", "[figure]", "missing 'until'"),
        ("check", 'until = "120 day"', 'until = "9 mg"', "figure.until", "9 mg", "'mg' is not a kind of 'day'"),
        ("check", 'until = "120 day"', 'until = "80 day"', "panels.counts.rows", "early", "lies after the end"),
        ("check", 'every = "5 day"', 'every = "0 day"', "figure.every", "every", "must be positive"),
        ("check", 'every = "5 day"', 'every = "1 minute"', "figure.every", "minute", "until 120 day; at most 2000"),
        ("check", 'ticks = "20 day"', 'ticks = "-1 day"', "time.ticks", "-1 day", "must be positive"),
        ("check", 'type = "share"', 'type = "pie"', "panels.low.type", "pie", "'counts', 'share' or 'recovery'"),
        ("check", '"early", "late"', '"early", "lat"', "panels.counts.rows", '"lat"', "no row 'lat'; there are early"),
        ("check", '"early", "late"', '"low_20"', "panels.counts.rows", "low_20", "is a share_below; a panel of type"),
        ("check", 'rows = ["low_20", "low_60"]', "rows = []", "panels.low.rows", "rows = []", "at least 1 item"),
        ("check", 'unit = "1e9/L"', 'unit = "mg"', "panels.counts.unit", '"mg"', "is not a kind of"),
        ("check", 'unit = "1e9/L"', "lower = 2\nupper = 1", "panels.counts.lower", "lower", "not below upper"),
        ("check", 'unit = "1e9/L"', 'scale = "log"\nlower = 0', "panels.counts.lower", "lower", "positive on a log"),
        ("check", 'type = "share"', 'type = "share"\nlower = 0', "panels.low.lower", "lower", "for a panel of counts"),
        ("check", "[time]", "[times]", "times", "[times]", "unknown table; there are figure, size, look, time, panels"),
        ("agreement", "title", "titel", "figure.titel", "titel", "unknown key"),
        ("agreement", 'fit = "../population.toml"', "", "figure", "[figure]", "missing 'fit'"),
        ("agreement", "[figure]", "[size]\nwidth = 4\n[figure]", "size.width", "width", "mm from 40 to"),
        ("prior_posterior", "[figure]", "[panels]\n[figure]", "panels", "[panels]", "unknown table"),
        ("tornado", '"adults"', '"elders"', "figure.cohort", "elders", "no cohort 'elders'; there are adults"),
        ("tornado", "../../models/model.toml", "none", "figure.model", '"none"', "no 'none' in models"),
        ("tornado", "../once.toml", "none", "figure.regimen", '"none"', "no 'none' in models/regimens"),
        ("tornado", 'unit = "day"', 'unit = "mg"', "figure.unit", '"mg"', "'mg' is not a kind of 'day'"),
        ("tornado", 'until = "200 day"', 'until = "-1 day"', "figure.until", "-1 day", "must be positive"),
        ("tornado", "largest = 3", "largest = 0", "figure.largest", "largest", "greater than or equal to 1"),
        ("tornado", "largest = 3", 'outputs = ["M"]', "figure.outputs", "outputs", "no output 'M' with a 'lower"),
    ],
)  # fmt: skip
def test_a_fault_is_placed(figures, figure, old, new, name, part, message):
    text = FIGURES[figure].replace(old, new, 1)
    assert text != FIGURES[figure]
    path = figures / "faulty.toml"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read_figure(path)
    found = {fault.name: fault for fault in raised.value.faults}
    assert name in found, found
    assert found[name].where == f"{path}:{line_of(text, part)}"
    assert message in found[name].message


def test_every_fault_of_a_check_at_once(figures):
    text = FIGURES["check"].replace('"late"', '"lat"').replace("5 day", "5 mg").replace('type = "share"', "")
    (figures / "faulty.toml").write_text(text)
    with pytest.raises(InputError) as raised:
        read_figure(figures / "faulty.toml")
    assert {fault.name for fault in raised.value.faults} == {"figure.every", "panels.low", "panels.counts.rows"}


def test_rows_of_two_quantities_share_no_panel(figures):
    table = figures.parent / "table.csv"
    before = table.read_text()
    table.write_text(before.replace("low_60,validate,share_below", "low_60,validate,share_above"))
    try:
        with pytest.raises(InputError, match="row 'low_60' is not of the same quantity and patients as 'low_20'"):
            read_figure(figures / "check.toml")
    finally:
        table.write_text(before)


@pytest.mark.parametrize(
    "name",
    [
        "care_ms_vpc",
        "hill_cawthorne_vpc",
        "care_ms_agreement",
        "hill_cawthorne_agreement",
        "care_ms_prior_posterior",
        "hill_cawthorne_prior_posterior",
        "recovery_tornado",
    ],
)
def test_what_ships_is_clean(name):
    read_figure(name)
