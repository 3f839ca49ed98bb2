"""The parameters of a model or a cohort for readers: value, unit, spread and source."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.cohorts.lineage import lineage
from kinetics.files.bibliography import CHOICE, Source, find_source
from kinetics.files.library import library_folder
from kinetics.model.model import Model
from kinetics.model.quantities import CohortValue, Parameter
from kinetics.units import display_unit


class ListedParameter(NamedTuple):
    """One parameter for a reader: ``value`` in ``unit``, ``source`` in short, and its ``publication``, if it has one.

    ``distribution`` says how it varies if not log-normally; categories have their shares there.
    """

    name: str
    value: float
    unit: str
    spread: float | None
    source: str
    publication: Source | None
    about: str
    distribution: str

    @property
    def doi(self) -> str:
        """That of the publication, or nothing."""
        return self.publication.fields.get("doi", "") if self.publication else ""


def parameter_table(model: Model, cohort: str | None = None) -> list[ListedParameter]:
    """The parameters of a model, or of one of its cohorts, with value, unit, between-patient spread and source.

    Raises
    ------
    UnknownNameError
        If the model has no such cohort.
    InputError
        If the cohort's values cannot be had; see `kinetics.cohorts.cohort.cohort_parameters`.

    Examples
    --------
    >>> from kinetics.model import Parameter, State
    >>> volume = Parameter(name="V", value=10, unit="L", spread=0.2, about="volume")
    >>> pool = State(name="A", unit="mg", initial=0, rate=0)
    >>> still = Model.from_symbols("still", time="day", parameters=[volume], states=[pool])
    >>> parameter_table(still)[0]
    ListedParameter(name='V', value=10.0, unit='L', spread=0.2, source='choice', publication=None,
                    about='volume', distribution='')
    """
    resolved = cohort_parameters(model, cohort)
    stated = _stated(model, cohort)
    rows = []
    for name, row in model.parameters.items():
        value, unit = resolved.values[name], display_unit(row.unit)
        if name in resolved.estimated:
            source, publication = f"estimate of {resolved.estimated[name]}", None
        else:
            key = stated[name].source
            publication = _source(key, row, model)
            source = publication.short if publication else key
        spread, kind = resolved.spreads.get(name), _kind(resolved, name)
        rows.append(ListedParameter(name, value, unit, spread, source, publication, row.about, kind))
    return rows


def cited_sources(model: Model, cohort: str | None, estimated: Collection[str]) -> dict[str, Source]:
    """The sources of the parameters of a model, or of one of its cohorts, by key, without those of estimated ones."""
    stated = _stated(model, cohort)
    found = {
        stated[name].source: _source(stated[name].source, row, model)
        for name, row in model.parameters.items()
        if name not in estimated
    }
    return {key: source for key, source in found.items() if source is not None}


def _stated(model: Model, cohort: str | None) -> dict[str, CohortValue]:
    """The value that files say of each parameter, with its source: of the model, its cohort, and what that extends."""
    stated = {name: CohortValue(row.value, row.source) for name, row in model.parameters.items()}
    for row in lineage(model, cohort):
        stated |= row.values
    return stated


def _kind(resolved: CohortParameters, name: str) -> str:
    shares = "/".join(f"{share:g}" for share in resolved.shares.get(name, ()))
    return f"{resolved.distributions.get(name, '')} {shares}".strip()


def _source(key: str, row: Parameter, model: Model) -> Source | None:
    """The entry of a source; None of a choice, or if there is none."""
    # a parameter of a composite was declared in its own file, and a cohort's value in the composite's or in its bases',
    # each beside its own bibliography
    files = [Path(row.where.rpartition(":")[0]), model.path, *model.extends] if model.path is not None else []
    folders = [file.parent for file in files] or [library_folder("models")]
    sources = (find_source(key, folder) for folder in folders)
    return None if key == CHOICE else next(filter(None, sources), None)
