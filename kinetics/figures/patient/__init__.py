"""The figure of one patient: counts, fitted curve, what is to be expected, limits of normal and recovery."""
