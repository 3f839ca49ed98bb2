"""Practical identifiability: what a profile says of a parameter, in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kinetics.estimate.uncertainty.covariance import INFORMED, UNINFORMED, of_width
from kinetics.estimate.uncertainty.profile import End, Profile
from kinetics.published import NORMAL_95

BETTER = 0.01
"""A profile that rises by more has found a better fit."""

_BOTH, _HELD = "from the data and the prior", "the prior alone"
_SIDES = {-1: "lower", 1: "upper"}
_FAULTS = {
    "open": "open {}",
    "prior": "held {} by the prior alone",
    "impossible": "ends {} where the model cannot be simulated",
    "unknown": "not followed to its end {}",
}


def profile_verdict(profile: Profile, prior_sd: float) -> str:
    """What holds a parameter on either side: the data, its prior, or nothing within the bounds.

    ``prior_sd`` is the standard deviation of the logarithm's prior, infinite where it is flat.

    >>> import numpy as np
    >>> flat = Profile(0, 0.0, np.zeros((1, 1)), np.zeros(1), np.ones(1, bool), End(-1, "closed"), End(5, "open"))
    >>> profile_verdict(flat, math.inf)
    'open above: the data bound it only from below'
    """
    sides = {where: _held(profile, end, prior_sd) for where, end in _ends(profile).items()}
    faults = [_FAULTS[held].format(where) for where, held in sides.items() if held in _FAULTS]
    if not faults:
        return of_width(profile.upper.at - profile.lower.at) if set(sides.values()) == {"data"} else _BOTH
    if set(sides.values()) == {"prior"}:
        return f"not identified: {_HELD}"
    if len(faults) > 1:
        return f"{' and '.join(faults)}: the data do not bound it"
    bounded = next(where for where, held in sides.items() if held not in _FAULTS)
    return f"{faults[0]}: the data bound it only from {bounded}"


def _ends(profile: Profile) -> dict[str, End]:
    return {"below": profile.lower, "above": profile.upper}


def _held(profile: Profile, end: End, prior_sd: float) -> str:
    """By what: a closed end as far out as that of the prior is the prior's, as for standard errors."""
    if end.state != "closed" or math.isinf(prior_sd):
        return "data" if end.state == "closed" else end.state
    ratio = abs(end.at - profile.optimum) / (NORMAL_95 * prior_sd)
    return "data" if ratio < INFORMED else "both" if ratio < UNINFORMED else "prior"


def profile_warnings(names: Sequence[str], profiles: Sequence[Profile]) -> list[str]:
    """What a reader of profiles must know, in plain words; ``names`` are of all parameters."""
    warnings = []
    better = [names[one.index] for one in profiles if one.drop.min() < -BETTER]
    if better:
        warnings.append(
            f"along the profile of {', '.join(better)} there is a better fit than the estimates: give it more starts"
        )
    for one in profiles:
        for where, end in _ends(one).items():
            if end.held:
                others = " and ".join(f"{names[index]} at its {_SIDES[side]} bound" for index, side in end.held)
                warnings.append(
                    f"the profile of {names[one.index]} ends {where} with {others}: wider bounds may move that end"
                )
    stuck = [names[one.index] for one in profiles if not one.converged.all()]
    if stuck:
        warnings.append(f"on the profile of {', '.join(stuck)} some searches did not converge: its ends are rough")
    return warnings
