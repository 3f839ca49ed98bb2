"""Figures: files that say what to show, drawn from simulations; one kind of figure a folder."""

from kinetics.figures.drawing import Drawing, draw, figure_of_comparison
from kinetics.figures.kinds import read_figure

__all__ = ["Drawing", "draw", "figure_of_comparison", "read_figure"]
