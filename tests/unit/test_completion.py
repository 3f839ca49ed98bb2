"""What a shell completes: names of models, regimens and fits that ship, and files of the folder that is typed."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from kinetics.cli import app
from kinetics.cli.arguments.completion import completing
from kinetics.files.library import library_names


def asked(words: str) -> dict[str, str]:
    """What Bash tells the command of a line whose last word is completed."""
    line = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1), "_TYPER_COMPLETE_ARGS": words}
    return {**line, "_KINETICS_COMPLETE": "complete_bash"}


def completed(words: str) -> list[str]:
    """What the shell is given for the last word of a line."""
    answer = CliRunner().invoke(app, [], env=asked(words), prog_name="kinetics")
    assert not answer.stderr
    return answer.stdout.split()


def test_a_shell_that_starts_the_command_is_given_what_completes():
    program = "import sys; sys.argv[0] = 'kinetics'; from kinetics.cli import main; main()"
    environment = {**os.environ, **asked("kinetics fit ")}
    answer = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert (answer.stderr, answer.stdout.split()) == ("", library_names("fits"))


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("kinetics simulate ", "models"),
        ("kinetics simulate cd4 --regimen ", "models/regimens"),
        ("kinetics predict ", "fits"),
        ("kinetics compare ms_licensed ", "models/regimens"),
        ("kinetics figure ", "fits/figures"),
        ("kinetics crossvalidate ", "fits"),
        ("kinetics compare-models ", "fits"),
        ("kinetics refit ", "fits"),
        ("kinetics fit-all ", "fits"),
    ],
)
def test_names_that_ship_are_completed(words, part):
    assert completed(words) == library_names(part)


def test_a_begun_name_is_completed():
    assert completed("kinetics show recons") == ["reconstitution", "reconstitution_schematic"]
    assert completed("kinetics identify recons") == ["reconstitution"]


def test_a_path_is_completed_with_files_of_its_folder(tmp_path):
    (tmp_path / "mine.toml").touch()
    (tmp_path / "mine.csv").touch()
    (tmp_path / "more").mkdir()
    assert completing("models")(f"{tmp_path}/m") == [f"{tmp_path}/mine.toml", f"{tmp_path}/more/"]
    assert completing("models")(f"{tmp_path}/none/m") == []
