"""Integrators of compiled models."""
