"""What a fit problem offers of the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinetics.interop.petab.fitting import PetabFitProblem


class Interchange:
    """A fit problem that other programs can give."""

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
