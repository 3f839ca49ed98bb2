"""Panels of a page: a grid of axes, their letters, titles and scales."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MultipleLocator, NullFormatter

from kinetics.figures.base.labels import unit_label
from kinetics.figures.base.page import blank_page
from kinetics.figures.base.rows import PageRow, PanelRow, TimeRow
from kinetics.figures.base.style import scale
from kinetics.units import to_unit


@dataclass(frozen=True)
class Panel:
    """Empty axes of a grid, counted row by row from 0; the letter is empty for a single panel."""

    axes: Axes
    index: int
    letter: str
    is_lowest: bool


@dataclass(frozen=True)
class PanelGrid:
    """A page with its panels, row by row."""

    figure: Figure
    panels: Sequence[Panel]
    rows: int
    columns: int


def panel_grid(
    page: PageRow, count: int, height: Callable[[int], float], columns: int = 2, **options: Any
) -> PanelGrid:
    """A page with a grid of ``count`` panels, in at most ``columns`` if the file says no number.

    ``height`` goes from the rows of the grid to the height of the page in mm, at the default size of text, if the file
    gives none; ``options`` are those of `matplotlib.figure.Figure.subplots`.
    """
    columns = page.columns or min(columns, count)
    rows = -(-count // columns)
    figure = blank_page(page.width, page.height or scale() * height(rows))
    grid = list(figure.subplots(rows, columns, squeeze=False, **options).flat)
    for axes in grid[count:]:
        axes.remove()
    panels = [
        Panel(axes, index, panel_letter(index, count), index + columns >= count)
        for index, axes in enumerate(grid[:count])
    ]
    return PanelGrid(figure, panels, rows, columns)


def panel_letter(index: int, panels: int) -> str:
    """The letter of a panel: a to z, then aa, ab; empty for a single panel.

    Examples
    --------
    >>> panel_letter(0, 2), panel_letter(27, 30), panel_letter(0, 1)
    ('a', 'ab', '')
    """
    if panels == 1:
        return ""
    before, last = divmod(index, len(ascii_lowercase))
    return (ascii_lowercase[before - 1] if before else "") + ascii_lowercase[last]


def with_unit(label: str, unit: str) -> str:
    """The label of an axis: its unit in parentheses, if it has one."""
    return f"{label} ({unit})" if unit else label


def set_title(axes: Axes, letter: str, title: str, **look: Any) -> None:
    """Letter and title, above the left end of the axes."""
    axes.set_title("  ".join(filter(None, (letter, title))), loc="left", fontweight="bold", **look)


def set_scale(axes: Axes, kind: str) -> None:
    """Make the vertical axis linear or logarithmic; what is not positive is at the lower end of the latter."""
    axes.set_yscale(kind, **({"nonpositive": "clip"} if kind == "log" else {}))


def set_time_axes(axes: Axes, row: PanelRow, time: TimeRow, letter: str, label: str, unit: str, **look: Any) -> None:
    """Title, label and ticks of a panel of numbers over time; a linear axis is from zero, numbers have no exponents."""
    set_title(axes, letter, row.title, **look)
    axes.set_ylabel(with_unit(label, unit_label(unit)))
    axes.xaxis.set_major_locator(MultipleLocator(to_unit(time.ticks, time.unit)))
    if row.lower is not None or row.upper is not None or row.scale == "linear":
        axes.set_ylim(row.lower if row.lower is not None or row.scale == "log" else 0, row.upper)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def set_log_minor_ticks(axes: Axes) -> None:
    """Minor ticks at 2 to 9 times the powers of ten, without numbers."""
    axes.yaxis.set_minor_locator(LogLocator(subs=tuple(map(float, range(2, 10))), numticks=99))
    axes.yaxis.set_minor_formatter(NullFormatter())
