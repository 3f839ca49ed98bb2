"""Published facts beside the model."""
