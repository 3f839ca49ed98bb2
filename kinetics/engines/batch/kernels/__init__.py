"""The compiled loops of the batch engine: one code for all models, which it is told of when it runs."""
