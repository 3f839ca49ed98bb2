"""Compartments of a model and what flows between them, found in its rates."""
