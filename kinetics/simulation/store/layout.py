"""The Zarr store of a simulation: laid out for all runs before the first, then filled chunk by chunk.

Zarr is an extra, and is imported when a store is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from kinetics.simulation.simulation import Simulation

FORMAT = 2  # of Zarr: the one whose strings and consolidated metadata are part of its specification


def begin_store(simulation: Simulation, part: Path, chunk: int) -> None:
    """An empty store for all runs, of which the metadata alone takes room."""
    import zarr
    from zarr.storage import LocalStore

    store = part / "store"
    for name in ("store", "replaced"):
        shutil.rmtree(part / name, ignore_errors=True)
    (part / "progress.json").unlink(missing_ok=True)
    blank = simulation.blank()
    encoding: dict[str, Any] = {}
    for name, array in blank.variables.items():
        sizes = zip(array.dims, array.shape, strict=True)
        chunks = tuple(chunk if dim == simulation.dim else max(1, size) for dim, size in sizes)
        encoding[str(name)] = {"compressors": None, "chunks": chunks}
    blank.to_zarr(LocalStore(store), mode="w-", encoding=encoding, consolidated=False, zarr_format=FORMAT)
    for array in arrays_of(simulation, blank, store).values():
        array.resize((simulation.size, *array.shape[1:]))
    zarr.consolidate_metadata(LocalStore(store), zarr_format=FORMAT)


def arrays_of(simulation: Simulation, dataset: xr.Dataset, store: Path) -> dict[str, Any]:
    """The arrays that every chunk adds to."""
    import zarr
    from zarr.storage import LocalStore

    group = zarr.open_group(LocalStore(store), mode="r+", zarr_format=FORMAT, use_consolidated=False)
    return {str(name): group[str(name)] for name, array in dataset.variables.items() if simulation.dim in array.dims}


def chunk_files(arrays: Mapping[str, Any], number: int) -> list[str]:
    """The files of a chunk of runs, by their paths from the store: runs come first, other dims are not cut."""
    return [f"{name}/{number}{'.0' * (array.ndim - 1)}" for name, array in arrays.items()]


def write(arrays: dict[str, Any], dataset: xr.Dataset, begin: int, end: int) -> None:
    """Write the runs of a dataset into their rows of the arrays."""
    for name, array in arrays.items():
        array[begin:end] = dataset[name].values
