"""One patient: parameters under the population of a cohort, counts after further courses."""
