"""Doses, covariates and output times that each patient has of its own: records of doses, as engines integrate them."""
