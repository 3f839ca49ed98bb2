"""`read_petab`: a PEtab problem from its files."""

from __future__ import annotations

from pathlib import Path

from kinetics.interop.petab.fitting.fit_problem import PetabFitProblem


def read_petab(path: str | Path) -> PetabFitProblem:
    """Read a parameter estimation problem in PEtab, version 1 or 2, with a model in SBML.

    The format is that of Schmiester et al. 2021, doi 10.1371/journal.pcbi.1008646.

    Parameters
    ----------
    path : str or pathlib.Path
        The YAML file. ``docs/formats/petab.md`` says what is read.

    Returns
    -------
    PetabFitProblem
        `fit` estimates its parameters; its ``objective`` gives the log-likelihood with exact gradients.

    Raises
    ------
    InputError
        With every fault of the files, each with its line; or if the extra ``sbml`` is not installed.

    Examples
    --------
    >>> problem = read_petab("my_problem.yaml")  # doctest: +SKIP
    >>> problem.objective().llh  # doctest: +SKIP
    """
    return PetabFitProblem.load(path)
