"""Searches for the best estimates: from several starts, by the method that suits the objective."""

from kinetics.estimate.search.search import Search
from kinetics.estimate.search.searching import AnyObjective, minimise, objective_of, prefixed, searches

__all__ = ["AnyObjective", "Search", "minimise", "objective_of", "prefixed", "searches"]
