"""The search for the best estimates, and its checkpoints."""
