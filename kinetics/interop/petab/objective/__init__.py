"""The objective of a problem: its model, its experiments, its likelihood."""
