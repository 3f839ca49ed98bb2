"""The marginal likelihood: FO, FOCE, FOCEI, Laplace, their maximum; importance sampling; Fisher information."""
