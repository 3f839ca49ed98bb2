"""What the columns of a user's table are likely to mean, for a mapping that is read over and corrected."""

from kinetics.patients.guess.guessing import guess_mapping

__all__ = ["guess_mapping"]
