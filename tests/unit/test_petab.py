"""Problems of PEtab: a closed form, every fault of every file with its line, and nothing that runs or hangs."""

import math
import time

import numpy as np
import pytest
import xarray as xr

from kinetics import FitProblem, InputError, fit, read_result, report
from tests.petab_files import A0, FILES, MEASURED, MODEL, SIGMA, K, log_likelihood, write_problem

VERSIONS = pytest.mark.parametrize("version", [1, 2])


@VERSIONS
@pytest.mark.parametrize("engine", ["batch", "scipy"])
def test_closed_form(tmp_path, version, engine):
    """A(t) = a0 exp(-k t), where a condition sets a0, with an estimated noise, on which no state depends."""
    rows = {1: f"sigma\tlin\t0.01\t1\t{SIGMA}\t1\n", 2: f"sigma\t0.01\t1\t{SIGMA}\ttrue\n"}
    changed = {
        "parameters": FILES[version]["parameters.tsv"] + rows[version],
        "measurements": FILES[version]["measurements.tsv"].replace(f"\t{SIGMA}\n", "\tsigma\n"),
    }
    problem = FitProblem.from_petab(write_problem(tmp_path, version, **changed)).with_settings(engine=engine)
    values = problem.objective({"k": 0.7}, gradient=True)
    assert values.llh == pytest.approx(log_likelihood(k=0.7), rel=1e-7)
    slopes = {
        "a0": sum((v - A0 * math.exp(-0.7 * t)) * math.exp(-0.7 * t) for t, v in MEASURED.items()) / SIGMA**2,
        "k": sum(-(v - A0 * math.exp(-0.7 * t)) * t * A0 * math.exp(-0.7 * t) for t, v in MEASURED.items()) / SIGMA**2,
        "sigma": sum(((v - A0 * math.exp(-0.7 * t)) / SIGMA) ** 2 - 1.0 for t, v in MEASURED.items()) / SIGMA,
    }
    assert dict(zip(values.names, values.gradient, strict=True)) == pytest.approx(slopes, rel=1e-6)


@pytest.mark.parametrize("engine", ["batch", "scipy"])
def test_time_at_which_rates_turn_over(tmp_path, engine):
    """A falls from t0 on: A(t) = a0 exp(-k (t - t0)), and t0 is estimated; derivatives in closed form."""
    symbol = "http://www.sbml.org/sbml/symbols/time"
    switched = (
        "<piecewise><piece><ci>k</ci><apply><geq/>"
        f'<csymbol encoding="text" definitionURL="{symbol}">time</csymbol><ci>t0</ci></apply></piece>'
        "<otherwise><cn>0</cn></otherwise></piecewise>"
    )
    model = MODEL.replace("<ci>k</ci>", switched)
    model = model.replace('<parameter id="k"', '<parameter id="t0" value="0.5" constant="true"/><parameter id="k"')
    parameters = f"{FILES[1]['parameters.tsv']}t0\tlin\t0.1\t0.9\t0.6\t1\n"
    problem = FitProblem.from_petab(write_problem(tmp_path, 1, model=model, parameters=parameters))
    values = problem.with_settings(engine=engine).objective(gradient=True)
    later = {t: v for t, v in MEASURED.items() if t > 0.6}
    decayed = {t: A0 * math.exp(-K * (t - 0.6)) for t in later}
    misfit = ((2.1 - A0) ** 2 + sum((v - decayed[t]) ** 2 for t, v in later.items())) / SIGMA**2
    assert values.chi2 == pytest.approx(misfit, rel=1e-6)
    slope = sum((v - decayed[t]) * K * decayed[t] for t, v in later.items()) / SIGMA**2
    assert values.gradient[values.names.index("t0")] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("engine", ["batch", "scipy"])
@pytest.mark.parametrize("delay", [0.25, 0.5, 1.0])
def test_delay_that_goes_beyond_a_period_is_refused(tmp_path, engine, delay):
    """An event at 0.5 sets A to 3 after its delay; a period begins at 1: what waits then is not lost in silence."""
    time = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'
    event = (
        '<listOfEvents><event id="late" useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true">'
        f'<math xmlns="http://www.w3.org/1998/Math/MathML"><apply><geq/>{time}<cn>0.5</cn></apply></math></trigger>'
        f'<delay><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>{delay}</cn></math></delay>'
        '<listOfEventAssignments><eventAssignment variable="A"><math xmlns="http://www.w3.org/1998/Math/MathML">'
        "<cn>3</cn></math></eventAssignment></listOfEventAssignments></event></listOfEvents></model>"
    )
    changes = {
        "model": MODEL.replace("</model>", event),
        "conditions": FILES[2]["conditions.tsv"] + "c1\tB\t0\n",
        "experiments": FILES[2]["experiments.tsv"] + "e0\t1\tc1\n",
    }
    problem = FitProblem.from_petab(write_problem(tmp_path, 2, **changes)).with_settings(engine=engine)
    values = problem.objective()
    if delay > 0.25:
        assert values.llh == -math.inf
        assert "the delay of event late goes beyond the end of a period" in values.failure
        return
    read = {t: A0 if t == 0 else 3 * math.exp(-K * (t - 0.75)) for t in MEASURED}
    misfit = sum(((v - read[t]) / SIGMA) ** 2 for t, v in MEASURED.items())
    assert values.chi2 == pytest.approx(misfit, rel=1e-6)


