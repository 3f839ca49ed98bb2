"""`show`: files as text for a reader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kinetics.cohorts.fit_results import result_path
from kinetics.compile import model_assembly
from kinetics.errors import Fault, InputError, UnknownNameError
from kinetics.estimate import Estimates, FitProblem
from kinetics.files.documents import read_document
from kinetics.files.kinds import files_of
from kinetics.interop.petab.fitting import read_petab
from kinetics.model import Model
from kinetics.observation import VisitSchedule
from kinetics.regimen import Regimen
from kinetics.reports.fit import estimates_table
from kinetics.reports.models import SECTIONS, model_text
from kinetics.reports.petab import petab_problem_text
from kinetics.reports.reporting import report
from kinetics.result_kinds import described, kind_of
from kinetics.results import read_result
from kinetics.text.numbers import number_text
from kinetics.text.page import Page
from kinetics.text.suggestions import did_you_mean
from kinetics.text.tables import WIDTH, in_blocks, paragraph
from kinetics.units import display_unit


def show(
    name: str | Path,
    *,
    cohort: str | None = None,
    latex: bool = False,
    code: str | None = None,
    only: str | Sequence[str] = (),
    search: str = "",
    width: int = WIDTH,
    allow_large: bool = False,
) -> Page:
    """Show equations and parameter table of a model; doses of a regimen; visits; problem and result of a fit; a result.

    Parameters
    ----------
    name : str or pathlib.Path
        A name of the library, of which every kind is shown, or the path of a file.
    cohort, latex : str and bool, optional
        Whose values stand in a model's table, its own otherwise; whether its equations are LaTeX.
    code : str, optional
        Show the LLVM assembly of one of a model's functions, such as ``"rate"``, in place of all else.
    only : str or sequence of str
        These sections alone of a model: equations, events, parameters, correlations, inputs, doses, outputs, cohorts.
    search : str
        Those rows alone of a model's sections that have this text, such as ``"IL7"``.
    width : int
        Characters a line.
    allow_large : bool
        Read tables of patients of more than 50 MB.

    Returns
    -------
    Page
        A str.

    Raises
    ------
    InputError
        If there is no such file, section or function, nothing to show of a kind of file, or no row with the text.

    Examples
    --------
    >>> from kinetics.files.library import library_names
    >>> page = show(library_names("models/regimens")[0])
    """
    sections, files = (only,) if isinstance(only, str) else tuple(only), files_of(name)
    if cohort or latex or code or sections or search:
        files = _models_among(files, sections)
    if code:
        return Page("\n\n".join(model_assembly(_model(kind, path), code) for kind, path in files))
    return Page(
        "\n\n".join(
            _patients_text(path, width, allow_large=allow_large)
            if kind == "patients"
            else model_text(_model(kind, path), cohort, latex, width, only=sections, search=search)
            if kind in _MODELS
            else _text(kind, path, width)
            for kind, path in files
        )
    )


_MODELS = ("model", "sbml")


def _model(kind: str, path: Path) -> Model:
    return Model.from_sbml(path) if kind == "sbml" else Model.load(path)


def _models_among(files: Sequence[tuple[str, Path]], sections: Sequence[str]) -> list[tuple[str, Path]]:
    """The files that are models, of which these sections are shown."""
    models = [(kind, path) for kind, path in files if kind in _MODELS]
    if not models:
        raise InputError("--cohort, --latex, --code, --only and --search are for models")
    if unknown := [name for name in sections if name not in SECTIONS]:
        known = f"there are {', '.join(SECTIONS)}"
        faults = (f"no section '{name}'{did_you_mean(name, SECTIONS)}; {known}" for name in unknown)
        raise UnknownNameError(*(Fault(fault, name="only") for fault in faults))
    return models


def _text(kind: str, path: Path, width: int) -> str:
    match kind:
        case "regimen":
            return Regimen.load(path).text(width)
        case "visits":
            return VisitSchedule.load(path).text(width)
        case "fit":
            return f"{_problem_text(FitProblem.load(path), width)}\n\n{_result_text(path, width)}"
        case "result":
            return _estimates_text(Estimates.read(path), width)
        case "figure":
            return _figure_text(path, width)
        case "dataset":
            return _dataset_text(path, width)
        case "petab":
            return petab_problem_text(read_petab(path), width)
        case _:
            raise InputError(Fault(f"nothing to show of a file of kind {kind}; 'kinetics check' checks it", str(path)))


def _patients_text(path: Path, width: int, *, allow_large: bool) -> str:
    from kinetics.patients import DataMapping, read_patients
    from kinetics.reports.patient.data import patients_text

    if path.suffix == ".toml" and (mapping := DataMapping.load(path)).patients.counts is None:
        return mapping.to_toml().rstrip()
    return patients_text(read_patients(path, allow_large=allow_large), width)


def _problem_text(problem: FitProblem, width: int) -> str:
    """What a fit problem assumes, what is free, what it answers to."""
    free = [
        [
            row.name,
            display_unit(row.unit),
            *map(number_text, (row.start, row.lower, row.upper)),
            "flat" if row.log_sd is None else number_text(row.log_sd),
        ]
        for row in problem.free
    ]
    columns = ("name", "use", "statistic", "cohort", "regimen", "published", "unit", "source")
    published = [
        [t.published_text if column == "published" else getattr(t.row, column) for column in columns]
        for t in problem.targets
    ]
    parts = [
        paragraph(f"{problem.name}: {problem.title}", width),
        paragraph(problem.about, width) if problem.about else "",
        paragraph(
            f"Model {problem.model.name}; {problem.starts} searches from seed {problem.seed}; "
            f"discrepancy {problem.discrepancy:g} (log standard deviation)",
            width,
        ),
        "Free parameters\n"
        + in_blocks(["parameter", "unit", "start", "lower", "upper", "prior (log SD)"], free, width, text=(0, 1)),
        "Published rows\n" + in_blocks(["row", *columns[1:]], published, width, text=range(len(columns))),
    ]
    return "\n\n".join(filter(None, parts))


def _result_text(path: Path, width: int) -> str:
    committed = result_path(path)
    if not committed.is_file():
        return f"No committed result; 'kinetics fit {path.stem} --save' writes it."
    return _estimates_text(Estimates.read(committed), width)


def _estimates_text(estimates: Estimates, width: int, title: str = "Committed result") -> str:
    rows = {
        name: {"value": row.value, "se": row.value * row.log_se, "unit": row.unit, "verdict": row.verdict}
        for name, row in estimates.by_name.items()
    }
    return estimates_table(rows, title).lines(width)


def _dataset_text(path: Path, width: int) -> str:
    tree = read_result(path)
    kind = kind_of(tree)
    if kind == "fit":
        return _estimates_text(Estimates.from_tree(tree), width, "Estimates")
    if kind not in ("petab", "prediction", "patient", "comparison", "simulation"):
        raise InputError(
            Fault(f"is {described(tree)}, of which nothing is shown; 'kinetics report' may take it", str(path))
        )
    return report(tree if kind in ("petab", "prediction", "patient") else tree.to_dataset(), width=width)


def _figure_text(path: Path, width: int) -> str:
    from kinetics.figures import read_figure

    read_figure(path)
    header = read_document(path).data["figure"]
    texts = (f"{path.stem}: {header.get('title', '')}", header.get("note", ""))
    return "\n".join(paragraph(text, width) for text in texts if text)
