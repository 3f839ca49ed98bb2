"""Doses in effect to stretches: time is cut where a dose starts or ends, for all patients at once."""

from __future__ import annotations

import numpy as np

from kinetics.engines.dosing.in_effect import DosesInEffect
from kinetics.engines.stretches import DoseChanges, Stretches


def cut(
    drugs: tuple[str, ...], lengths: np.ndarray, rows: np.ndarray, doses: DosesInEffect, same: float, *, change: bool
) -> Stretches:
    """The stretches of many patients.

    Parameters
    ----------
    drugs : tuple of str
        Those of the model.
    lengths : ndarray, (row,)
        Of the stretches, in model time.
    rows : ndarray of int, (dose,)
        Whose dose it is.
    doses : DosesInEffect
        With times since the begin of the stretch of their row. One that started before it goes on; what lies beyond
        the end is left out.
    same : float
        Times closer than this are one.
    change : bool
        Whether derivatives by parameters are needed.
    """
    ends = lengths[rows]
    starts_inside = (doses.start >= -same) & (doses.start < ends - same)
    ends_inside = (doses.end >= -same) & (doses.end < ends - same)
    first, last = np.clip(doses.start, 0.0, None), np.clip(np.minimum(doses.end, ends), 0.0, None)
    runs = ~doses.is_bolus & (last - first > same) & (first < ends)
    first = np.minimum(first, ends)
    at_once = np.flatnonzero(doses.is_bolus & starts_inside)
    if change:
        first[at_once] += _apart(rows[at_once], first[at_once], doses.start_change[at_once], same)
        first[at_once] = np.minimum(first[at_once], ends[at_once] - 1.5 * same)
    edges, segments, (begins, stops) = _edges(lengths, rows, first, last, runs | starts_inside | ends_inside, same)
    size = len(lengths), edges.shape[1] - 1, len(drugs)
    rates, boluses = np.zeros((2, *size))
    # infusions that run together are added segment by segment: a difference of sums would leave a rounding behind
    running = np.flatnonzero(runs)
    spans = stops[running] - begins[running]
    each = np.repeat(running, spans)
    segment = begins[each] + np.arange(len(each)) - np.repeat(np.cumsum(spans) - spans, spans)
    np.add.at(rates, (rows[each], segment, doses.drug[each]), doses.rate[each])
    at_starts = rows[at_once], begins[at_once], doses.drug[at_once]
    np.add.at(boluses, at_starts, doses.amount[at_once])
    if not change:
        return Stretches(drugs, segments, edges, rates, boluses)
    names = doses.start_change.shape[1]
    changes = DoseChanges(np.zeros((*size, names)), np.zeros((*size, names)), np.zeros((*size[:2], names)))
    np.add.at(changes.rates, (rows[each], segment, doses.drug[each]), doses.rate_change[each])
    np.add.at(changes.boluses, at_starts, doses.amount_change[at_once])
    changes.delays[at_starts[:2]] = doses.start_change[at_once]
    # an infusion that starts later has brought less: sensitivities jump by the rate before less the rate after it
    for inside, edge, sign, moved in (
        (starts_inside, begins, -1.0, doses.start_change),
        (ends_inside, stops, 1.0, doses.end_change),
    ):
        jumps = np.flatnonzero(inside & ~doses.is_bolus)
        at_edges = rows[jumps], edge[jumps], doses.drug[jumps]
        np.add.at(changes.boluses, at_edges, sign * doses.rate[jumps, None] * moved[jumps])
    return Stretches(drugs, segments, edges, rates, boluses, changes)


def _apart(rows: np.ndarray, moments: np.ndarray, delays: np.ndarray, same: float) -> np.ndarray:
    """How much later each bolus comes, so that only those whose times have the same derivatives come together."""
    order = np.lexsort((moments, rows))
    ahead, behind = order[:-1], order[1:]
    together = (rows[behind] == rows[ahead]) & (moments[behind] - moments[ahead] <= same)
    total = np.cumsum(together & (delays[behind] != delays[ahead]).any(axis=1))
    later = np.zeros(len(rows))
    later[behind] = 3 * same * (total - np.maximum.accumulate(np.where(together, 0, total)))
    return later


def _edges(
    lengths: np.ndarray, rows: np.ndarray, first: np.ndarray, last: np.ndarray, used: np.ndarray, same: float
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Edges, (row, segment + 1), how many segments each row has, and the numbers of the edges of each dose."""
    size, inner = len(lengths), np.flatnonzero(used)
    row_of = np.concatenate([np.arange(size), rows[inner], rows[inner], np.arange(size)])
    moments = np.concatenate([np.zeros(size), first[inner], last[inner], lengths])
    order = np.lexsort((moments, row_of))
    sorted_rows, sorted_moments = row_of[order], moments[order]
    is_first = np.diff(sorted_rows, prepend=-1) > 0
    is_edge = is_first | (np.diff(sorted_moments, prepend=-np.inf) > same)
    total = np.cumsum(is_edge) - 1
    numbers = np.empty(len(order), dtype=int)
    numbers[order] = total - total[is_first][sorted_rows]
    segments = np.zeros(size, dtype=np.int64)
    segments[sorted_rows[is_edge]] = (total - total[is_first][sorted_rows])[is_edge]
    edges = np.zeros((size, segments.max(initial=1) + 1))
    edges[sorted_rows[is_edge], (total - total[is_first][sorted_rows])[is_edge]] = sorted_moments[is_edge]
    edges[np.arange(size), segments] = lengths
    begins, stops = np.zeros((2, len(rows)), dtype=int)
    begins[inner], stops[inner] = np.split(numbers[size : size + 2 * len(inner)], 2)
    return edges, segments, (begins, stops)
