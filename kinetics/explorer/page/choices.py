"""What a form offers: cohorts, drugs, regimens, outputs, and the parameters with their units and ranges."""

from __future__ import annotations

import math
from typing import Any

from kinetics.errors import InputError
from kinetics.explorer.checks import check_state
from kinetics.explorer.histories import histories_of
from kinetics.explorer.regimens import doses_of, rules_named, rules_of
from kinetics.explorer.state import MAX_PATIENTS, MAX_SCENARIOS, Scenario
from kinetics.explorer.subject import Subject
from kinetics.figures.base.labels import cohort_label, output_label, parameter_label, unit_label
from kinetics.figures.treatments import drug_label, regimen_label, rule_text
from kinetics.files.library import library_names
from kinetics.model import Model
from kinetics.model.ranges import range_of
from kinetics.patients import PatientData
from kinetics.regimen import Regimen
from kinetics.units import display_unit, unit_text


def choices_of(subject: Subject) -> dict[str, Any]:
    """The choices of a form, as JSON has them."""
    model = subject.model
    return {
        "model": model.title or model.name,
        "cohorts": [{"name": name, "label": cohort_label(model, name)} for name in model.cohorts],
        "drugs": [{"name": name, "label": drug_label(name, model), "unit": display_unit(row.unit) or "1"}
                  for name, row in model.doses.items()],
        "outputs": [{"name": name, "label": output_label(model, name), "about": row.about}
                    for name, row in model.outputs.items()],
        "parameters": [_parameter(row, model) for row in model.parameters.values()],
        "suggested": list(subject.suggested),
        "regimens": _regimens(subject),
        "scenarios": MAX_SCENARIOS,
        "patients": MAX_PATIENTS,
    }  # fmt: skip


def _parameter(row: Any, model: Model) -> dict[str, Any]:
    least, most = range_of(row)
    bounds = {"least": least, "most": most}
    return {
        "name": row.name,
        "label": parameter_label(model, row.name),
        "about": row.about,
        "unit": unit_label(unit_text(row.unit)),
        **{key: value if math.isfinite(value) else None for key, value in bounds.items()},
    }


def histories_as_choices(data: PatientData | None) -> list[dict[str, Any]]:
    """The doses of patients, offered beside the regimens that ship."""
    histories = {} if data is None else histories_of(data)
    return [
        {"name": f"patient {id}", "label": f"patient {id}", "doses": [row.model_dump(mode="json") for row in rows]}
        for id, rows in histories.items()
    ]


def _regimens(subject: Subject) -> list[dict[str, Any]]:
    """The regimens that ship and that rows and the model can take."""
    offered = list[dict[str, Any]]()
    for name in library_names("models/regimens"):
        try:
            regimen = Regimen.load(name)
            doses = doses_of(regimen)
            scenario = Scenario(name="a", doses=doses, rules=rules_named(regimen))
            state = subject.state.model_copy(update={"scenarios": (scenario,), "until": 600.0})
            check_state(state, subject.model)
        except InputError:
            continue
        rows = [row.model_dump(mode="json") for row in doses]
        rules = [rule_text(rule, subject.model) for rule in rules_of(scenario)]
        offered.append({"name": name, "label": regimen_label(regimen), "doses": rows, "rules": rules})
    return offered
