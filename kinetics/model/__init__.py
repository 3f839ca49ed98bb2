"""Models as text: files to checked, flat, symbolic models."""

from kinetics.model.events import Event
from kinetics.model.latex import latex
from kinetics.model.model import Model
from kinetics.model.quantities import Cohort, Correlation, Derived, Dose, Input, Output, Parameter, State

__all__ = [
    "Cohort",
    "Correlation",
    "Derived",
    "Dose",
    "Event",
    "Input",
    "Model",
    "Output",
    "Parameter",
    "State",
    "latex",
]
