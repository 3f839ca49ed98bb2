"""Outputs over time, with bands and published points."""
