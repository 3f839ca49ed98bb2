"""An output that comes to a level only in the limit, or only touches it, has not reached it, whatever asks.

The deficit z of the model `deficit` decays at 0.1 a day; its output Y = 1 - z returns to 1 in the limit alone.
"""

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest

from kinetics.compile import compile_model
from kinetics.engines import Tolerances, batch, scipy
from kinetics.errors import InputError, IntegrationError
from kinetics.estimate import FitProblem, fit
from kinetics.measures import TimeBelow, TimeToThreshold, measure
from kinetics.measures.sampled import SampledCurves
from kinetics.model import Model
from kinetics.prediction.predicting import predict
from kinetics.regimen import Course, Dose, Regimen, Rule, segments, triggers
from kinetics.simulation.simulating import simulate
from kinetics.units.levels import stands_below, visited_level

K = 0.1
FIRST = math.log(0.9 / 0.6) / K  # Y is back at 0.4 after a dose of 0.9
ENGINES = ["scipy", "batch"]
ONCE = Regimen([Course.of("drug", "0.9 mg")])
BASELINE, BELOW = TimeToThreshold("Y", "baseline"), TimeBelow("Y", "baseline")


@pytest.mark.parametrize("relative", [None, 1e-5, 1e-11])
@pytest.mark.parametrize("options", [{"engine": "scipy"}, {"engine": "scipy", "method": "BDF"}, {"engine": "batch"}])
def test_what_returns_in_the_limit_is_never_back_and_below_to_the_end(deficit, options, relative):
    """And the limit is told, once for an output and a level."""
    options |= {} if relative is None else {"tolerances": Tolerances(relative, 1e-5 * relative)}
    asked = {"until": "900 day", "every": "100 day", "measures": [BASELINE, BELOW], **options}
    with pytest.warns(UserWarning, match="Y only comes within rounding of baseline, as a limit does") as told:
        found = simulate(deficit, ONCE, **asked)
    assert len(told) == 1
    assert found[BASELINE.name].values.tolist() == [np.inf]
    assert found[BELOW.name].values == pytest.approx([900.0], rel=1e-12)


def test_patients_that_return_in_the_limit_are_never_back(deficit):
    with pytest.warns(UserWarning, match="within rounding of baseline in 3 of 3"):
        found = simulate(deficit, ONCE, until="900 day", every="100 day", patients=3, measures=[BASELINE])
    assert np.isinf(found[BASELINE.name]).all()
    # the same values, read off a table of them
    again = measure(found, [BASELINE, BELOW])
    assert np.isinf(again[BASELINE.name]).all()
    assert (again[BELOW.name] == 900).all()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("share", [0.4, 0.999, 1 - 1e-6])
def test_what_truly_comes_back_keeps_its_time(deficit, engine, share):
    to = TimeToThreshold("Y", f"{share!r} mg")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = simulate(
            deficit, ONCE, until="900 day", every="100 day", measures=[to], engine=engine,
            tolerances=Tolerances(1e-11, 1e-15),
        )  # fmt: skip
    assert found[to.name].values == pytest.approx([math.log(0.9 / (1 - share)) / K], rel=1e-8)


def fired(integrate, model, regimen, until=100.0):
    """Times of what rules give."""
    doses = {name: dose.unit for name, dose in model.doses.items()}
    outputs = {name: output.unit for name, output in model.outputs.items()}
    given, rules = segments(regimen, doses, model.time, until), triggers(regimen, outputs, doses, model.time)
    system = compile_model(model)
    times = integrate(system, system.constants(system.parameter_array()), given, triggers=rules).triggered_doses.times
    return times[~np.isnan(times)].tolist()


@pytest.mark.parametrize("integrate", [scipy.integrate, batch.integrate], ids=ENGINES)
def test_a_rule_does_not_act_where_its_output_rests_or_comes_in_the_limit(deficit, integrate):
    """Y rests at 1 and falls with a dose at 50; Z comes up to 5 under an infusion of 0.5 a day."""
    late = Course.of("drug", "0.9 mg").at("50 day")
    assert fired(integrate, deficit, late + Rule("Y", "baseline", "drug", "0.1 mg", direction="down")) == []
    held = Regimen([Course([Dose("drug", "300 mg", duration="600 day")])])
    assert fired(integrate, deficit, held + Rule("Z", "5 mg", "drug", "0.1 mg"), 600.0) == []
    nearly = fired(integrate, deficit, held + Rule("Z", "4.999999 mg", "drug", "0.1 ug"), 600.0)
    assert nearly == [pytest.approx(math.log(5 / 1e-6) / K, rel=1e-4)]


