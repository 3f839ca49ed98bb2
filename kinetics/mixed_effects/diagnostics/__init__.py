"""How well a population fits: residuals, their distribution under the model, shrinkage."""
