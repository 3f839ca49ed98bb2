"""Powers of a state that is zero before the first dose: closed forms of the solution and of its derivatives.

A' = -c A after a bolus D at day 5, or A' = r during an infusion from day 5; N' = -k A^g N from 1. So ln N is -k times
the integral of A^g: D^g (1 - exp(-g c s))/(g c) after a bolus, r^g s^(g + 1)/(g + 1) during an infusion, s = t - 5.
"""

import numpy as np
import pytest

from kinetics.compile import compile_model
from kinetics.engines import batch
from kinetics.engines.sensitivity import integrate_with_sensitivities
from kinetics.estimate import FitProblem, fit
from kinetics.model import Model
from kinetics.regimen import Course, Dose, Regimen, segments

FILE = """
[model]
title = "Loss by a power of a dose"
time = "day"
[parameters]
c = { value = 0.5, unit = "1/day", source = "choice" }
k = { value = 0.03, unit = "1/day", source = "choice" }
g = { value = 0.5, unit = "1", source = "choice" }
one = { value = 1, unit = "mg", source = "choice" }
[doses.drug]
unit = "mg"
into = "A"
[states.A]
unit = "mg"
initial = "0"
rate = "-c*A"
[states.N]
unit = "1"
initial = "1"
rate = "-k*(A/one)^g*N"
[outputs.n]
unit = "1"
value = "N"
[outputs.root]
unit = "1"
value = "(A/one)^g"
[cohorts.all]
about = "all"
"""
DOSE, K, TIMES = 7.0, 0.03, np.array([0.0, 4.0, 5.0, 5.5, 7.0, 12.0, 30.0])
LONG = np.append(TIMES, 2000.0)  # where hardly anything is left of a bolus
NAMES = ["k", "g"]
# steps of the batch engine follow the states: with an exponent of 1 these are smooth, t log t in a derivative is not
CLOSE = {0.3: 1e-4, 0.5: 1e-5, 1.0: 1e-3, 1.5: 1e-5}


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    path = tmp_path_factory.mktemp("powers") / "loss.toml"
    path.write_text(FILE)
    return compile_model(Model.load(path))


def given(system, duration: str = "0 day"):
    regimen = Regimen([Course([Dose("drug", f"{DOSE} mg", "5 day", duration)])])
    return segments(
        regimen, {"drug": system.model.doses["drug"].unit}, system.model.time, 30.0 if duration != "0 day" else 2000.0
    )


def area(g: float, c: float, *, infusion: bool) -> np.ndarray:
    """The integral of A^g; an infusion of 25 days has no loss (c = 0)."""
    after = np.maximum((TIMES if infusion else LONG) - 5.0, 0.0)
    if infusion:
        return (DOSE / 25) ** g * after ** (g + 1) / (g + 1)
    return DOSE**g * (1 - np.exp(-g * c * after)) / (g * c)


@pytest.mark.parametrize("infusion", [False, True], ids=["bolus", "infusion"])
@pytest.mark.parametrize("g", CLOSE)
def test_every_engine_integrates_a_power_of_what_is_zero_before_the_dose(solve, system, infusion, g):
    c = 0.0 if infusion else 0.5
    parameters = system.parameter_array({"g": g, "c": c})
    found = solve(system, system.constants(parameters), given(system, "25 day" if infusion else "0 day"))
    expected = np.exp(-K * area(g, c, infusion=infusion))
    np.testing.assert_allclose(found.outputs(TIMES if infusion else LONG)[:, 0], expected, rtol=2e-6)


@pytest.mark.parametrize("infusion", [False, True], ids=["bolus", "infusion"])
@pytest.mark.parametrize("g", CLOSE)
def test_derivatives_by_the_exponent_are_those_of_the_closed_form(system, infusion, g):
    c, step = 0.0 if infusion else 0.5, 1e-6
    parameters, plan = system.parameter_array({"g": g, "c": c}), given(system, "25 day" if infusion else "0 day")
    whole = area(g, c, infusion=infusion)
    by_exponent = (area(g + step, c, infusion=infusion) - area(g - step, c, infusion=infusion)) / (2 * step)
    expected = np.exp(-K * whole)[:, None] * np.stack([-whole, -K * by_exponent], axis=-1)
    times = TIMES if infusion else LONG
    for engine in (integrate_with_sensitivities, batch.integrate_with_sensitivities):
        slopes = engine(system, parameters, NAMES, plan).output_gradient(times)
        np.testing.assert_allclose(slopes[:, 0], expected, rtol=CLOSE[g], atol=1e-7)
        assert np.isfinite(slopes).all()
    many = batch.integrate_many_with_sensitivities(
        system, parameters[None], NAMES, [plan], np.zeros(1, dtype=int), times, ["n", "root"]
    )
    np.testing.assert_allclose(many.gradients[0, :, 0], expected, rtol=CLOSE[g], atol=1e-7)


@pytest.mark.parametrize("duration", ["0 day", "25 day"], ids=["bolus", "infusion"])
def test_a_fit_finds_a_free_exponent(tmp_path, duration):
    """Rows from the closed form with an exponent of 0.7; the drug comes at day 5, and the search starts from 0.5."""
    infusion = duration != "0 day"
    expected = np.exp(-K * area(0.7, 0.0 if infusion else 0.5, infusion=infusion))[3:7]
    (tmp_path / "loss.toml").write_text(FILE.replace("c = { value = 0.5", "c = { value = 0.0") if infusion else FILE)
    (tmp_path / "given.toml").write_text(
        f"""[regimen]
title = "Given"
source = "choice"
[[courses]]
start = "0 day"
doses = [{{ drug = "drug", amount = "{DOSE} mg", start = "5 day", duration = "{duration}" }}]
"""
    )
    (tmp_path / "rows.csv").write_text(
        "name,use,kind,statistic,output,regimen,cohort,time,value,unit,log_se,source,note\n"
        + "".join(
            f"n{i},fit,count,mean,n,./given.toml,all,{time} day,{value:.12f},1,0.02,choice,made\n"
            for i, (time, value) in enumerate(zip(TIMES[3:7], expected, strict=True))
        )
    )
    (tmp_path / "free.toml").write_text(
        """[fit]
title = "Free"
model = "./loss.toml"
tables = ["rows.csv"]
starts = 1
[free]
g = { lower = 0.1, upper = 5.0, unit = "1", prior = "flat" }
k = { lower = 0.001, upper = 1.0, unit = "1/day", prior = "flat" }
"""
    )
    found = fit(FitProblem.load(tmp_path / "free.toml"))
    assert found.summary()["estimates"]["g"]["value"] == pytest.approx(0.7, rel=1e-3)
