"""Random compartment systems under random doses: both engines against a plain script that shares no code with them.

A structure is compiled once; what makes 150 systems of it are its rate constants, many of them zero, its initial values
and its doses.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from kinetics.compile import compile_model
from kinetics.engines import batch, scipy
from kinetics.model import Model
from kinetics.regimen import Regimen, segments

SYSTEMS = 75
SIZE, END = 4, 10.0
GRID = np.arange(0.0, END + 0.25, 0.5)
INTO = {"first": 0, "second": 2}
REACTIONS = {"linear": (), "mass action": (((0, 1), 2), ((2, 2), 3), ((0, 3), 1))}


@dataclass(frozen=True)
class Dose:
    """What is given, in plain numbers; a bolus has no duration."""

    drug: str
    amount: float
    start: float
    duration: float


@dataclass(frozen=True)
class System:
    """x' = source + transfer x + reactions, with initial values, doses and no unit."""

    source: np.ndarray
    transfer: np.ndarray
    speeds: np.ndarray
    initial: np.ndarray
    doses: tuple[Dose, ...]


def random_system(rng: np.random.Generator, kind: str) -> System:
    """Rates over three decades; doses on a grid, so that starts and ends meet one another, outputs and both ends."""

    def some(shape, share):
        return np.where(rng.random(shape) < share, 10 ** rng.uniform(-2, 1, shape), 0.0)

    flows = some((SIZE, SIZE), 0.4)
    np.fill_diagonal(flows, 0.0)
    transfer = flows - np.diag(flows.sum(axis=0) + some(SIZE, 0.6))
    doses = []
    for _ in range(rng.integers(2, 7)):
        start = float(rng.choice(GRID if rng.random() < 0.7 else [0.0, END, 3.0]))
        duration = float(rng.choice([0.0, 0.0, 0.5, 1.0, 2.5, 7.0, rng.uniform(0.01, 3.0)]))
        doses.append(Dose(str(rng.choice(list(INTO))), float(10 ** rng.uniform(-1, 1)), start, duration))
    if rng.random() < 0.5:  # two boluses at one time
        doses.append(Dose("first", 1.5, doses[0].start, 0.0))
        doses.append(Dose("second", 0.5, doses[0].start, 0.0))
    speeds = some(len(REACTIONS[kind]), 0.8)
    return System(some(SIZE, 0.3), transfer, speeds, some(SIZE, 0.6), tuple(doses))


def model_text(kind: str) -> str:
    """The structure as a model file: every flow, source and reaction, each with a rate constant of its own."""
    names = {f"s{i}": "mg/day" for i in range(SIZE)} | {f"x0_{i}": "mg" for i in range(SIZE)}
    names |= {f"k{i}{j}": "1/day" for i in range(SIZE) for j in range(SIZE)}
    names |= {f"r{n}": "1/mg/day" for n in range(len(REACTIONS[kind]))}
    lines = ["[model]", 'title = "random"', 'time = "day"', "[parameters]"]
    lines += [f'{name} = {{ value = 0.0, unit = "{unit}", source = "choice" }}' for name, unit in names.items()]
    lines += [f'[doses.{drug}]\nunit = "mg"\ninto = "x{state}"' for drug, state in INTO.items()]
    for i in range(SIZE):
        rate = f"s{i} + " + " + ".join(f"k{i}{j}*x{j}" for j in range(SIZE))
        for n, ((a, b), product) in enumerate(REACTIONS[kind]):
            taken = (a == i) + (b == i) - (product == i)
            rate += f" - {taken}*r{n}*x{a}*x{b}" if taken > 0 else f" + r{n}*x{a}*x{b}" if taken < 0 else ""
        lines += [f'[states.x{i}]\nunit = "mg"\ninitial = "x0_{i}"\nrate = "{rate}"']
        lines += [f'[outputs.o{i}]\nunit = "mg"\nvalue = "x{i}"']
    return "\n".join(lines) + "\n"


def regimen_text(doses: tuple[Dose, ...]) -> str:
    lines = ["[regimen]", 'title = "random"', 'source = "choice"']
    for dose in doses:
        lines += ["[[courses]]", f'start = "{dose.start!r} day"']
        lines += [
            f'doses = [{{ drug = "{dose.drug}", amount = "{dose.amount!r} mg", duration = "{dose.duration!r} day" }}]'
        ]
    return "\n".join(lines) + "\n"


