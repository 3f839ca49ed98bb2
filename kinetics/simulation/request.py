"""`SimulationRequest`: everything that `simulate` is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.cohorts.cohort import CohortParameters
from kinetics.engines import Tolerances
from kinetics.measures import Measure
from kinetics.model import Model
from kinetics.observation import VisitSchedule
from kinetics.population.covariates import Covariates
from kinetics.population.run_parameters import ParameterSet, parameter_values
from kinetics.regimen import Course, Regimen
from kinetics.regimen.times import Time, Times

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True, kw_only=True)
class SimulationRequest:
    """What is simulated, and what is read off it.

    Parameters
    ----------
    model : Model, str or pathlib.Path
        What to integrate, or its name or path.
    regimen : Regimen, Course, str or pathlib.Path, optional
        The doses, or the name or path of a regimen; no drug by default.
    until, every : str, pint.Quantity or float, optional
        Times: the last output time, and the step of the outputs, both ends included. The step is a month by default.
        They are numbers for a model whose time has no unit; a hundredth of the last time is the step then.
    times : sequence of str or pint.Quantity, optional
        The output times, such as ``["0 day", "3 month", "7 month"]``, in place of both; the last one is the end.
    cohort : str or CohortParameters, optional
        A cohort of the model, or its values and spreads as something else found them; the model's own otherwise.
    parameters : mapping, or sequence of mappings, optional
        Values that differ from the cohort's, by name: quantities such as ``"2 L/day"``, or numbers in the units of the
        model; a sequence adds the dim ``draw``, and a draw of impossible values is NaN with its reason.
    patients : int, optional
        Draw that many virtual patients (dim ``patient``); without it the typical patient is simulated.
    seed : int
        Seed of the random numbers.
    sampling : {"random", "quasi"}
        Whether patients are independent draws, or points of a scrambled Sobol sequence, whose means converge faster.
    covariates : str, pathlib.Path or Covariates, optional
        A CSV table of known values, one row a patient, which replace drawn ones; ``patients`` is then the number of
        rows.
    states : bool
        Return every state beside the outputs.
    keep_parameters : bool
        Return the parameters in which patients or draws differ too, on (patient) or (draw), by flat name. Without it
        those of a table of covariates alone are returned, and ``patient_id``, the names that it has.
    measures : Measure, str, or iterable of them
        Taken on the dense solution, so that times are root-found at the integrator's accuracy; adds the dim ``course``.
        A text is a name such as ``"nadir"`` (of every output), ``"N time_to 40 % of baseline"`` or ``"recovery"``
        (to the lower limits of normal); `kinetics.measures.MEASURES` has all names. Of many patients, times to a
        threshold of an output are found while all are integrated together; any other measure takes them one by one.
    observe : VisitSchedule, str or pathlib.Path, optional
        Visits, or the name or path of a schedule: what they show of each patient is added, with the noise, the limit of
        quantification and the rounding of each output. Patients are integrated at the visits too, and the true values
        are those without visits.
    engine : {"auto", "scipy", "batch"}
        The fast engine, or the reference; ``auto`` takes the fast one for more than one patient.
    method : {"LSODA", "BDF", "Radau"}, optional
        The integrator of the reference engine, LSODA by default; naming one chooses that engine.
    tolerances : Tolerances, optional
        Its error bounds.
    absolute : mapping of str to str, optional
        Absolute tolerances of some states, such as ``{"N": "1e-30 1e9/L"}``: for one that falls by more than ten
        decades and grows again by itself.
    reduce : bool
        Integrate only the states that move: one that rests under the doses, whatever the parameters are, keeps its
        initial value. The numbers are those of the whole model up to rounding, with SciPy's integrators up to their
        tolerance.
    out : str or pathlib.Path, optional
        Stream patients or draws to this Zarr store, ``NAME.zarr``, chunk by chunk in bounded memory, and return it
        opened lazily: the same dataset to the last bit. Finished chunks wait in ``NAME.zarr.part`` until all are; what
        was at ``NAME.zarr`` is then replaced.
    chunk : int, optional
        Patients that are integrated and written together; 1000, or fewer that take 128 MiB.
    resume : bool
        Go on after the finished chunks of an interrupted stream of the same request, if there are any.
    client : dask.distributed.Client, optional
        A cluster whose workers integrate patients or draws: the same numbers. With ``out`` they write the chunks, into
        a folder that all machines share. It needs the extra ``cluster``, and the same version of this package there.
    """

    model: Model | str | Path
    until: Time | None = None
    regimen: Regimen | Course | str | Path | None = None
    every: Time | None = None
    times: Times | None = None
    cohort: str | CohortParameters | None = None
    parameters: ParameterSet | Sequence[ParameterSet] | None = None
    patients: int | None = None
    seed: int = 0
    sampling: str = "random"
    covariates: str | Path | Covariates | None = None
    states: bool = False
    keep_parameters: bool = False
    measures: Measure | str | Iterable[Measure | str] = ()
    observe: VisitSchedule | str | Path | None = None
    engine: str = "auto"
    method: str | None = None
    tolerances: Tolerances | None = None
    absolute: Mapping[str, str] | None = None
    reduce: bool = True
    out: str | Path | None = None
    chunk: int | None = None
    resume: bool = False
    client: Client | None = None


@dataclass(frozen=True, kw_only=True)
class LoadedRequest(SimulationRequest):
    """A request whose arguments are read and checked; make one with `load_request`."""

    model: Model
    regimen: Regimen  # pyright: ignore[reportGeneralTypeIssues]
    cohort: CohortParameters  # pyright: ignore[reportGeneralTypeIssues]
    covariates: Covariates | None = None
    measures: tuple[Measure, ...] = ()
    observe: VisitSchedule | None = None

    @property
    def changes(self) -> dict[str, float]:
        """The values that replace the cohort's, in the units of the model; none for a sequence of draws."""
        return parameter_values(self.model, self.parameters) if isinstance(self.parameters, Mapping) else {}

    @property
    def values(self) -> dict[str, float]:
        """Parameters of the typical patient by flat name, in the units of the model."""
        return {**self.cohort.values, **self.changes}
