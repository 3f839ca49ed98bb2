"""A regimen in the words of others: events of a model, or periods of an experiment."""
