"""The main job, from a plan."""

from kinetics.reproduction.plan import Plan, read_plan
from kinetics.reproduction.reproducing import Product, Reproduction, reproduce

__all__ = ["Plan", "Product", "Reproduction", "read_plan", "reproduce"]
