"""The main job, from a plan."""
