"""Problems of fits as problems of PEtab 2: a folder with a model of SBML and tables."""
