"""Help is quick, complete, and shows an example of everything."""

import resource
import subprocess
import sys

import pytest

import kinetics

COMMANDS = (
    "reproduce",
    "models",
    "docs",
    "show",
    "import",
    "export",
    "check",
    "simulate",
    "datagen",
    "identify",
    "fit",
    "fit-all",
    "refit",
    "crossvalidate",
    "compare-models",
    "predict",
    "patient",
    "compare",
    "evidence",
    "data",
    "fit-population",
    "figure",
    "cite",
    "report",
    "explore",
)
HEAVY = ("numpy", "scipy", "sympy", "pint", "xarray", "pandas", "numba", "matplotlib", "pydantic", "rich", "h5py")


def imported_by(code: str) -> set[str]:
    """The modules that are loaded after some code in a process of its own."""
    code += "\nimport sys\nprint('IMPORTED', *sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split("IMPORTED")[1].split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    imported = imported_by("import kinetics")
    assert "kinetics" in imported
    assert not {name.partition(".")[0] for name in imported} & set(HEAVY)


def test_simulating_does_not_import_estimation() -> None:
    call = ("simulate", "nk", "--until", "2 day", "--every", "1 day")
    imported = imported_by(
        "import sys\nfrom kinetics.cli import main\n"
        f"sys.argv = ['kinetics', *{call}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )
    assert "kinetics.simulation.simulating" in imported
    assert not [name for name in imported if name.startswith(("kinetics.estimate", "kinetics.prediction"))]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from kinetics.cli import main\n"
        "sys.argv = ['kinetics', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('IMPORTED', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split("IMPORTED")[1].split())
    assert "typer" in imported
    assert not imported & set(HEAVY)


def processor_time_of_help() -> float:
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "kinetics.cli", "--help"], capture_output=True, check=True)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime


def test_help_is_quick() -> None:
    # the least of a few: the first in a fresh clone compiles files, and neighbours share a processor's caches
    assert min(processor_time_of_help() for _ in range(3)) < 0.7


def test_help_lists_every_command(run) -> None:
    answer = run("--help")
    assert answer.status == 0
    assert all(f"\n  {name} " in answer.out for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example(run, command: str) -> None:
    answer = run(command, "--help")
    assert answer.status == 0
    assert f"Example:\n    kinetics {command}" in answer.out


def test_the_examples_name_what_ships(run) -> None:
    from kinetics.cli.arguments.examples import examples
    from kinetics.files.kinds import KINDS, is_path
    from kinetics.files.library import library_names

    there = {name for part in KINDS.values() for name in library_names(part)}
    assert examples().keys() == set(COMMANDS)
    groups = {"data"}  # whose second word is the subcommand
    first = [lines[0].split() for command, lines in examples().items() if command not in groups]
    named = [words[2] for words in first if len(words) > 2]
    named += [after.split()[0] for lines in examples().values() for after in " ".join(lines).split("--regimen ")[1:]]
    assert {name for name in named if not is_path(name) and not name.startswith("-")} - there == set()


def test_version(run) -> None:
    assert run("--version").out == f"kinetics {kinetics.__version__}\n"


@pytest.mark.parametrize("arguments", [("simulat",), ("simulate",), ("simulate", "nk", "--untill", "1 day")])
def test_a_wrong_call_says_so_with_status_2(run, arguments: tuple[str, ...]) -> None:
    answer = run(*arguments)
    assert answer.status == 2
    assert answer.out == "" or "Usage" in answer.out


def test_an_input_fault_is_one_plain_line_without_a_traceback(run) -> None:
    answer = run("simulate", "nonesuch", "--until", "1 day", "--every", "1 day")
    assert answer.status == 2
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert "nonesuch" in answer.err


def test_a_fault_of_the_program_is_status_1_and_short(run, monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of the test")

    monkeypatch.setattr("kinetics.simulation.run_request", broken)
    call = ("simulate", "nk", "--until", "1 day", "--every", "1 day")
    answer = run(*call)
    assert answer.status == 1
    assert "ZeroDivisionError: of the test" in answer.err
    assert "Traceback" not in answer.err
    assert "Traceback" in run("--traceback", *call).err
    assert "Traceback" in run(*call, env={"KINETICS_TRACEBACK": "1"}).err


def test_a_failed_integration_is_status_1(run, monkeypatch) -> None:
    from kinetics.errors import IntegrationError

    def failed(*_: object, **__: object) -> None:
        raise IntegrationError("LSODA stopped in segment 2 of 3 at time 4, state A; try BDF")

    monkeypatch.setattr("kinetics.simulation.run_request", failed)
    answer = run("simulate", "nk", "--until", "1 day", "--every", "1 day")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == "error: LSODA stopped in segment 2 of 3 at time 4, state A; try BDF\n"


def test_a_warning_is_one_line_on_stderr(run, monkeypatch) -> None:
    import warnings

    from kinetics.simulation.simulating import run_request

    def warned(*arguments: object, **options: object) -> object:
        warnings.warn("first line\nsecond line", stacklevel=1)
        return run_request(*arguments, **options)

    monkeypatch.setattr("kinetics.simulation.run_request", warned)
    answer = run("simulate", "nk", "--until", "1 day", "--every", "1 day", "--json")
    assert answer.status == 0
    assert answer.err == "warning: first line\\nsecond line\n"
    assert answer.json["model"] == "nk"
