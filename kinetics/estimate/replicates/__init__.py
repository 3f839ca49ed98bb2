"""Synthetic replicates of the data of a fit: drawn from known truth, refitted, and how well the truth is recovered."""
