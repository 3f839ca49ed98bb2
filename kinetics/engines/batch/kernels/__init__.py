"""The compiled code of the batch engine: templates that are written against the smallest model."""
