"""Models and problems of other programs, in and out: SBML, PEtab, Antimony, Python, NONMEM."""

from kinetics.interop.exporting import export

__all__ = ["export"]
