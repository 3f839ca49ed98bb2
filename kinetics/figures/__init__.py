"""Figures: files that say what to show, drawn from simulations; one kind of figure a file."""

from kinetics.figures.draw import draw_comparison, draw_figure, read_figure

__all__ = ["draw_comparison", "draw_figure", "read_figure"]
