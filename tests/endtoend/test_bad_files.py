"""Every bad input of a file, through the command: file, line and symbol are named, nothing runs, nothing is written."""

from pathlib import Path

import pytest

MODEL_FAULTS = {
    "unknown symbol": ('value = "s*A"', 'value = "s*A*zz"', "zz"),
    "sum of unlike units": ('rate = "-ke*A"', 'rate = "-ke*A + N0"', "states.A.rate"),
    "rate in the wrong unit": ('rate = "-ke*A"', 'rate = "-A"', "states.A.rate"),
    "log of a unit": ('value = "s*A"', 'value = "s*A*log(N0)"', "kill"),
    "comparison of unlike units": ('value = "s*A"', 'value = "piecewise(A < N0, s*A, 0)"', "kill"),
    "output in the wrong unit": ('value = "N"', 'value = "A"', "pool"),
    "missing unit": ('k = { value = 0.01, unit = "1/day", ', "k = { value = 0.01, ", "parameters.k"),
    "cyclic derived": ('value = "s*A"', 'value = "s*A + kill"', "cyclic"),
    "duplicate name": ("[derived]", '[derived]\nk = { value = "ke", unit = "1/day" }', "duplicate"),
    "duplicate key": ("[derived]", '[derived]\nkill = { value = "ke", unit = "1/day" }', "TOML"),
    "reserved name": ("[derived]", '[derived]\ntime = { value = "ke", unit = "1/day" }', "time"),
    "cohort with an unknown parameter": (
        'about = "everybody"',
        '[cohorts.adults.parameters]\nzz = { value = 1.0, unit = "1", source = "choice" }',
        "zz",
    ),
    "not a finite number": ("value = 0.01,", "value = nan,", "k"),
    "infinite number": ("value = 0.01,", "value = inf,", "k"),
    "unreadable TOML": ("[derived]", "[derived", "TOML"),
    "code in an expression": ('value = "s*A"', "value = \"__import__('os').system('touch {trap}')\"", "kill"),
    "attribute access": ('value = "s*A"', 'value = "s.__class__"', "kill"),
    "call of an unknown function": ('value = "s*A"', 'value = "eval(s)"', "eval"),
    "name that is no identifier": ("[derived]", '[derived]\n"a b()" = { value = "ke", unit = "1/day" }', "a b()"),
    "tower of powers": ('value = "s*A"', 'value = "s*A*9^9^9^9"', "kill"),
    "nested beyond reason": ('value = "s*A"', 'value = "' + "(" * 1500 + "s*A" + ")" * 1500 + '"', "kill"),
    "unit of a tower": ('unit = "1/day", prior', 'unit = "10**10**8", prior', "10**10**8"),
    "unknown unit": ('unit = "1/day", prior', 'unit = "1/dya", prior', "dya"),
    "unknown source": (
        'about = "turnover", source = "choice"',
        'about = "turnover", source = "nobody_1900"',
        "nobody_1900",
    ),
}


@pytest.mark.processor_time(60)
@pytest.mark.parametrize("fault", MODEL_FAULTS)
def test_model(run, project: Path, fault: str) -> None:
    old, new, symbol = MODEL_FAULTS[fault]
    path, out, trap = project / "models" / "pool.toml", project / "x.nc", project / "trap"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new.replace("{trap}", str(trap))))
    first = next(
        n for n, (a, b) in enumerate(zip(text.split("\n"), path.read_text().split("\n"), strict=False), 1) if a != b
    )
    out.write_bytes(b"before")
    checked = run("check", path)
    simulated = run("simulate", path, "--until", "1 year", "--every", "1 month", "--out", out)
    for answer in (checked, simulated):
        assert answer.status == 2, answer.err
        assert answer.out == ""
        assert "fault of the program" not in answer.err
        # the line that was changed; a value of a cohort and what has no line of its own stand at their table
        places = [f"error: {path}:{line}:" for line in (first, first + 1)]
        assert any(line.startswith(tuple(places)) and symbol in line for line in answer.err.splitlines()), answer.err
    assert out.read_bytes() == b"before"
    assert not trap.exists()


