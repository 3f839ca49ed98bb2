"""Figures: files that say what to show, drawn from simulations; one kind of figure a folder."""

from kinetics.figures.drawing import draw, figure_of_comparison
from kinetics.figures.drawn import Drawn
from kinetics.figures.kinds import read_figure

__all__ = ["Drawn", "draw", "figure_of_comparison", "read_figure"]
