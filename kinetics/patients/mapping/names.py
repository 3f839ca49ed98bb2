"""Which outputs and doses of a model a clinic's own names are likely to mean."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache

from kinetics.model import Model

_NOISE = frozenset(
    re.findall(
        r"\w+",
        "abs absolute absolut count counts cell cells number level conc concentration in of the and blood serum plasma "
        "pos positive total percent pct abl t",
    )
)
_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
LEAST, ALIKE = 4, 6
"""Letters of a word that may stand for a longer one, and of a common beginning of two words for one thing."""


@lru_cache(maxsize=4096)
def words(text: str) -> frozenset[str]:
    """The words of a name that tell it from others, without brackets.

    Examples
    --------
    >>> sorted(words("Memory_X abs (10^9/L)"))
    ['memory', 'x']
    """
    parts = re.findall(r"[^\W_]+", _BRACKETS.sub(" ", text).casefold())
    return frozenset(parts) - _NOISE or frozenset(parts)


def similar_outputs(text: str, model: Model) -> list[str]:
    """The outputs of a model that a name may mean, the likeliest first."""
    return _similar(text, {name: row.about for name, row in model.outputs.items()})


def likely_output(text: str, model: Model) -> str | None:
    """The output that a name surely means: with the same words, or the only one described by them."""
    return _likely(text, {name: row.about for name, row in model.outputs.items()})


def likely_dose(text: str, model: Model) -> str | None:
    """The dose of a model that a name surely means, as `likely_output`; the only one, if there is one."""
    only = next(iter(model.doses)) if len(model.doses) == 1 else None
    return _likely(text, {name: row.about for name, row in model.doses.items()}) or only


def _likely(text: str, abouts: dict[str, str]) -> str | None:
    own = words(text)
    same = [name for name in abouts if words(name) == own]
    if not same:  # with the words of its description, of which the name needs to have those of the name itself
        same = [name for name, about in abouts.items() if own <= words(name) | words(about) and words(name) <= own]
    if not same:
        same = [name for name in abouts if _begins(own, words(name))]
    if not same:
        same = [name for name, about in abouts.items() if own <= words(about)]
    return same[0] if len(same) == 1 else None


def _begins(own: frozenset[str], name: frozenset[str]) -> bool:
    """Whether each word of a name begins with one of another, or the other way round, letter by letter."""
    return len(own) == len(name) and all(
        any(_is_short(one, other) or _is_short(other, one) for other in name) for one in own
    )


def _is_short(short: str, long: str) -> bool:
    return short == long or (len(short) >= LEAST and long.startswith(short)) or short[:ALIKE] == long[:ALIKE]


def _similar(text: str, abouts: dict[str, str]) -> list[str]:
    own = words(text)
    shared = {name: len(own & (words(name) | words(about))) for name, about in abouts.items()}
    best = sorted((name for name in abouts if shared[name]), key=lambda name: -shared[name])
    return [*dict.fromkeys((*best, *_close(text, abouts)))]


def _close(text: str, names: Iterable[str]) -> list[str]:
    plain = {name.casefold(): name for name in names}
    return [plain[name] for name in difflib.get_close_matches(text.casefold(), plain, n=3, cutoff=0.6)]
