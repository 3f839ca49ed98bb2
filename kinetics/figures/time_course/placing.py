"""Where labels go once the axes have their size: beside the ends of curves, and on lines where nothing else is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text


def spread(positions: np.ndarray, gap: float, lower: float, upper: float) -> np.ndarray:
    """Move positions, (label,), apart by as little as it takes: the least-squares answer, by pooling neighbours.

    ``gap`` is the least distance between two; all stay between ``lower`` and ``upper``, if there is room.

    Examples
    --------
    >>> spread(np.array([1.0, 1.0, 5.0]), 1.0, 0.0, 10.0)
    array([0.5, 1.5, 5. ])
    """
    order = np.argsort(positions, kind="stable")
    steps = gap * np.arange(positions.size)
    pools: list[list[float]] = []  # mean and size; positions less their steps must not fall
    for value in positions[order] - steps:
        pools.append([float(value), 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, size = pools.pop()
            pools[-1] = [(pools[-1][0] * pools[-1][1] + mean * size) / (pools[-1][1] + size), pools[-1][1] + size]
    flat = np.concatenate([np.full(int(size), mean) for mean, size in pools])
    ends = max(lower, upper - steps[-1])
    result = np.empty_like(positions, dtype=float)
    result[order] = np.clip(flat, lower, ends) + steps
    return result


def spread_labels(axes: Axes, labels: Sequence[Text], heights: Sequence[float]) -> None:
    """Set labels beside the right end of the axes at the heights of their curves, in data, without overlap."""
    if not labels:
        return
    box = axes.get_window_extent()
    pixels = axes.transData.transform(np.column_stack([np.full(len(heights), axes.get_xlim()[1]), heights]))[:, 1]
    line = max(label.get_window_extent().height for label in labels)
    page = axes.get_figure(root=True).bbox  # pyright: ignore[reportOptionalMemberAccess]
    lower, upper = max(box.y0, page.y0 + 0.5 * line), min(box.y1, page.y1 - 0.5 * line)
    placed = spread(np.clip(pixels, lower, upper), 1.05 * line, lower, upper)
    for label, y in zip(labels, placed, strict=True):
        label.set_y((y - box.y0) / box.height)


def place_on_line(axes: Axes, label: Text, height: float, taken: Sequence[np.ndarray]) -> np.ndarray:
    """Set a label on a horizontal line at a height, in data, where it covers least.

    ``taken`` has what must stay free, each (point, 2) in pixels, dense; what the label itself takes is returned so.
    """
    box, size = axes.get_window_extent(), label.get_window_extent()
    y = axes.transData.transform((axes.get_xlim()[0], height))[1]
    pad = 0.12 * size.height
    lefts = np.linspace(box.x1 - size.width - 4 * pad, box.x0 + 4 * pad, 60)
    # above the line and to the right, other things equal
    corners = [
        (left, bottom, penalty + 0.3 * (box.x1 - left) / box.width)
        for bottom, penalty in ((y + pad, 0.0), (y - pad - size.height, 0.4))
        for left in lefts
    ]
    return _place(axes, label, corners, taken, pad)


def place_beside(axes: Axes, label: Text, point: tuple[float, float], taken: Sequence[np.ndarray]) -> np.ndarray:
    """Set a label beside a point, in data, where it covers least; the rest as for `place_on_line`."""
    size = label.get_window_extent()
    x, y = axes.transData.transform(point)
    off = 0.55 * size.height
    right, left, middle = x + off, x - off - size.width, x - size.width / 2
    above, below = y + off, y - off - size.height
    candidates = [(right, below), (left, above), (right, above), (left, below), (middle, above), (middle, below)]
    corners = [(column, row, 0.1 * rank) for rank, (column, row) in enumerate(candidates)]
    return _place(axes, label, corners, taken, 0.08 * size.height)


def _place(
    axes: Axes, label: Text, corners: Sequence[tuple[float, float, float]], taken: Sequence[np.ndarray], pad: float
) -> np.ndarray:
    """Try lower left corners (x, y, penalty), in pixels; those that leave the axes are the last resort."""
    box, size = axes.get_window_extent(), label.get_window_extent()
    points = np.concatenate([np.empty((0, 2)), *taken])

    def cost(corner: tuple[float, float, float]) -> float:
        low = np.array(corner[:2]) - pad
        high = low + np.array([size.width + 2 * pad, size.height + 2 * pad])
        outside = low[0] < box.x0 or low[1] < box.y0 or high[0] > box.x1 or high[1] > box.y1
        return float(((points > low) & (points < high)).all(axis=1).sum()) + corner[2] + 1e6 * outside

    x0, y0, _ = min(corners, key=cost)
    label.set_position(((x0 - box.x0) / box.width, (y0 - box.y0) / box.height))
    across, up = np.meshgrid(np.linspace(x0, x0 + size.width, 40), np.linspace(y0, y0 + size.height, 6))
    return np.column_stack([across.ravel(), up.ravel()])


def pixels_along(axes: Axes, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A curve as points about a pixel apart, (pixel, 2); what leaves the axes runs along their ends."""
    lower, upper = sorted(axes.get_ylim())
    pixels = axes.transData.transform(np.column_stack([x, np.clip(y, lower, upper)]))
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(pixels, axis=0).T))])
    at = np.linspace(0, along[-1], int(along[-1]) + 2)
    return np.column_stack([np.interp(at, along, pixels[:, 0]), np.interp(at, along, pixels[:, 1])])
