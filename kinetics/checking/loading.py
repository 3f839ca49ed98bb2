"""`load`: what a file holds, by its kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.errors import Fault, InputError
from kinetics.files.kinds import files_of, kind_text

if TYPE_CHECKING:
    import xarray as xr

    from kinetics.comparison import Comparison
    from kinetics.crossvalidation import Discrepancy
    from kinetics.estimate import Estimates, FitProblem
    from kinetics.interop.petab.fitting import PetabFitProblem
    from kinetics.model import Model
    from kinetics.observation import VisitSchedule
    from kinetics.patients import DataMapping, PatientData
    from kinetics.patients.clinic import ClinicProblem
    from kinetics.regimen import Regimen

    Inputs = PetabFitProblem | Model | Regimen | VisitSchedule | FitProblem | PatientData | DataMapping | ClinicProblem
    Loaded = Inputs | Estimates | Discrepancy | Comparison | xr.DataTree


def load(name: str | Path) -> Loaded:
    """Read a model, regimen, visits, fit problem, patients, clinic, result, comparison or dataset; also SBML and PEtab.

    Parameters
    ----------
    name : str or pathlib.Path
        A name of the library, or the path of a file.

    Returns
    -------
    Model, Regimen, VisitSchedule, FitProblem, ClinicProblem, PatientData, DataMapping, Estimates, Comparison, DataTree
        By the kind of the file; a `Discrepancy` and a `PetabFitProblem` too.

    Raises
    ------
    InputError
        With every fault of the file; or if the name has several kinds, or its kind is none of these.

    Examples
    --------
    >>> from kinetics.files.library import library_names
    >>> type(load(library_names("models/regimens")[0])).__name__
    'Regimen'
    """
    kind, path = _only_file(name)
    match kind:
        case "model":
            from kinetics.model import Model as Kind
        case "sbml" | "petab":
            return _foreign(kind, path)
        case "regimen":
            from kinetics.regimen import Regimen as Kind
        case "visits":
            from kinetics.observation import VisitSchedule as Kind
        case "fit":
            from kinetics.estimate import FitProblem as Kind
        case "result":
            from kinetics.estimate import Estimates as Kind
        case "discrepancy":
            from kinetics.crossvalidation.discrepancy_file import read_discrepancy as read

            return read(path)
        case "clinic":
            from kinetics.patients.clinic import ClinicProblem as Kind
        case "comparison":
            from kinetics.comparison import read_comparison

            return read_comparison(path)
        case "patients":
            from kinetics.patients import DataMapping, read_patients

            return DataMapping.load(path) if path.suffix == ".toml" else read_patients(path)
        case "dataset":
            from kinetics.results import read_result

            return read_result(path)
        case _:
            raise InputError(Fault(f"cannot be loaded: it is {kind_text(kind)}; 'kinetics check' checks it", str(path)))
    return Kind.load(path)


def _foreign(kind: str, path: Path) -> Model | PetabFitProblem:
    if kind == "petab":
        from kinetics.interop.petab.fitting import read_petab

        return read_petab(path)
    from kinetics.interop.sbml import read_sbml

    return read_sbml(path)


def _only_file(name: str | Path) -> tuple[str, Path]:
    """The kind and the path of the file of a name; `InputError` if several kinds have it."""
    files = files_of(name)
    if len(files) > 1:
        kinds = " and a ".join(kind for kind, _ in files)
        raise InputError(f"'{name}' is a {kinds}; give the path, such as {files[0][1]}")
    return files[0]