@pytest.mark.parametrize("integrate", [scipy.integrate, batch.integrate], ids=ENGINES)
@pytest.mark.parametrize("late", [-1e-12, 0.0, 1e-12, 1e-10, 1e-6])
def test_a_level_met_at_the_edge_of_a_dose(deficit, integrate, late):
    """A dose that turns the output back as it meets the level undoes that: the rule waits for the next time."""
    turned = Regimen([Course([Dose("drug", "0.9 mg"), Dose("drug", "0.3 mg", f"{FIRST + late!r} day")])])
    times = fired(integrate, deficit, turned + Rule("Y", "40 % of baseline", "drug", "0.3 mg", most=1), 10.0)
    assert times == [pytest.approx(FIRST if late == 1e-6 else 2 * FIRST, rel=1e-6)]


@pytest.mark.parametrize("engine", ENGINES)
def test_of_equal_troughs_the_earliest_counts(deficit, engine):
    """A rule knocks Y down from 0.4 to 0.1 again and again: to 0.3 it is back after the first trough."""
    again = Course.of("drug", "0.9 mg") + Rule("Y", "40 % of baseline", "drug", "0.3 mg", most=100)
    to = TimeToThreshold("Y", "0.3 mg")
    found = simulate(deficit, again, until="60 day", every="60 day", measures=[to], engine=engine)
    assert found[to.name].values == pytest.approx([math.log(0.9 / 0.7) / K], rel=1e-6)
    # many at once, without a dense solution
    patients = simulate(deficit, again, until="60 day", every="60 day", measures=[to], parameters=[{}, {"k": 0.2}])
    assert patients[to.name].values[:, 0] == pytest.approx(math.log(0.9 / 0.7) / np.array([K, 2 * K]), rel=1e-6)


def test_a_fitted_time_that_rounding_decides_tells_nothing(project):
    row = {"kind": "time_to_threshold", "output": "N_blood", "regimen": "../models/regimens/once.toml"}
    row |= {"level": "baseline", "value": 150, "unit": "day", "log_se": 0.1}
    free = 'lower = 0.01, upper = 1.0, unit = "1/day", prior = "flat"'
    found = fit(FitProblem.load(project.fit(row, free={"g": free}, header='starts = 1\nhorizon = "2000 day"')))
    assert np.isinf(found.values[0])
    assert found.estimates.verdicts == ("not identified: the data do not see it",)
    assert any("no recovery time for row_1" in warning for warning in found.warnings)


def test_followed_at_times_what_returns_in_the_limit_is_never_back():
    times = np.arange(0.0, 900.0, 7.0)
    noise = 1e-12 * np.random.default_rng(1).standard_normal((2, times.size))
    values = 1 - 0.9 * np.exp(-K * times) * np.array([[1.0], [0.0]]) + noise
    for at_visits in (False, True):
        curves = SampledCurves(times, values, at_visits)
        np.testing.assert_array_equal(curves.return_to(np.ones(2)), [np.inf, np.nan])
        assert curves.time_below(np.ones(2)) == pytest.approx([times[-1], 0.0])


def test_a_value_reported_in_steps_is_back_at_the_level_it_is_written_as():
    level, margin = visited_level(np.array([0.3]), reported=True)
    assert stands_below(np.array([0.2, 0.1 + 0.2, 0.3 - 5e-17, 0.29]), level, margin).tolist() == [True, 0, 0, True]


GROW = """
[model]
title = "A count that a drug kills and that grows by itself; v may be negative"
time = "day"
[parameters]
N0 = { value = 1.0, unit = "1e9/L", source = "choice" }
r = { value = 0.3, unit = "1/day", source = "choice" }
k = { value = 40.0, unit = "1/mg/day", source = "choice" }
[doses.drug]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "0"
rate = "-A/d"
[states.N]
unit = "1e9/L"
initial = "N0"
rate = "r*N - k*A*N"
[states.v]
unit = "1"
initial = "0"
rate = "-1/d - v/d"
[parameters.d]
value = 1.0
unit = "day"
source = "choice"
[outputs.cells]
unit = "1e9/L"
value = "N"
"""
HALF = TimeToThreshold("cells", "50 % of baseline")


