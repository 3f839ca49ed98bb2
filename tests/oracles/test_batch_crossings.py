"""Recovery times of the batch engine against measures taken on SciPy's dense solution."""

import numpy as np
import pytest
import sympy as sp

from kinetics.engines import Tolerances
from kinetics.measures import TimeToThreshold
from kinetics.model import Model
from kinetics.model.quantities import Dose as DoseInput
from kinetics.model.quantities import Output, Parameter, State
from kinetics.regimen import Course, Dose, Regimen
from kinetics.simulation.simulating import simulate

LEVELS = [
    TimeToThreshold(output, level)
    for output, levels in {
        "CD4": ("0.4 1e9/L", "baseline", "40 % of baseline", "95 % of baseline"),
        "CD8": ("0.2 1e9/L", "80 % of baseline"),
        "B": ("0.1 1e9/L", "baseline", "120 % of baseline"),
        "Treg": ("50 % of baseline",),
        "Treg_fraction": ("110 % of baseline",),
        "lymphocytes": ("1 1e9/L", "0.001 1e9/L"),
        "C": ("0.5 mg/L", "3 mg/L", "100 mg/L"),
    }.items()
    for level in levels
]
EXACT = {"engine": "scipy", "tolerances": Tolerances(1e-11, 1e-15)}


def both(model, regimen, measures, until: str, **options):
    """The times, (case, course), by both engines, from the first dose of the first course."""
    common = {"until": until, "every": until, "measures": measures, **options}
    found, exact = (simulate(model, regimen, **common, **extra) for extra in ({"engine": "batch"}, EXACT))
    start = found["course_start"].values
    return (np.concatenate([s[m.name].values + start for m in measures]) for s in (found, exact))


@pytest.mark.filterwarnings("ignore:.* only comes within rounding of baseline")  # both engines say never
@pytest.mark.slow
@pytest.mark.parametrize("cohort", ["relapsing", "progressive"])
def test_recovery_of_patients_is_that_of_the_dense_solution(cohort):
    found, exact = both(
        Model.load("reconstitution"), Regimen.load("ms_licensed"), LEVELS, "10 year", cohort=cohort, patients=4, seed=5
    )
    # all three kinds of answer are among them
    assert min(np.isnan(exact).sum(), np.isinf(exact).sum(), np.isfinite(exact).sum()) >= 4
    np.testing.assert_allclose(found, exact, rtol=1e-6)


def pool() -> Model:
    """A count that a drug depletes and that regrows, and the drug itself."""
    n, a, base, growth, loss, kill = sp.symbols("N A N_0 g k s")
    return Model.from_symbols(
        "pool",
        time="day",
        parameters=[
            Parameter(name="N_0", value=2.0, unit="1e9/L"),
            Parameter(name="g", value=0.05, unit="1/day"),
            Parameter(name="k", value=0.15, unit="1/day"),  # the drug stays above the noise of its tolerance
            Parameter(name="s", value=2.0, unit="1/mg/day"),
        ],
        doses=[DoseInput(name="drug", unit="mg", into="A")],
        states=[
            State(name="N", unit="1e9/L", initial=base, rate=growth * (base - n) - kill * a * n),
            State(name="A", unit="mg", initial=0, rate=-loss * a),
        ],
        outputs=[Output(name="count", unit="1e9/L", value=n), Output(name="drug", unit="mg", value=a)],
    )


POOL = [
    TimeToThreshold(output, level)
    for output, levels in {
        "count": ("0.5 1e9/L", "1 1e9/L", "90 % of baseline", "baseline", "0.01 1e9/L", "1.9 1e9/L"),
        "drug": ("0.5 mg", "0.9 mg", "2 mg"),
    }.items()
    for level in levels
]
REGIMENS = {
    "boluses": Regimen([Course([Dose("drug", "1 mg"), Dose("drug", "1.5 mg", "3 day")])]),
    "infusion": Regimen([Course([Dose("drug", "3 mg", duration="2 day")])]),
    "courses": Course.of("drug", "1 mg", "4 hour", every="1 day", count=3).repeat(3, every="40 day"),
    "bolus courses": Course.of("drug", "1 mg", every="1 day", count=3).repeat(2, every="35 day"),
    "a late course": Regimen([Course([Dose("drug", "1 mg", "10 day")]), Course([Dose("drug", "1 mg", "200 day")])]),
    # the second course begins a rounding after the first ends, which is one edge
    "abutting courses": Regimen(
        [Course([Dose("drug", "1 mg", "0 day", "0.3 day")]), Course([Dose("drug", "1 mg", f"{3 * 0.1} day", "1 day")])]
    ),
}


@pytest.mark.filterwarnings("ignore:.* only comes within rounding of baseline")  # both engines say never
@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=REGIMENS)
def test_recovery_of_a_pool_is_that_of_the_dense_solution(regimen):
    sets = [{}, {"g": 0.005}, {"s": 20.0}, {"N_0": 0.4}, {"s": 0.01}, {"k": 0.1}]
    found, exact = both(pool(), regimen, POOL, "150 day", parameters=sets)
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-9)


def spring() -> Model:
    """A level of 10 that a dose pushes, and that swings back past rest: x(t) = -(dose/w) exp(-d t) sin(w t)."""
    x, v, frequency, damping = sp.symbols("x v w d")
    return Model.from_symbols(
        "spring",
        time="day",
        parameters=[Parameter(name="w", value=1.0, unit="1/day"), Parameter(name="d", value=0.02, unit="1/day")],
        doses=[DoseInput(name="push", unit="1/day", into="v")],
        states=[
            State(name="x", unit="1", initial=0, rate=-v),
            State(name="v", unit="1/day", initial=0, rate=(frequency**2 + damping**2) * x - 2 * damping * v),
        ],
        outputs=[Output(name="level", unit="1", value=10 + x)],
    )


@pytest.mark.parametrize("share", [1e-2, 1e-4, 1e-6])
def test_a_dip_or_rise_that_only_just_passes_a_level_is_seen(share):
    """Nadir and overshoot lie between samples of a step; levels are a share of their depth away from them."""
    frequencies, damping, dose = np.linspace(0.3, 3.0, 40), 0.02, 3.0
    seen = []
    for frequency in frequencies:

        def swing(time, w=frequency):
            return 10 - dose / w * np.exp(-damping * time) * np.sin(w * time)

        turns = (np.arctan2(frequency, damping) + np.array([0, np.pi])) / frequency
        lowest, highest = swing(turns)
        levels = [10 + (1 - share) * (lowest - 10), 10 + (1 - share) * (highest - 10)]
        beyond = [10 + (1 + share) * (lowest - 10), 10 + (1 + share) * (highest - 10)]
        measures = [TimeToThreshold("level", f"{level:.17g} 1") for level in (*levels, *beyond)]
        found = simulate(
            spring(), Regimen([Course([Dose("push", f"{dose} 1/day")])]), until="50 day", every="50 day",
            parameters={"w": frequency}, measures=measures, engine="batch", tolerances=Tolerances(1e-11, 1e-14),
            patients=1,
        )  # fmt: skip
        times = np.array([found[measure.name].values.item() for measure in measures])
        assert np.isnan(times[2])
        assert np.isinf(times[3])
        np.testing.assert_allclose(swing(times[:2]), levels, rtol=1e-8)
        assert turns[0] < times[0] < times[1] < turns[1]
        seen.append(times)
    assert len(seen) == 40
