"""`show`: files as text for a reader."""

from __future__ import annotations

from pathlib import Path

from kinetics.cohorts.fit_results import result_path
from kinetics.compile import model_assembly
from kinetics.errors import Fault, InputError
from kinetics.estimate import Estimates, FitProblem
from kinetics.files.documents import read_document
from kinetics.files.kinds import files_of
from kinetics.model import Model
from kinetics.observation import VisitSchedule
from kinetics.regimen import Regimen
from kinetics.reports.fit import estimates_table
from kinetics.reports.models import model_text
from kinetics.text.numbers import number_text
from kinetics.text.tables import WIDTH, paragraph, table
from kinetics.units import display_unit


class Page(str):
    """A text of several lines, which an interpreter shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def show(
    name: str | Path,
    *,
    cohort: str | None = None,
    latex: bool = False,
    code: str | None = None,
    width: int = WIDTH,
    allow_large: bool = False,
) -> Page:
    """Show equations and parameter table of a model; doses of a regimen; visits; problem and result of a fit.

    Parameters
    ----------
    name : str or pathlib.Path
        A name of the library, of which every kind is shown, or the path of a file.
    cohort : str, optional
        Whose values stand in a model's table; the model's own otherwise.
    latex : bool
        Write a model's equations as LaTeX.
    code : str, optional
        Show the LLVM assembly of one of a model's functions, such as ``"rate"``, in place of all else.
    width : int
        Characters a line of prose.
    allow_large : bool
        Read tables of patients of more than 50 MB.

    Returns
    -------
    Page
        A str.

    Raises
    ------
    InputError
        If there is no such file, or nothing to show of its kind.
    UnknownNameError
        If a model has no such function.

    Examples
    --------
    >>> from kinetics.files.library import library_names
    >>> page = show(library_names("models/regimens")[0])
    """
    files = files_of(name)
    if (cohort or latex or code) and not any(kind == "model" for kind, _ in files):
        raise InputError("--cohort, --latex and --code are for models")
    if code:
        return Page("\n\n".join(model_assembly(Model.load(path), code) for kind, path in files if kind == "model"))
    texts = (
        _patients_text(path, width, allow_large=allow_large)
        if kind == "patients"
        else _text(kind, path, cohort, latex, width)
        for kind, path in files
    )
    return Page("\n\n".join(texts))


def _text(kind: str, path: Path, cohort: str | None, latex: bool, width: int) -> str:
    match kind:
        case "model":
            return model_text(Model.load(path), cohort, latex, width)
        case "regimen":
            return str(Regimen.load(path))
        case "visits":
            return str(VisitSchedule.load(path))
        case "fit":
            return f"{_problem_text(FitProblem.load(path), width)}\n\n{_result_text(path)}"
        case "result":
            return _estimates_text(Estimates.read(path))
        case "figure":
            return _figure_text(path)
        case _:
            raise InputError(Fault(f"nothing to show of a {kind}; 'kinetics check' checks it", str(path)))


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
        f"{problem.name}: {problem.title}",
        paragraph(problem.about, width) if problem.about else "",
        f"Model {problem.model.name}; {problem.starts} searches from seed {problem.seed}; "
        f"discrepancy {problem.discrepancy:g} (log standard deviation)",
        "Free parameters\n"
        + table(["parameter", "unit", "start", "lower", "upper", "prior (log SD)"], free, text=(0, 1)),
        "Published rows\n" + table(["row", *columns[1:]], published, text=range(len(columns))),
    ]
    return "\n\n".join(filter(None, parts))


def _result_text(path: Path) -> str:
    committed = result_path(path)
    if not committed.is_file():
        return f"No committed result; 'kinetics fit {path.stem} --save' writes it."
    return _estimates_text(Estimates.read(committed))


def _estimates_text(estimates: Estimates) -> str:
    rows = {
        name: {"value": row.value, "se": row.value * row.log_se, "unit": row.unit, "verdict": row.verdict}
        for name, row in estimates.by_name.items()
    }
    return str(estimates_table(rows, "Committed result"))


def _figure_text(path: Path) -> str:
    from kinetics.figures import read_figure

    read_figure(path)
    header = read_document(path).data["figure"]
    return "\n".join(filter(None, (f"{path.stem}: {header.get('title', '')}", paragraph(header.get("note", "")))))
