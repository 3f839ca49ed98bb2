"""Simulation: a model, a regimen and patients to a dataset with units."""

from kinetics.simulation.simulating import output_times, simulate

__all__ = ["output_times", "simulate"]
