"""What every kind of figure is; one class a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import xarray as xr
from matplotlib.figure import Figure

from kinetics.files.documents import Document

if TYPE_CHECKING:
    from kinetics.estimate.estimates import Estimates

__all__ = ["Kind"]

Spec = TypeVar("Spec")


class Kind(ABC, Generic[Spec]):
    """A figure of one kind.

    Parameters
    ----------
    spec
        The checked figure file, as the kind's own `load` reads it.
    """

    from_estimates: ClassVar[bool]
    """Whether the result of a fit is taken for estimates to compute from, not for what is drawn."""

    load: ClassVar[Callable[[Document], Any]]
    """Checks a figure file of this kind."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    @classmethod
    def read(cls, document: Document) -> Kind[Spec]:
        """Check a figure file.

        Raises
        ------
        InputError
            With every fault of it.
        """
        return cls(cls.load(document))

    @abstractmethod
    def compute(
        self,
        progress: Callable[[int, int], None] | None = None,
        estimates: Sequence[Estimates] = (),
        predictions: Sequence[xr.DataTree] = (),
    ) -> xr.DataTree:
        """Simulate what is drawn, from fresh estimates if given; a prediction that shows it already is taken."""

    @abstractmethod
    def check(self, tree: xr.DataTree, source: str = "the result") -> None:
        """Refuse a result that is not what the figure shows."""

    @abstractmethod
    def draw(self, tree: xr.DataTree) -> Figure:
        """Draw a result."""
