"""What the kinds of figure share."""