@pytest.fixture
def growing(tmp_path):
    """ln N = r t - k (1 - exp(-t)) after 1 mg: it is at one half again at (k - ln 2)/r."""
    (tmp_path / "grow.toml").write_text(GROW)
    model = Model.load(str(tmp_path / "grow.toml"))

    def run(**options):
        given = Regimen([Course.of("drug", "1 mg")])
        return simulate(model, given, until="400 day", every="400 day", measures=[HALF], **options)

    return run


@pytest.mark.parametrize("options", [{"engine": "scipy"}, {"engine": "scipy", "method": "BDF"}, {"engine": "batch"}])
def test_a_state_that_falls_by_many_decades_and_grows_again_needs_a_tolerance_of_its_own(growing, options):
    for k in (10.0, 20.0):
        assert float(growing(parameters={"k": k}, **options)[HALF.name][0]) == pytest.approx((k - math.log(2)) / 0.3)
    for k in (40.0, 60.0, 100.0):
        with pytest.raises(IntegrationError, match=r"state N: .* --absolute N='1e-30 1e9/L'"):
            growing(parameters={"k": k}, **options)
        found = growing(parameters={"k": k}, absolute={"N": "1e-60 1e9/L"}, **options)
        assert float(found[HALF.name][0]) == pytest.approx((k - math.log(2)) / 0.3, rel=1e-6)
        assert found.attrs["absolute_tolerances"] == "N = 1e-60"


def test_patients_whose_state_grows_out_of_rounding_are_nan_with_the_reason(growing):
    sets = [{"k": 20.0}, {"k": 40.0}, {"k": 60.0}, {"k": 100.0}]
    with pytest.warns(UserWarning, match="3 of 4 could not be integrated"):
        found = growing(parameters=sets)
    assert np.isnan(found[HALF.name].values[:, 0]).tolist() == [False, True, True, True]
    assert all("state N: it grows after it fell" in reason for reason in found["failure"].values[1:])
    found = growing(parameters=sets, absolute={"N": "1e-60 1e9/L"})
    expected = (np.array([20.0, 40.0, 60.0, 100.0]) - math.log(2)) / 0.3
    np.testing.assert_allclose(found[HALF.name].values[:, 0], expected, rtol=1e-6)


def test_absolute_tolerances_are_checked_all_at_once(growing):
    with pytest.raises(InputError) as error:
        growing(absolute={"M": "1 1", "N": "-1 1e9/L", "A": "1 day"})
    assert len(error.value.faults) == 3


FIT = """
[fit]
title = "growing"
model = "grow.toml"
tables = ["rows.csv"]
starts = 1
[free]
k = { lower = 30.0, upper = 70.0, unit = "1/mg/day", prior = "flat" }
"""
ROW = """name,use,kind,statistic,output,regimen,cohort,time,value,unit,log_se,source
late,fit,count,mean,cells,one.toml,all,250 day,{value},1e9/L,0.1,choice
"""
ONE = """
[regimen]
title = "one"
source = "choice"
[[courses]]
start = "0 day"
doses = [{ drug = "drug", amount = "1 mg" }]
"""


@pytest.mark.parametrize("engine", ["scipy", "batch"])
def test_a_tolerance_in_the_model_counts_for_every_command(tmp_path, engine):
    text = GROW + '[cohorts.all]\nabout = "all"\n'
    (tmp_path / "bare.toml").write_text(text)
    (tmp_path / "grow.toml").write_text(text.replace('rate = "r*N', 'tolerance = 1e-60\nrate = "r*N'))
    (tmp_path / "fit.toml").write_text(FIT)
    (tmp_path / "one.toml").write_text(ONE)
    (tmp_path / "rows.csv").write_text(ROW.format(value=repr(math.exp(0.3 * 250 - 60))))
    assert Model.load(str(tmp_path / "grow.toml")).content_hash != Model.load(str(tmp_path / "bare.toml")).content_hash
    found = fit(replace(FitProblem.load(str(tmp_path / "fit.toml")), engine=engine)).estimates
    assert found.values[0] == pytest.approx(60.0, rel=1e-6)
    predicted = predict(found, tmp_path / "one.toml", until="400 day", every="400 day", draws=2, engine=engine)
    assert float(predicted["cells"][-1]) == pytest.approx(math.exp(0.3 * 400 - 60), rel=1e-4)
