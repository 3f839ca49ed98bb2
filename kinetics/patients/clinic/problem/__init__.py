"""What a clinic is to estimate: data, model, parameters, covariates, errors; read and checked."""
