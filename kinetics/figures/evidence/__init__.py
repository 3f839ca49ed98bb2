"""Every published fact of a file beside the model, those never used in a fit first."""
