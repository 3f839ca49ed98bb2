"""Lists of names in a sentence, the first few of them."""

from __future__ import annotations

from collections.abc import Iterable


def listed(items: Iterable[object], most: int = 5) -> str:
    """Items with commas between them; of more than ``most``, the first ones and how many follow.

    Examples
    --------
    >>> listed(["P1", "P2"]), listed(range(9), 3)
    ('P1, P2', '0, 1, 2 and 6 more')
    """
    texts = [str(item) for item in items]
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
