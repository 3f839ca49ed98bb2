"""What ships: `kinetics models` and `kinetics docs`."""

from kinetics.cli.library.docs import docs
from kinetics.cli.library.models import models

__all__ = ["docs", "models"]
