"""Conditions as jumps of states: what a period sets, with derivatives, when it begins."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kinetics.compile import System
from kinetics.engines.periods import JumpedStates


@dataclass(frozen=True, eq=False)
class Settings:
    """Values of all parameters of the model, and their derivatives.

    Parameters
    ----------
    parameters : ndarray, (parameter,)
        In the order of ``system.parameters``.
    changes : ndarray, (parameter, estimated)
        Their derivatives by what is estimated.
    constants, constant_changes : ndarray, (constant,) and (constant, direction)
        The same of parameters and of what follows from them alone.
    """

    parameters: np.ndarray
    changes: np.ndarray
    constants: np.ndarray
    constant_changes: np.ndarray

    @classmethod
    def of(cls, system: System, parameters: np.ndarray, changes: np.ndarray) -> Settings:
        """Those of parameters and their derivatives."""
        constants = system.constants(parameters)
        if not changes.shape[1]:
            return cls(parameters, changes, constants, np.empty((constants.size, 0)))
        return cls(parameters, changes, constants, system.functions.constants_by_parameter(parameters) @ changes)

    def outputs_by_direction(self, system: System, states: np.ndarray) -> np.ndarray:
        """Derivatives of outputs, (output, direction), while states are held fixed."""
        if not self.constant_changes.shape[1]:
            return np.empty((len(system.outputs), 0))
        return system.functions.outputs_by_constant(states, self.constants) @ self.constant_changes

    def in_directions(self, directions: np.ndarray) -> Settings:
        """The same with some of the derivatives alone."""
        return replace(self, changes=self.changes[:, directions], constant_changes=self.constant_changes[:, directions])


@dataclass(frozen=True, eq=False)
class StateJump:
    """What a condition does to the states; calling it gives `JumpedStates`.

    Concentrations are set, or kept, in compartments of their new size: PEtab 2, section "Detailed semantics".

    Parameters
    ----------
    system : System
        The model; its outputs are the formulas.
    before, after : Settings
        What holds before and from then on.
    targets : tuple of (int, int)
        Each state that is set, and the output with its value, from the states before.
    concentrations : tuple of (int, int)
        Each state that is an amount whose concentration is set or kept, and the output with the size of its
        compartment.
    """

    system: System
    before: Settings
    after: Settings
    targets: tuple[tuple[int, int], ...]
    concentrations: tuple[tuple[int, int], ...]

    def __call__(self, y: np.ndarray) -> JumpedStates:
        """The states behind the jump, from those before it, (state,)."""
        functions, before = self.system.functions, self.before
        values = functions.outputs(y, before.constants)
        by_state = functions.outputs_by_state(y, before.constants)
        by_direction = before.outputs_by_direction(self.system, y)
        states, changes = y.copy(), np.zeros((y.size, by_direction.shape[1]))
        jacobian = np.eye(y.size)
        for state, output in self.targets:
            states[state], jacobian[state], changes[state] = values[output], by_state[output], by_direction[output]
        assigned = {state for state, _ in self.targets}
        for state, size in self.concentrations:
            if state not in assigned:
                states[state] /= values[size]
                jacobian[state] = (jacobian[state] - states[state] * by_state[size]) / values[size]
                changes[state] = -states[state] * by_direction[size] / values[size]
        return self._as_amounts(states, jacobian, changes)

    def _as_amounts(self, states: np.ndarray, jacobian: np.ndarray, changes: np.ndarray) -> JumpedStates:
        """Concentrations times the sizes that compartments have now, which depend on no concentration."""
        functions, after = self.system.functions, self.after
        values = functions.outputs(states, after.constants)
        by_state = functions.outputs_by_state(states, after.constants)
        by_direction = after.outputs_by_direction(self.system, states)
        amounts, amount_jacobian, amount_changes = states.copy(), jacobian.copy(), changes.copy()
        for state, size in self.concentrations:
            amounts[state] = states[state] * values[size]
            amount_jacobian[state] = values[size] * jacobian[state] + states[state] * (by_state[size] @ jacobian)
            by_size = by_state[size] @ changes + by_direction[size]
            amount_changes[state] = values[size] * changes[state] + states[state] * by_size
        return JumpedStates(amounts, amount_jacobian, amount_changes)
