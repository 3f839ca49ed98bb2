"""Patients of a cohort as a mixed effects model over a compiled model."""
