"""Which unknowns, from what is measured in which arms; checked, with the program of each arm."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kinetics.errors import Faults, InputError
from kinetics.expressions import evaluate
from kinetics.identifiability.program import Program, build_program, start_name
from kinetics.model import Model
from kinetics.regimen import Regimen, model_segments
from kinetics.units import to_unit


@dataclass(frozen=True)
class MeasuredArm:
    """Patients of the same values under the same regimen, and what is measured in them.

    `kinetics.published.Arm` is what is simulated and needs a cohort. These equations are only expanded about the first
    dose, so that a model without a cohort has an arm too.

    Parameters
    ----------
    outputs : sequence of str
        Outputs or states of the model, or the ratio ``A/B`` of two, supposed to be known at all times without error.
    regimen : Regimen
        Only its first dose counts.
    values : mapping of str to float, optional
        All parameters and inputs by flat name, in the model's units; the model's own without it.
    relative : collection of str
        Those of ``outputs`` that are known only as a share of their value before treatment.

    Examples
    --------
    >>> MeasuredArm(["A"], relative=["A"]).text("adults")
    'A as a share of its value before treatment, without a dose, cohort adults'
    """

    outputs: Sequence[str]
    regimen: Regimen = field(default_factory=Regimen.none)
    values: Mapping[str, float] | None = None
    relative: Collection[str] = ()

    def text(self, cohort: str | None = None) -> str:
        """What is measured, after which dose, in whom."""
        names = [
            f"{name} as a share of its value before treatment" if name in self.relative else name
            for name in self.outputs
        ]
        dose = f"after the first dose of {self.regimen.name}" if self.regimen.doses else "without a dose"
        return f"{', '.join(names)}, {dose}" + (f", cohort {cohort}" if cohort else "")

    def check(self, model: Model, faults: Faults) -> None:
        """Note what does not fit the model."""
        if not self.outputs:
            faults.add("names no output to measure", name="outputs")
        for name in self.outputs:
            for part in name.split("/"):
                with faults.gather(name="outputs"):
                    model.quantity(part)
        for name in set(self.relative) - set(self.outputs):
            faults.add(f"'{name}' is not among the outputs", name="relative")
        with faults.gather(name="regimen"):
            self.first_dose(model)

    def first_dose(self, model: Model) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """By state, in the model's units: the jumps by boluses, and the inflows by infusions, of the first dose.

        `InputError` if the regimen's drugs or amounts do not fit the model.
        """
        last = max((dose.end for dose in self.regimen.doses), default=None)
        until = 1.0 if last is None else float(to_unit(last, model.time)) + 1.0
        cut = model_segments(self.regimen, model, until)
        into = [dose.into for dose in model.doses.values()]
        for boluses, rates in zip(cut.boluses, cut.rates, strict=True):
            if boluses.any() or rates.any():
                return _by_state(into, boluses), _by_state(into, rates)
        return {}, {}


def _by_state(into: Sequence[str], amounts: Collection[float]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for state, amount in zip(into, amounts, strict=True):
        if amount:
            totals[state] = totals.get(state, Decimal(0)) + Decimal(repr(float(amount)))
    return totals


@dataclass(frozen=True)
class Experiment:
    """A checked experiment.

    ``names`` are the unknowns as they were named (an initial value is ``STATE(0)``), ``leaves`` as a program calls
    them. For each arm, ``values`` are all parameters, inputs and unknown initial values in the model's units, and a
    program has the steps to what is measured.
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
    """Check an experiment, and make its programs; `InputError` with everything that is wrong.

    Arguments are those of `structure`; ``also`` are further outputs and states that the programs are to hold.
    """
    faults = Faults()
    leaves: dict[str, str] = {}
    initial = tuple(unknown_initial)
    for name in parameters:
        with faults.gather(name="parameters"):
            flat = model.flat_name(name)
            if flat not in model.parameters:
                raise InputError(f"'{name}' is an input of model '{model.name}', not a parameter")
            if leaves.setdefault(flat, name) != name:
                raise InputError(f"'{name}' and '{leaves[flat]}' are the same parameter")
    for name in initial:
        with faults.gather(name="unknown_initial"):
            if name not in model.states:
                raise InputError(f"model '{model.name}' has no state '{name}'; there are {', '.join(model.states)}")
            leaves[start_name(name)] = start_name(name)
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


def _values(model: Model, arm: MeasuredArm, unknown_initial: Sequence[str]) -> dict[str, float]:
    known = model.defaults if arm.values is None else arm.values
    initial: dict[str, float] = {}
    for name in unknown_initial:
        written: Any = model.written_out(model.states[name].initial)
        initial[start_name(name)] = evaluate(written, {symbol: known[symbol.name] for symbol in written.free_symbols})
    return {**known, **initial}
