"""The compiled loops of the batch engine: one code for all models, whose sizes and addresses it gets when it runs."""
