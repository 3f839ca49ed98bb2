"""Experiments of periods: closed forms, differences of high order, and both engines beside one another."""

import numpy as np
import pytest

from kinetics.engines.periods import JumpedStates, Period, integrate_experiments
from kinetics.engines.tolerances import Tolerances
from kinetics.errors import InputError, UnknownNameError
from tests.oracles.rate_models import system_of

ENGINES = ["batch", "scipy"]
STRICT = Tolerances(relative=1e-10, absolute=1e-14)


@pytest.fixture(scope="module")
def pool():
    """A' = made - k A with A(0) = A0, and B' = k A, which has all that A loses."""
    return system_of({"A": "made - k*A", "B": "k*A - m*B"}, {"A": "A0"}, {"made": 6.0, "k": 2.0, "m": 0.5, "A0": 1.0})


def three_periods(theta):
    """To rest, then none is made and A jumps to a + b A, then k doubles; theta = (made, log k, m, a, b)."""
    made, log_k, m, a, b = theta
    k, none = np.exp(log_k), np.empty(0)
    changes = np.zeros((4, 5))
    changes[0, 0], changes[1, 1], changes[2, 2] = 1.0, k, 1.0
    not_made = np.diag([0.0, 1.0, 1.0, 1.0])

    def jump(y):
        by_direction = np.zeros((2, 5))
        by_direction[0, 3:] = 1.0, y[0]
        return JumpedStates(np.array([a + b * y[0], y[1]]), np.diag([b, 1.0]), by_direction)

    def exchange(y):
        return JumpedStates(y[::-1].copy(), np.eye(2)[::-1], np.zeros((2, 5)))

    return [
        Period(begin=-np.inf, end=-3.0, parameters=np.array([made, k, m, 1.0]), parameter_changes=changes, times=none),
        Period(
            begin=-3.0, end=1.0, parameters=np.array([0, k, m, 1.0]), parameter_changes=not_made @ changes,
            times=np.array([-3.0, -1.0, 1.0]), jump=jump,
        ),
        Period(
            begin=1.0, end=1.0, parameters=np.array([0, k, m, 1.0]), parameter_changes=not_made @ changes,
            times=np.array([1.0]), jump=exchange,
        ),
        Period(
            begin=1.0, end=np.inf, parameters=np.array([made, 2 * k, m, 1.0]),
            parameter_changes=np.diag([1.0, 2.0, 1.0, 1.0]) @ changes, times=np.array([1.0, 1.5, 4.0, np.inf]),
        ),
    ]  # fmt: skip


def closed_form(theta):
    """A and B at all times that are read, (time, 2)."""
    made, log_k, m, a, b = theta
    k = np.exp(log_k)

    def flow(a0, b0, made, k, t):
        """x' = made - k x, y' = k x - m y."""
        x_rest, y_rest = made / k, made / m
        c = (a0 - x_rest) * k / (m - k)
        return np.array(
            [x_rest + (a0 - x_rest) * np.exp(-k * t), y_rest + c * np.exp(-k * t) + (b0 - y_rest - c) * np.exp(-m * t)]
        )

    first = np.array([a + b * made / k, made / m])
    second = [flow(*first, 0.0, k, t) for t in (0.0, 2.0, 4.0)]
    exchanged = second[-1][::-1]
    last = [flow(*exchanged, made, 2 * k, t) for t in (0.0, 0.5, 3.0)]
    return np.array([*second, exchanged, *last, [made / (2 * k), made / m]])


def read(system, theta, engine, tolerances=STRICT):
    found = integrate_experiments(
        system, [three_periods(theta)], ["of_A", "of_B"], engine=engine, tolerances=tolerances
    )[0]
    assert found.reason == ""
    return tuple(np.concatenate([getattr(one, name) for one in found.periods]) for name in ("outputs", "gradients"))


def slopes(function, theta, step=2e-2):
    """Differences of order eight, (..., direction)."""
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    columns = []
    for number in range(len(theta)):
        move = step * np.eye(len(theta))[number]
        columns.append(
            sum(w * (function(theta + n * move) - function(theta - n * move)) for n, w in weights.items()) / step
        )
    return np.stack(columns, axis=-1)


THETA = np.array([6.0, 0.7, 0.5, 1.5, 0.3])


@pytest.mark.parametrize("engine", ENGINES)
def test_three_periods_and_a_moment_between_them(pool, engine):
    """To rest, on without production from a jump, an exchange in no time, on to rest: values and gradients to 1e-8."""
    outputs, gradients = read(pool, THETA, engine)
    np.testing.assert_allclose(outputs, closed_form(THETA), rtol=1e-8)
    np.testing.assert_allclose(gradients, slopes(closed_form, THETA), rtol=1e-8, atol=1e-8)


def test_gradients_are_those_of_the_values(pool):
    """Without a closed form too: differences of what is integrated."""
    _, gradients = read(pool, THETA, "batch")
    differences = slopes(lambda theta: read(pool, theta, "batch")[0], THETA)
    np.testing.assert_allclose(gradients, differences, rtol=1e-8, atol=1e-8)


CASCADE = {
    "R": "on*L*(1 - R) - off*R",
    "X": "kx*R*(1 - X)/(mx + 1 - X) - X/(0.3 + X)",
    "Y": "X^2/(0.2 + X^2) - ky*Y + 0.1*sin(time)*(1 - rest)",
}


