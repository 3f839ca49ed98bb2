"""The counts of a clinic over time beside those of simulated data sets."""
