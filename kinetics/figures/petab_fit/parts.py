"""What the panels of a fit of a PEtab problem show, in order: observables over time or by experiment, then searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from kinetics.errors import Fault, InputError
from kinetics.text.suggestions import did_you_mean

MOST_EXPERIMENTS = 7
"""In a panel that shows an observable by experiment."""


@dataclass(frozen=True)
class Part:
    """A panel: an observable in one experiment over time, or in several by their names; without one, the searches."""

    observable: str = ""
    experiments: tuple[str, ...] = ()
    is_over_time: bool = False


def parts_of(tree: xr.DataTree, observables: Sequence[str]) -> list[Part]:
    """The panels of some observables, of all without a name; an `InputError` for one that was not measured."""
    rows = tree["measurements"].to_dataset()
    names, own, times = (rows[key].values for key in ("observable", "experiment", "at"))
    known = [*dict.fromkeys(names.tolist())]
    faults = [
        Fault(f"no measurement of '{name}'; there are {', '.join(known)}{did_you_mean(name, known)}", name="outputs")
        for name in observables
        if name not in known
    ]
    if faults:
        raise InputError(*faults)
    parts: list[Part] = []
    for name in observables or known:
        experiments = [*dict.fromkeys(own[names == name].tolist())]
        over_time = [each for each in experiments if _n_times(times[(names == name) & (own == each)]) > 1]
        parts += [Part(name, (each,), True) for each in over_time]
        by_name = [each for each in experiments if each not in over_time]
        for first in range(0, len(by_name), MOST_EXPERIMENTS):
            parts.append(Part(name, tuple(by_name[first : first + MOST_EXPERIMENTS])))
    return parts if tree["searches"].sizes["search"] < 2 else [*parts, Part()]


def _n_times(times: np.ndarray) -> int:
    return np.unique(times[np.isfinite(times)]).size


def rows_of(rows: xr.Dataset, part: Part) -> xr.Dataset:
    """The measurements that a panel shows."""
    own = (rows["observable"].values == part.observable) & np.isin(rows["experiment"].values, part.experiments)
    return rows.isel(measurement=own)
