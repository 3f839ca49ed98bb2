"""`write_report`: a result as a document."""

from __future__ import annotations

import tempfile
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.documents.writers.formats import FORMATS, check_format
from kinetics.errors import Fault, InputError
from kinetics.files.arguments import loaded, naming
from kinetics.files.reading import reason_of
from kinetics.files.writing import write_atomically

if TYPE_CHECKING:
    import xarray as xr

    from kinetics.estimate import Estimates, Fit
    from kinetics.model import Model
    from kinetics.patients.clinic import ClinicFit
    from kinetics.patients.individual.patient_fit import PatientFit

    Result = str | PathLike[str] | Fit | Estimates | ClinicFit | PatientFit | xr.DataTree | xr.Dataset


def write_report(result: Result, path: str | Path, *, model: str | Path | Model | None = None) -> Path:
    """Write a report of a result: data, equations, parameters with sources, tables, figures, provenance, bibliography.

    `kinetics.report` is the same result as text.

    Parameters
    ----------
    result : str, pathlib.Path, Fit, Estimates, ClinicFit, PatientFit, xarray.DataTree or xarray.Dataset
        The file of a result: ``NAME.result.toml`` or ``NAME.nc`` of a fit, ``.nc`` of a prediction, a simulation, a
        patient or a clinic; the name of a fit that ships, for its committed result; or what `fit`, `predict`,
        `simulate`, `compare`, `fit_patient`, `predict_patient` or `fit_population` returned.
    path : str or pathlib.Path
        Ends in ``.html``, one file that needs no other and no network; ``.pdf``, printed by a browser of the Chromium
        family; or ``.docx``. One of this name is replaced.

    model : str, pathlib.Path or Model, optional
        The model of the result, if that is none that ships. A fit names its own.

    Returns
    -------
    pathlib.Path
        Where it was written.

    Raises
    ------
    InputError
        If the path cannot be written, the extra ``report`` or a browser is missing, or the result is of no kind that
        has a report. Nothing is written.

    Examples
    --------
    >>> write_report("my_fit.result.toml", "my_fit.html")  # doctest: +SKIP
    >>> write_report("my_fit.result.toml", "my_fit.odt")
    Traceback (most recent call last):
    kinetics.errors.InputError: path: a report is written as .html, .pdf or .docx
    """
    path = Path(path)
    suffix = path.suffix.lower()
    with naming("path"):
        check_format(suffix)
        _check_writable(path)
    from kinetics.documents.gathering import document_of
    from kinetics.model import Model

    known = None if model is None else loaded("model", model, Model)
    write_atomically(path, FORMATS[suffix](document_of(result, known)))
    return path


def _check_writable(path: Path) -> None:
    """Refuse, before the work, a file that cannot be written."""
    if path.is_dir():
        raise InputError(Fault("is a folder; name a file", str(path)))
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.stem[:40]}-"):
            pass
    except (OSError, ValueError) as error:
        raise InputError(Fault(f"cannot be written: {reason_of(error)}", str(path))) from error
