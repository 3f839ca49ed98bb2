"""What a fit learned: prior and posterior of each parameter."""
