"""The kinds of figure, and the reader of their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from kinetics.errors import Fault, InputError, UnknownNameError
from kinetics.figures.base.kind import Kind
from kinetics.figures.base.outputs_figure import OutputsFigure
from kinetics.files.kinds import KINDS as FILE_KINDS
from kinetics.files.kinds import document_of, taken_by
from kinetics.files.library import find_file, library_names, names_a_file, similar_name

_Class = TypeVar("_Class", bound=type[Kind[Any]])


class _Kinds(Mapping[str, _Class]):
    """Classes by the name of their kind, each imported when it is first needed: all of them take half a second."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> _Class:
        module, _, kind = self._places[name].partition(":")
        return getattr(import_module(f"kinetics.figures.{module}"), kind)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


_OF_PATIENTS = {
    "goodness_of_fit": "goodness_of_fit.draw:GoodnessOfFit",
    "individual_fits": "individual_fits.draw:IndividualFits",
    "population_prediction": "population_prediction.draw:PopulationPrediction",
    "visual_predictive_check": "visual_predictive_check.of_clinic:ClinicVisualPredictiveCheck",
}
OF_PATIENTS: Mapping[str, type[OutputsFigure]] = _Kinds(_OF_PATIENTS)
"""Those that are drawn from the fit of a clinic."""
_OF_RESULTS = {**_OF_PATIENTS, "petab_fit": "petab_fit.draw:PetabFitFigure"}
OF_RESULTS: Mapping[str, type[OutputsFigure]] = _Kinds(_OF_RESULTS)
"""Those that are drawn from a result of patients or of PEtab, by a name that needs no file."""
KINDS: Mapping[str, type[Kind[Any]]] = _Kinds(
    {
        **_OF_RESULTS,
        "time_course": "time_course.draw:TimeCourse",
        "visual_predictive_check": "visual_predictive_check.draw:VisualPredictiveCheck",
        "agreement": "agreement.draw:Agreement",
        "prior_posterior": "prior_posterior.draw:PriorPosterior",
        "forest": "forest.draw:Forest",
        "tornado": "tornado.draw:Tornado",
        "comparison": "comparison.draw:ComparedRegimens",
        "map": "map.draw:Map",
        "facts": "facts.draw:Facts",
        "patient": "patient.draw:PatientCourse",
        "lineages": "lineages.draw:Lineages",
        "exposure": "exposure.draw:Exposure",
        "spaghetti": "spaghetti.draw:Spaghetti",
        "schematic": "schematic.draw:Schematic",
        "evidence": "evidence.draw:EvidenceForest",
        "crossvalidation": "crossvalidation.draw:LeftOutNumbers",
        "model_comparison": "model_comparison.draw:ComparedModels",
    }
)
"""A new kind is one folder, and one line here."""


def read_figure(name: str | Path) -> Kind[Any]:
    """Read a figure file, once: the result is drawn to as many formats as are needed.

    Parameters
    ----------
    name : str or pathlib.Path
        A path, or the name of a figure that ships, or of a kind that is drawn from a result of patients.

    Returns
    -------
    Kind

    Raises
    ------
    InputError
        With every fault of the file.
    """
    if isinstance(name, str) and not names_a_file(name) and name not in library_names("fits/figures"):
        if name in OF_RESULTS:
            return OF_RESULTS[name].without_file()
        raise UnknownNameError(_unknown(name))
    document = document_of("figure", find_file(name, "fits/figures"))
    header = document.data.get("figure")
    kind = header.get("kind") if isinstance(header, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        message = f"unknown kind '{kind}'" if kind is not None else "missing 'kind'"
        where = document.where("figure", "kind")
        raise InputError(Fault(f"{message}; there are {', '.join(sorted(KINDS))}", where, "figure.kind"))
    chosen = _chosen(kind, document.data)
    return chosen(chosen.load(document))


def _unknown(name: str) -> str:
    """That there is no figure of a name: the nearest, and what there is."""
    if name in KINDS:
        return f"'{name}' is a kind of figure; a file of yours with kind = \"{name}\" under [figure] says what it shows"
    if (other := next((kind for kind, part in FILE_KINDS.items() if name in library_names(part)), None)) is not None:
        drawn = "" if other == "visits" else "; 'kinetics figure RESULT.nc' draws its result"
        return f"'{name}' is of kind {other}, and one of kind figure is needed{taken_by(other)}{drawn}"
    names = [*library_names("fits/figures"), *OF_RESULTS]
    kinds = ", ".join(sorted(KINDS.keys() - OF_RESULTS.keys()))
    return f"no figure '{name}'{similar_name(name, names)}; there are {', '.join(names)}; and files of kind {kinds}"


def _chosen(kind: str, content: Mapping[str, Any]) -> type[Kind[Any]]:
    """The class of a kind: a check of counts names no fit and no panels, one of published numbers does."""
    is_of_fit = "fit" in content["figure"] or "panels" in content
    return KINDS[kind] if is_of_fit else OF_RESULTS.get(kind, KINDS[kind])
