"""Named arrays that compiled functions hand to one another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Lanes", "Own", "RuleState", "Rules", "Seen", "Task", "Wanted", "Wide"]


class Task(NamedTuple):
    """What is asked of all patients; see `population.integrate_population`."""

    constants: np.ndarray
    edges: np.ndarray
    counts: np.ndarray
    forcings: np.ndarray
    jumps: np.ndarray
    starts: np.ndarray
    which: np.ndarray
    relative: float
    absolute: np.ndarray
    most: int
    watched: np.ndarray
    levels: np.ndarray
    margins: np.ndarray
    times: np.ndarray
    rows: np.ndarray
    reached: np.ndarray
    states: np.ndarray
    told: np.ndarray


class Lanes(NamedTuple):
    """Where each lane is, all (lane,).

    ``patient`` is -1 in a lane without one; ``segment``, ``course`` and the number ``place`` of the next output time
    are those of its plan; ``steps`` are counted. ``rejected``, ``last`` and ``kept`` tell whether the step before was
    too long, whether this one ends the segment, and whether it is accepted. ``time`` and ``after`` are the ends of the
    step, ``stop`` and ``final`` those of the segment and of the plan, ``due`` the next output time. ``h``, ``norm`` and
    ``growth`` are the length of the step, its error over the tolerance, and the growth that this allows; ``longest`` is
    the longest step of the segment.
    """

    patient: np.ndarray
    segment: np.ndarray
    course: np.ndarray
    place: np.ndarray
    steps: np.ndarray
    rejected: np.ndarray
    last: np.ndarray
    kept: np.ndarray
    time: np.ndarray
    after: np.ndarray
    stop: np.ndarray
    final: np.ndarray
    due: np.ndarray
    h: np.ndarray
    longest: np.ndarray
    norm: np.ndarray
    growth: np.ndarray


class Wide(NamedTuple):
    """The numbers of a step, flat with the lane last.

    (state, lane) ``y`` before and ``u`` after it, ``points`` where rates are taken, inflow ``flow``, tolerances
    ``atol``, and ``w`` for what is divided by the step; (stage, state, lane) slopes ``k``; (3, state, lane)
    dense ``terms``; (factor, lane) ``lu``; (constant, lane) ``c``; (output, lane) ``row``;
    (kink, lane) sides ``before`` and ``after``; (state, lane) ``phase``, as `kinetics.engines.guard` follows it, and
    ``alarm``.
    """

    y: np.ndarray
    u: np.ndarray
    points: np.ndarray
    flow: np.ndarray
    atol: np.ndarray
    k: np.ndarray
    terms: np.ndarray
    lu: np.ndarray
    c: np.ndarray
    row: np.ndarray
    w: np.ndarray
    before: np.ndarray
    after: np.ndarray
    phase: np.ndarray
    alarm: np.ndarray


class Seen(NamedTuple):
    """What `windows` follows: (lane, event, 2) ``lowest`` value, and when the level was met; (lane, event, sample)
    ``samples``.
    """

    lowest: np.ndarray
    samples: np.ndarray


class Own(NamedTuple):
    """Room for one patient: (state,) ``y``, ``u``, ``state`` and ``f``, (3, state) ``terms``,
    (output,) ``row``.
    """

    y: np.ndarray
    u: np.ndarray
    state: np.ndarray
    f: np.ndarray
    terms: np.ndarray
    row: np.ndarray


class Rules(NamedTuple):
    """Rules that give doses, and what they did.

    (rule,) ``columns`` of outputs, their ``levels``, the ``slack`` about these, ``signs`` 1 for a rise and -1 for a
    fall, ``most`` actions, time ``apart``; (rule, 2) ``windows``; (rule,) ``doses`` of an action, the time ``every``
    from one to the next, and ``durations`` of infusions, 0 for a bolus; (rule, state) ``dose_amounts``; times no
    further apart than ``same`` are one.
    Filled, as `kinetics.engines.rule_monitor.TriggeredDoses` has them: (trigger,) ``times`` and ``which``,
    (rule,) ``capped``. Of many patients ``levels``, ``slack`` and what is filled have a leading axis.
    """

    columns: np.ndarray
    levels: np.ndarray
    slack: np.ndarray
    signs: np.ndarray
    most: np.ndarray
    apart: np.ndarray
    windows: np.ndarray
    doses: np.ndarray
    every: np.ndarray
    durations: np.ndarray
    dose_amounts: np.ndarray
    same: float
    times: np.ndarray
    which: np.ndarray
    capped: np.ndarray


class RuleState(NamedTuple):
    """How rules stand.

    (rule,) ``armed``: the output has been before its level; ``counts`` of actions and time of the ``last``; ``due``
    now; doses ``given`` of the last course, and time ``upcoming`` of its next, infinite if there is none; ``acted`` at
    this instant; ``sides``: how far the output is beyond its level; ``roots``: when it meets it. (infusion,) ``ends``,
    ``speeds`` in shares a unit of time, and ``whose``. ``tally`` of doses and of infusions.
    """

    armed: np.ndarray
    counts: np.ndarray
    last: np.ndarray
    due: np.ndarray
    given: np.ndarray
    upcoming: np.ndarray
    acted: np.ndarray
    sides: np.ndarray
    roots: np.ndarray
    ends: np.ndarray
    speeds: np.ndarray
    whose: np.ndarray
    tally: np.ndarray


class Wanted(NamedTuple):
    """Derivatives of outputs at the output times of a patient, and room for them.

    (output,) ``outputs`` that are wanted; (block, 5 * state * lane) the last ``step`` of the sensitivities; (3, entry)
    ``places`` and (entry,) ``weights`` of what moves an output by a constant, as `blocks.moved` lays them out. Filled:
    derivatives of all outputs ``by_state`` and ``by_constant``, (state, lane) sensitivities in ``lanes``, (output,
    lane) those of all outputs ``found``; (time, output, block * lane) ``rows``, the result.
    """

    outputs: np.ndarray
    step: np.ndarray
    places: np.ndarray
    weights: np.ndarray
    by_state: np.ndarray
    by_constant: np.ndarray
    lanes: np.ndarray
    found: np.ndarray
    rows: np.ndarray
