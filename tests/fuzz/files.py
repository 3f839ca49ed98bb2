"""Files of every kind that ships, and covariates, each changed a little or a lot and read as `kinetics check` does."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from case import Case
from kinetics.errors import Faults
from kinetics.files.library import library_folder
from mutations import mutated

__all__ = ["Files", "Project", "check"]

COVARIATES = "V1 [L],CL [L/day]\n14,2.2\n12.5,1.9\n16,2.4\n"
CLINIC = Path(__file__).parents[2] / "docs" / "formats" / "clinic"
MAPPING = """[patients]
counts = "counts.csv"
doses = "doses.csv"
[columns]
patient = "Patient No"
date = "Sample date"
analyte = "Marker"
value = "Result"
unit = "Unit"
limit = "LLOQ"
[dose_columns]
patient = "Patient No"
date = "Date"
drug = "Drug"
amount = "Dose (mg)"
[time]
origin = "first dose"
[analytes."CD4 abs"]
output = "CD4"
parent = "Lymphocytes"
[analytes.Lymphocytes]
output = "lymphocytes"
[drugs.alemtuzumab]
dose = "alemtuzumab"
unit = "mg"
"""
FACTS = 8
"""What is left of the table of facts; of the plan of the main job a row of each kind is: to read all takes seconds."""
FIT_OF_FACTS = "relapse_activity"
"""The fit of facts that is changed; the rows of the others are not there."""
_QUICK = ("model", "regimen", "visits", "table", "evidence", "bibliography", "covariates", "patients")


class Project:
    """A copy of all that ships, of which one file at a time is changed.

    Parameters
    ----------
    folder : pathlib.Path
        Where it is copied to.
    """

    def __init__(self, folder: Path) -> None:
        for part in ("models", "fits"):
            shutil.copytree(library_folder(part), folder / part)
        (folder / "models" / "patients.csv").write_text(COVARIATES)
        shutil.copytree(CLINIC, folder / "clinic")
        (folder / "clinic" / "clinic.toml").write_text(MAPPING)
        facts = folder / "fits" / "evidence.csv"
        rows = facts.read_text().splitlines(keepends=True)
        fitted = [row for row in rows[1:] if row.startswith("courses_")]
        facts.write_text(
            "".join(rows[:1] + fitted + [row for row in rows[1 :: len(rows) // FACTS] if row not in fitted])
        )
        of_facts = {path.stem for path in (folder / "fits").glob("*.toml") if "[facts]" in path.read_text()}
        without_rows = of_facts - {FIT_OF_FACTS}
        plan = folder / "fits" / "reproduce.toml"
        header, prediction, *_ = plan.read_text().split("[[predictions]]")
        header = re.sub("(?m)^fits = .*$", 'fits = ["care_ms_course_1"]', header)
        figure = plan.read_text().split("[[figures]]")[1]
        plan.write_text(f"{header}[[predictions]]{prediction}[[figures]]{figure}")
        self.honest = {
            path: path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.suffix in _SUFFIXES and path.name.split(".")[0] not in without_rows
        }
        self.kinds: dict[str, list[Path]] = {}
        for path in self.honest:
            self.kinds.setdefault(self._kind(path), []).append(path)
        self._changed: Path | None = None

    @staticmethod
    def _kind(path: Path) -> str:
        from kinetics.files.kinds import kind_of

        return "covariates" if path.name == "patients.csv" else kind_of(path)

    def change(self, path: Path, content: bytes) -> None:
        """Change a file; the one changed before is honest again."""
        self.restore()
        path.write_bytes(content)
        self._changed = path

    def replace(self, path: Path, kind: str) -> None:
        """Put something at the place of a file that is no file with text."""
        self.restore()
        path.unlink()
        _NO_FILES[kind](path)
        self._changed = path

    def restore(self) -> None:
        """Everything as it was."""
        if (path := self._changed) is not None:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
            path.write_bytes(self.honest[path])
            self._changed = None

    def pick(self, chance: random.Random, *kinds: str) -> Path:
        """Some file of some kind; quick kinds and small files rather than those that read a dozen others."""
        paths = self.kinds[chance.choice(kinds or (*self.kinds, *_QUICK, *_QUICK))]
        return min(chance.sample(paths, min(2, len(paths))), key=lambda path: len(self.honest[path]))


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


_SUFFIXES = (".toml", ".csv", ".bib")
_NO_FILES: dict[str, Callable[[Path], object]] = {
    "pipe": lambda path: os.mkfifo(path),
    "folder": Path.mkdir,
    "zeros": _link("/dev/zero"),
    "nothing": _link("/dev/null"),
    "messages": _link("/proc/self/fdinfo"),
    "circle": _link("patients.csv/../circle"),
    "nowhere": _link("/nonexistent/file"),
    "forbidden": lambda path: (path.write_text(""), path.chmod(0)),
}


def check(path: Path, kind: str) -> None:
    """What `kinetics check` does with a file, or with a table of patients what `--covariates` does."""
    from kinetics.checking.files import check_file
    from kinetics.files.kinds import kind_of
    from kinetics.model import Model
    from kinetics.population.covariates import read_covariates

    if kind == "covariates":
        read_covariates(path, Model.load(path.parent / "alemtuzumab.toml")).patients(None)
        return
    faults = Faults()
    check_file(path, kind_of(path), faults)
    assert all(str(fault).isprintable() for fault in faults), "a message of several lines"
    faults.raise_if_any()


class Files:
    """One file of a project is changed, and that file, or one that uses it, is read."""

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder)

    def warm(self) -> None:
        for kind, paths in self.project.kinds.items():
            check(paths[0], kind)

    def make(self, chance: random.Random) -> Case:
        project = self.project
        path = project.pick(chance)
        kind = next(kind for kind, paths in project.kinds.items() if path in paths)
        if chance.random() < 0.01:
            what = chance.choice(tuple(_NO_FILES))
            content = what.encode()
            project.replace(path, what)
        else:
            content = mutated(project.honest[path], path.suffix, chance)
            project.change(path, content)
        return Case(path.name, content, lambda: check(path, kind))
