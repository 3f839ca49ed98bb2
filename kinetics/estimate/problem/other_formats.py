"""What a fit problem offers of the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinetics.interop.petab.fitting import PetabFitProblem


class OtherFormats:
    """A fit problem that other programs can give, and that they can read."""

    @staticmethod
    def from_petab(path: str | Path) -> PetabFitProblem:
        """Read a problem of PEtab, as `kinetics.read_petab` does.

        Parameters
        ----------
        path : str or pathlib.Path
            The YAML file.

        Raises
        ------
        InputError
            With every fault of the problem, its tables and its model.

        Examples
        --------
        >>> FitProblem.from_petab("my_problem.yaml").objective().llh  # doctest: +SKIP
        """
        import kinetics  # a chained verb is that of the flat namespace, which stands above the rooms

        return kinetics.read_petab(path)

    def to_petab(self, folder: str | Path) -> str:
        """Write the problem as one of PEtab 2, as `kinetics.export` does.

        Parameters
        ----------
        folder : str or pathlib.Path
            Where its files go; made where there is none.

        Returns
        -------
        str
            The text of its YAML file, which has the name of the problem.

        Raises
        ------
        InputError
            If PEtab has no form for any of its rows, or for its regimens, or a file cannot be written.

        Warns
        -----
        UserWarning
            For rows of which PEtab has no likelihood.

        Examples
        --------
        >>> FitProblem.load("my_fit").to_petab("my_fit_petab")  # doctest: +SKIP
        """
        import kinetics  # a chained verb is that of the flat namespace, which stands above the rooms

        return kinetics.export(self, "petab", out=folder)  # pyright: ignore[reportArgumentType]  # FitProblem alone is one
