"""What every kind of figure is: a checked file, the numbers it shows, and their picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import xarray as xr
from matplotlib.axes import Axes

from kinetics.errors import Faults
from kinetics.figures.base.page import Page
from kinetics.figures.base.rows import FigureHeaderRow, PageRow
from kinetics.figures.base.style import style
from kinetics.figures.base.words import Words, read_language, speaking, with_words
from kinetics.files.arguments import Progress
from kinetics.files.documents import Document

if TYPE_CHECKING:
    from kinetics.estimate import Estimates

Spec = TypeVar("Spec", bound=Any)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a figure is computed from beside its file.

    ``estimates`` are fresh ones, each taken for the committed result of the fit of that name; of ``predictions`` made
    from them, one that shows what the figure does is taken; ``progress`` is called with (done, all).
    """

    estimates: Sequence[Estimates] = ()
    predictions: Sequence[xr.DataTree] = ()
    progress: Progress = lambda done, total: None


FILE_ALONE = Inputs()
"""Nothing beside the file: committed estimates, and no one to tell of progress."""


@dataclass(frozen=True)
class Required:
    """What a result must have: variables by group, ``/`` being the root, and values of attributes of the root."""

    variables: Mapping[str, Sequence[str]]
    attrs: Mapping[str, Any] = field(default_factory=dict)


class Kind(ABC, Generic[Spec]):
    """A figure of one kind; ``spec`` is its checked file."""

    name: ClassVar[str]
    """What ``kind`` is in a file."""

    from_estimates: ClassVar[bool] = False
    """Whether the result of a fit is taken for estimates to compute from, not for what is drawn."""

    load: ClassVar[Callable[[Document], Any]]
    """Checks a figure file of this kind; raises an `InputError` with every fault."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    def __repr__(self) -> str:
        return f"<figure of kind {self.name}>"

    @property
    def fit(self) -> str | None:
        """The name of the fit that it is of, if it is of one."""
        problem = getattr(self.spec, "problem", None)
        return None if problem is None else problem.name

    @property
    def page(self) -> PageRow:
        """The size and the look of the page."""
        return self.spec.page

    def on_page(self, page: PageRow) -> Any:
        """The same figure on another page."""
        return type(self)(replace(self.spec, page=page))

    def with_title(self, title: str) -> Any:
        """The same figure with another title of its caption."""
        return type(self)(replace(self.spec, header=self.spec.header.model_copy(update={"title": title})))

    def header(self, tree: xr.DataTree) -> FigureHeaderRow:
        """Title and note of the caption: those of the file, or the title of the kind if it has none."""
        header = self.spec.header
        return header if header.title else header.model_copy(update={"title": self.own_title(tree)})

    def own_title(self, tree: xr.DataTree) -> str:
        """What the figure shows, if no file and nobody says so."""
        return ""

    @abstractmethod
    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Simulate what is drawn."""

    def required(self) -> Required:
        """What is drawn of a result; a kind whose results may differ in more overrides `check` instead."""
        return Required({})

    def pages(self, tree: xr.DataTree) -> Sequence[Kind[Spec]]:
        """The figure in parts, a page each, in order; most are one page."""
        return (self,)

    @abstractmethod
    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """Draw a result that `check` accepts on a page, within `look`: panels, key and caption."""

    @contextmanager
    def look(self) -> Iterator[None]:
        """The style and the words of the figure."""
        look = self.page.look
        folder = getattr(self.spec, "path", Path()).parent
        words = Words(with_words(read_language(look.language, folder), look.words), look.labels)
        with style(look.font_size, own=look.style == "own"), speaking(words):
            yield

    def draw(self, tree: xr.DataTree, axes: Sequence[Axes] = ()) -> Page:
        """Draw a result that `check` accepts, on a page of its own or into a caller's axes; a `LayoutError` if the
        page has no room for it.
        """
        with self.look():
            page = Page(self.page, self.header(tree), axes)
            self.picture(tree, page)
            page.finish()
        return page

    def check(self, tree: xr.DataTree) -> None:
        """Refuse a result that is not what the figure shows, with everything that does not fit."""
        faults, required, source = Faults(), self.required(), "input"
        for key, value in required.attrs.items():
            if tree.attrs.get(key) != value:
                faults.add(f"is of {key} '{tree.attrs.get(key)}', the figure of '{value}'", source)
        for group, names in required.variables.items():
            if group != "/" and group not in tree.children:
                faults.add(f"has no group '{group}'", source)
                continue
            available = tree[group].variables
            for name in names:
                if name not in available:
                    faults.add(f"has no '{name}' in group '{group}'", source)
        faults.raise_if_any()
