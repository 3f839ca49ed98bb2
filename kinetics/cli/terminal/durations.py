"""How long a command takes, said before long work; and the times of commands that ended, kept for their next run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from kinetics.errors import InputError

LONG = 10.0
"""Seconds; of shorter work nothing is said and nothing is kept."""
LINES_A_SEARCH = 12
"""About how many steps a search of a population fit takes, with its errors: 7 and 10 in those that ship, without."""
MOST = 200
"""Commands whose times are kept, those that ended last."""
_OPTIONS = ("--json", "--resume")
"""Options that change nothing of how long a command takes from its beginning."""


def in_words(seconds: float) -> str:
    """About how long, as a reader needs it.

    Examples
    --------
    >>> in_words(34), in_words(100), in_words(4000), in_words(200_000)
    ('about 30 s', 'about 2 min', 'about 1 h', 'about 2 days')
    """
    for length, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= (1.5 if unit == "days" else 0.95) * length:
            return f"about {seconds / length:.0f} {unit}"
    return f"about {max(1, round(seconds / 10))}0 s"


def last_time(label: str) -> float:
    """Seconds that the same command took here when it last ended, to the same label; 0 if it is not known."""
    seconds = _times().get(_key(label), 0.0)
    return float(seconds) if isinstance(seconds, int | float) else 0.0


def keep_time(label: str, seconds: float) -> None:
    """Keep the time of the command that ends; a cache that cannot be written keeps none."""
    from kinetics.files.writing import write_atomically

    times, key = _times(), _key(label)
    times.pop(key, None)
    kept = [*times.items(), (key, round(seconds, 1))][-MOST:]
    try:
        write_atomically(_file(), json.dumps(dict(kept)))
    except (OSError, InputError):
        return


def _key(label: str) -> str:
    from kinetics.files.checksums import content_hash

    words = [word for word in sys.argv[1:] if word not in _OPTIONS]
    return content_hash(label, words, os.getcwd())[:24]


def _file() -> Path:
    from kinetics.compile.cache import cache_folder

    return cache_folder() / "durations.json"


def _times() -> dict[str, object]:
    from kinetics.files.reading import read_json

    try:
        return dict(read_json(_file()))
    except InputError:
        return {}