RANGES = {
    "negative clearance": ("alemtuzumab.CL=-3 L/day", "--set alemtuzumab.CL: is -3 L/day, but must be positive"),
    "negative share": ("signals.eI=-0.1 1", "--set signals.eI: is -0.1, but must be positive"),
    "share above one": ("signals.e4=1.2 1", "--set signals.e4: is 1.2, above its maximum 1"),
    "negative capacity": ("cd4.phi=-1 1", "--set cd4.phi: is -1, but must be positive"),
    "no volume": ("alemtuzumab.V2=0 L", "--set alemtuzumab.V2: is 0 L, but must be positive"),
    "no unit": ("alemtuzumab.CL=3", "quantity '3' has no unit; write for example '3 L/day'"),
    "long unit": ("alemtuzumab.CL=3 furlong", "'furlong' is not a kind of 'L/day'"),
}


@pytest.mark.parametrize("case", RANGES)
def test_a_parameter_out_of_its_range(run, case: str) -> None:
    setting, told = RANGES[case]
    answer = run("simulate", "reconstitution", "--until", "1 year", "--every", "1 month", "--set", setting)
    assert answer.status == 2
    assert answer.out == ""
    assert told in answer.err


def test_all_faults_of_a_file_at_once(run, project: Path) -> None:
    path = project / "models" / "pool.toml"
    text = path.read_text()
    for fault in ("unknown symbol", "output in the wrong unit", "unknown source", "rate in the wrong unit"):
        old, new, _ = MODEL_FAULTS[fault]
        text = text.replace(old, new)
    path.write_text(text)
    answer = run("check", path)
    assert answer.status == 2
    assert len(answer.err.splitlines()) == 4
    assert all(symbol in answer.err for symbol in ("zz", "pool", "nobody_1900", "A.rate"))


def test_unbound_input(run, project: Path) -> None:
    states = '[states.A]\nunit = "mg"\ninitial = "0"\nrate = "0"\nabout = "a"\n'
    header = '[model]\ntitle = "x"\ntime = "day"\n'
    inner = f'{header}[inputs]\nf = {{ unit = "1", rest = 1.0 }}\n{states}'
    (project / "models" / "inner.toml").write_text(inner)
    outer = project / "models" / "outer.toml"
    outer.write_text(f'{header}[uses]\na = "./inner.toml"\n')
    answer = run("check", outer)
    assert answer.status == 2
    assert f"{outer}:5" in answer.err
    assert "a.f" in answer.err


REGIMEN_FAULTS = {
    "negative dose": ('amount = "10 mg"', 'amount = "-10 mg"', "amount"),
    "dose before time zero": ('start = "0 day"', 'start = "-1 day"', "before time zero"),
    "not finite": ('amount = "10 mg"', 'amount = "inf mg"', "amount"),
    "bare number": ('amount = "10 mg"', 'amount = "10"', "10"),
    "unknown key": ('amount = "10 mg"', 'amount = "10 mg", volume = "1 L"', "volume"),
}


@pytest.mark.parametrize("fault", REGIMEN_FAULTS)
def test_regimen(run, project: Path, fault: str) -> None:
    old, new, symbol = REGIMEN_FAULTS[fault]
    path = project / "models" / "regimens" / "once.toml"
    path.write_text(path.read_text().replace(old, new))
    model = project / "models" / "pool.toml"
    for answer in (
        run("check", path),
        run("simulate", model, "--regimen", path, "--until", "1 year", "--every", "1 month"),
    ):
        assert answer.status == 2
        assert str(path) in answer.err
        assert symbol in answer.err


def test_unknown_drug(run, project: Path) -> None:
    path = project / "models" / "regimens" / "once.toml"
    path.write_text(path.read_text().replace('drug = "drug"', 'drug = "aspirin"'))
    answer = run(
        "simulate", project / "models" / "pool.toml", "--regimen", path, "--until", "1 year", "--every", "1 month"
    )
    assert answer.status == 2
    assert "aspirin" in answer.err


