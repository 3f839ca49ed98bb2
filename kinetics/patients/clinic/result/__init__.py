"""What was estimated of a clinic, and what follows, as an object and as datasets."""
