"""Rows of a table to entries: one row a count, one column an analyte, doses, events, and the tidy table."""
