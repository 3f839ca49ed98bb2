"""What the command says: results, progress, failures."""
