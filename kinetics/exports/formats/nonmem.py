"""A regimen as the event records of NONMEM: one row a dose."""

from __future__ import annotations

from kinetics.errors import InputError
from kinetics.model import Model
from kinetics.regimen import Regimen, dose_records

_COLUMNS = ("ID", "TIME", "AMT", "RATE", "EVID", "CMT", "DV", "MDV")


def nonmem_text(regimen: Regimen, model: Model) -> str:
    """The doses of a regimen as CSV, in the units of a model; the compartment is the number of the state.

    Raises
    ------
    InputError
        If the regimen has rules: NONMEM gives doses at times known beforehand.

    Examples
    --------
    >>> from kinetics.model import Dose, State
    >>> from kinetics.regimen import Course
    >>> pool, drug = State(name="A", unit="mg", initial=0, rate=0), Dose(name="drug_a", unit="mg", into="A")
    >>> model = Model.from_symbols("pool", time="hour", states=[pool], doses=[drug])
    >>> print(nonmem_text(Course.of("drug_a", "1 g", "4 hour").alone, model))
    ID,TIME,AMT,RATE,EVID,CMT,DV,MDV
    1,0.0,1000.0,250.0,1,1,.,1
    <BLANKLINE>
    """
    if regimen.rules:
        raise InputError("a regimen with rules has no records: its doses follow from a simulation")
    compartments = list(model.states)
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for record in dose_records(regimen, model):
        rate = {"rate": -1.0, "duration": -2.0}.get(record.modelled, 0.0)
        if record.duration:
            rate = record.amount / record.duration
        compartment = compartments.index(model.doses[record.drug].into) + 1
        rows.append(("1", repr(record.time), repr(record.amount), repr(rate), "1", str(compartment), ".", "1"))
    return "\n".join(",".join(row) for row in rows) + "\n"
