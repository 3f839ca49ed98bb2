"""`Experiment`: which unknowns, from what is measured in which arms; checked, with the program of each arm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kinetics.errors import Faults, InputError
from kinetics.expressions import evaluate
from kinetics.identifiability.measured_arm import MeasuredArm
from kinetics.identifiability.program import Program, build_program, start_name
from kinetics.model import Model

__all__ = ["Experiment", "design_experiment"]


@dataclass(frozen=True)
class Experiment:
    """A checked experiment: what is measured in each arm, and the steps to it.

    ``names`` are the unknowns as they were named (an initial value is ``STATE(0)``), ``leaves`` as a program calls
    them. ``values`` are, for each arm, all parameters, inputs and unknown initial values, in the model's units.
    """

    model: Model
    names: tuple[str, ...]
    leaves: tuple[str, ...]
    arms: tuple[MeasuredArm, ...]
    values: tuple[dict[str, float], ...]
    programs: tuple[Program, ...]

    @property
    def size(self) -> int:
        """States and unknowns together: the order of derivatives that is enough at a start that is not special."""
        return max(len(program.states) for program in self.programs) + len(self.names)


def design_experiment(
    model: Model,
    parameters: Iterable[str],
    arms: Sequence[MeasuredArm],
    unknown_initial: Iterable[str] = (),
    also: Iterable[str] = (),
) -> Experiment:
    """Check an experiment and make its programs.

    Arguments are those of `structure`; ``also`` are further outputs and states that the programs are to hold.

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    faults = Faults()
    leaves: dict[str, str] = {}
    initial = tuple(unknown_initial)
    for name in parameters:
        with faults.gather(name="parameters"):
            _add_unknown(leaves, _parameter(model, name), name)
    for name in initial:
        with faults.gather(name="unknown_initial"):
            _add_unknown(leaves, _initial(model, name), start_name(name))
    if not leaves:
        faults.add("names no parameter to ask for", name="parameters")
    if not arms:
        faults.add("nothing is measured; give an arm", name="arms")
    for arm in arms:
        arm.check(model, faults)
    faults.raise_if_any()
    values = tuple(_values(model, arm, initial) for arm in arms)
    programs = tuple(
        build_program(model, dict.fromkeys((*arm.outputs, *also)), own, leaves)
        for arm, own in zip(arms, values, strict=True)
    )
    return Experiment(model, tuple(leaves.values()), tuple(leaves), tuple(arms), values, programs)


def _add_unknown(leaves: dict[str, str], leaf: str, name: str) -> None:
    if leaves.setdefault(leaf, name) != name:
        raise InputError(f"'{name}' and '{leaves[leaf]}' are the same parameter")


def _parameter(model: Model, name: str) -> str:
    flat = model.flat_name(name)
    if flat not in model.parameters:
        raise InputError(f"'{name}' is an input of model '{model.name}', not a parameter")
    return flat


def _initial(model: Model, name: str) -> str:
    if name not in model.states:
        raise InputError(f"model '{model.name}' has no state '{name}'; there are {', '.join(model.states)}")
    return start_name(name)


def _values(model: Model, arm: MeasuredArm, unknown_initial: Sequence[str]) -> dict[str, float]:
    known = arm.all_values(model)
    initial: dict[str, float] = {}
    for name in unknown_initial:
        written: Any = model.written_out(model.states[name].initial)
        initial[start_name(name)] = evaluate(written, {symbol: known[symbol.name] for symbol in written.free_symbols})
    return {**known, **initial}
