"""Entries to the units of a model: times from their zero, counts, doses, covariates; and what cannot be."""
