"""Published rows of the typical patient as observables and measurements of PEtab, and those that have no such form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kinetics.exports.dosing.additions import Additions
from kinetics.exports.petab.arms import Arms, Experiment
from kinetics.model import Model
from kinetics.published import TypicalTarget
from kinetics.published.kinds.count import TypicalCount

_COLUMNS = (
    "name", "kind", "statistic", "output", "time", "since", "level", "visits", "value", "lower", "upper", "unit",
    "source",
)  # fmt: skip

SAME_TIME = 1e-9
"""Times closer than this, relatively or in the time of the model, are one."""


def has_form(target: TypicalTarget, experiment: Experiment, model: Model) -> bool:
    """Whether PEtab has a likelihood of a row: an output at a time, or as a share of baseline, with a value.

    A fit reads an output before a dose at the same time, PEtab behind it: an output that such a dose changes has none.
    """
    quantity = target.quantity
    if not isinstance(quantity, TypicalCount) or target.row.is_range:
        return False
    states = {symbol.name for symbol in model.written_out(model.outputs[quantity.output].value).free_symbols}
    return not any(
        math.isclose(time, quantity.time, rel_tol=SAME_TIME, abs_tol=SAME_TIME)
        and states & set(model.states) & set(changes)
        for time, changes in experiment.periods.items()
    )


@dataclass
class Observed:
    """Observables and measurements, as rows of PEtab's tables, and rows beside them.

    A row whose error is of the logarithm has log-normal noise, one with a standard error has normal noise.
    """

    parts: Additions
    observables: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    measurements: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    beside: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _names: dict[tuple[Any, ...], str] = field(default_factory=dict[tuple[Any, ...], str])
    _baselines: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, arms: Arms, parts: Additions) -> Observed:
        """Those of all rows; baselines that shares are of join what is added to the model."""
        observed = cls(parts)
        for experiment in arms.experiments:
            for target in experiment.targets:
                observed._add(experiment, target)
        return observed

    def _add(self, experiment: Experiment, target: TypicalTarget) -> None:
        if not has_form(target, experiment, self.parts.model):
            row = {column: getattr(target.row, column) for column in _COLUMNS}
            self.beside.append({"experimentId": experiment.name, **row, "error": target.error_sd})
            return
        quantity = target.quantity
        assert isinstance(quantity, TypicalCount)
        self.measurements.append(
            {
                "observableId": self._observable(quantity, target),
                "experimentId": experiment.name,
                "time": quantity.time,
                "measurement": target.row.value,
                "noiseParameters": target.error_sd,
            }
        )

    def _observable(self, quantity: TypicalCount, target: TypicalTarget) -> str:
        """The name of what is observed; rows that differ in number, time or error alone share one."""
        noise = "normal" if target.row.on_own_scale else "log-normal"
        key = quantity.output, quantity.percent_of_baseline, target.factor, noise
        if key not in self._names:
            name = self.parts.free_name(f"observed_{quantity.output}")
            self._names[key], placeholder = name, self.parts.free_name(f"error_of_{name}")
            self.observables.append(
                {
                    "observableId": name,
                    "observableFormula": self._formula(quantity, target.factor),
                    "noiseFormula": placeholder,
                    "noiseDistribution": noise,
                    "noisePlaceholders": placeholder,
                }
            )
        return self._names[key]

    def _formula(self, quantity: TypicalCount, factor: float) -> str:
        output = quantity.output
        if not quantity.percent_of_baseline:
            return output if factor == 1 else f"{factor!r} * {output}"
        if output not in self._baselines:
            row, about = self.parts.model.outputs[output], f"{output} before treatment"
            baseline = self.parts.define(f"baseline_{output}", row.unit, self.parts.before_treatment(output), about)
            self._baselines[output] = baseline.name
        return f"{100 * factor!r} * {output} / {self._baselines[output]}"


def parameter_rows(free: Sequence[Any], nominal: dict[str, float]) -> list[dict[str, Any]]:
    """The table of parameters: a prior of a fit is normal, or flat within the bounds, on the logarithm."""
    return [
        {
            "parameterId": one.flat,
            "lowerBound": one.lower,
            "upperBound": one.upper,
            "nominalValue": nominal[one.flat],
            "estimate": "true",
            "priorDistribution": "log-uniform" if one.log_sd is None else "log-normal",
            "priorParameters": ";".join(map(repr, _prior(one))),
        }
        for one in free
    ]


def _prior(one: Any) -> tuple[float, float]:
    return (one.lower, one.upper) if one.log_sd is None else (math.log(one.start), one.log_sd)