FIT_FAULTS = {
    "unknown output": ("pool.csv", "mean,pool,", "mean,pond,", "pond"),
    "threshold above baseline": ("pool.csv", "0.4 1e9/L", "1.4 1e9/L", "back"),
    "unknown cohort": ("pool.csv", ",adults,", ",infants,", "infants"),
    "unit of another dimension": ("pool.csv", "0.25,1e9/L", "0.25,mg", "day_30"),
    "value missing": ("pool.csv", ",0.25,", ",,", "day_30"),
    "unknown free parameter": ("turnover.toml", "k = {", "zz = {", "zz"),
    "empty bounds": ("turnover.toml", "upper = 0.2", "upper = 0.0001", "k"),
    "missing table": ("turnover.toml", '"pool.csv"', '"pond.csv"', "pond.csv"),
}


@pytest.mark.parametrize("fault", FIT_FAULTS)
def test_fit(run, project: Path, fault: str) -> None:
    name, old, new, symbol = FIT_FAULTS[fault]
    path, problem = project / "fits" / name, project / "fits" / "turnover.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    for answer in (run("check", problem), run("fit", problem, "--out", project / "fit.nc", "--save")):
        assert answer.status == 2, answer.err
        assert str(project / "fits") in answer.err
        assert symbol in answer.err
    assert not (project / "fit.nc").exists()
    assert not (project / "fits" / "turnover.result.toml").exists()


def test_large_file(run, tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    path.write_text("#" * 1_000_001)
    answer = run("check", path)
    assert answer.status == 2
    assert "1000 kB" in answer.err


@pytest.mark.parametrize("name", ["no/such.toml", "nothing.csv", "."])
def test_missing_file(run, name: str) -> None:
    answer = run("check", name)
    assert answer.status == 2
    assert answer.err.startswith("error: ")


def test_check_reports_every_file(run, project: Path) -> None:
    model, regimen = project / "models" / "pool.toml", project / "models" / "regimens" / "once.toml"
    model.write_text(model.read_text().replace('value = "s*A"', 'value = "zz"'))
    regimen.write_text(regimen.read_text().replace("10 mg", "-10 mg"))
    answer = run("check", model, regimen, project / "fits" / "pool.csv", "no_such_name")
    assert answer.status == 2
    assert str(model) in answer.err
    assert str(regimen) in answer.err
    assert "no_such_name" in answer.err


def test_check_is_content_with_what_ships(run) -> None:
    answer = run("check")
    assert answer.status == 0, answer.err
    assert answer.out.endswith("files, no fault\n")


def test_check_takes_names_and_kinds(run, project: Path) -> None:
    files = [project / "models" / "pool.toml", project / "models" / "regimens" / "once.toml"]
    files += [project / "fits" / "pool.csv", project / "fits" / "turnover.toml"]
    assert run("check", *files, "reconstitution", "ms_licensed", "hill_cawthorne_2012").out == "7 files, no fault\n"


def test_bibliography(run, tmp_path: Path) -> None:
    path = tmp_path / "references.bib"
    path.write_text(
        "@article{a_2000,\n  author = {A},\n}\n@misc{a_2000,\n  title = {B},\n}\n@misc{b,\n year = {1},\n}\n@misc c\n"
    )
    answer = run("check", path)
    assert answer.status == 2
    assert [line.split(": ")[1] for line in answer.err.splitlines()] == [f"{path}:{n}" for n in (1, 4, 4, 7, 7, 10)]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ("", False),
        ("year = {2000},", False),
        ("journal = {J},", False),
        ("volume = {1},\n  pages = {2},", False),
        ("journal = {J},\n  volume = {1},", True),
        ("journal = {J},\n  pages = {2},", True),
        ("doi = {10.1/2},", True),
        ("url = {a.example},", True),
        ("howpublished = {by hand},", True),
        ("note = {a label},", True),
    ],
)
def test_an_entry_of_a_bibliography_says_how_to_find_it(run, tmp_path: Path, fields: str, found: bool) -> None:
    path = tmp_path / "references.bib"
    path.write_text("@misc{a_2000,\n  author = {A},\n  " + fields + "\n}\n")
    answer = run("check", path)
    assert (answer.status == 0) == found
    assert ("gives no way to find it" in answer.err) != found
