"""The forest plot shows every study of a fit where its rows say, and refuses a fit whose studies do not differ."""

import re

import pytest

from kinetics.errors import InputError
from kinetics.estimate import fit
from kinetics.figures import draw

MODEL = """
[model]
title = "A level"
time = "day"
[parameters]
level = { value = 5.0, unit = "mg/L", source = "choice" }
[states.A]
unit = "mg/L"
initial = "level"
rate = "0"
[outputs.Y]
unit = "mg/L"
value = "A"
"""
TABLE = """\
study,output,time,value,unit,standard_error
Berg,Y,0 day,4.0,mg/L,0.3
Lind,Y,0 day,5.5,mg/L,0.2
Moor,Y,0 day,6.5,mg/L,0.5
Tal,Y,0 day,7.5,mg/L,1.5
"""
FIT = """
[fit]
title = "Studies"
model = "./model.toml"
tables = ["table.csv"]
starts = 1
[free]
level = { lower = 0.1, upper = 100, unit = "mg/L", prior = "flat" }
"""
BETWEEN = """
[between_studies]
level = { start = 0.5, lower = 0.01, upper = 10, distribution = "normal" }
"""
FIGURE = """
[figure]
kind = "forest"
title = "Level, study by study"
fit = "studies.toml"
"""


def project(folder, between=BETWEEN):
    """The figure file of a fit of four studies with one effect, and its committed result."""
    files = {"model.toml": MODEL, "table.csv": TABLE, "studies.toml": FIT + between, "figure.toml": FIGURE}
    for name, text in files.items():
        (folder / name).write_text(text)
    fit(folder / "studies.toml").save()
    return folder / "figure.toml"


def test_every_study_is_drawn(tmp_path):
    drawing = draw(project(tmp_path), tmp_path / "forest.svg")
    text = (tmp_path / "forest.svg").read_text()
    found = set(re.findall(r'id="((?:study|interval|pooled)-[^"]*)"', text))
    names = ("Berg", "Lind", "Moor", "Tal")
    assert found == {f"{what}-level-{name}" for name in names for what in ("study", "interval")} | {"pooled-level"}
    assert "I² = " in text
    # one row a study: its own estimate is the row
    data = drawing.result.to_dataset().sel(parameter="level")
    assert data["estimate"].values == pytest.approx([4.0, 5.5, 6.5, 7.5])
    assert (data["upper"] - data["estimate"]).values / 1.959964 == pytest.approx([0.3, 0.2, 0.5, 1.5])
    assert float(data["weight"].sum()) == pytest.approx(1)
    assert float((data["estimate"] * data["weight"]).sum()) == pytest.approx(float(data["pooled"]), rel=2e-5)


def test_studies_must_differ(tmp_path):
    with pytest.raises(InputError, match=r"has no table \[between_studies\]"):
        draw(project(tmp_path, between=""))


def test_a_parameter_that_does_not_differ_is_named(tmp_path):
    path = project(tmp_path)
    path.write_text(FIGURE + 'parameters = ["k"]\n')
    with pytest.raises(InputError, match="'k' does not differ between studies; there are level"):
        draw(path)
