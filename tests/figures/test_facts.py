"""A population beside published facts: a closed form, what studies would find, and faults of the file."""

import numpy as np
import pytest

from kinetics.errors import InputError
from kinetics.figures import draw, read_figure

# the event has a constant hazard once the drug was given: 1/2 after 50 days
MODEL = """
[model]
title = "An event"
time = "day"
[parameters]
k = { value = 0.013862943611198907, unit = "1/day", source = "choice" }
a = { value = 1.0, unit = "mg", source = "choice" }
[doses.drug_a]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "0"
rate = "0*k*A"
[states.H]
unit = "1"
initial = "0"
rate = "k*A/a"
[outputs.event]
unit = "1"
value = "1 - exp(-H)"
[outputs.amount]
unit = "mg"
value = "1*a + A"
[cohorts.all]
about = "everybody"
"""

REGIMEN = """
[regimen]
title = "Once"
source = "choice"
[[courses]]
start = "0 day"
doses = [{ drug = "drug_a", amount = "1 mg" }]
"""

EVIDENCE = """\
name,mark,use,statement,kind,statistic,model,cohort,regimen,output,time,since,relation,value,unit,lower,upper,n,source
half,S,validate,half,event_share,,./model.toml,all,./regimen.toml,event,50 day,,,40,percent,10,70,10,choice
bare,S,validate,bare,event_share,,./model.toml,all,./regimen.toml,event,25 day,,,30,percent,,,,choice
more,S,validate,more,event_share,,./model.toml,all,./regimen.toml,event,25 day,,above,30,percent,,,,choice
twice,S,validate,twice,percent_of_baseline,mean,./model.toml,all,./regimen.toml,amount,25 day,,,200,percent,,,,choice
"""

FIGURE = """\
[figure]
kind = "facts"
title = "An event"
model = "./model.toml"
cohort = "all"
until = "100 day"
every = "5 day"
patients = 8
evidence = "evidence.csv"

[time]
unit = "day"
ticks = "50 day"

[panels.event]
unit = "percent"
label = "patients"

[panels.amount]
unit = "percent"
label = "amount"
percent_of_baseline = true

[[curves]]
panel = "event"
output = "event"
regimen = "./regimen.toml"
label = "event"
published = ["half", "bare"]
exploratory = true

[[curves]]
panel = "amount"
output = "amount"
regimen = "./regimen.toml"
label = "amount"
published = ["twice"]
"""


@pytest.fixture
def folder(tmp_path):
    for name, text in (("model.toml", MODEL), ("regimen.toml", REGIMEN), ("evidence.csv", EVIDENCE)):
        (tmp_path / name).write_text(text)
    (tmp_path / "figure.toml").write_text(FIGURE)
    return tmp_path


def drawn(folder):
    kind = read_figure(folder / "figure.toml")
    tree = kind.compute()
    kind.check(tree)
    figure = kind.draw(tree).figure
    return {artist.get_gid(): artist for axes in figure.axes for artist in axes.get_children() if artist.get_gid()}


def test_curves_are_means_of_the_population_at_their_times(folder):
    found = drawn(folder)
    (line,) = [artist for gid, artist in found.items() if gid.startswith("simulated-event")]
    time = np.arange(0, 101, 5.0)
    np.testing.assert_allclose(line.get_xdata(), time, atol=1e-9)
    np.testing.assert_allclose(line.get_ydata(), 100 * (1 - 0.5 ** (time / 50)), rtol=1e-6, atol=1e-9)
    (relative,) = [artist for gid, artist in found.items() if gid.startswith("simulated-amount")]
    np.testing.assert_allclose(relative.get_ydata()[1:], 200, rtol=1e-9)


def test_a_fact_stands_beside_what_studies_of_its_size_would_find(folder):
    """Of ten patients at a risk of one half, 2 to 8 in 95 % of studies: the binomial table."""
    found = drawn(folder)
    assert found["published-half"].get_ydata() == [40]
    assert list(found["published-half-bar"].get_ydata()) == [10, 70]
    assert found["study-half"].get_ydata() == pytest.approx([50], rel=1e-6)
    assert list(found["study-half-bar"].get_ydata()) == pytest.approx([20, 80])
    assert found["published-twice"].get_ydata() == [200]
    assert "study-bare" not in found  # without n nobody knows the study's size
    assert "published-bare-bar" not in found


def test_facts_of_one_time_stand_at_it_and_what_studies_find_beside_it(folder):
    rows = EVIDENCE.replace("event,25 day,,,30", "event,50 day,,,30")
    (folder / "evidence.csv").write_text(rows)
    found = drawn(folder)
    for name in ("half", "bare"):
        assert list(found[f"published-{name}"].get_xdata()) == pytest.approx([50], abs=1e-9)
    assert list(found["published-half-bar"].get_xdata()) == pytest.approx([50, 50], abs=1e-9)
    study = found["study-half"]
    assert list(study.get_xdata()) == pytest.approx([50], abs=1e-9)
    aside = study.get_transform().transform([[50, 50]]) - study.axes.transData.transform([[50, 50]])
    assert 0 < aside[0, 0] * 72 / study.figure.dpi < 10  # points to the right, on paper


def test_paths_of_facts_count_from_the_folder_of_the_evidence(folder, monkeypatch):
    (folder / "evidence").mkdir()
    moved = EVIDENCE.replace("./model.toml", "../model.toml").replace("./regimen.toml", "../regimen.toml")
    (folder / "evidence" / "facts.csv").write_text(moved)
    (folder / "figure.toml").write_text(FIGURE.replace('"evidence.csv"', '"evidence/facts.csv"'))
    monkeypatch.chdir("/")
    read_figure(folder / "figure.toml")


def test_a_fact_before_the_dose_that_time_counts_from_is_refused(folder):
    later = REGIMEN + '[[courses]]\nstart = "60 day"\ndoses = [{ drug = "drug_a", amount = "1 mg" }]\n'
    (folder / "regimen.toml").write_text(later)
    (folder / "figure.toml").write_text(FIGURE.replace('label = "patients"', 'label = "patients"\nsince = "last"'))
    with pytest.raises(InputError, match="fact 'half' at 50 day is not within the axis of panel 'event'"):
        read_figure(folder / "figure.toml")


def test_a_figure_is_written(folder):
    draw(folder / "figure.toml", folder / "picture.svg")
    assert 'id="published-half"' in (folder / "picture.svg").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["half", "bare"]', '["half", "nothing"]', "no fact 'nothing'"),
        ('["half", "bare"]', '["more"]', "not a number of a population at a time"),
        ('["half", "bare"]', '["twice"]', "the curve of another"),
        ('panel = "event"', 'panel = "none"', "no panel 'none'"),
        ('cohort = "all"', 'cohort = "some"', "no cohort 'some'"),
        ('until = "100 day"', 'until = "0 day"', "must be positive"),
        ('output = "event"', 'output = "evnt"', "evnt"),
    ],
)
def test_what_a_file_names_must_be_there(folder, old, new, message):
    (folder / "figure.toml").write_text(FIGURE.replace(old, new, 1))
    with pytest.raises(InputError, match=message) as refused:
        read_figure(folder / "figure.toml")
    assert all("figure.toml:" in fault.where for fault in refused.value.faults)


def test_a_result_of_another_cohort_is_refused(folder):
    kind = read_figure(folder / "figure.toml")
    tree = kind.compute()
    tree.attrs["arms"] = "other"
    with pytest.raises(InputError, match="arms"):
        kind.check(tree)
