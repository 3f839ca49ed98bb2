"""The engine knows no biology: nothing that ships in models/ or fits/ is named in kinetics/."""

import re
import tomllib
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = sorted((ROOT / "kinetics").rglob("*.py"))
# words of any model of recovery, which a shipped file may be called by as well; `retreatment` is the
# regimen that --retreat gives by default, whatever drug a library means by it
WORDS = {
    "recovery",
    "retreatment",
    "reproduce",
    "comparison",
    "therapies",
    "signals",
    "memory",
    "naive",
    "kill",
    "effect",
    "exchange",
    "exit",
}
LITERATURE = {"IL-7", "BAFF", "CD19", "CD52", "lymphocytes", "T cells", "B cells", "multiple sclerosis"}


def tables(folder):
    """The files of a folder as TOML reads them, by name."""
    return {
        path.name.split(".")[0]: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / folder).glob("*.toml"))
    }


@cache
def names():
    """Models, drugs, cells, cohorts, regimens, fits, figures, published rows and sources that ship."""
    models, fits = tables("models"), tables("fits")
    found = {*models, *tables("models/regimens"), *fits, *tables("fits/figures"), *LITERATURE}
    for model in models.values():
        found |= {*chain.from_iterable(model.get(kind, {}) for kind in ("doses", "cohorts", "outputs"))}
        symbols = {*model.get("parameters", {}), *model.get("states", {})}
        # k_I or P1 may be of any model, N4_b and limit_CD4 are of this one
        found |= {name for name in symbols if len(name) > 3 and re.search(r"\d|_", name)}
    found |= {row["name"] for plan in fits.values() for row in plan.get("predictions", ())}
    bibliography = (ROOT / "models" / "references.bib").read_text(encoding="utf-8")
    found |= set(re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE))
    found |= {author for author in re.findall(r"author\s*=\s*\{+([\w'-]+)", bibliography) if len(author) > 4}
    for table in sorted((ROOT / "fits").glob("*.csv")):
        found |= {line.split(",")[0] for line in table.read_text(encoding="utf-8").splitlines()[1:]}
    return {name for name in found if len(name) > 1} - WORDS


@cache
def any_name():
    """A pattern of all names as whole words: at each word one search begins, not one for each name."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(names())))})(?!\w)", re.IGNORECASE)


def test_the_names_are_those_that_ship():
    assert {"alemtuzumab", "cd4", "Treg", "NK", "relapsing", "single_100mg", "hill_cawthorne_2012"} <= names()
    assert {"CD4_recovery", "Dubuisson", "lemtrada_label"} <= names()
    assert len(CODE) > 50


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_name_of_the_biology_in_the_code(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    hits = {number: match[0] for number, line in enumerate(lines, 1) if (match := any_name().search(line))}
    assert hits == {}
