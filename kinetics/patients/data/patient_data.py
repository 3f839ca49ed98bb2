"""`PatientData`: the checked table of patients."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.errors import UnknownNameError
from kinetics.files.checksums import content_hash
from kinetics.patients.data.records import CovariateParameter, Patient
from kinetics.text.lists import listed
from kinetics.text.numbers import count_text
from kinetics.text.suggestions import nearest_names
from kinetics.text.tables import html_table
from kinetics.units import Unit, display_unit, unit_text

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, repr=False)
class PatientData:
    """Counts, doses and covariates of patients, checked, in the units of the model.

    Use `kinetics.read_patients` to make one. Two are equal if they hold the same, whatever files they come from and
    in whatever order these have the patients.

    Parameters
    ----------
    patients : mapping of str to Patient
        By id, in the order of ids: numbers within them count as numbers, so P2 stands before P10.
    time : pint.Unit
        The unit of all times.
    outputs : mapping of str to pint.Unit
        The unit of the values of each output.
    drugs : mapping of str to pint.Unit
        The unit of the amounts of each drug.
    covariates : mapping of str to pint.Unit or None
        The unit of each covariate; None for one of categories.
    notes : tuple of str
        What was understood, assumed and left out on reading.
    sources : mapping of str to str
        The SHA-256 of each file, by its name.
    parameters : mapping of str to CovariateParameter
        By covariate the parameter of the model that it sets for each patient, of those that set one.

    Examples
    --------
    >>> from kinetics.patients.data.records import Observation
    >>> from kinetics.units import parse_unit
    >>> one = Patient("P1", (Observation(0.0, "A", 1.0), Observation(7.0, "A", 0.2, sequence=1)))
    >>> data = PatientData({"P1": one}, parse_unit("day"), {"A": parse_unit("1e9/L")})
    >>> data
    <PatientData: 1 patient, 2 counts of A, 0 doses>
    >>> data["P2"]
    Traceback (most recent call last):
    kinetics.errors.UnknownNameError: no patient 'P2'; the nearest is P1
    """

    patients: Mapping[str, Patient]
    time: Unit
    outputs: Mapping[str, Unit]
    drugs: Mapping[str, Unit] = field(default_factory=dict[str, Unit])
    covariates: Mapping[str, Unit | None] = field(default_factory=dict[str, "Unit | None"])
    notes: tuple[str, ...] = field(default=(), compare=False)
    sources: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    parameters: Mapping[str, CovariateParameter] = field(default_factory=dict[str, CovariateParameter])

    def __post_init__(self) -> None:
        ordered = {id: self.patients[id] for id in sorted(self.patients, key=id_key)}
        object.__setattr__(self, "patients", ordered)
        for name in ("outputs", "drugs", "covariates", "sources", "parameters"):
            object.__setattr__(self, name, dict(sorted(getattr(self, name).items())))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the patients, in order."""
        return tuple(self.patients)

    def __len__(self) -> int:
        return len(self.patients)

    def __iter__(self) -> Iterator[Patient]:
        return iter(self.patients.values())

    def __contains__(self, id: object) -> bool:
        return id in self.patients

    def __getitem__(self, id: str) -> Patient:
        return self.patient(id)

    def patient(self, id: str) -> Patient:
        """The patient of an id; `UnknownNameError`, with the nearest ids, if there is none."""
        if (found := self.patients.get(str(id))) is not None:
            return found
        hint = nearest_names(_nearest(str(id), self.ids)) or f"; there are {listed(self.ids)}"
        raise UnknownNameError(f"no patient '{str(id)[:60]}'{hint}")

    def select(self, *ids: str) -> PatientData:
        """The same data of some patients alone."""
        return replace(self, patients={patient.id: patient for patient in map(self.patient, ids)})

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of all that is compared, whatever the files are called."""
        units = [
            [unit_text(self.time)],
            *([name, unit_text(unit)] for table in (self.outputs, self.drugs) for name, unit in table.items()),
            *([name, "" if unit is None else unit_text(unit)] for name, unit in self.covariates.items()),
            *([name, row.parameter, row.rule or ""] for name, row in self.parameters.items()),
        ]
        return content_hash(units, [repr(_plain(patient)) for patient in self])

    def to_dataset(self) -> xr.Dataset:
        """The data as a dataset.

        Returns
        -------
        xarray.Dataset
            Counts are (patient, visit), doses (patient, dose), covariates (patient,) or, if they change, (patient,
            change_of_NAME); each has its ``units``. What a patient has fewer of is NaN. The module
            `kinetics.patients.data.dataset` lists the variables.

        Examples
        --------
        >>> from kinetics.patients.data.records import Observation
        >>> from kinetics.units import parse_unit
        >>> one = Patient("P1", (Observation(0.0, "A", 1.0), Observation(7.0, "A", 0.2, sequence=1)))
        >>> PatientData({"P1": one}, parse_unit("day"), {"A": parse_unit("1e9/L")}).to_dataset()["A"].values
        array([[1. , 0.2]])
        """
        from kinetics.patients.data.dataset import patient_dataset

        return patient_dataset(self)

    def to_csv(self, path: str | Path) -> None:
        """Write a tidy table, one row a record, which `kinetics.read_patients` reads back to the same data.

        Parameters
        ----------
        path : str or pathlib.Path
            NAME.csv; replaced only when the whole table can be written.

        Raises
        ------
        InputError
            If the path cannot be written, or does not end in ``.csv``.
        """
        from kinetics.patients.data.tidy import write_tidy

        write_tidy(self, path)

    def __repr__(self) -> str:
        return f"<PatientData: {self.summary}>"

    @property
    def summary(self) -> str:
        """How many patients, counts of what, and doses there are."""
        counts = sum(len(patient.observations) for patient in self)
        doses = sum(len(patient.given) for patient in self)
        names = listed(self.outputs, 6)
        return (
            f"{count_text(len(self), 'patient')}, {count_text(counts, 'count')}{f' of {names}' * bool(names)}, "
            f"{count_text(doses, 'dose')}" + (f" of {', '.join(self.drugs)}" if self.drugs else "")
        )

    def _repr_html_(self) -> str:
        return html_table(f"PatientData: {self.summary}", *self.table())

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Head and rows of an overview: the number of counts and doses of each patient, and its first and last time."""
        outputs = [f"{name} [{display_unit(unit) or '1'}]" for name, unit in self.outputs.items()]
        head = ["patient", *outputs, "doses", f"from [{display_unit(self.time)}]", "until"]
        return head, [self._row(patient) for patient in self]

    def _row(self, patient: Patient) -> list[str]:
        numbers = [sum(row.output == name for row in patient.observations) for name in self.outputs]
        times = [row.time for row in patient.records]
        ends = [f"{min(times):.5g}", f"{max(times):.5g}"] if times else ["", ""]
        return [patient.id, *map(str, numbers), str(len(patient.given)), *ends]


def _nearest(id: str, ids: Sequence[str]) -> list[str]:
    """The three ids that are most like one, in order; none that has less than half of its letters in common."""
    matcher = difflib.SequenceMatcher(None, "", id[:60].casefold())
    likeness: dict[str, float] = {}
    for own in ids:
        matcher.set_seq1(own.casefold())
        likeness[own] = matcher.ratio()
    return sorted((own for own in ids if likeness[own] >= 0.5), key=lambda own: -likeness[own])[:3]


def id_key(id: str) -> tuple[object, ...]:
    """The order of ids: parts of digits as numbers, then as text.

    Examples
    --------
    >>> sorted(["P10", "P2", "A", "2", "10"], key=id_key)
    ['2', '10', 'A', 'P2', 'P10']
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", id)
    return tuple((0, int(part[:300]), "") if part[0].isdigit() else (1, 0, part) for part in parts), id


def _plain(patient: Patient) -> tuple[object, ...]:
    everything = (patient.id, patient.observations, patient.doses, tuple(patient.covariates.items()))
    return (*everything, patient.occasions) if patient.occasions else everything
