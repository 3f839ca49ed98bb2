"""Models and problems in the formats of other programs."""
