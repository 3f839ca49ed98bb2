"""States in which nothing changes: where the rates are zero, and what is conserved on the way there."""

from kinetics.engines.steady_state.conservation import solve_conserving
from kinetics.engines.steady_state.reaching import find_steady_states
from kinetics.engines.steady_state.result import SteadyStates

__all__ = ["SteadyStates", "find_steady_states", "solve_conserving"]
