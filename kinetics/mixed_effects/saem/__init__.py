"""SAEM: stochastic approximation of the expectation-maximisation algorithm."""
