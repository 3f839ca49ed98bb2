"""A fit that ships as a problem of PEtab: pyPESTO, which simulates with libroadrunner, finds the likelihood of the fit.

pyPESTO reads PEtab 2 with AMICI alone, so the program of PEtab makes events of the periods first, and its tables become
those of PEtab 1, which differ in form alone.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

from kinetics import FitProblem
from kinetics.estimate.agreement import current_result
from kinetics.estimate.search import objective_of

pytest.importorskip("roadrunner", reason="libroadrunner is not installed")
importing = pytest.importorskip("pypesto.petab", reason="pyPESTO is not installed")
v1 = pytest.importorskip("petab.v1", reason="PEtab needs the extra sbml")
v2 = pytest.importorskip("petab.v2", reason="PEtab needs the extra sbml")
FIT = "care_ms_course_1"


def as_version_1(path):
    """The problem of PEtab 1 with the same content; its parameters have no priors."""
    from petab.v2.converters import ExperimentsToSbmlConverter

    given = ExperimentsToSbmlConverter(v2.Problem.from_yaml(str(path))).convert()
    changes = given.condition_df.merge(given.experiment_df, on="conditionId")
    conditions = changes.pivot(index="experimentId", columns="targetId", values="targetValue").astype(float)
    for name, value in conditions.iloc[0].items():  # initial assignments, which pyPESTO leaves as they were, use it
        given.model.sbml_model.getParameter(name).setValue(value)
    observables = given.observable_df.reset_index()
    formulas = [f"noiseParameter1_{name}" for name in observables["observableId"]]
    assert set(observables["noiseDistribution"].astype(str)) <= {"normal", "log-normal"}
    transformations = ["log" if "log" in str(one) else "lin" for one in observables["noiseDistribution"]]
    observables = pd.DataFrame(
        {
            "observableId": observables["observableId"],
            "observableFormula": observables["observableFormula"].astype(str),
            "observableTransformation": transformations,
            "noiseFormula": formulas,
            "noiseDistribution": "normal",
        }
    )
    measurements = given.measurement_df.rename(columns={"experimentId": "simulationConditionId"})
    columns = ["observableId", "simulationConditionId", "measurement", "time", "noiseParameters"]
    measurements = measurements[columns].astype({"measurement": float, "time": float, "noiseParameters": float})
    parameters = given.parameter_df.reset_index()[["parameterId", "lowerBound", "upperBound", "nominalValue"]]
    parameters = parameters.assign(parameterScale="lin", estimate=1).set_index("parameterId")
    problem = v1.Problem(
        model=v1.models.sbml_model.SbmlModel.from_string(given.model.to_sbml_str()),
        condition_df=conditions.rename_axis("conditionId"),
        observable_df=observables.set_index("observableId"),
        measurement_df=measurements,
        parameter_df=parameters,
    )
    v1.flatten_timepoint_specific_output_overrides(problem)  # one noise an observable, as pyPESTO needs it
    return problem


@pytest.mark.filterwarnings("ignore")
def test_objective_at_the_estimate(tmp_path):
    problem = FitProblem.load(FIT)
    problem.to_petab(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = importing.PetabImporter(
            as_version_1(tmp_path / f"{FIT}.yaml"), simulator_type="roadrunner"
        ).create_problem()
    values = current_result(problem).by_flat_name(problem.model)
    value = -theirs.objective(np.array([values[name] for name in theirs.x_names]))
    targets = [target for target in problem.fitted if not target.row.is_range]
    rows = objective_of(problem).rows(problem.log_parameters(values), ())
    residual = rows.values[[not target.row.is_range for target in problem.fitted]]
    scales = np.array([target.error_sd * target.row.value for target in targets])
    ours = -0.5 * float(residual @ residual) - float(np.log(scales * np.sqrt(2 * np.pi)).sum())
    assert value == pytest.approx(ours, abs=1e-4)
