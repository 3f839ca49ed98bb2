"""A fit problem: what is free, and which published rows it answers to."""
