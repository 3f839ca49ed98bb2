"""Simulations too large for memory, written chunk by chunk."""

from kinetics.simulation.store.chunks import stream
from kinetics.simulation.store.location import check_destination

__all__ = ["check_destination", "stream"]
