"""Through every command: names of folders that act on a terminal, and texts that mean something elsewhere."""

import re
import xml.etree.ElementTree as ET

import pytest

from kinetics.text.escaping import forbidden_character

from .conftest import FIT, MODEL, REGIMEN, TABLE

TEXT = r"$\frac{1}{$ |<b>| [red]x[/] %s {0} `#` \input{x}"
ACTING = "f\x1b[31m\x9b\u202e\r"

FACT = {
    "name": "row TEXT",
    "mark": "S",
    "use": "validate",
    "finding": "of TEXT",
    "statement": "states TEXT",
    "kind": "count",
    "statistic": "mean",
    "model": "../models/pool.toml",
    "cohort": "adults",
    "regimen": "../models/regimens/once.toml",
    "output": "pool",
    "time": "30 day",
    "value": "0.25",
    "unit": "1e9/L",
    "source": "choice",
    "reason": "because TEXT",
}
EVIDENCE = f"{','.join(FACT)}\n{','.join(FACT.values())}\n"

COMPARISON = """\
[comparison]
title = 'TEXT'
model = "../models/pool.toml"
until = "1 year"
every = "1 month"
note = 'TEXT'
[[rows]]
output = "pool"
label = 'TEXT'
measures = ["nadir"]
"""

FIGURE = """\
[figure]
kind = "time_course"
title = 'TEXT'
note = 'TEXT'
model = "../models/pool.toml"
cohort = "adults"
regimen = "../models/regimens/once.toml"
until = "6 month"
every = "1 month"
tables = ["pool.csv"]
[panels.a]
unit = "1e9/L"
title = 'TEXT'
[[curves]]
panel = "a"
output = "pool"
label = 'TEXT'
published = ['day_30 TEXT', 'day_90 TEXT']
"""


@pytest.fixture
def hostile(tmp_path):
    """The project of a user, all of its texts hostile, in a folder whose name is too."""
    root = tmp_path / ACTING
    (root / "models" / "regimens").mkdir(parents=True)
    (root / "fits").mkdir()
    model = re.sub(r'(about|title) = "[^"]*"', rf"\1 = '{_quoted(TEXT)}'", MODEL)
    table = re.sub(r"^(day_30|day_90|back),", lambda found: f'"{found[1]} {TEXT}",', TABLE, flags=re.MULTILINE)
    files = {
        "models/pool.toml": model,
        "models/regimens/once.toml": REGIMEN.replace('"Ten milligrams, once"', f"'{TEXT}'"),
        "fits/pool.csv": table.replace("{regimen}", "../models/regimens/once.toml"),
        "fits/turnover.toml": re.sub(r'(about|title) = "[^"]*"', rf"\1 = '{_quoted(TEXT)}'", FIT),
        "fits/evidence.csv": EVIDENCE.replace("TEXT", TEXT),
        "fits/comparison.toml": COMPARISON.replace("TEXT", TEXT),
        "fits/figure.toml": FIGURE.replace("TEXT", TEXT),
    }
    for name, text in files.items():
        (root / name).write_text(text)
    return root


def _quoted(text):
    return text.replace("\\", r"\\")


@pytest.fixture
def said(run):
    """What a command prints, which never acts on the terminal and is never a fault of the program."""

    def call(*arguments, status=0):
        answer = run(*arguments)
        assert forbidden_character(answer.out + answer.err, lines=True) is None, arguments
        assert "fault of the program" not in answer.err
        assert answer.status == status, answer.err
        return answer

    return call


def test_every_command_prints_and_writes_hostile_texts_as_text(hostile, said):
    model, regimen, fit = (
        hostile / name for name in ("models/pool.toml", "models/regimens/once.toml", "fits/turnover.toml")
    )
    asked = (model, "--regimen", regimen, "--cohort", "adults", "--until", "6 month", "--every", "1 month")
    assert "no fault" in said("check", *sorted(hostile.rglob("*.*"))).out
    for path in (model, regimen, fit, hostile / "fits" / "figure.toml"):
        assert TEXT in " ".join(said("show", path).out.split())
    assert TEXT not in said("show", model, "--latex").out.partition("\\begin{align*}")[2].partition("\\end{align*}")[0]
    told = said("simulate", *asked, "--out", hostile / "run.nc").err
    assert "wrote " in told
    assert "\\x1b[31m\\x9b\\u202e\\r/run.nc" in told
    assert said("simulate", *asked, "--json").json["model"] == "pool"
    said("identify", fit)
    said("fit", fit, "--out", hostile / "fit.nc")
    said("predict", hostile / "fit.nc", "--regimen", regimen, "--until", "1 year", "--json")
    spec = hostile / "fits" / "comparison.toml"
    assert TEXT in said("compare", regimen, "--spec", spec, "--out", hostile / "compared.svg").out
    said("evidence", hostile / "fits" / "evidence.csv", "--patients", "8", "--out", hostile / "page.md")
    (row,) = [line for line in (hostile / "page.md").read_text().splitlines() if "because" in line]
    assert len(re.split(r"(?<!\\)\|", row)) == 13  # eleven cells, and what stands before and behind them
    assert not re.search(r"(?<!\\)[<$`]", row)
    said("figure", hostile / "fits" / "figure.toml", "--out", hostile / "drawn.svg")
    for name in ("drawn.svg", "compared.svg"):
        words = " ".join(" ".join(ET.parse(hostile / name).getroot().itertext()).split())
        assert TEXT in words


def test_faults_of_hostile_files_are_a_line_each(hostile, said):
    for path in sorted(hostile.rglob("*.*")):
        text = path.read_text()
        path.write_text(text.replace("[[", "[[[", 1).replace("[m", "[zz\nm", 1).replace("choice", "nobody\\u0007"))
    for path in sorted(hostile.rglob("*.*")):
        lines = said("check", path, status=2).err.splitlines()
        assert lines
        assert all(line.startswith("error: ") for line in lines)
