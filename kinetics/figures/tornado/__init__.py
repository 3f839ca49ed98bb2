"""What a number depends on most."""
