"""A population whose counts are known in closed form but for one curve: N(t) = N_0 g(t), N_0 log-normal."""

from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp

from kinetics.cohorts.fit_results import result_path
from kinetics.estimate import Estimates, FitProblem

N_0, K, KILL, K_EL, DOSE = 1.0, 0.01, 0.05, 0.2, 10.0
SPREAD, NOISE, LEVEL = 0.3, 0.1, 0.4

MODEL = f"""
[model]
title = "Counts killed by a drug"
time = "day"
[parameters]
k = {{ value = {K}, unit = "1/day", source = "choice", prior = 0.5 }}
kill = {{ value = {KILL}, unit = "1/mg/day", source = "choice" }}
k_el = {{ value = {K_EL}, unit = "1/day", source = "choice" }}
N_0 = {{ value = {N_0}, unit = "1e9/L", source = "choice", spread = {SPREAD} }}
limit_N = {{ value = {LEVEL}, unit = "1e9/L", source = "choice" }}
[doses.drug_a]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "0"
rate = "-k_el*A"
[states.N_b]
unit = "1e9/L"
initial = "N_0"
rate = "k*(N_0 - N_b) - kill*A*N_b"
[outputs.N]
unit = "1e9/L"
value = "N_b"
lower_limit = "limit_N"
noise = {NOISE}
[cohorts.adults]
about = "anyone"
"""

REGIMEN = f"""
[regimen]
title = "Once"
source = "choice"
[[courses]]
start = "0 day"
doses = [{{ drug = "drug_a", amount = "{DOSE:g} mg" }}]
"""

VISITS = """
[visits]
title = "Every ten days"
source = "choice"
[[series]]
name = "counts"
every = "10 day"
until = "200 day"
"""

TABLE = """\
name,use,kind,statistic,output,regimen,cohort,time,level,visits,value,unit,sd,lower,upper,n,source
early,fit,count,mean,N,./once.toml,adults,20 day,,,0.2,1e9/L,0.09,,,50,choice
late,fit,count,mean,N,./once.toml,adults,100 day,,,700,cells/uL,200,,,40,choice
window,validate,count,range,N,./once.toml,adults,60 day,,,,1e9/L,,0.7,0.9,,choice
low_20,fit,share_below,share,N,./once.toml,adults,20 day,0.4 1e9/L,,90,percent,,,,40,choice
low_60,validate,share_below,share,N,./once.toml,adults,60 day,0.4 1e9/L,,30,percent,,,,60,choice
back,validate,time_to_threshold,median,N,./once.toml,adults,,0.4 1e9/L,visits.toml,45,day,,30,60,36,choice
back_mean,validate,time_to_threshold,geometric_mean,N,./once.toml,adults,,0.4 1e9/L,visits.toml,47,day,,,,36,choice
back_by_60,validate,share_recovered,share,N,./once.toml,adults,60 day,0.4 1e9/L,visits.toml,70,percent,,,,36,choice
"""

POPULATION = """
[fit]
title = "A population"
model = "../models/model.toml"
tables = ["table.csv"]
[population]
patients = 512
[free]
k = { lower = 0.001, upper = 0.1, unit = "1/day", prior = "flat" }
kill = { lower = 0.005, upper = 0.5, unit = "1/mg/day", prior = 0.4 }
[spreads]
N_0 = { lower = 0.05, upper = 1.0 }
"""

TYPICAL = """
[fit]
title = "A typical patient"
model = "../models/model.toml"
tables = ["typical.csv"]
discrepancy = 0.1
[free]
k = { lower = 0.001, upper = 0.1, unit = "1/day" }
"""

CHECK = """\
[figure]
kind = "visual_predictive_check"
title = "A check"
note = "A note."
fit = "../population.toml"
until = "120 day"
every = "5 day"
[time]
unit = "day"
ticks = "20 day"
[panels.counts]
type = "counts"
title = "N cells"
unit = "1e9/L"
rows = ["early", "late", "window"]
[panels.low]
type = "share"
title = "N below 0.4 × 10⁹/L"
rows = ["low_20", "low_60"]
[panels.back]
type = "recovery"
title = "N back at 0.4 × 10⁹/L"
rows = ["back", "back_mean", "back_by_60"]
"""