def test_engines_agree_on_a_cascade():
    """Forty experiments that share the way to rest, with a clock that starts at the begin of a period."""
    values = {"L": 0.1, "on": 2.0, "off": 1.0, "kx": 3.0, "mx": 0.4, "ky": 0.7, "rest": 1.0}
    system = system_of(CASCADE, {}, values)
    names = list(values)
    changes = np.zeros((7, 6))
    changes[range(6), range(6)] = 1.0
    base = np.array(list(values.values()))
    first = Period(begin=-np.inf, end=-2.0, parameters=base, parameter_changes=changes, times=np.array([-2.0]))
    experiments = []
    for dose in np.geomspace(0.05, 20.0, 20):
        given = base.copy()
        given[names.index("L")], given[names.index("rest")] = dose, 0.0
        by = changes.copy()
        by[names.index("L"), 0] = 0.0
        times = np.linspace(-2.0, 5.0, 8)
        on = Period(begin=-2.0, end=5.0, parameters=given, parameter_changes=by, times=times)
        off = Period(begin=5.0, end=9.0, parameters=base, parameter_changes=changes, times=np.array([6.0, 9.0]))
        experiments += [[first, on, off], [on, off]]
    outputs = [f"of_{name}" for name in CASCADE]
    by_engine = [
        integrate_experiments(system, experiments, outputs, engine=engine, tolerances=STRICT) for engine in ENGINES
    ]
    for left, right in zip(*by_engine, strict=True):
        assert left.reason == right.reason == ""
        for one, other in zip(left.periods, right.periods, strict=True):
            for name in ("outputs", "gradients", "start", "end", "start_changes", "end_changes"):
                np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("engine", ENGINES)
def test_time_is_that_of_the_model(engine):
    """x' = cos(time) from -2 on, after a rest that has no time: x = 5/k + sin(t) - sin(-2)."""
    system = system_of({"x": "on*cos(time) + (1 - on)*(5 - k*x)"}, {}, {"on": 0.0, "k": 2.0})
    by = np.array([[0.0], [1.0]])
    rest = Period(
        begin=-np.inf, end=-2.0, parameters=np.array([0.0, 2.0]), parameter_changes=by, times=np.array([-2.0])
    )
    times = np.array([-2.0, 0.0, 3.0])
    on = Period(begin=-2.0, end=3.0, parameters=np.array([1.0, 2.0]), parameter_changes=by, times=times)
    found = integrate_experiments(system, [[rest, on]], ["of_x"], engine=engine, tolerances=STRICT)[0]
    np.testing.assert_allclose(found.periods[0].outputs.ravel(), [2.5], rtol=1e-13)
    np.testing.assert_allclose(found.periods[1].outputs.ravel(), 2.5 + np.sin(times) - np.sin(-2.0), rtol=1e-8)
    np.testing.assert_allclose(found.periods[1].gradients.ravel(), -1.25, rtol=1e-8)


def test_a_failed_period_says_which(pool):
    """Others go on; what the failed one would have led to has the same reason."""
    grows = system_of({"A": "g*A"}, {"A": "1"}, {"g": 1.0})
    one = np.array([1.0])
    first = Period(begin=0.0, end=1.0, parameters=one, parameter_changes=np.eye(1), times=one)
    last = Period(begin=1.0, end=np.inf, parameters=one, parameter_changes=np.eye(1), times=np.array([np.inf]))
    found = integrate_experiments(grows, [[first, last], [first]], ["of_A"])
    assert found[0].reason.startswith("period 2, from 1: no steady state: ")
    assert np.isnan(found[0].periods[1].outputs).all()
    assert found[0].periods[0] is found[1].periods[0]
    assert found[1].reason == ""
    np.testing.assert_allclose(found[1].periods[0].outputs, np.e, rtol=1e-6)


def test_absolute_tolerances_count_from_the_first_jump(pool):
    """The model starts at 1; an experiment that starts at 1e-12 has the same digits."""

    def small(y):
        return JumpedStates(1e-12 * y, 1e-12 * np.eye(2), np.zeros((2, 4)))

    off = np.array([0.0, 2.0, 0.5, 1.0])
    period = Period(begin=0.0, end=5.0, parameters=off, parameter_changes=np.eye(4), times=np.array([5.0]), jump=small)
    found = integrate_experiments(pool, [[period]], ["of_A"], tolerances=Tolerances(relative=1e-8, absolute=1e-13))[0]
    np.testing.assert_allclose(found.periods[0].outputs, 1e-12 * np.exp(-10.0), rtol=1e-6)


def test_every_fault_is_named(pool):
    good, none = pool.parameter_array(), np.empty(0)
    changes = np.zeros((4, 1))
    wrong = [
        Period(begin=0.0, end=2.0, parameters=good[:2], parameter_changes=changes[:1], times=np.array([1.0, 0.5])),
        Period(begin=3.0, end=2.5, parameters=good, parameter_changes=changes, times=none),
        Period(begin=2.5, end=np.inf, parameters=good, parameter_changes=np.zeros((4, 2)), times=np.array([1.0])),
        Period(begin=np.inf, end=np.inf, parameters=good, parameter_changes=changes, times=none),
    ]
    with pytest.raises(InputError) as raised:
        integrate_experiments(pool, [wrong, []], ["of_A"])
    faults = [(fault.where, fault.name) for fault in raised.value.faults]
    first, second, third, fourth = (f"experiment 1, period {number}" for number in (1, 2, 3, 4))
    assert faults == [
        ("", ""),
        (first, "parameters"),
        (first, "parameter_changes"),
        (first, "times"),
        (second, "begin"),
        (second, "begin"),
        (third, "times"),
        (fourth, "begin"),
        (fourth, "begin"),
        ("experiment 2", ""),
    ]
    with pytest.raises(UnknownNameError, match="of_C"):
        integrate_experiments(pool, [], ["of_C"])
    with pytest.raises(InputError, match="batch, scipy"):
        integrate_experiments(pool, [], [], engine="euler")
