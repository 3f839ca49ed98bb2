"""Tables of plain text: columns aligned, wide ones in blocks that fit the page."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Sequence

from kinetics.text.escaping import one_space

__all__ = ["WIDTH", "in_blocks", "paragraph", "table"]

WIDTH = 100
GAP = "  "


def table(head: Sequence[str], rows: Iterable[Sequence[str]], text: Collection[int] = (0,)) -> str:
    """Lay out rows under a head.

    Parameters
    ----------
    head : sequence of str
        Names of the columns.
    rows : iterable of sequence of str
        Cells, as many as the head has.
    text : collection of int
        The columns of text, aligned to the left; the others, numbers, are aligned to the right.

    Examples
    --------
    >>> print(table(["name", "value"], [["a", "1.00"], ["longer", "12.0"]]))
    name    value
    a        1.00
    longer   12.0
    """
    # prose may have several lines, a cell has one
    cells = [[one_space(cell) if "\n" in cell else cell for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        GAP.join(
            cell.ljust(width) if index in text else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def in_blocks(
    head: Sequence[str], rows: Sequence[Sequence[str]], width: int = WIDTH, text: Collection[int] = ()
) -> str:
    """A table whose columns are spread over blocks, each with the first column repeated, so that no line is too long.

    Parameters
    ----------
    head, rows
        As of `table`.
    width : int
        Characters a line.
    text : collection of int
        As of `table`, counted within a block: 0 if the first column is text.

    Examples
    --------
    >>> print(in_blocks(["t", "first", "second"], [["0", "1", "2"]], width=12))
    t  first
    0      1
    <BLANKLINE>
    t  second
    0       2
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    blocks: list[list[int]] = [[]]
    used = widths[0]
    for column in range(1, len(head)):
        if blocks[-1] and used + len(GAP) + widths[column] > width:
            blocks.append([])
            used = widths[0]
        blocks[-1].append(column)
        used += len(GAP) + widths[column]
    chosen = [[0, *columns] for columns in blocks]
    return "\n\n".join(
        table([head[i] for i in block], [[row[i] for i in block] for row in rows], text=text) for block in chosen
    )


def paragraph(text: str, width: int = WIDTH) -> str:
    """A text in lines of at most ``width`` characters."""
    return textwrap.fill(text, width)