AGREEMENT = """\
[figure]
kind = "agreement"
title = "Agreement"
fit = "../population.toml"
"""

PRIOR_POSTERIOR = AGREEMENT.replace('"agreement"', '"prior_posterior"')

TORNADO = """\
[figure]
kind = "tornado"
title = "A tornado"
model = "../../models/model.toml"
cohort = "adults"
regimen = "../once.toml"
until = "200 day"
unit = "day"
largest = 3
"""

FIGURES = {
    "check": CHECK,
    "agreement": AGREEMENT,
    "prior_posterior": PRIOR_POSTERIOR,
    "tornado": TORNADO,
}

ESTIMATES = {"k": K, "kill": KILL, "N_0.spread": SPREAD}
"""Where figures of the population are drawn."""

LOG_SE = {"k": 0.1, "kill": 0.2, "N_0.spread": 0.0}


def write_case(folder: Path) -> Path:
    """All files of the case, with a committed result of each fit; returns the folder of figures."""
    figures = folder / "fits" / "figures"
    figures.mkdir(parents=True)
    (folder / "models").mkdir()
    (folder / "models" / "model.toml").write_text(MODEL)
    files = {"once.toml": REGIMEN, "visits.toml": VISITS, "table.csv": TABLE, "population.toml": POPULATION}
    typical = "\n".join(line for line in TABLE.splitlines() if "share" not in line or line.startswith("name"))
    files |= {"typical.toml": TYPICAL, "typical.csv": typical + "\n"}
    for name, text in files.items():
        (folder / "fits" / name).write_text(text.replace("visits.toml", "./visits.toml") if "csv" in name else text)
    for name, text in FIGURES.items():
        (figures / f"{name}.toml").write_text(text)
    commit(folder / "fits" / "population.toml", ESTIMATES, LOG_SE)
    commit(folder / "fits" / "typical.toml", {"k": K}, {"k": 0.1})
    return figures


def commit(path: Path, values: dict[str, float], log_se: dict[str, float]) -> Estimates:
    """A committed result beside a fit problem."""
    problem = FitProblem.load(path)
    free = {one.name: one for one in problem.free}
    estimates = Estimates(
        fit=problem.name,
        model=problem.model.reference,
        cohort="adults",
        names=tuple(values),
        units=tuple(str(free[name].unit) for name in values),
        verdicts=("estimated from the data",) * len(values),
        values=np.array(list(values.values())),
        covariance=np.diag([log_se[name] ** 2 for name in values]),
        earlier=(),
        earlier_values=np.empty(0),
        response=np.empty((len(values), 0)),
        facts={
            "package_version": "0",
            "model_hash": "",
            "data_hash": "",
            "seed": 0,
            "cost": 0.0,
            "condition_number": 1.0,
            "about": "",
        },
    )
    estimates.save(result_path(path))
    return estimates


def share_left(times, **changed: float) -> np.ndarray:
    """g(t), the count over that before treatment, by LSODA from scipy."""
    p = {"k": K, "kill": KILL, "k_el": K_EL, "N_0": N_0} | changed

    def rate(t, g):
        return p["k"] * (1 - g) - p["kill"] * DOSE * np.exp(-p["k_el"] * t) * g

    times = np.atleast_1d(np.asarray(times, dtype=float))
    solved = solve_ivp(rate, (0, 400), [1.0], "LSODA", rtol=1e-11, atol=1e-13, dense_output=True)
    return solved.sol(times)[0]


def time_back(**changed: float) -> float:
    """When a patient is back at LEVEL, by root finding on `share_left`."""
    from scipy.optimize import brentq

    n_0 = changed.get("N_0", N_0)
    return brentq(lambda t: n_0 * share_left(t, **changed)[0] - LEVEL, 20, 300, xtol=1e-10)
