"""How well a population fits the counts of a clinic: predictions, residuals, prediction distribution errors."""
