"""The kinds of figure, and the reader of their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kinetics.errors import Fault, InputError
from kinetics.figures.agreement.draw import Agreement
from kinetics.figures.base.kind import Kind
from kinetics.figures.comparison.draw import ComparedRegimens
from kinetics.figures.facts.draw import Facts
from kinetics.figures.goodness_of_fit.draw import GoodnessOfFit
from kinetics.figures.map.draw import Map
from kinetics.figures.patient.draw import PatientCourse
from kinetics.figures.predictive_check.draw import PopulationCheck
from kinetics.figures.prior_posterior.draw import PriorPosterior
from kinetics.figures.time_course.draw import TimeCourse
from kinetics.figures.tornado.draw import Tornado
from kinetics.figures.visual_predictive_check.draw import VisualPredictiveCheck
from kinetics.files.documents import read_document
from kinetics.files.library import find_file

KINDS: dict[str, type[Kind[Any]]] = {
    kind.name: kind
    for kind in (
        TimeCourse,
        VisualPredictiveCheck,
        Agreement,
        PriorPosterior,
        Tornado,
        ComparedRegimens,
        Map,
        Facts,
        PatientCourse,
        GoodnessOfFit,
        PopulationCheck,
    )
}
"""A new kind is one folder, and one line here."""


def read_figure(name: str | Path) -> Kind[Any]:
    """Read a figure file, once: the result is drawn to as many formats as are needed.

    Parameters
    ----------
    name : str or pathlib.Path
        A path, or the name of a figure that ships.

    Returns
    -------
    Kind

    Raises
    ------
    InputError
        With every fault of the file.
    """
    document = read_document(find_file(name, "fits/figures"))
    header = document.data.get("figure")
    kind = header.get("kind") if isinstance(header, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        message = f"unknown kind '{kind}'" if kind is not None else "missing 'kind'"
        where = document.where("figure", "kind")
        raise InputError(Fault(f"{message}; there are {', '.join(KINDS)}", where, "figure.kind"))
    return KINDS[kind](KINDS[kind].load(document))
