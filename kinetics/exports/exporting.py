"""`export`: a model, with a cohort's values and a regimen, or the problem of a fit, for other programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.errors import Faults, InputError, UnknownNameError
from kinetics.estimate.problem.problem import FitProblem
from kinetics.exports.dosing.dosed import dosed_model
from kinetics.exports.formats.antimony import antimony_text
from kinetics.exports.formats.nonmem import nonmem_text
from kinetics.exports.formats.python import python_text
from kinetics.exports.formats.sbml import sbml_text
from kinetics.exports.petab.problem import petab_text
from kinetics.files.arguments import loaded
from kinetics.files.bibliography import CHOICE, Source, find_source
from kinetics.files.writing import write_atomically
from kinetics.model import Model, latex
from kinetics.regimen import Course, Regimen
from kinetics.text.suggestions import did_you_mean

FORMATS = {"sbml": ".xml", "antimony": ".ant", "python": ".py", "latex": ".tex", "nonmem": ".csv"}
"""The ending of a file of each format of models."""
PETAB = "petab"
"""The format of fit problems: a folder."""
_WITH_REGIMEN = ("sbml", "antimony", "nonmem")
_WITH_VALUES = ("sbml", "antimony", "python")


def export(
    model: Model | FitProblem | str | Path,
    format: str | None = None,
    *,
    cohort: str | None = None,
    regimen: Regimen | Course | str | Path | None = None,
    out: str | Path | None = None,
) -> str:
    """A model or a fit problem for other programs; what a format cannot say is in the table of docs/formats/export.md.

    Parameters
    ----------
    model : Model, FitProblem, str or pathlib.Path
        An object, a name or a file; the name or file of a fit problem for ``petab``.
    format : {"sbml", "antimony", "python", "latex", "nonmem", "petab"}, optional
        By default that of the ending of ``out``, and ``petab`` for a FitProblem.
    cohort : str, optional
        Whose parameter values are written; the model's own by default.
    regimen : Regimen, Course, str or pathlib.Path, optional
        Its doses and rules become events of SBML and Antimony, and its doses the records of NONMEM.
    out : str or pathlib.Path, optional
        The file to write; for ``petab`` a folder, which is needed.

    Returns
    -------
    str
        The text; of ``petab`` that of its YAML file.

    Raises
    ------
    InputError
        If the model does not accept the regimen, the format has no place for it, or the file cannot be written; for
        ``petab`` also if no row of the fit has a form in it.
    UnknownNameError
        If there is no such format, model, fit, cohort or regimen.

    Warns
    -----
    UserWarning
        For rows of a fit of which PEtab has no likelihood.

    Examples
    --------
    >>> from kinetics.model import Parameter, State
    >>> k = Parameter(name="k", value=0.1, unit="1/day")
    >>> pool = State(name="A", unit="1", initial=1, rate=-k.symbol)
    >>> decay = Model.from_symbols("decay", time="day", parameters=[k], states=[pool])
    >>> print(export(decay, "antimony").splitlines()[1])
    model decay()
    """
    if format == PETAB or isinstance(model, FitProblem):
        return _petab(model, format, cohort, regimen, out)
    return _of_model(model, format, cohort, regimen, out)


def _of_model(
    model: Model | str | Path,
    format: str | None,
    cohort: str | None,
    regimen: Regimen | Course | str | Path | None,
    out: str | Path | None,
) -> str:
    faults = Faults()
    chosen = faults.attempt("format", lambda: _format(format, out))
    the_model = faults.attempt("model", lambda: loaded("model", model, Model))
    given = faults.attempt("regimen", lambda: _regimen(regimen))
    faults.raise_if_any()
    assert chosen is not None
    assert the_model is not None
    assert given is not None
    _check_place(chosen, cohort, regimen)
    text = _WRITERS[chosen](the_model, cohort, given)
    if out is not None:
        write_atomically(out, text)
    return text


def _petab(model: object, format: str | None, cohort: object, regimen: object, out: str | Path | None) -> str:
    """The problem of a fit in a folder."""
    faults = Faults()
    if format not in (None, PETAB):
        faults.add(f"a fit problem is written as {PETAB} alone; export its model for {format}", name="format")
    if out is None:
        faults.add(f"{PETAB} is several files; name a folder with --out (in Python out=)", name="out")
    for name, value in (("cohort", cohort), ("regimen", regimen)):
        if value is not None:
            faults.add("a fit problem names those of its rows; leave it out", name=name)
    problem = faults.attempt("fit", lambda: loaded("fit", model, FitProblem))
    faults.raise_if_any()
    assert problem is not None
    assert out is not None
    return petab_text(problem, _sources(problem.model), out)


def _format(format: str | None, out: str | Path | None) -> str:
    suffixes = {suffix: name for name, suffix in FORMATS.items()}
    if format is None:
        suffix = "" if out is None else Path(out).suffix.lower()
        if suffix not in suffixes:
            raise InputError(f"say which: {', '.join(FORMATS)}; or a file that ends in {', '.join(FORMATS.values())}")
        return suffixes[suffix]
    known = (*FORMATS, PETAB)
    if format not in known:
        raise UnknownNameError(f"no format '{format}'{did_you_mean(format, known)}; there are {', '.join(known)}")
    return format


def _regimen(regimen: Regimen | Course | str | Path | None) -> Regimen:
    if regimen is None:
        return Regimen.none()
    return regimen.alone if isinstance(regimen, Course) else loaded("regimen", regimen, Regimen)


def _check_place(format: str, cohort: str | None, regimen: object) -> None:
    if regimen is None and format == "nonmem":
        raise InputError("records of NONMEM are of a regimen; name one with --regimen (in Python regimen=)")
    if regimen is not None and format not in _WITH_REGIMEN:
        raise InputError(f"{format} has no doses; write the regimen as nonmem, or the model as sbml")
    if cohort is not None and format not in _WITH_VALUES:
        raise InputError(f"{format} has no parameter values, so it needs no cohort")


def _with_doses(model: Model, cohort: str | None, regimen: Regimen) -> Model:
    return dosed_model(model, cohort_parameters(model, cohort).values, regimen)


def _sources(model: Model) -> dict[str, Source]:
    """The publications behind the numbers of a model, from the bibliographies its files may name."""
    if model.path is None:
        return {}
    keys = {row.source for row in model.parameters.values()} - {CHOICE}
    found = {key: find_source(key, model.path.parent) for key in sorted(keys)}
    return {key: source for key, source in found.items() if source is not None}


_WRITERS: dict[str, Callable[[Model, str | None, Regimen], str]] = {
    "sbml": lambda model, cohort, regimen: sbml_text(_with_doses(model, cohort, regimen), _sources(model)),
    "antimony": lambda model, cohort, regimen: antimony_text(_with_doses(model, cohort, regimen)),
    "python": lambda model, cohort, regimen: python_text(_with_doses(model, cohort, regimen)),
    "latex": lambda model, cohort, regimen: latex(model),
    "nonmem": lambda model, cohort, regimen: nonmem_text(regimen, model),
}
