"""`History`: what one patient got and when it was measured; `histories`: those of many, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kinetics.errors import Faults, InputError, UnknownNameError
from kinetics.regimen.covariates import TimedValues
from kinetics.regimen.episode_arrays import Histories
from kinetics.regimen.episodes import Timeline, timeline
from kinetics.regimen.records import DoseRecord, record_faults
from kinetics.regimen.scheduled_doses import joined
from kinetics.regimen.times import SAME, units_per_day
from kinetics.text.lists import listed

if TYPE_CHECKING:
    from kinetics.model import Model


@dataclass(frozen=True)
class History:
    """What one patient got, and when it was measured.

    Parameters
    ----------
    doses : sequence of DoseRecord
        Numbers in the units of the model. Records of equal times follow each other by ``sequence``.
    times : sequence of float
        When outputs are needed, in the unit of time of the model, in any order.
    sequences : sequence of int, optional
        The number of each time among all records of the patient. A value at the time of a dose is the one after it,
        unless the record of the dose has a larger number. By default all values are those before.
    covariates : mapping of str to TimedValues
        Parameters that have values of this patient, perhaps over time, in the units of the model.
    occasions : sequence of float, optional
        When the second occasion begins, the third, and so on, increasing: from then on, what arrives and what happens
        follows the parameters of that occasion. The states go on from what they were.
    name : str, optional
        What faults call it; by default its number.

    Examples
    --------
    >>> History([DoseRecord(0.0, "drug_a", 12.0)], [1.0, 2.0]).times
    [1.0, 2.0]
    """

    doses: Sequence[DoseRecord]
    times: Sequence[float]
    sequences: Sequence[int] | None = None
    covariates: Mapping[str, TimedValues] = field(default_factory=dict[str, TimedValues])
    occasions: Sequence[float] = ()
    name: str = ""


def histories(patients: Sequence[History], model: Model) -> Histories:
    """Check the histories of patients, and prepare them for any number of integrations.

    Parameters
    ----------
    patients : sequence of History
        Of each patient.
    model : Model
        What they were given to.

    Raises
    ------
    InputError
        With everything that is wrong in all patients.

    Examples
    --------
    >>> from kinetics.model import Dose, Model, State
    >>> pool, drug = State(name="A", unit="mg", initial=0, rate=0), Dose(name="drug_a", unit="mg", into="A")
    >>> model = Model.from_symbols("pool", time="day", states=[pool], doses=[drug])
    >>> record = DoseRecord(0.0, "drug_a", 12.0, interval=1.0, additional=4)
    >>> histories([History([record], [0.0, 30.0])], model).doses.time
    array([0., 1., 2., 3., 4.])
    """
    faults = Faults()
    for number, patient in enumerate(patients, 1):
        _check(patient, patient.name or f"patient {number}", model, faults)
    faults.raise_if_any()
    same = SAME * float(units_per_day(model.time))
    renamed = [{model.flat_name(n): values for n, values in patient.covariates.items()} for patient in patients]
    covariates = tuple(sorted({name for names in renamed for name in names}))
    lines = [
        timeline(patient.doses, patient.times, patient.sequences, of_patient, patient.occasions, same)
        for patient, of_patient in zip(patients, renamed, strict=True)
    ]
    return _in_arrays(lines, covariates, tuple(model.doses), same)


def _check(patient: History, where: str, model: Model, faults: Faults) -> None:
    """Note what is wrong with a history."""
    for number, record in enumerate(patient.doses, 1):
        for fault in record_faults(record, model):
            faults.add(fault, where, f"dose {number}")
    times = np.asarray(patient.times, dtype=float)
    if not np.isfinite(times).all():
        faults.add("must be finite numbers", where, "times")
    if patient.sequences is not None and len(patient.sequences) != times.size:
        faults.add(f"must be as many as times, {times.size}, found {len(patient.sequences)}", where, "sequences")
    starts = np.asarray(patient.occasions, dtype=float)
    if not (np.isfinite(starts).all() and (np.diff(starts) > 0).all()):
        faults.add("must be finite numbers that increase", where, "occasions")
    for name, values in patient.covariates.items():
        with faults.gather(where, name):
            model.flat_name(name)
        for fault in values.faults():
            faults.add(fault, where, name)


def check_differentiated(patients: Histories, names: Iterable[str]) -> None:
    """Refuse to differentiate by a parameter that a covariate replaces; `UnknownNameError`."""
    if replaced := [name for name in names if name in patients.covariates]:
        raise UnknownNameError(f"{', '.join(replaced)}: values come from a covariate, not from a parameter")


def check_events_followed(patients: Histories, model: Model, names: Sequence[str] = ()) -> None:
    """Refuse, with an `InputError`, patients of a model with events who are not integrated from one start to one end.

    ``names`` are what to call them, (patient,); by default their numbers.
    """
    if not model.events:
        return
    episodes = np.bincount(patients.patient, minlength=len(patients))
    steady = np.bincount(patients.patient[patients.starts], minlength=len(patients))
    for number in np.flatnonzero((episodes > 1) | (steady > 0)).tolist():
        what = "a dose in steady state" if steady[number] else "a reset, an occasion, or a covariate that changes"
        raise InputError(
            f"{names[number] if names else f'patient {number + 1}'} has {what}. Model '{model.name}' has events "
            f"({listed(model.events)}), which are not carried across that"
        )


def _in_arrays(
    lines: Sequence[Timeline], covariates: tuple[str, ...], drugs: tuple[str, ...], same: float
) -> Histories:
    """All patients one after the other."""
    counts = [len(line.begin) for line in lines]
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(int)
    most = max((len(times) for line in lines for times in line.readings), default=0)
    episodes = sum(counts)
    times, index = np.zeros((episodes, most)), np.full((episodes, most), -1)
    values = np.full((episodes, len(covariates)), np.nan)
    for line, begin in zip(lines, first, strict=True):
        for own, (readings, numbers) in enumerate(zip(line.readings, line.numbers, strict=True), begin):
            times[own, : len(readings)], index[own, : len(readings)] = readings, numbers
            times[own, len(readings) :] = readings[-1] if len(readings) else 0.0
        for name, own in line.values.items():
            values[begin : begin + len(own), covariates.index(name)] = own
    doses, dose, into = joined([line.doses for line in lines], first, drugs)
    trains, train, follows = joined([line.trains for line in lines], first, drugs)
    whole = {
        key: np.concatenate([getattr(line, key) for line in lines]) for key in ("begin", "end", "is_new", "is_reset")
    }
    starts = np.concatenate([line.starts + begin for line, begin in zip(lines, first, strict=True)])
    return Histories(
        drugs=drugs,
        n_times=tuple(sum(map(len, line.readings)) for line in lines),
        covariates=covariates,
        values=values,
        occasion=np.concatenate([line.occasion for line in lines]),
        patient=np.repeat(np.arange(len(lines)), counts),
        **whole,
        times=times,
        index=index,
        doses=doses,
        dose=dose,
        into=into,
        trains=trains,
        starts=starts,
        train=train,
        follows=follows,
        same=same,
    )
