"""Models that compete, fitted to the same rows."""
