"""Whatever the rule: never more than its cap, never closer than it says, and all that it gave is there."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics.compile import compile_model
from kinetics.engines import batch, scipy
from kinetics.regimen import Course, Dose, Regimen, Rule, segments, triggers
from tests.conftest import total_doses

UNTIL = 60.0
STATED = 1e-9  # day: times closer than this are one


def quantity(low: float, high: float, unit: str) -> st.SearchStrategy[str]:
    return st.floats(low, high).map(lambda value: f"{value:.6g} {unit}")


courses = st.just({}) | st.fixed_dictionaries({"every": quantity(0.01, 10.0, "day"), "count": st.integers(1, 5)})
rules = st.builds(
    lambda course, **each: Rule(**each, **course),
    course=courses,
    output=st.sampled_from(["Y", "Z"]),
    level=quantity(0.05, 0.95, "mg"),
    drug=st.sampled_from(["drug", "other"]),
    amount=quantity(0.01, 2.0, "mg"),
    duration=st.just("0 day") | quantity(0.01, 20.0, "day"),
    direction=st.sampled_from(["up", "down"]),
    most=st.integers(1, 8),
    apart=st.just("0 day") | quantity(0.01, 20.0, "day"),
    after_course=st.none() | st.integers(1, 2),
)
doses = st.builds(
    Dose,
    st.just("drug"),
    quantity(0.1, 3.0, "mg"),
    st.just("0 day"),
    duration=st.just("0 day") | quantity(0.1, 5.0, "day"),
)
regimens = st.builds(
    lambda first, second, start, rules: Regimen([Course([first]), Course([second]).at(start)], rules=rules),
    doses,
    doses,
    quantity(5.0, 40.0, "day"),
    st.lists(rules, min_size=1, max_size=3),
)


def _actions(fired, number: int, rule: Rule) -> np.ndarray:
    """When a rule acted, (action,)."""
    return fired.times[fired.rules == number][:: rule.count]


@pytest.mark.parametrize("integrate", [scipy.integrate, batch.integrate], ids=["scipy", "batch"])
@given(regimen=regimens)
@settings(max_examples=60)
def test_rules_keep_their_word(deficit, integrate, regimen):
    units = {name: dose.unit for name, dose in deficit.doses.items()}
    outputs = {name: output.unit for name, output in deficit.outputs.items()}
    scheduled = segments(regimen, units, deficit.time, UNTIL)
    acting = triggers(regimen, outputs, units, deficit.time)
    system = compile_model(deficit)
    constants = system.constants(system.parameter_array())
    trajectory = integrate(system, constants, scheduled, triggers=acting)
    fired = trajectory.triggered_doses
    there = fired.rules > 0
    times = fired.times[there]

    assert np.isnan(fired.times[~there]).all()
    assert (np.diff(times) >= 0).all()
    assert ((times >= 0) & (times < UNTIL)).all()
    given_by_rules = 0.0
    for number, rule in enumerate(regimen.rules, 1):
        own = fired.times[fired.rules == number]
        # each course is whole, but for the end of time, before the next begins
        actions, every = own[:: rule.count], rule.every.magnitude if rule.every is not None else 0.0
        planned = np.add.outer(actions, every * np.arange(rule.count)).ravel()
        np.testing.assert_allclose(own, planned[: own.size], atol=rule.count * STATED, rtol=0)
        assert own.size == planned.size or planned[own.size] >= UNTIL - STATED
        assert actions.size <= rule.most
        assert actions.size == rule.most or not fired.capped[number - 1]
        same = [(n, other) for n, other in enumerate(regimen.rules, 1) if other.drug == rule.drug]
        before = [time for each in same for time in _actions(fired, *each)]
        for action in actions:
            gaps = [action - time for time in before if time < action - STATED]
            if rule.drug == "drug":  # that of both courses
                gaps += [abs(action - start) for start in regimen.starts]
            assert min(gaps, default=math.inf) >= rule.apart.magnitude - STATED
        if rule.after_course:
            begin, end = (*regimen.starts, UNTIL)[rule.after_course - 1 : rule.after_course + 1]
            assert ((actions >= begin - STATED) & (actions <= end + STATED)).all()
        duration = rule.duration.magnitude
        share = np.minimum((UNTIL - own) / duration, 1.0) if duration else np.ones(own.size)
        given_by_rules += rule.amount.magnitude * share.sum()

    total = trajectory.outputs(np.array([UNTIL]))[0, list(outputs).index("given")]
    assert total == pytest.approx(total_doses(scheduled).sum() + given_by_rules, rel=1e-6)
