"""Tables of plain text and of HTML: columns aligned, wide ones in blocks that fit the page."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from kinetics.text.escaping import one_line, one_space

WIDTH = 100
GAP = "  "


def table(head: Sequence[str], rows: Iterable[Sequence[str]], text: Collection[int] = (0,)) -> str:
    """Lay out rows under a head; the columns ``text`` are aligned to the left, the others, numbers, to the right.

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
    """A table in blocks of at most ``width`` characters a line, each of which repeats the first column.

    The columns of ``text`` are counted within a block: 0 if the first column is text.

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
    blocks: list[list[int]] = [[0]]
    used = widths[0]
    for column in range(1, len(head)):
        if len(blocks[-1]) > 1 and used + len(GAP) + widths[column] > width:
            blocks.append([0])
            used = widths[0]
        blocks[-1].append(column)
        used += len(GAP) + widths[column]
    return "\n\n".join(
        table([head[i] for i in block], [[row[i] for i in block] for row in rows], text=text) for block in blocks
    )


def prose_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], width: int = WIDTH, text: Collection[int] = (0,)
) -> str:
    """A table in lines of at most ``width`` characters, whose last column is prose.

    The prose is beside the other columns if these leave a quarter of the width, and its words fit; else under them.

    Examples
    --------
    >>> print(prose_table(["name", "about"], [["k", "how fast it goes"]], width=14))
    name  about
    k     how fast
          it goes
    >>> print(prose_table(["name", "about"], [["elimination", "how fast it goes"]], width=14))
    name
    elimination
        how fast
        it goes
    """
    front = table(list(head[:-1]), [row[:-1] for row in rows], text).split("\n")
    indent = max(map(len, front)) + len(GAP)
    longest = max((len(word) for row in rows for word in row[-1].split()), default=0)
    if width - indent < max(width // 4, longest):
        under = [paragraph(one_space(row[-1]), width, indent=4) for row in rows]
        return "\n".join([front[0], *("\n".join(filter(None, pair)) for pair in zip(front[1:], under, strict=True))])
    proses = [head[-1], *(one_space(row[-1]) for row in rows)]
    return "\n".join(
        paragraph(f"{line.ljust(indent)}{prose}", width, hang=indent) for line, prose in zip(front, proses, strict=True)
    )


@dataclass(frozen=True)
class Table:
    """A table of a report: a terminal prints it, a document lays it out.

    Parameters
    ----------
    title : str
        Over the table, of several lines if need be.
    head : sequence of str, (column,)
        The heading of each column.
    rows : sequence of sequences of str, (row, column)
        The cells.
    text : collection of int
        The columns that are text, aligned to the left; the others are numbers.
    note : str
        Under the table, of several lines if need be.
    groups : sequence of str, (row,)
        The heading under which each row stands, if rows are grouped.
    prose : bool
        Whether the last column is prose, which `prose_table` breaks into lines.
    wide : bool
        Whether columns may stand in blocks below one another, as `in_blocks` has them.
    sources : int, optional
        The column whose cells are keys of a bibliography.

    Examples
    --------
    >>> print(Table("Sizes", ["name", "size"], [["a", "1"], ["b", "20"]], groups=["one digit:", "two digits:"]))
    Sizes
    name  size
    one digit:
    a        1
    two digits:
    b       20
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    text: Collection[int] = (0,)
    note: str = ""
    groups: Sequence[str] = ()
    prose: bool = False
    wide: bool = False
    sources: int | None = None

    def lines(self, width: int = WIDTH) -> str:
        """The table as lines of text; prose and blocks of columns are at most ``width`` characters wide."""
        if self.wide:
            body = in_blocks(self.head, self.rows, width, self.text)
        elif self.prose:
            body = prose_table(self.head, self.rows, width, self.text)
        else:
            body = "\n".join(self._grouped(table(self.head, self.rows, self.text).splitlines()))
        return "\n".join(filter(None, (paragraphs(self.title, width), body, paragraphs(self.note, width))))

    def _grouped(self, lines: Sequence[str]) -> Iterable[str]:
        """The head and the rows, with the heading of each group before its first row."""
        yield lines[0]
        group = None
        for line, own in zip(lines[1:], self.groups or [None] * (len(lines) - 1), strict=True):
            if own != group:
                yield str(own)
            group = own
            yield line

    def __str__(self) -> str:
        return self.lines()


def page_text(parts: Iterable[str | Table], width: int = WIDTH) -> str:
    """Paragraphs and tables one below the other, with an empty line between them; what is empty is left out.

    Examples
    --------
    >>> print(page_text(["First.", "", "Second."]))
    First.
    <BLANKLINE>
    Second.
    """
    texts = (part.lines(width) if isinstance(part, Table) else paragraphs(part, width) for part in parts)
    return "\n\n".join(filter(None, texts))


def html_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table for a notebook, under a title; what it holds is escaped.

    Examples
    --------
    >>> print(html_table("k < j", ["name"], [["k"]]))
    <p>k &lt; j</p><table><thead><tr><th>name</th></tr></thead><tbody><tr><td>k</td></tr></tbody></table>
    """
    top = "".join(f"<th>{_escaped(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{_escaped(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<p>{_escaped(title)}</p><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _escaped(text: str) -> str:
    return escape(one_line(one_space(text)))


def headline(name: str, title: str, source: str) -> str:
    """The line over what a file of the library holds; what is empty is left out.

    Examples
    --------
    >>> headline("first", "A first course", "a_paper")
    'first: A first course (a_paper)'
    """
    return ": ".join(filter(None, (name, title))) + (f" ({source})" if source else "")


def paragraph(text: str, width: int = WIDTH, indent: int = 0, hang: int = 0) -> str:
    """A text in lines of at most ``width`` characters; those after the first are indented ``hang`` further."""
    return textwrap.fill(
        text, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + hang), break_on_hyphens=False
    )


def paragraphs(text: str, width: int = WIDTH) -> str:
    """A text of several lines, each of them a `paragraph`."""
    return "\n".join(paragraph(line, width) for line in text.split("\n"))


class _AtSigns(textwrap.TextWrapper):
    """Breaks a line at spaces, and before a sign of multiplication or division."""

    wordsep_simple_re = re.compile(r"(\s+)|(?=[*/])")


def equation_lines(text: str, width: int = WIDTH) -> str:
    """An equation in lines of at most ``width`` characters, indented by two, those after the first by six.

    Examples
    --------
    >>> print(equation_lines("d/dt A = -A*clearance/volume", 20))
      d/dt A = -A
          *clearance
          /volume
    """
    wrapper = _AtSigns(
        width, initial_indent="  ", subsequent_indent=" " * 6, break_long_words=False, break_on_hyphens=False
    )
    return wrapper.fill(text)
