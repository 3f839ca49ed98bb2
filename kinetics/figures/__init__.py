"""Figures: files that say what to show, drawn from simulations; one kind of figure a folder."""

from kinetics.figures.drawing import Appearance, draw, figure_of_comparison
from kinetics.figures.drawn import Drawn
from kinetics.figures.kinds import read_figure

__all__ = ["Appearance", "Drawn", "draw", "figure_of_comparison", "read_figure"]
