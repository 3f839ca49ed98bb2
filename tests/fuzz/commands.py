"""The command on changed files: exit status 0 or 2, no message of the program's own fault, none that moves a cursor."""

from __future__ import annotations

import random
from pathlib import Path

from typer.testing import CliRunner

from case import Case
from files import Project
from kinetics.cli.app import app
from kinetics.errors import InputError
from mutations import mutated

__all__ = ["Commands"]

_TIMES = ("--until", "60 day", "--every", "20 day")


class Commands:
    """`kinetics check`, `show` and `simulate`, in this process; what is simulated is compiled before."""

    def __init__(self, folder: Path) -> None:
        self.project, self.models = Project(folder), folder / "models"

    def warm(self) -> None:
        model = self.models / "alemtuzumab.toml"
        self._call("simulate", str(model), "--regimen", str(self.models / "regimens" / "single_100mg.toml"), *_TIMES)
        self._call("simulate", str(model), "--covariates", str(self.models / "patients.csv"), *_TIMES)
        for kind, paths in self.project.kinds.items():
            if kind != "covariates":
                self._call("check", str(paths[0]))

    def make(self, chance: random.Random) -> Case:
        project = self.project
        path = project.pick(chance)
        content = mutated(project.honest[path], path.suffix, chance)
        project.change(path, content)
        arguments = [chance.choice(("check", "show")), str(path)]
        if path.parent.name == "regimens" or path.name == "patients.csv":
            option = "--covariates" if path.suffix == ".csv" else "--regimen"
            patients = ["--patients", "3"] if option == "--regimen" and chance.random() < 0.3 else []
            simulated = ["simulate", str(self.models / "alemtuzumab.toml"), option, str(path), *_TIMES, *patients]
            arguments = chance.choice((arguments, simulated))
        elif path.parent == self.models and path.suffix == ".toml" and chance.random() < 0.3:
            arguments = ["show", str(path), chance.choice(("--latex", "--cohort=adults", "--cohort=relapsing"))]
        if arguments[0] == "simulate" and chance.random() < 0.3:
            arguments.append("--json")
        said = f"kinetics {' '.join(arguments)}\n".encode()
        return Case(path.name, said + content if content.isascii() else content, lambda: self._call(*arguments))

    def _call(self, *arguments: str) -> None:
        result = CliRunner().invoke(app, list(arguments))
        told = result.stderr
        assert result.exit_code in (0, 2), f"exit status {result.exit_code} of {arguments}: {told[-1500:]}"
        assert "a fault of the program" not in told, told[-1500:]
        for text in (result.stdout, told):
            for line in text.split("\n"):
                assert line.isprintable(), f"reaches the terminal: {line[:200]!r}"
        assert result.exit_code == 0 or not result.stdout, "a result beside faults"
        if result.exit_code:
            raise InputError(told)
