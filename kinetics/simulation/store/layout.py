"""The Zarr store of a study: laid out for all runs before the first, then filled chunk by chunk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr
import zarr
from zarr.storage import LocalStore

from kinetics.simulation.request import Study

__all__ = ["arrays_of", "begin_store", "chunk_files", "write"]

FORMAT = 2  # of Zarr: the one whose strings and consolidated metadata are part of its specification


def begin_store(study: Study, part: Path, chunk: int) -> None:
    """An empty store for all runs, of which the metadata alone takes room."""
    store = part / "store"
    for name in ("store", "replaced"):
        shutil.rmtree(part / name, ignore_errors=True)
    (part / "progress.json").unlink(missing_ok=True)
    blank = study.blank()
    encoding = {
        str(name): {
            "compressors": None,
            "chunks": tuple(
                chunk if dim == study.dim else max(1, size) for dim, size in zip(array.dims, array.shape, strict=True)
            ),
        }
        for name, array in blank.variables.items()
    }
    blank.to_zarr(LocalStore(store), mode="w-", encoding=encoding, consolidated=False, zarr_format=FORMAT)
    for array in arrays_of(study, blank, store).values():
        array.resize((study.size, *array.shape[1:]))
    zarr.consolidate_metadata(LocalStore(store), zarr_format=FORMAT)
    _order(store, list(map(str, blank.variables)))


def _order(store: Path, names: list[str]) -> None:
    """Put the variables into the order of the dataset; readers keep that of the consolidated metadata."""
    file = store / ".zmetadata"
    content = json.loads(file.read_text(encoding="utf-8"))
    place = {name: number for number, name in enumerate(names)}
    rows = sorted(content["metadata"].items(), key=lambda row: place.get(row[0].partition("/")[0], -1))
    file.write_text(json.dumps({**content, "metadata": dict(rows)}, indent=1), encoding="utf-8")


def arrays_of(study: Study, dataset: xr.Dataset, store: Path) -> dict[str, Any]:
    """The arrays that every chunk adds to."""
    group = zarr.open_group(LocalStore(store), mode="r+", zarr_format=FORMAT, use_consolidated=False)
    return {str(name): group[str(name)] for name, array in dataset.variables.items() if study.dim in array.dims}


def chunk_files(arrays: Mapping[str, Any], number: int) -> list[str]:
    """The files of a chunk of runs, by their paths from the store: runs come first, other dims are not cut."""
    return [f"{name}/{number}{'.0' * (array.ndim - 1)}" for name, array in arrays.items()]


def write(arrays: dict[str, Any], dataset: xr.Dataset, begin: int, end: int) -> None:
    """Put the runs of a dataset into their place."""
    for name, array in arrays.items():
        array[begin:end] = dataset[name].values
