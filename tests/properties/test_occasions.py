"""Parameters of occasions: closed forms over a change, and exact derivatives by what each occasion has."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

from kinetics.compile import compile_model
from kinetics.engines import Tolerances
from kinetics.engines.dosing import integrate_histories
from kinetics.errors import InputError
from kinetics.model import Model
from kinetics.model.quantities import Dose, Output, Parameter, State
from kinetics.regimen import DoseRecord, History, TimedValues, histories

ENGINES = ("batch", "scipy")
TIGHT = Tolerances(relative=1e-10, absolute=1e-14)
NAMES = ("CL", "V", "LAG", "F")
STARTS = (10.0, 30.0)
OF_OCCASIONS = np.array([[1.1, 6.0, 0.5, 0.8], [2.0, 9.0, 1.5, 0.5], [0.7, 5.0, 0.25, 0.9]])
# the third dose is given before the second occasion and arrives in it; the first infusion lasts into it
DOSES = [
    DoseRecord(0.0, "oral", 20.0), DoseRecord(4.0, "iv", 30.0, duration=9.0), DoseRecord(9.8, "oral", 15.0),
    DoseRecord(10.0, "oral", 5.0), DoseRecord(31.0, "iv", 12.0, rate=4.0),
]  # fmt: skip
TIMES = [0.3, 2.0, 9.0, 10.0, 10.2, 12.0, 20.0, 30.0, 33.0, 50.0]


@cache
def system():
    clearance, volume, lag, share, amount = sp.symbols("CL V LAG F A")
    units = {"CL": "L/hour", "V": "L", "LAG": "hour", "F": "1"}
    return compile_model(
        Model.from_symbols(
            "one",
            time="hour",
            parameters=[Parameter(name=name, value=1.0, unit=unit) for name, unit in units.items()],
            states=[State(name="A", unit="mg", initial=0, rate=-clearance / volume * amount)],
            doses=[
                Dose(name="oral", unit="mg", into="A", lag=lag, bioavailability=share),
                Dose(name="iv", unit="mg", into="A"),
            ],
            outputs=[Output(name="C", unit="mg/L", value=amount / volume)],
        )
    )


def closed_form(time, of_occasions):
    """The concentration after what arrives at a time, of complex parameters (occasion, parameter)."""
    edges = np.array([0.0, *STARTS, np.inf])
    rates = of_occasions[:, 0] / of_occasions[:, 1]

    def occasion(moment):
        return np.searchsorted(STARTS, np.real(moment), side="right")

    def stays(begin, end):
        """The share of what is there at one time that is there at another."""
        spans = [np.clip(end, *pair) - np.clip(begin, *pair) for pair in pairwise(edges)]
        return np.exp(-sum(rate * span for rate, span in zip(rates, spans, strict=True)))

    def lagged(moment, begin):
        """As `stays`, from a complex moment: a derivative by the lag goes through the occasion that it lies in."""
        real = np.real(begin)
        return stays(real, moment) * np.exp(rates[occasion(real)] * (begin - real))

    amount = 0.0
    for dose in DOSES:
        own = of_occasions[occasion(dose.time)]
        if dose.drug == "oral":
            begin = dose.time + own[2]
            if np.real(begin) <= time:
                amount += own[3] * dose.amount * lagged(time, begin)
            continue
        length = dose.duration or dose.amount / dose.rate
        for number, rate in enumerate(rates):
            begin, end = (
                np.clip(moment, edges[number], edges[number + 1]) for moment in (dose.time, dose.time + length)
            )
            end = min(end, time)
            if end > begin:
                amount += dose.amount / length * (1 - np.exp(-rate * (end - begin))) / rate * stays(end, time)
    return amount / of_occasions[occasion(time), 1]


def found(engine, names=NAMES):
    table = histories([History(DOSES, TIMES, [99] * len(TIMES), occasions=STARTS)], system().model)
    order = [system().parameters.index(name) for name in NAMES]
    parameters = np.empty((1, 3, len(NAMES)))
    parameters[0][:, order] = OF_OCCASIONS
    result = integrate_histories(system(), table, parameters, ["C"], names, engine=engine, tolerances=TIGHT)
    assert result.reasons == [""]
    return result


@pytest.mark.parametrize("engine", ENGINES)
def test_a_compartment_over_three_occasions_has_its_closed_form_and_the_derivatives_of_that(engine):
    result = found(engine)
    exact = np.array([closed_form(time, OF_OCCASIONS.astype(complex)).real for time in TIMES])
    np.testing.assert_allclose(result.outputs[0, :, 0], exact, rtol=1e-7)
    assert result.gradients.shape == (1, len(TIMES), 1, 3, len(NAMES))
    for occasion in range(3):
        for column in range(len(NAMES)):
            stepped = OF_OCCASIONS.astype(complex)
            stepped[occasion, column] += 1e-30j
            slope = [closed_form(time, stepped).imag / 1e-30 for time in TIMES]
            np.testing.assert_allclose(result.gradients[0, :, 0, occasion, column], slope, rtol=1e-6, atol=1e-8)


def test_no_derivative_is_by_what_has_not_happened_yet():
    gradients = found("batch").gradients[0, :, 0]
    before = np.array(TIMES) < STARTS[0]
    assert not gradients[before, 1:].any()
    assert gradients[~before, 0].any()


@cache
def saturable():
    """Saturable elimination of what a lagged infusion of modelled duration brings."""
    ka, vmax, km, volume, lag, share, length, depot, central = sp.symbols("KA VMAX KM V LAG F DUR depot central")
    values = {"KA": 1.3, "VMAX": 9.0, "KM": 4.0, "V": 8.0, "LAG": 0.7, "F": 0.6, "DUR": 2.5}
    units = {"KA": "1/hour", "VMAX": "mg/hour", "KM": "mg", "V": "L", "LAG": "hour", "F": "1", "DUR": "hour"}
    return compile_model(
        Model.from_symbols(
            "saturable",
            time="hour",
            parameters=[Parameter(name=name, value=values[name], unit=unit) for name, unit in units.items()],
            states=[
                State(name="depot", unit="mg", initial=0, rate=-ka * depot),
                State(name="central", unit="mg", initial=0, rate=ka * depot - vmax * central / (km + central)),
            ],
            doses=[Dose(name="oral", unit="mg", into="depot", lag=lag, bioavailability=share, duration=length)],
            outputs=[Output(name="C", unit="mg/L", value=central / volume)],
        )
    )


HISTORIES = {
    "doses that repeat over a start": [DoseRecord(0.0, "oral", 10.0, interval=5.0, additional=6, modelled="duration")],
    "a steady state in each occasion": [
        DoseRecord(0.0, "oral", 10.0, interval=6.0, steady_state=1, additional=1),
        DoseRecord(20.0, "oral", 14.0, interval=8.0, steady_state=1, modelled="duration"),
    ],
    "a reset with the second occasion": [
        DoseRecord(1.0, "oral", 10.0), DoseRecord(12.5, "oral", 8.0, reset=True), DoseRecord(26.0, "oral", 5.0),
    ],
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("records", HISTORIES.values(), ids=HISTORIES)
def test_derivatives_by_every_occasion_are_those_of_differences(records, engine):
    of, names, times = saturable(), ("KA", "VMAX", "LAG", "F", "DUR", "V"), [3.0, 9.0, 12.8, 14.0, 22.0, 27.0, 40.0]
    table = histories([History(records, times, occasions=(12.5, 25.0))], of.model)
    rng = np.random.default_rng(3)
    parameters = of.parameter_array() * rng.uniform(0.8, 1.2, (1, 3, len(of.parameters)))

    def outputs(values, names=()):
        result = integrate_histories(of, table, values, ["C"], names, engine=engine, tolerances=TIGHT)
        assert result.reasons == [""]
        return result

    gradients = outputs(parameters, names).gradients[0, :, 0]
    for occasion in range(3):
        for column, name in enumerate(names):
            above, below = parameters.copy(), parameters.copy()
            index = 0, occasion, of.parameters.index(name)
            step = 1e-4 * parameters[index]
            above[index] += step
            below[index] -= step
            difference = (outputs(above).outputs - outputs(below).outputs)[0, :, 0] / (2 * step)
            np.testing.assert_allclose(gradients[:, occasion, column], difference, rtol=1e-5, atol=1e-6)


def test_occasions_of_equal_parameters_are_none():
    alike = np.tile(OF_OCCASIONS[0], (1, 3, 1))
    alike[..., [system().parameters.index(name) for name in NAMES]] = OF_OCCASIONS[0]
    table = histories([History(DOSES, TIMES, occasions=STARTS)], system().model)
    arguments = ["C"], NAMES
    apart = integrate_histories(system(), table, alike, *arguments, tolerances=TIGHT)
    whole = integrate_histories(system(), table, alike[:, 0], *arguments, tolerances=TIGHT)
    np.testing.assert_array_equal(apart.outputs, whole.outputs)
    np.testing.assert_allclose(apart.gradients.sum(axis=3), whole.gradients, rtol=1e-9, atol=1e-12)


def test_patients_of_unlike_occasions_together_have_the_numbers_of_each_alone():
    given = [History(DOSES, TIMES, occasions=STARTS[:number]) for number in (2, 0, 1)]
    together, parameters = histories(given, system().model), np.tile(OF_OCCASIONS, (3, 1, 1))
    result = integrate_histories(system(), together, parameters, ["C"], NAMES)
    shuffled = np.array([2, 0, 1, 0])
    taken = integrate_histories(system(), together.take(shuffled), parameters[shuffled], ["C"], NAMES)
    np.testing.assert_array_equal(taken.gradients, result.gradients[shuffled])
    for number, one in enumerate(given):
        alone = integrate_histories(system(), histories([one], system().model), parameters[[number]], ["C"], NAMES)
        np.testing.assert_array_equal(alone.outputs[0], result.outputs[number])
        np.testing.assert_allclose(alone.gradients[0], result.gradients[number], rtol=1e-12)


@pytest.mark.parametrize("rule", ["next", "last"])
def test_a_dose_that_begins_an_occasion_has_its_parameters_and_the_covariate_of_its_own_time(rule):
    of, late = system(), [DoseRecord(10.0, "oral", 9.0)]
    shares = {"F": TimedValues((0.0, 10.0, 20.0), (0.4, 0.5, 0.6), rule)}
    table = histories([History(late, [9.0, 11.0], [99, 99], shares, occasions=[10.0])], of.model)
    parameters = np.tile(of.parameter_array({"LAG": 0.0}), (1, 2, 1))
    parameters[0, 1, of.parameters.index("CL")] = 3.0
    assert integrate_histories(of, table, parameters, ["C"]).outputs[0, 1, 0] == pytest.approx(4.5 * np.exp(-3.0))


def test_occasions_that_do_not_follow_each_other_are_refused():
    for starts in ([3.0, 2.0], [np.nan], [1.0, 1.0]):
        with pytest.raises(InputError, match="patient 1: occasions: must be finite numbers that increase"):
            histories([History(DOSES, TIMES, occasions=starts)], system().model)


def test_too_few_occasions_of_parameters_are_refused():
    table = histories([History(DOSES, TIMES, occasions=STARTS)], system().model)
    with pytest.raises(InputError, match="parameters are of 2 occasions; a history has 3"):
        integrate_histories(system(), table, np.tile(OF_OCCASIONS[:2], (1, 1, 1)), ["C"])
