"""Equations of a model as MathML and as plain text."""

from kinetics.documents.formulas.equations import formulas_of, symbols_of

__all__ = ["formulas_of", "symbols_of"]
