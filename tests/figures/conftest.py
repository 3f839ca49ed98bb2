"""A small model with its tables and a figure of it, in a folder of their own."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.results import variable
from kinetics.units import parse_unit

MODEL = """
[model]
title = "Counts lost to a drug"
time = "day"
[parameters]
k = { value = 0.01, unit = "1/day", source = "choice" }
N_0 = { value = 1.0, unit = "1e9/L", source = "choice" }
limit_N = { value = 0.4, unit = "1e9/L", source = "choice" }
[doses.drug_a]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "0"
rate = "-k*A"
[states.N_b]
unit = "1e9/L"
initial = "N_0"
rate = "k*(N_0 - N_b)"
[outputs.N]
unit = "1e9/L"
value = "N_b"
lower_limit = "limit_N"
[outputs.M]
unit = "1e9/L"
value = "0.5*N_b"
[outputs.amount]
unit = "mg"
value = "A"
[cohorts.adults]
about = "anyone"
"""

REGIMEN = """
[regimen]
title = "Two courses"
source = "choice"
[[courses]]
start = "0 month"
doses = [{ drug = "drug_a", amount = "12 mg" }]
[[courses]]
start = "12 month"
doses = [{ drug = "drug_a", amount = "6 mg" }]
"""

ONE_COURSE = REGIMEN[: REGIMEN.rindex("[[courses]]")]

TABLE = """\
name,use,kind,statistic,output,regimen,cohort,time,level,value,unit,sd,lower,upper,n,log_se,source,note
recovery,fit,time_to_threshold,median,N,one.toml,adults,,400 cells/uL,7,month,,5,9,10,,choice,
count_6,fit,count,mean,N,one.toml,adults,6 month,,500,cells/uL,100,,,25,,choice,
count_18,fit,count,mean,N,one.toml,adults,18 month,,0.5,1e9/L,0.1,,,25,,choice,
percent_3,fit,percent_of_baseline,mean,N,one.toml,adults,3 month,,60,percent,,,,,0.1,choice,
range_9,fit,percent_of_baseline,range,N,one.toml,adults,9 month,,,percent,,50,80,,0.1,choice,
others,fit,count,mean,N,one.toml,children,6 month,,0.5,1e9/L,0.1,,,25,,choice,
"""

FIGURE = """\
[figure]
kind = "time_course"
title = "A figure"
note = "A note."
model = "./model.toml"
cohort = "adults"
regimen = "./regimen.toml"
until = "24 month"
every = "1 month"
tables = ["table.csv"]
bars = "se"

[size]
width = 85
height = 90

[panels.counts]
unit = "1e9/L"
scale = "log"
lower = 0.01
upper = 2

[[curves]]
panel = "counts"
output = "N"
label = "N cells"
published = ["recovery", "count_6", "percent_3", "range_9"]

[[curves]]
panel = "counts"
output = "M"
label = "M cells"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of a figure; the regimens of published rows are whole paths."""
    (tmp_path / "model.toml").write_text(MODEL)
    (tmp_path / "regimen.toml").write_text(REGIMEN)
    (tmp_path / "one.toml").write_text(ONE_COURSE)
    (tmp_path / "table.csv").write_text(TABLE.replace("one.toml", str(tmp_path / "one.toml")))
    (tmp_path / "figure.toml").write_text(FIGURE)
    return tmp_path


@pytest.fixture
def tree(folder: Path) -> xr.DataTree:
    """A prediction made by hand: N back from 0.1, M half of it, a band of a factor two about both."""
    day = parse_unit("day")
    time = np.arange(25) * 30.4375
    count = np.where(time == 0, 1.0, 1 - 0.9 * np.exp(-time / 300))
    unit = parse_unit("1e9/L")
    values = {"N": count, "M": 0.5 * count}
    root = xr.Dataset(
        {name: variable(("time",), value, unit, name) for name, value in values.items()}
        | {"course_start": variable(("course",), np.array([0.0, 365.25]), day, "first dose of the course")},
        {"time": variable(("time",), time, day, "time"), "course": [1, 2]},
        {
            "model": "model",
            "model_hash": Model.load(folder / "model.toml").content_hash,
            "cohort": "adults",
            "regimen_hash": Regimen.load(folder / "regimen.toml").content_hash,
        },
    )
    factors = np.array([0.5, 1.0, 2.0])[:, None]
    interval = xr.Dataset(
        {name: variable(("quantile", "time"), factors * value, unit, name) for name, value in values.items()},
        {"quantile": [0.025, 0.5, 0.975], "time": root["time"]},
    )
    return xr.DataTree.from_dict({"/": root, "interval": interval})
