"""What the lanes of a population work on: named arrays that compiled functions hand to one another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Lanes", "Own", "Seen", "Task", "Wide"]


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
    ``growth`` are the length of the step, its error over the tolerance, and the growth that this allows.
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
    norm: np.ndarray
    growth: np.ndarray


class Wide(NamedTuple):
    """The numbers of a step, flat with the lane last.

    (state, lane) ``y`` before and ``u`` after it, ``points`` where rates are taken, inflow ``flow``, tolerances
    ``atol``, and ``w`` for what is divided by the step; (stage, state, lane) slopes ``k``; (3, state, lane)
    dense ``terms``; (factor, lane) ``lu``; (constant, lane) ``c``; (output, lane) ``row``.
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


class Seen(NamedTuple):
    """What `windows` follows: (lane, event) ``lowest`` and (lane, event, sample) ``samples``."""

    lowest: np.ndarray
    samples: np.ndarray


class Own(NamedTuple):
    """Room for one patient: (state,) ``y``, ``u``, ``state`` and ``f``, (stage, state) ``k``, (3, state) ``terms``,
    (output,) ``row``.
    """

    y: np.ndarray
    u: np.ndarray
    state: np.ndarray
    f: np.ndarray
    k: np.ndarray
    terms: np.ndarray
    row: np.ndarray
