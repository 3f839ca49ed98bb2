"""The command in this process, and a small project of a user's own: a model, a regimen, a table, a fit."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

MODEL = """\
[model]
title = "A pool that a drug empties"
time = "day"

[parameters]
N0 = { value = 1.0, unit = "1e9/L", about = "count at rest", source = "choice", spread = 0.2 }
k = { value = 0.01, unit = "1/day", prior = 0.5, about = "turnover", source = "choice" }
ke = { value = 0.3, unit = "1/day", about = "elimination", source = "choice" }
s = { value = 0.5, unit = "1/mg/day", about = "killing", source = "choice" }
limit = { value = 0.4, unit = "1e9/L", about = "lower limit of normal", source = "choice" }

[derived]
kill = { value = "s*A", unit = "1/day", about = "killing rate" }

[doses.drug]
unit = "mg"
into = "A"

[states.A]
unit = "mg"
initial = "0"
rate = "-ke*A"
about = "amount"

[states.N]
unit = "1e9/L"
initial = "N0"
rate = "k*(N0 - N) - kill*N"
about = "pool"

[outputs.pool]
unit = "1e9/L"
value = "N"
about = "count in blood"
lower_limit = "limit"

[cohorts.adults]
about = "everybody"
"""

REGIMEN = """\
[regimen]
title = "Ten milligrams, once"
source = "choice"

[[courses]]
start = "0 day"
doses = [{ drug = "drug", amount = "10 mg" }]
"""

TABLE = """\
name,use,kind,statistic,output,regimen,cohort,time,level,value,unit,sd,lower,upper,n,log_se,source,note
day_30,fit,count,mean,pool,{regimen},adults,30 day,,0.25,1e9/L,,,,,0.1,choice,
day_90,fit,count,mean,pool,{regimen},adults,90 day,,0.55,1e9/L,,,,,0.1,choice,
back,validate,time_to_threshold,median,pool,{regimen},adults,,0.4 1e9/L,2,month,,,,,,choice,
"""

FIT = """\
[fit]
title = "Turnover of the pool"
model = "../models/pool.toml"
about = "One patient stands for the mean."
tables = ["pool.csv"]
starts = 2
seed = 3

[free]
k = { lower = 0.001, upper = 0.2, unit = "1/day" }
"""


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        def refuse(text: str) -> None:
            raise ValueError(f"{text} is not strict JSON")

        return json.loads(self.out, parse_constant=refuse)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    """Call a subcommand in this process; on a busy machine too, no line of progress comes between its messages."""
    from kinetics.cli import app

    for name in ("PATIENCE", "LONG"):
        monkeypatch.setattr(f"kinetics.cli.terminal.progress.{name}", 3600.0)

    def call(*arguments: object, **options: object) -> Answer:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], **options)
        return Answer(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with models/pool.toml, models/regimens/once.toml, fits/pool.csv and fits/turnover.toml."""
    regimen = tmp_path / "models" / "regimens" / "once.toml"
    regimen.parent.mkdir(parents=True)
    (tmp_path / "fits").mkdir()
    regimen.write_text(REGIMEN)
    (tmp_path / "models" / "pool.toml").write_text(MODEL)
    (tmp_path / "fits" / "pool.csv").write_text(TABLE.format(regimen=regimen))
    (tmp_path / "fits" / "turnover.toml").write_text(FIT)
    return tmp_path
