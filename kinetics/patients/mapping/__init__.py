"""What the columns of a user's table mean: a small file."""

from kinetics.patients.mapping.mapping import DataMapping

__all__ = ["DataMapping"]
