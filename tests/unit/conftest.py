"""A small project of a user's own: a model with closed forms, regimens, published tables and fits beside it."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

MODEL = """
[model]
title = "Decay, and recovery after a drug"
time = "day"

[parameters]
A0 = { value = 2.0, unit = "1e9/L", prior = 0.5, source = "choice" }
k = { value = 0.1, unit = "1/day", prior = 0.5, source = "choice" }
j = { value = 1.0, unit = "1", source = "choice" }
c = { value = 1.0, unit = "1", prior = 0.3, source = "choice" }
u = { value = 1.0, unit = "1", prior = 0.5, source = "choice" }
N0 = { value = 1.0, unit = "1e9/L", spread = 0.2, source = "choice" }
g = { value = 0.05, unit = "1/day", prior = 0.5, source = "choice" }
s = { value = 5.0, unit = "1/mg/day", prior = 0.5, source = "choice" }
limit_N = { value = 0.5, unit = "1e9/L", source = "choice" }

[derived]
margin = { value = "1 - g*limit", unit = "1", minimum = 0, about = "g at most 1 a day" }
limit = { value = "1/rate_limit", unit = "day" }
rate_limit = { value = "k_max", unit = "1/day" }

[inputs]
k_max = { unit = "1/day", rest = 1.0 }

[doses.drug]
unit = "mg"
into = "D"

[states.A]
unit = "1e9/L"
initial = "A0"
rate = "-k*j*A"

[states.N]
unit = "1e9/L"
initial = "N0"
rate = "g*(N0 - N) - s*D*N"

[states.D]
unit = "mg"
initial = "0"
rate = "-D*k_max"

[outputs]
A_blood = { unit = "1e9/L", value = "A" }
Q = { unit = "1e9/L", value = "A*c^2" }
U = { unit = "1e9/L", value = "A*u" }
N_blood = { unit = "1e9/L", value = "N", lower_limit = "limit_N" }
D_blood = { unit = "mg", value = "D" }

[cohorts.first]
from_fit = "FIRST"

[cohorts.plain]

[cohorts.second]
extends = "first"
from_fit = "SECOND"
"""

NONE = '[regimen]\ntitle = "no drug"\nsource = "choice"\n'
ONCE = NONE + '[[courses]]\nstart = "0 day"\ndoses = [{ drug = "drug", amount = "1 mg" }]\n'
TWICE = ONCE + '[[courses]]\nstart = "60 day"\ndoses = [{ drug = "drug", amount = "1 mg" }]\n'

ROW = {
    "use": "fit",
    "kind": "count",
    "statistic": "mean",
    "output": "A_blood",
    "regimen": "../models/regimens/none.toml",
    "cohort": "plain",
    "unit": "1e9/L",
    "source": "choice",
}


class Project:
    """Writes files of a user's own project under a folder."""

    def __init__(self, folder: Path) -> None:
        self.models, self.fits = folder / "models", folder / "fits"
        (self.models / "regimens").mkdir(parents=True)
        self.fits.mkdir()
        self.model = self.models / "toy.toml"
        self.model.write_text(MODEL.replace("FIRST", "one").replace("SECOND", "two"))
        for name, text in (("none", NONE), ("once", ONCE), ("twice", TWICE)):
            (self.models / "regimens" / f"{name}.toml").write_text(text)

    def table(self, *rows: dict, name: str = "rows") -> Path:
        """A published table; what a row does not say is as in ``ROW``, its name the number of the row."""
        path = self.fits / f"{name}.csv"
        filled = [{"name": f"row_{number}", **ROW, **row} for number, row in enumerate(rows, 1)]
        columns = list(dict.fromkeys(key for row in filled for key in row))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(filled)
        return path

    def fit(self, *rows: dict, free: dict[str, str], name: str = "one", header: str = "") -> Path:
        """A fit problem over a table of these rows; ``free`` gives the text of each row of ``[free]``."""
        self.table(*rows, name=name)
        path = self.fits / f"{name}.toml"
        lines = [
            "[fit]",
            'title = "a fit"',
            'model = "../models/toy.toml"',
            f'tables = ["{name}.csv"]',
            header,
            "[free]",
        ]
        path.write_text("\n".join([*lines, *(f"{key} = {{ {row} }}" for key, row in free.items())]) + "\n")
        return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch) -> Iterator[Path]:
    """A folder of this test's own for compiled code, which is not there yet."""
    from kinetics.compile.cache import cache_folder

    place = tmp_path / "compiled"
    monkeypatch.setenv("LYMPHOKINETICS_CACHE", str(place))
    cache_folder.cache_clear()
    yield place
    cache_folder.cache_clear()