@VERSIONS
def test_fit(tmp_path, version):
    """The optimum has no gradient; the result says where it comes from, and reads back as it was written."""
    path = write_problem(tmp_path, version)
    found = fit(FitProblem.from_petab(path), starts=5, seed=1, out=tmp_path / "found.nc")
    assert found.agreeing >= 3
    assert found.values.gradient == pytest.approx(np.zeros(2), abs=1e-3)
    assert found.values.llh == pytest.approx(log_likelihood(**found.estimates), rel=1e-7)
    tree = read_result(tmp_path / "found.nc")
    xr.testing.assert_identical(tree["parameters"].to_dataset(), found.tree()["parameters"].to_dataset())
    assert (tree.attrs["petab_version"], tree.attrs["seed"]) == (version, 1)
    assert "a0" in report(found)
    path.with_name("measurements.tsv").write_text(FILES[version]["measurements.tsv"].replace("1.2", "1.3"))
    assert FitProblem.from_petab(path).data_hash != tree.attrs["data_hash"]
    assert found.problem.data_hash == tree.attrs["data_hash"]


def test_laplace_noise_and_priors(tmp_path):
    """What is no problem of least squares: the median of repeated measurements, pulled by a prior."""
    observables = FILES[2]["observables.tsv"].replace("noisePlaceholders\n", "noisePlaceholders\tnoiseDistribution\n")
    changes = {
        "observables": observables.replace("A\twidth\twidth\n", "A\twidth\twidth\tlaplace\n"),
        "parameters": "parameterId\tlowerBound\tupperBound\tnominalValue\testimate\tpriorDistribution\t"
        "priorParameters\na0\t0.1\t10\t2\ttrue\tnormal\t2.1;0.05\nk\t0.001\t100\t0.5\tfalse\t\t\n",
    }
    found = fit(FitProblem.from_petab(write_problem(tmp_path, 2, **changes)), starts=2)

    def log_posterior(a0):
        misfit = sum(abs(v - a0 * math.exp(-K * t)) / SIGMA for t, v in MEASURED.items())
        return -misfit - 0.5 * ((a0 - 2.1) / 0.05) ** 2

    grid = np.linspace(1.8, 2.4, 60001)
    best = grid[np.argmax([log_posterior(a0) for a0 in grid])]
    assert found.estimates["a0"] == pytest.approx(best, abs=2e-3)  # at a kink


FAULTS = {
    "missing column": (1, "measurements", ("measurement\t", "value\t"), "measurements.tsv:1: measurement: missing"),
    "ragged row": (1, "conditions", ("c0\ta0", "c0\ta0\t7"), "conditions.tsv:2: has 3 cells"),
    "duplicate id": (1, "parameters", ("k\tlog10", "a0\tlog10"), "parameters.tsv:3: a0: duplicate id"),
    "no number": (1, "measurements", ("2.1", "2,1"), "measurements.tsv:2: measurement: must be a number"),
    "no number that is finite": (2, "measurements", ("2.1", "nan"), "measurements.tsv:2: measurement: must be"),
    "unknown observable": (1, "measurements", ("of_A\tc0\t2.1", "of_B\tc0\t2.1"), "no observable 'of_B'"),
    "unknown condition": (1, "measurements", ("c0\t2.1", "c1\t2.1"), "there is no condition 'c1'"),
    "unknown experiment": (2, "measurements", ("e0\t2.1", "e1\t2.1"), "there is no experiment 'e1'"),
    "unknown scale": (1, "parameters", ("log10", "log3"), "parameters.tsv:3: parameterScale: unknown 'log3'"),
    "bounds in no order": (2, "parameters", ("0.001\t100", "100\t0.001"), "parameters.tsv:3: lowerBound"),
    "unknown name": (1, "observables", ("\tA\t", "\tA * zz\t"), "observables.tsv:2: observableFormula: unknown name"),
    "target of a rule": (2, "conditions", ("A\ta0", "R\ta0"), "R: cannot be set"),
    "target that is estimated": (2, "conditions", ("A\ta0", "k\ta0"), "k: is set by a condition"),
    "placeholder without value": (1, "measurements", ("\t0.0\t0.1", "\t0.0\t"), "takes 1 of them; found 0"),
    "value of no parameter": (1, "measurements", ("\t0.0\t0.1", "\t0.0\tsd"), "there is no parameter 'sd'"),
    "time before the start": (2, "measurements", ("2.1\t0.0", "2.1\t-1"), "lies before time 0"),
    "500 brackets": (
        1,
        "observables",
        ("\tA\t", "\t" + "(" * 500 + "A" + ")" * 500 + "\t"),
        "nested more than 50 deep",
    ),
    "tower of powers": (2, "observables", ("\tA\t", "\tA + 9^9^9^9\t"), "exponent beyond 64"),
    "tower in a condition": (2, "conditions", ("\ta0", "\t9^9^9^9"), "conditions.tsv:2: targetValue: exponent"),
    "endless formula": (1, "observables", ("\tA\t", "\t" + "A+" * 300_000 + "A\t"), "field larger than field limit"),
    "code in a formula": (1, "observables", ("\tA\t", "\t__import__('os').getcwd()\t"), "cannot read"),
    "path with dots": (1, "problem", ("[model.xml]", "[../model.xml]"), "problem.yaml:7: problems.0.sbml_files.0"),
    "absolute path": (2, "problem", ("[conditions.tsv]", "[/etc/passwd]"), "condition_files.0: must lie in the folder"),
    "address": (2, "problem", ("location: model.xml", "location: http://x.org/m.xml"), "must lie in the folder"),
    "program as a model": (2, "problem", ("language: sbml", "language: pysb"), "such a model is a program"),
    "missing file": (1, "problem", ("[conditions.tsv]", "[gone.tsv]"), "cannot be read"),
    "unknown version": (2, "problem", ("2.0.0", "3.0.0"), "problem.yaml:1: format_version: must be 1 or 2.0.0"),
    "unknown key": (2, "problem", ("experiment_files", "experiments"), "unknown key"),
    "no YAML": (1, "problem", ("[conditions.tsv]", "[conditions.tsv"), "not a YAML file"),
    "alias": (1, "problem", ("format_version: 1", "x: &a [1]\ny: *a\nformat_version: 1"), "an anchor, an alias"),
    "object of Python": (1, "problem", ("parameters.tsv", "!!python/name:os.system x"), "an alias or a tag"),
    "nested YAML": (1, "problem", ("[model.xml]", "[" * 2000 + "]" * 2000), "nested more than 20 deep"),
    "extension": (
        2,
        "problem",
        ("model_files", "extensions: {x: {version: 1.0.0, required: true}}\nmodel_files"),
        "x: an",
    ),
}


