"""Studies too large for memory, written chunk by chunk."""

from kinetics.streaming.chunks import stream
from kinetics.streaming.place import check_destination

__all__ = ["check_destination", "stream"]
