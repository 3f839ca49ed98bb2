"""Models and problems of other programs, in and out: SBML, PEtab, Antimony, Python, NONMEM."""
