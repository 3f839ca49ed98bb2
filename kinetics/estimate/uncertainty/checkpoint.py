"""Profiles and walkers of a fit, kept beside its searches so that an interrupted fit can go on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.estimate.search.checkpoint import checkpoint_path, write_rows

if TYPE_CHECKING:
    import numpy as np

    from kinetics.estimate import FitProblem
    from kinetics.estimate.uncertainty.posterior import Chain
    from kinetics.estimate.uncertainty.profile import Profile

__all__ = ["chain_path", "forget", "keep_chain", "keep_profiles", "kept_chain", "kept_profiles", "profiles_path"]

STATES = ("closed", "open", "impossible", "unknown")
WORDS = 624


def profiles_path(problem: FitProblem) -> Path:
    """Where finished profiles of a problem are kept."""
    return checkpoint_path(problem).with_suffix(".profiles.json")


def chain_path(problem: FitProblem) -> Path:
    """Where the walkers of a problem are kept."""
    return checkpoint_path(problem).with_suffix(".posterior.json")


def forget(problem: FitProblem) -> None:
    """Remove what was kept: the fit is finished."""
    for path in (checkpoint_path(problem), profiles_path(problem), chain_path(problem)):
        path.unlink(missing_ok=True)


def keep_profiles(path: Path, optimum: np.ndarray, profiles: Sequence[Profile]) -> None:
    """Write finished profiles and the optimum they are of."""
    rows = [
        {
            "index": one.index,
            "points": one.points.tolist(),
            "drop": one.drop.tolist(),
            "converged": one.converged.tolist(),
            "ends": [[end.at, end.state, end.held] for end in (one.lower, one.upper)],
        }
        for one in profiles
    ]
    write_rows(path, {"optimum": optimum.tolist(), "profiles": rows})


def kept_profiles(path: Path, optimum: np.ndarray) -> tuple[Profile, ...]:
    """The profiles of an earlier run about the same optimum; none if the file is not one of ours."""
    import numpy as np

    from kinetics.estimate.uncertainty.profile import End, Profile
    from kinetics.files.reading import read_json

    try:
        content = read_json(path)
        if content["optimum"] != optimum.tolist():
            return ()
        found = []
        for row in content["profiles"]:
            index, points, drop = int(row["index"]), np.array(row["points"], dtype=float), np.array(row["drop"])
            lower, upper = (
                End(float(at), str(state), tuple((int(other), int(side)) for other, side in held))
                for at, state, held in row["ends"]
            )
            converged = np.array(row["converged"], dtype=bool)
            is_whole = points.shape == (len(drop), optimum.size) and converged.shape == drop.shape != (0,)
            others = [*lower.held, *upper.held]
            is_held = all(0 <= other < optimum.size and side in (-1, 1) for other, side in others)
            is_sound = is_held and 0 <= index < optimum.size and {lower.state, upper.state} <= set(STATES)
            if not (is_whole and is_sound and np.isfinite([*points.flat, *drop, lower.at, upper.at]).all()):
                return ()
            found.append(Profile(index, float(optimum[index]), points, drop, converged, lower, upper))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return ()
    return tuple(found)


def keep_chain(path: Path, chain: Chain) -> None:
    """Write where all walkers have been, and the state of their random numbers: as JSON, to the last bit."""
    words, *rest = chain.random
    positions, log_density = chain.positions.tolist(), chain.log_density.tolist()
    write_rows(path, {"positions": positions, "log_density": log_density, "random": [words.tolist(), *rest]})


def kept_chain(path: Path, size: int) -> Chain | None:
    """The walkers of an earlier run; None if there are none, or the file is not one of ours."""
    import numpy as np

    from kinetics.estimate.uncertainty.posterior import Chain
    from kinetics.estimate.uncertainty.sampling import walkers
    from kinetics.files.reading import read_json

    try:
        content = read_json(path)
        positions, log_density = (np.array(content[key], dtype=float) for key in ("positions", "log_density"))
        words, position, has_normal, normal = content["random"]
        random = np.array(words, dtype=np.uint32), int(position), int(has_normal), float(normal)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    is_whole = positions.ndim == 3 and positions.shape[1:] == (walkers(size), size) and len(positions) > 0
    is_sound = random[0].shape == (WORDS,) and 0 <= random[1] <= WORDS and np.isfinite(random[3])
    if not (is_whole and is_sound and log_density.shape == positions.shape[:2]):
        return None
    return Chain(positions, log_density, random) if np.isfinite([*positions.flat, *log_density.flat]).all() else None