def plain_solution(system: System, kind: str, times: np.ndarray) -> np.ndarray:
    """States at times, (time, state); at a dose those before it: by matrix exponentials, or by DOP853."""
    cuts = {0.0, END}
    for dose in system.doses:
        cuts |= {t for t in (dose.start, dose.start + dose.duration) if t < END}
    edges = sorted(cuts)
    found = np.empty((times.size, SIZE))
    x = system.initial.copy()
    found[times == 0.0] = x
    for begin, end in pairwise(edges):
        inflow = system.source.copy()
        for dose in system.doses:
            if dose.duration == 0.0 and dose.start == begin:
                x[INTO[dose.drug]] += dose.amount
            if dose.duration > 0.0 and dose.start <= begin < dose.start + dose.duration:
                inflow[INTO[dose.drug]] += dose.amount / dose.duration
        inside = (times > begin) & (times <= end)
        if not REACTIONS[kind]:
            augmented = np.zeros((SIZE + 1, SIZE + 1))
            augmented[:SIZE, :SIZE], augmented[:SIZE, SIZE] = system.transfer, inflow
            for number in np.flatnonzero(inside):
                found[number] = (expm(augmented * (times[number] - begin)) @ np.append(x, 1.0))[:SIZE]
            x = (expm(augmented * (end - begin)) @ np.append(x, 1.0))[:SIZE]
            continue

        def rate(_, y, inflow=inflow):
            change = inflow + system.transfer @ y
            for speed, ((a, b), product) in zip(system.speeds, REACTIONS[kind], strict=True):
                flux = speed * y[a] * y[b]
                change[a] -= flux
                change[b] -= flux
                change[product] += flux
            return change

        moments = np.append(times[inside], end)
        solution = solve_ivp(rate, (begin, end), x, method="DOP853", rtol=1e-10, atol=1e-13, t_eval=np.unique(moments))
        found[inside] = solution.y.T[np.searchsorted(solution.t, times[inside])]
        x = solution.y[:, -1].copy()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20, pytest.param(21, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", REACTIONS)
def test_a_random_system_under_random_doses_is_solved_by_both_engines(kind, seed, tmp_path):
    """To 1e-5 of the largest value of each output."""
    rng = np.random.default_rng([seed, len(kind)])
    (tmp_path / "random.toml").write_text(model_text(kind))
    system = compile_model(Model.load(str(tmp_path / "random.toml")))
    units = {name: dose.unit for name, dose in system.model.doses.items()}
    # outputs at edges, twice at a time, and in between
    times = np.sort(np.concatenate([GRID, GRID[::3], [0.0, END, 3.0], rng.uniform(0, END, 12)]))
    drawn = [random_system(rng, kind) for _ in range(SYSTEMS)]
    plans, table, expected = [], [], []
    for number, each in enumerate(drawn):
        (path := tmp_path / f"r{number}.toml").write_text(regimen_text(each.doses))
        plans.append((segments(Regimen.load(path), units, system.model.time, END), np.empty(0)))
        values = {f"s{i}": each.source[i] for i in range(SIZE)} | {f"x0_{i}": each.initial[i] for i in range(SIZE)}
        values |= {f"k{i}{j}": each.transfer[i, j] for i in range(SIZE) for j in range(SIZE)}
        values |= {f"r{n}": speed for n, speed in enumerate(each.speeds)}
        table.append(system.constants(system.parameter_array(values)))
        expected.append(plain_solution(each, kind, times))
    together = batch.integrate_many(system, np.array(table), plans, np.arange(SYSTEMS), times)
    assert together.reasons == [""] * SYSTEMS
    for number, exact in enumerate(expected):
        peaks = np.abs(exact).max(axis=0)
        scale = np.maximum(peaks, 1e-6 * peaks.max())  # what never holds anything
        one_by_one = scipy.integrate(system, table[number], plans[number][0]).outputs(times)
        for found in (together.outputs[number], one_by_one):
            np.testing.assert_array_less(
                np.abs(found - exact) / scale, 1e-5, err_msg=f"{kind} {number}: {drawn[number]}"
            )
