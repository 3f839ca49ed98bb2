"""A model's ways in from other programs and out to them, as methods: each is a verb of the library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kinetics.model.model import Model


class OtherFormats:
    """A model that other programs can give, and that they can read.

    Options of ``to_sbml`` and its like are those of `kinetics.export`: ``cohort``, ``regimen`` and ``out``.
    """

    @classmethod
    def from_sbml(cls, path: str | Path) -> Model:
        """Read a model from SBML, as `kinetics.read_sbml` does.

        Parameters
        ----------
        path : str or pathlib.Path
            The file.

        Raises
        ------
        InputError
            With every fault of the file, each with its line.

        Examples
        --------
        >>> from kinetics import Model
        >>> Model.from_sbml("my_model.xml")  # doctest: +SKIP
        <Model my_model (states: 3, parameters: 4, outputs: 5, doses: 0, cohorts: 0)>
        """
        import kinetics  # a chained verb is that of the flat namespace, which stands above the rooms

        return kinetics.read_sbml(path)

    def to_sbml(self, **options: Any) -> str:
        """The model as SBML Level 3 Version 2, doses and rules as events."""
        return self._export("sbml", options)

    def to_antimony(self, **options: Any) -> str:
        """The model as Antimony text, doses and rules as events."""
        return self._export("antimony", options)

    def to_python(self, **options: Any) -> str:
        """The model as a Python module that needs NumPy alone."""
        return self._export("python", options)

    def to_latex(self, **options: Any) -> str:
        """The equations as LaTeX."""
        return self._export("latex", options)

    def _export(self, format: str, options: dict[str, Any]) -> str:
        import kinetics  # a chained verb is that of the flat namespace, which stands above the rooms

        return kinetics.export(self, format, **options)  # type: ignore[arg-type]
