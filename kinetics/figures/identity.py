"""A hash of everything a figure is drawn from. The picture carries it, so that a stale picture can be found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.cohorts.fit_results import result_path
from kinetics.files.checksums import content_hash
from kinetics.files.documents import read_document
from kinetics.files.library import find_file, path_from
from kinetics.model import Model
from kinetics.regimen import Regimen


def figure_hash(spec: Any) -> str:
    """SHA-256 of a checked figure file and of all it names: rows, models, regimens, published numbers, fits.

    It follows the file, equations and values of the models' cohorts, doses, published rows, and the estimates of fits;
    it does not follow how these are drawn.
    """
    walk = _Walk(spec.path if hasattr(spec, "path") else Path())
    parts = walk.parts(spec)
    cohorts = {
        f"{model.name}, {name}": cohort_parameters(model, name).content_hash
        for model in walk.models
        for name in sorted(walk.cohorts & model.cohorts.keys())
    }
    return content_hash(parts, cohorts, walk.estimates)


class _Walk:
    """Walks through a specification and collects what goes into the hash: its own values, models, tables, estimates."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.models: list[Model] = []
        self.cohorts: set[str] = set()
        self.estimates: dict[str, Any] = {}

    def parts(self, value: Any) -> Any:
        from kinetics.estimate import FitProblem

        if isinstance(value, Model):
            self.models.append(value)
            return value.content_hash
        if isinstance(value, Regimen):
            return value.content_hash
        if isinstance(value, FitProblem):
            self._take_estimates(value.path)
            return [value.data_hash, value.model.content_hash]
        if isinstance(value, BaseModel):
            self._take_names(value)
            return value.model_dump(mode="json", exclude_defaults=True)
        if is_dataclass(value):
            return [self.parts(getattr(value, field.name)) for field in fields(value)]
        if isinstance(value, Mapping):
            return [[str(key), self.parts(item)] for key, item in value.items()]
        if isinstance(value, tuple | list):
            return [self.parts(item) for item in value]
        if isinstance(value, float):
            return float(f"{value:.9g}")  # the last digits are those of a processor
        return value if isinstance(value, str | int | None) else None

    def _take_names(self, row: BaseModel) -> None:
        for name, item in row:
            if isinstance(item, BaseModel | dict | tuple | list):
                self.parts(item)
            elif name == "cohort" and isinstance(item, str):
                self.cohorts.add(item)
            elif name == "fit" and isinstance(item, str):
                self._take_estimates(find_file(path_from(self.path, item), "fits"))

    def _take_estimates(self, problem: Path) -> None:
        path = result_path(problem)
        if path.is_file():
            data = read_document(path).data
            self.estimates[problem.stem] = {key: data.get(key) for key in ("estimates", "covariance", "response")}
