"""What is estimated: observations, the structural model, individual parameters, random effects, residual errors."""
