"""Published numbers beside the fitted ones."""
