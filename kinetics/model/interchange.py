"""What a model offers of the formats of other programs, whose room stands below that of models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinetics.model.model import Model


class Interchange:
    """A model that other programs can give."""

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
