"""The kinds of figure, and the reader of their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinetics.errors import Fault, InputError, UnknownNameError
from kinetics.figures.agreement.draw import Agreement
from kinetics.figures.base.kind import Kind
from kinetics.figures.base.outputs_figure import OutputsFigure
from kinetics.figures.comparison.draw import ComparedRegimens
from kinetics.figures.crossvalidation.draw import LeftOutNumbers
from kinetics.figures.evidence.draw import EvidenceForest
from kinetics.figures.exposure.draw import Exposure
from kinetics.figures.facts.draw import Facts
from kinetics.figures.forest.draw import Forest
from kinetics.figures.goodness_of_fit.draw import GoodnessOfFit
from kinetics.figures.individual_fits.draw import IndividualFits
from kinetics.figures.lineages.draw import Lineages
from kinetics.figures.map.draw import Map
from kinetics.figures.model_comparison.draw import ComparedModels
from kinetics.figures.patient.draw import PatientCourse
from kinetics.figures.petab_fit.draw import PetabFitFigure
from kinetics.figures.population_prediction.draw import PopulationPrediction
from kinetics.figures.prior_posterior.draw import PriorPosterior
from kinetics.figures.schematic.draw import Schematic
from kinetics.figures.spaghetti.draw import Spaghetti
from kinetics.figures.time_course.draw import TimeCourse
from kinetics.figures.tornado.draw import Tornado
from kinetics.figures.visual_predictive_check.draw import VisualPredictiveCheck
from kinetics.figures.visual_predictive_check.of_clinic import ClinicVisualPredictiveCheck
from kinetics.files.kinds import KINDS as FILE_KINDS
from kinetics.files.kinds import document_of, taken_by
from kinetics.files.library import find_file, library_names, names_a_file, similar_name

OF_RESULTS: dict[str, type[OutputsFigure]] = {
    kind.name: kind
    for kind in (GoodnessOfFit, IndividualFits, PopulationPrediction, ClinicVisualPredictiveCheck, PetabFitFigure)
}
"""Those that are drawn from a result of patients or of PEtab, by a name that needs no file."""
KINDS: dict[str, type[Kind[Any]]] = {
    **OF_RESULTS,
    **{
        kind.name: kind
        for kind in (
            TimeCourse,
            VisualPredictiveCheck,
            Agreement,
            PriorPosterior,
            Forest,
            Tornado,
            ComparedRegimens,
            Map,
            Facts,
            PatientCourse,
            Lineages,
            Exposure,
            Spaghetti,
            Schematic,
            EvidenceForest,
            LeftOutNumbers,
            ComparedModels,
        )
    },
}
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
