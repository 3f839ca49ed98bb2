"""A model as text for other programs: one writer a file."""
