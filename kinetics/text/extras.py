"""What to run where a package of an optional extra is missing."""

from __future__ import annotations


def needs(packages: str, extra: str) -> str:
    """The end of a message: what is missing, and the command that installs it.

    Examples
    --------
    >>> needs("Dask", "cluster")
    "needs Dask; run: python -m pip install 'lymphokinetics[cluster]'"
    """
    return f"needs {packages}; run: python -m pip install 'lymphokinetics[{extra}]'"
