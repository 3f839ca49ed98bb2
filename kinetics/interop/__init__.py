"""What other programs write, read here: models of SBML, and problems of PEtab, which are also computed and fitted."""
