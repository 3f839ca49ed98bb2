"""Published numbers beside what a model says of them."""
