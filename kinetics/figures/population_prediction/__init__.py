"""The recovery of a group: counts of all patients, and what the population says of them along time."""