@pytest.mark.processor_time(30)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault(tmp_path, fault):
    """Each fault is named with its file, line and column, in no time."""
    version, stem, (old, new), said = FAULTS[fault]
    (name,) = [name for name in FILES[version] if name.startswith(stem)]
    assert old in FILES[version][name]
    path = write_problem(tmp_path, version, **{stem: FILES[version][name].replace(old, new, 1)})
    started = time.process_time()
    with pytest.raises(InputError) as caught:
        FitProblem.from_petab(path)
    assert time.process_time() - started < 20
    assert said in str(caught.value)


def test_all_faults_at_once(tmp_path):
    """Faults of three tables."""
    changes = {
        "conditions": FILES[1]["conditions.tsv"].replace("c0\ta0", "0c\ta0"),
        "parameters": FILES[1]["parameters.tsv"].replace("log10", "log3"),
        "observables": FILES[1]["observables.tsv"].replace("\tA\t", "\t\t"),
    }
    with pytest.raises(InputError) as caught:
        FitProblem.from_petab(write_problem(tmp_path, 1, **changes))
    for stem in changes:
        assert f"{stem}.tsv:" in str(caught.value)


def test_link_that_leads_elsewhere(tmp_path):
    """A link in the folder to a file outside of it is none of its files."""
    folder = tmp_path / "problem"
    folder.mkdir()
    path = write_problem(folder, 1)
    (folder / "model.xml").unlink()
    (tmp_path / "model.xml").write_text(MODEL)
    (folder / "model.xml").symlink_to(tmp_path / "model.xml")
    with pytest.raises(InputError, match="leads out of the folder"):
        FitProblem.from_petab(path)


@pytest.mark.parametrize("name", ["measurements.tsv", "problem.yaml"])
def test_file_of_100_mb(tmp_path, name):
    """It is refused before it is read."""
    path = write_problem(tmp_path, 1)
    with (tmp_path / name).open("ab") as file:
        file.truncate(100_000_000)
    with pytest.raises(InputError, match="larger than"):
        FitProblem.from_petab(path)


def test_options_that_a_fit_of_petab_does_not_take(tmp_path):
    """A posterior is refused by name, not left out, and so is a parameter to profile that is none."""
    problem = FitProblem.from_petab(write_problem(tmp_path, 1))
    with pytest.raises(InputError) as caught:
        fit(problem, posterior=100, reduce=True)  # pyright: ignore[reportArgumentType]
    assert [fault.name for fault in caught.value.faults] == ["posterior", "reduce"]
    with pytest.raises(InputError, match="profile: 'kk' is not estimated"):
        fit(problem, profile=["k", "kk"])


@pytest.mark.parametrize("version", [1, 2])
def test_a_table_that_cannot_be_read_is_one_fault(tmp_path, version):
    """What the other tables name in it is not told row by row."""
    wrong = FILES[version]["observables.tsv"].replace("observableFormula", "formula")
    with pytest.raises(InputError) as caught:
        FitProblem.from_petab(write_problem(tmp_path, version, observables=wrong))
    assert [fault.name for fault in caught.value.faults] == ["observableFormula"]
