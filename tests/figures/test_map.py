"""A map: its numbers against a closed form, what is drawn, and what is wrong with its file."""

import math

import numpy as np
import pytest

from kinetics.errors import InputError
from kinetics.figures import draw, read_figure

# N of the model `held_down` rises to a share s when A has fallen to 1/s - 1 mg; the rule then adds its dose, once
REGIMEN = """
[regimen]
title = "A course, and a dose on return"
source = "choice"
[[courses]]
start = "0 day"
doses = [{ drug = "drug_a", amount = "9 mg" }]
[[rules]]
output = "N"
level = "40 % of baseline"
drug = "drug_a"
amount = "2 mg"
"""

FIGURE = """\
[figure]
kind = "map"
title = "A map"
note = "A note."
model = "./model.toml"
regimen = "./regimen.toml"
until = "100 day"
unit = "day"

[x]
rule = "level"
values = [30, 40, 50]
unit = "% of baseline"
label = "back at"

[y]
rule = "amount"
values = [1, 5]
unit = "mg"
label = "dose"

[[maps]]
output = "amount"
measure = "final"
label = "drug left"

[[maps]]
output = "N"
measure = "time_below 90 % of baseline"
label = "N below"

[[points]]
x = [30, 40]
y = [1, 5]
label = "published"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, held_down):
    path = tmp_path_factory.mktemp("map")
    for name, text in (("model", held_down), ("regimen", REGIMEN), ("figure", FIGURE)):
        (path / f"{name}.toml").write_text(text)
    return path


@pytest.fixture(scope="module")
def tree(folder):
    return read_figure(folder / "figure.toml").compute()


def test_each_cell_is_the_closed_form_of_its_level_and_dose(tree):
    for x, level in enumerate((0.3, 0.4, 0.5)):
        for y, dose in enumerate((1, 5)):
            held = 1 / level - 1
            crossing = math.log(9 / held) / 0.05
            left = (held + dose) * math.exp(-0.05 * (100 - crossing))
            below = crossing + math.log((held + dose) * 9) / 0.05  # A is 1/9 mg at 90 %
            assert float(tree["amount_final"][y, x]) == pytest.approx(left, rel=1e-5)
            assert float(tree["N_time_below_90_percent_of_baseline"][y, x]) == pytest.approx(min(below, 100), rel=1e-5)
            assert float(tree["doses"][y, x]) == 1


def test_without_the_rules_all_cells_are_one(tree):
    np.testing.assert_allclose(tree["amount_final_without_rules"], 9 * math.exp(-5), rtol=1e-5)


def test_cells_numbers_marks_and_the_value_without_rules_are_drawn(folder, tree):
    draw(folder / "figure.toml", folder / "map.svg", input=tree)
    drawn = (folder / "map.svg").read_text()
    assert 'id="map-amount-final"' in drawn
    assert 'id="point-1"' in drawn
    assert "Without the rules: drug left 0.0606 mg" in (folder / "map.md").read_text()
    for value in tree["amount_final"].values.ravel():
        assert f"{value:.3g}" in drawn


def test_numbers_and_words_of_a_map_are_settings_and_not_cells(folder, tree):
    drawn = draw(folder / "figure.toml", input=tree)
    marked = drawn.data[drawn.data["kind"] == "point"]
    ends = marked[["x_lower", "x_upper", "lower", "upper"]].drop_duplicates().values.tolist()
    assert ends == [[30, 40, 1, 5]]
    assert len(marked) == 2, "a row a panel"
    cells = tree["amount_final"].values
    assert f"a: from {cells.min():.2g} to {cells.max():.2g} mg" in drawn.alt


def test_a_level_that_cannot_be_is_refused(folder):
    path = folder / "above.toml"
    path.write_text(FIGURE.replace("[30, 40, 50]", "[30, 40, 120]"))
    with pytest.raises(InputError, match="120 % of baseline is not below the baseline of N"):
        read_figure(path).compute()


@pytest.mark.parametrize(
    ("old", "new", "name", "message"),
    [
        ("[30, 40, 50]", "[50, 40, 30]", "x.values", "must increase"),
        ('unit = "mg"', 'unit = "day"', "y.values", "is not a kind of"),
        ('rule = "amount"', 'rule = "level"', "y", "varies the same as x"),
        ('output = "amount"', 'output = "M"', "maps.0.output", "no output 'M'; there are N, amount"),
        ('"final"', '"finally"', "maps.0.measure", "unknown measure 'finally'"),
        ("x = [30, 40]", "x = [30, 70]", "points.0.x", "must lie in the map, 30 to 50"),
        ("x = [30, 40]", "x = [40, 30]", "points.0.x", "the lower end first"),
        ('"./regimen.toml"', '"none_such"', "figure.regimen", "no 'none_such'"),
        ("[x]", "[z]", "z", "unknown table"),
    ],
)
def test_a_fault_is_placed(folder, old, new, name, message):
    path = folder / "bad.toml"
    path.write_text(FIGURE.replace(old, new, 1))
    with pytest.raises(InputError) as raised:
        read_figure(path)
    found = {fault.name: fault for fault in raised.value.faults}
    assert name in found, found
    assert message in found[name].message
    assert found[name].where.startswith(f"{path}:")
