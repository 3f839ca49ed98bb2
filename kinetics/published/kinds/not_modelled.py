"""A statement that no model here makes."""

from __future__ import annotations

from kinetics.published.kinds.quantity import Columns, Quantity


class NotModelled(Quantity):
    """Listed apart, with the reason why no model says it; nothing is compared."""

    columns = Columns()
    compared = False
    simulated = sampled = False
