"""Models of SBML: scanned, parsed by libsbml, and written as the rows of a model file."""

from kinetics.interop.sbml.importing import ImportedModel, import_sbml, read_sbml

__all__ = ["ImportedModel", "import_sbml", "read_sbml"]
