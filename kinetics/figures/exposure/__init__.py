"""The level of a drug over time, and how long it is above a threshold."""
