"""Published summaries on the percentiles of simulated populations."""
