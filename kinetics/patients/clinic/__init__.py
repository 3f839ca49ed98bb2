"""A clinic: the population of many patients, estimated from their counts."""
