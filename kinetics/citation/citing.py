"""`cite`: the references of a result, as BibTeX."""

from __future__ import annotations

import os
from pathlib import Path

import xarray as xr

from kinetics.citation.bibtex import bibtex
from kinetics.citation.methods import method_sources
from kinetics.citation.usage import Usage, usage_of_facts, usage_of_problem, usage_of_tree
from kinetics.errors import Fault, Faults, InputError
from kinetics.estimate import Estimates, Fit, FitProblem, PetabFit
from kinetics.files.arguments import loaded
from kinetics.files.bibliography import Source
from kinetics.files.kinds import file_of_kind, files_of, is_path, kind_of, kind_text
from kinetics.files.tables import read_table
from kinetics.model import Model
from kinetics.patients.clinic import ClinicFit
from kinetics.patients.individual.patient_fit import PatientFit
from kinetics.patients.individual.patient_fits import PatientFits
from kinetics.published import EvidenceRow
from kinetics.published.evaluating import Evidence
from kinetics.results import read_result
from kinetics.text.page import Page

Result = xr.Dataset | xr.DataTree | Fit | FitProblem | PatientFit | PatientFits | ClinicFit | Evidence
_TAKES = "a result, such as of simulate, fit, predict, fit_patient, fit_population or evidence"


def cite(result: str | Path | Result, *, model: str | Path | Model | None = None) -> Page:
    """Write the references of a result as BibTeX: the program, its methods, and the sources of the numbers.

    Sources are those of the parameters at the cohort of the result, and of the published rows that its estimates were
    fitted to, of earlier fits too. Whatever stands in a bibliography, LaTeX prints it and does not run it.

    Parameters
    ----------
    result : str, pathlib.Path, Dataset, DataTree, Fit, FitProblem, PatientFit, PatientFits, ClinicFit or Evidence
        Of `simulate`, `compare`, `predict`, `fit`, `fit_patient`, `predict_patient`, `fit_population` or `evidence`;
        the path of its ``.nc`` or ``.zarr`` file, of a committed result or of a CSV file of facts; or the name of a
        fit. `kinetics.simulation.datasets`, `kinetics.prediction.datasets` and others describe the datasets.
    model : str, pathlib.Path or Model, optional
        The model of the result, if that is none that ships.

    Returns
    -------
    Page
        A str: the text of a ``.bib`` file.

    Raises
    ------
    InputError
        If it is no result, or its model cannot be found.

    Examples
    --------
    >>> from kinetics.files.library import library_names
    >>> print(cite(library_names("fits")[0])[:24])
    @software{lymphokinetics
    """
    known = None if model is None else loaded("model", model, Model)
    usage = _usage(result, known)
    program = {"author": "{The lymphokinetics maintainers}", "title": "{lymphokinetics}", "version": usage.version}
    software = Source("lymphokinetics", program | {"year": usage.year}, entry_type="software")
    return Page(bibtex([software, *method_sources(usage.methods), *usage.sources()]))


def _usage(result: object, model: Model | None) -> Usage:
    if isinstance(result, str | os.PathLike):
        return _usage_of_file(str(result) if isinstance(result, str) else Path(result), model)
    if isinstance(result, PatientFit):
        result, model = result.fits, model or result.model
    match result:
        case Fit() | ClinicFit():
            return usage_of_tree(result.tree(), model or result.problem.model)
        case PetabFit():
            return usage_of_tree(result.tree(), None)
        case FitProblem():
            return usage_of_problem(result)
        case PatientFits():
            return usage_of_tree(result.tree(), model or result.patients.treated.structure)
        case xr.Dataset():
            return usage_of_tree(xr.DataTree(result), model)
        case xr.DataTree():
            return usage_of_tree(result, model)
        case Evidence():
            return usage_of_facts([each.placed for each in result.verdicts])
        case _:
            message = f"must be {_TAKES}, or its file; found {type(result).__name__} {result!r:.40}"
            raise InputError(Fault(message, name="result"))


def _usage_of_file(name: str | Path, model: Model | None) -> Usage:
    if not is_path(name) and (fit := file_of_kind(name, ["fit"])) is not None:
        return usage_of_problem(FitProblem.load(fit[1]))
    path = Path(name)
    kind = kind_of(path) if is_path(name) else files_of(name)[0][0]
    match kind:
        case "dataset":
            return usage_of_tree(read_result(path), model)
        case "fit":
            return usage_of_problem(FitProblem.load(path))
        case "result":
            problem = FitProblem.load(path.with_name(path.name.replace(".result.toml", ".toml")))
            return usage_of_problem(problem, Estimates.read(path))
        case "evidence":
            faults = Faults()
            rows = read_table(path, EvidenceRow, faults)
            faults.raise_if_any()
            return usage_of_facts(rows)
        case _:
            raise InputError(Fault(f"must be {_TAKES}; '{name}' is {kind_text(kind)}", name="result"))
