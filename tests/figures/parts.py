"""A small model whose counts have parts and whose drug has a level, known in closed form, for three kinds of figure."""

import numpy as np

K, V, DOSE, EC50 = 0.1, 10.0, 100.0, 4.0
SPREAD = 0.3

MODEL = f"""
[model]
title = "A count of two parts"
time = "day"
[parameters]
k = {{ value = {K}, unit = "1/day", source = "choice" }}
V = {{ value = {V}, unit = "L", source = "choice" }}
EC50 = {{ value = {EC50}, unit = "mg/L", source = "choice" }}
N_0 = {{ value = 0.6, unit = "1e9/L", source = "choice", spread = {SPREAD} }}
M_0 = {{ value = 0.4, unit = "1e9/L", source = "choice" }}
limit_N = {{ value = 0.5, unit = "1e9/L", source = "choice" }}
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
rate = "k*(N_0 - N_b) - k*A*N_b/(V*EC50)"
[states.M_b]
unit = "1e9/L"
initial = "M_0"
rate = "k*(M_0 - M_b) - 2*k*A*M_b/(V*EC50)"
[outputs.level]
label = "drug a in serum"
unit = "mg/L"
value = "A/V"
[outputs.young]
unit = "1e9/L"
value = "N_b"
[outputs.old]
unit = "1e9/L"
value = "M_b"
[outputs.all]
label = "all cells"
unit = "1e9/L"
value = "N_b + M_b"
lower_limit = "limit_N"
[cohorts.adults]
about = "anyone"
"""

REGIMEN = f"""
[regimen]
title = "Two courses"
source = "choice"
[[courses]]
start = "0 day"
doses = [{{ drug = "drug_a", amount = "{DOSE:g} mg" }}]
[[courses]]
start = "100 day"
doses = [{{ drug = "drug_a", amount = "{DOSE / 2:g} mg" }}]
"""

_TIME = """
[time]
unit = "day"
ticks = "20 day"
"""

LINEAGES = f"""\
[figure]
kind = "lineages"
title = "Two parts"
model = "./model.toml"
cohort = "adults"
regimen = "./regimen.toml"
until = "150 day"
every = "1 day"
{_TIME}
[panels.cells]
title = "all cells"
unit = "1/uL"
total = "all"
[[areas]]
panel = "cells"
output = "old"
label = "old cells"
[[areas]]
panel = "cells"
output = "young"
label = "young cells"
"""

EXPOSURE = f"""\
[figure]
kind = "exposure"
title = "A level"
model = "./model.toml"
cohort = "adults"
output = "level"
threshold = "EC50/4"
threshold_label = "lytic threshold"
until = "50 day"
every = "1 hour"
{_TIME}
[panels.first]
title = "first course"
unit = "ug/L"
regimen = "./regimen.toml"
lower = 10
[panels.second]
title = "second course"
unit = "ug/L"
regimen = "./regimen.toml"
course = 2
lower = 10
"""

SPAGHETTI = f"""\
[figure]
kind = "spaghetti"
title = "Many patients"
model = "./model.toml"
cohort = "adults"
regimen = "./regimen.toml"
until = "150 day"
every = "5 day"
patients = 40
shown = 30
seed = 3
{_TIME}
[panels.cells]
title = "all cells"
output = "all"
unit = "1/uL"
scale = "log"
"""

FIGURES = {"lineages": LINEAGES, "exposure": EXPOSURE, "spaghetti": SPAGHETTI}


def write(folder, **figures):
    """The files of the model, its regimen and the figures; returns the folder."""
    for name, text in ({"model": MODEL, "regimen": REGIMEN} | FIGURES | figures).items():
        (folder / f"{name}.toml").write_text(text)
    return folder


def level(times, dose=DOSE):
    """mg/L after one dose into an empty body."""
    return dose / V * np.exp(-K * np.asarray(times))


def artist(figure, gid):
    """The one artist with a gid."""
    (found,) = figure.findobj(lambda one: one.get_gid() == gid)
    return found
