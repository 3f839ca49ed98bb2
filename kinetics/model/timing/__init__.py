"""Time in the equations of a model: the clock, and the times at which conditions of the time change."""
