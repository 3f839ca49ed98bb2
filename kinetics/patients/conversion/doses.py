"""Drugs to doses of the model, amounts in its units."""

from __future__ import annotations

from dataclasses import dataclass, field

from kinetics.errors import Faults, InputError
from kinetics.model import Model
from kinetics.patients.conversion.times import TimeOf
from kinetics.patients.layouts.entries import DoseEntry, Entries
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.mapping.names import likely_dose
from kinetics.regimen import DoseRecord
from kinetics.regimen.records import record_faults
from kinetics.regimen.times import rescale
from kinetics.text.suggestions import did_you_mean
from kinetics.units import Unit, conversion, display_unit, laboratory_unit, parse_unit

_ONE = parse_unit("1")


@dataclass
class Doses:
    """The doses in the units of the model, and the unit of each drug."""

    units: dict[str, Unit] = field(default_factory=dict[str, Unit])
    records: list[tuple[DoseEntry, DoseRecord]] = field(default_factory=list[tuple[DoseEntry, DoseRecord]])


def doses_of(entries: Entries, mapping: DataMapping, model: Model | None, time_of: TimeOf, faults: Faults) -> Doses:
    """The doses of a model that entries are, amounts in its units; an unknown drug is a fault, once."""
    doses, known, refused = Doses(), {name.casefold(): row for name, row in mapping.drugs.items()}, set[str]()
    faulty = {fault.where for fault in faults}
    for entry in entries.doses:
        row, time = known.get(entry.drug.casefold()), time_of(entry)
        if not entry.drug:
            doses.records.append((entry, DoseRecord(time, "", 0.0, reset=True, compartment=entry.compartment)))
        elif row is None or not row.dose:
            if entry.drug.casefold() not in refused:
                faults.add(_unknown_drug(entry.drug, mapping, model), entry.where, entry.heading)
            refused.add(entry.drug.casefold())
        else:
            with faults.gather(entry.where, entry.heading):
                unit = doses.units.get(row.dose) or _unit_of_dose(row.dose, model, entry.unit or row.unit)
                own = laboratory_unit(entry.unit or row.unit or "") if entry.unit or row.unit else unit
                if not (entry.unit or row.unit) and row.dose not in doses.units:
                    shown = display_unit(unit) or "plain numbers"
                    entries.notes.append(f"no unit is stated for doses of '{entry.drug}': amounts are read in {shown}")
                doses.units[row.dose] = unit
                record = _record(entry, row.dose, time, float(conversion(own, unit)))
                # of a row with a fault, what else is wrong may follow from that
                if model is not None and entry.where not in faulty and (wrong := [*record_faults(record, model)]):
                    raise InputError(*wrong)
                doses.records.append((entry, record))
    return doses


def _unit_of_dose(dose: str, model: Model | None, stated: str | None) -> Unit:
    if model is None:
        return laboratory_unit(stated) if stated else _ONE
    if dose not in model.doses:
        listed = ", ".join(model.doses) or "none"
        raise InputError(
            f"model '{model.name}' has no dose '{dose}'{did_you_mean(dose, model.doses)}; there are {listed}"
        )
    return model.doses[dose].unit


def _unknown_drug(drug: str, mapping: DataMapping, model: Model | None) -> str:
    near = likely_dose(drug, model) if model is not None else None
    known = list(model.doses) if model is not None else []
    named = [name for name, row in mapping.drugs.items() if row.dose]
    hint = did_you_mean(drug, named) or (f"; perhaps '{near}'" if near else "")
    hint = hint or (f"; doses of the model are {', '.join(known)}" if known else "")
    return f"drug '{drug}' has no dose of the model; state [drugs.\"{drug}\"] dose{hint}"


def _record(entry: DoseEntry, drug: str, time: float, factor: float) -> DoseRecord:
    return DoseRecord(
        time,
        drug,
        rescale(entry.amount, factor),
        rate=rescale(entry.rate, factor),
        duration=entry.duration,
        modelled=entry.modelled,
        interval=entry.interval,
        additional=entry.additional,
        steady_state=entry.steady_state,
        reset=entry.reset,
        compartment=entry.compartment,
    )
