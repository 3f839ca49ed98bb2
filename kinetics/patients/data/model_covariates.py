"""What covariates set: a parameter of the model for each patient, in its unit, checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from kinetics.errors import Faults, InputError, UnitError
from kinetics.model import Model
from kinetics.model.quantities import Input, Parameter
from kinetics.model.ranges import out_of_range
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.data.records import CovariateSeries
from kinetics.regimen import TimedValues
from kinetics.regimen.covariates import STATE_A_RULE
from kinetics.text.suggestions import did_you_mean
from kinetics.units import Unit, conversion, display_unit, parse_unit

ONE = parse_unit("1")
Where = Callable[[str], str]


def _nowhere(name: str) -> str:
    """Data that are at hand have no rows."""
    return ""


def model_covariates(
    data: PatientData, model: Model, *, column: Where = _nowhere, row: Where = _nowhere
) -> dict[str, dict[str, TimedValues]]:
    """The values of each patient that replace those of parameters: by id, then by flat name.

    Parameters
    ----------
    data : PatientData
        Whose covariates they are.
    model : Model
        Whose parameters, or inputs, they set.
    column, row : callable, optional
        Where a covariate, by its name, and a patient, by its id, stand in files.

    Returns
    -------
    dict of str to dict of str to TimedValues
        Times in the unit of the data, values in that of the parameter.

    Raises
    ------
    InputError
        With every covariate that the data do not have, or whose parameter the model does not have, that is text, whose
        unit does not fit, or that sets the parameter of another; every patient without a value, with one out of range,
        or with several and no rule between them.
    """
    faults = Faults()
    setters: dict[str, _Setter] = {}
    for name, stated in data.parameters.items():
        with faults.gather(column(name), f"covariates.{name}"):
            setter = _Setter.of(data, name, stated.parameter, model)
            if other := next((one for one in setters.values() if one.flat == setter.flat), None):
                raise InputError(f"sets '{stated.parameter}', and so does '{other.name}'; one of them can")
            setters[name] = setter
    values: dict[str, dict[str, TimedValues]] = {}
    for patient in data:
        own = values.setdefault(patient.id, {})
        for name, setter in setters.items():
            series = patient.covariates.get(name)
            with faults.gather(row(patient.id), f"patient {patient.id}"):
                if series is None or not series.values:
                    raise InputError(
                        f"has no value of '{name}', which sets '{setter.flat}'; state one, or leave the patient out"
                    )
                own[setter.flat] = setter.values(series, data)
    faults.raise_if_any()
    return values


@dataclass(frozen=True)
class _Setter:
    """A covariate, the parameter or input that it sets, and the factor from the unit of one to that of the other."""

    name: str
    target: Parameter | Input
    factor: float

    @classmethod
    def of(cls, data: PatientData, name: str, parameter: str, model: Model) -> _Setter:
        if name not in data.covariates:
            known = ", ".join(data.covariates) or "none"
            raise InputError(f"the data have no such covariate; there are {known}{did_you_mean(name, data.covariates)}")
        flat, unit = model.flat_name(parameter), data.covariates[name]
        target = model.parameters.get(flat) or model.inputs[flat]
        if unit is None:
            raise InputError(f"is text, and sets the parameter '{parameter}'; code its categories as numbers")
        return cls(name, target, _factor(unit, target.unit or ONE, parameter))

    @property
    def flat(self) -> str:
        return self.target.name

    def values(self, series: CovariateSeries, data: PatientData) -> TimedValues:
        """Those of a patient; `InputError` with all that cannot be."""
        rule, faults = data.parameters[self.name].rule, Faults()
        if not series.is_constant and rule is None:
            faults.add(f"'{self.name}' changes over time, and its rule is not stated; {STATE_A_RULE}")
        if texts := [value for value in series.values if isinstance(value, str)]:
            raise InputError(f"'{self.name}' is '{texts[0]:.40}', and no number")
        numbers = tuple(self.factor * float(value) for value in series.values)
        for message in _out_of_range(self.target, numbers):
            faults.add(f"'{self.name}' {message}")
        faults.raise_if_any()
        return TimedValues(series.times, numbers, rule)


def _factor(unit: Unit, target: Unit, parameter: str) -> float:
    try:
        return float(conversion(unit, target))
    except UnitError as error:
        if unit == ONE:
            raise UnitError(
                f"has no unit, and '{parameter}', which it sets, is in {display_unit(target)}; state unit"
            ) from None
        raise UnitError(f"sets '{parameter}': {error}") from None


def _out_of_range(target: Parameter | Input, numbers: tuple[float, ...]) -> Iterator[str]:
    if isinstance(target, Parameter):
        for number in dict.fromkeys(numbers):
            yield from out_of_range(target, number)


def set_parameters(data: PatientData, model: Model) -> dict[str, str]:
    """The covariate of each parameter that one sets, by flat name; those that the model does not have are left out."""
    flats = {row.parameter.replace(".", "_"): name for name, row in data.parameters.items()}
    return {flat: name for flat, name in flats.items() if flat in model.defaults}


def last_values(values: Mapping[str, TimedValues]) -> dict[str, float]:
    """The last value of each parameter, which is carried forward."""
    return {flat: float(own.values[-1]) for flat, own in values.items()}


def last_values_text(values: Mapping[str, TimedValues], data: PatientData, model: Model) -> str:
    """The same in words, with the covariates that set them; empty if none does."""
    setters, texts, time = set_parameters(data, model), list[str](), display_unit(data.time)
    for flat, own in values.items():
        target = model.parameters.get(flat) or model.inputs[flat]
        shown = f"{flat} = {own.values[-1]:.6g} {display_unit(target.unit or ONE)}".rstrip()
        since = f" of {own.times[-1]:.6g} {time}, carried forward" if len(own.times) > 1 else ""
        texts.append(f"{shown} ({setters[flat]}{since})")
    return f"Set by covariates: {', '.join(texts)}." if texts else ""
