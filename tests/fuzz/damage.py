"""Results and stores with damage: of bytes, as disks and cut transfers do it, and of what they declare."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from case import Case
from kinetics.errors import Faults
from kinetics.results import read_result, variable, write_result
from kinetics.units import parse_unit
from mutations import mutated
from odd import TEXTS

__all__ = ["Results", "Stores"]


def check_dataset(path: Path) -> None:
    """What `kinetics check` does with a result."""
    from kinetics.checking.files import check_file

    faults = Faults()
    check_file(path, "dataset", faults)
    faults.raise_if_any()


def _tree() -> xr.DataTree:
    """A result with a group, texts and numbers."""
    count, time = parse_unit("1e9/L"), np.arange(12.0)
    number = variable(("patient", "time"), np.outer([1.0, 2.0, 3.0], np.exp(-time)), count, "counts")
    reasons = xr.Variable(("patient",), np.array(["", "", "stiff"], dtype=object), {"long_name": "reason"})
    root = xr.Dataset(
        {"N": number, "failure": reasons},
        {"time": variable(("time",), time, parse_unit("day"), "time"), "patient": [0, 1, 2]},
        {"model": "pool", "seed": 3, "package": "lymphokinetics"},
    )
    return xr.DataTree.from_dict({"/": root, "interval": root[["N"]].isel(patient=0, drop=True)})


class Results:
    """A NetCDF file and a Zarr store of one result, damaged and read."""

    def __init__(self, folder: Path) -> None:
        self.file, self.store = folder / "result.nc", folder / "result.zarr"
        write_result(_tree(), self.file)
        plain = {
            group.path: {name: {"compressors": None} for name in group.to_dataset(inherit=False).variables}
            for group in _tree().subtree
        }
        _tree().to_zarr(self.store, zarr_format=2, encoding=plain)
        self.honest = self.file.read_bytes()
        self.kept = folder.parent / "kept.zarr"
        shutil.copytree(self.store, self.kept)

    def warm(self) -> None:
        check_dataset(self.file)
        check_dataset(self.store)

    def make(self, chance: random.Random) -> Case:
        kind = chance.random()
        self.file.unlink(missing_ok=True)  # HDF5 may still have the one before open
        if kind < 0.5:
            content = mutated(self.honest, ".nc", chance)
            self.file.write_bytes(content)
            return Case("result.nc", content, lambda: check_dataset(self.file))
        if kind < 0.75:
            self.file.write_bytes(self.honest)
            if not _redeclare(self.file, chance):
                return self.make(chance)
            return Case("result.nc", self.file.read_bytes(), lambda: check_dataset(self.file))
        shutil.rmtree(self.store)
        shutil.copytree(self.kept, self.store)
        what = _damage_store(self.store, chance)
        return Case("what.txt", what.encode(), lambda: (check_dataset(self.store), read_result(self.store)))


def _redeclare(path: Path, chance: random.Random) -> bool:
    """Change what a NetCDF file says of itself, by valid HDF5; whether HDF5 lets that be."""
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        name = chance.choice(names)
        what = chance.choice(tuple(_DECLARATIONS))
        try:
            _DECLARATIONS[what](file, name, chance)
        except (ValueError, TypeError, KeyError, OSError, RuntimeError, AttributeError):
            return False
    return True


_ATTRIBUTES: tuple[Any, ...] = (
    *TEXTS, 3, 2.5, True, np.array([1, 2]), np.array(["mg", "g"], dtype=object), b"\xff\xfe", np.zeros(0),
    np.bytes_(b"mg"), np.array([1 + 2j]), h5py.Empty("f"), np.datetime64("2020-01-01").astype("int64"),
    "days since 1900-01-01", "days since 99999-01-01", "seconds since x",
)  # fmt: skip
_NAMES = (
    "units", "calendar", "scale_factor", "add_offset", "_FillValue", "missing_value", "dtype", "coordinates",
    "DIMENSION_LIST", "CLASS", "NAME", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates", "long_name", "model",
    "_Unsigned", "grid_mapping",
)  # fmt: skip


def _attribute(file: h5py.File, name: str, chance: random.Random) -> None:
    target = file if chance.random() < 0.3 else file[name]
    target.attrs[chance.choice(_NAMES)] = chance.choice(_ATTRIBUTES)


def _without_attribute(file: h5py.File, name: str, chance: random.Random) -> None:
    del file[name].attrs[chance.choice(tuple(file[name].attrs))]


def _huge(file: h5py.File, name: str, chance: random.Random) -> None:
    """Declares much, holds nothing."""
    size = chance.choice((10**9, 10**12, 2**40, 2**62))
    del file[name]
    file.create_dataset(name, (size,), chunks=(2**16,), dtype=chance.choice(("f8", "u1", h5py.string_dtype())))


def _resized(file: h5py.File, name: str, chance: random.Random) -> None:
    del file[name]
    file.create_dataset(name, data=np.zeros(chance.choice(((), (0,), (1,), (3, 0), (2, 2, 2), (13,)))))


def _retyped(file: h5py.File, name: str, chance: random.Random) -> None:
    shape = file[name].shape
    del file[name]
    kind = chance.choice(
        (
            "i1",
            "u8",
            "c16",
            "S3",
            "f2",
            h5py.string_dtype(),
            h5py.vlen_dtype("i4"),
            [("a", "f8"), ("b", "S2")],
            h5py.ref_dtype,
        )
    )
    file.create_dataset(name, shape, dtype=kind)


def _linked(file: h5py.File, name: str, chance: random.Random) -> None:
    del file[name]
    file[name] = chance.choice((
        h5py.SoftLink("/nowhere"), h5py.SoftLink("/"), h5py.SoftLink(f"/{name}"), h5py.ExternalLink("/dev/zero", "/x"),
        h5py.ExternalLink("/etc/passwd", "/"), h5py.ExternalLink("result.nc", "/N"),
    ))  # fmt: skip


def _external(file: h5py.File, name: str, chance: random.Random) -> None:
    """Values that stand in another file of the machine."""
    del file[name]
    file.create_dataset(
        name, (12,), dtype="f8", external=[(chance.choice(("/etc/passwd", "/dev/zero", "/dev/urandom")), 0, 96)]
    )


def _group(file: h5py.File, name: str, chance: random.Random) -> None:
    del file[name]
    group = file
    for _ in range(chance.choice((1, 2, 40, 400))):
        group = group.create_group(name.split("/")[-1])


def _renamed(file: h5py.File, name: str, chance: random.Random) -> None:
    file.move(name, chance.choice([text for text in TEXTS[:30] if text and "\0" not in text]))


_DECLARATIONS: dict[str, Callable[[h5py.File, str, random.Random], None]] = {
    "attribute": _attribute,
    "other attribute": _attribute,
    "without an attribute": _without_attribute,
    "gone": lambda file, name, chance: file.__delitem__(name),
    "huge": _huge,
    "resized": _resized,
    "retyped": _retyped,
    "linked": _linked,
    "external": _external,
    "group": _group,
    "renamed": _renamed,
}


def _damage_store(store: Path, chance: random.Random) -> str:
    """One file or folder of a store is changed, gone, a copy of another, or no file; says which and how."""
    files = sorted(path for path in store.rglob("*") if path.is_file())
    path, other = chance.choice(files), chance.choice(files)
    kind = chance.randrange(7)
    if kind <= 3:
        content = mutated(path.read_bytes(), ".json" if path.name.startswith((".z", "progress")) else ".chunk", chance)
        path.write_bytes(content)
        return f"{path.relative_to(store)} changed: {content[:3000]!r}"
    if kind == 4:
        path.write_bytes(other.read_bytes())
        return f"{path.relative_to(store)} is a copy of {other.relative_to(store)}"
    path.unlink()
    if kind == 5:
        if path.parent != store and chance.random() < 0.3:
            shutil.rmtree(path.parent)
            return f"{path.parent.relative_to(store)} is gone"
        return f"{path.relative_to(store)} is gone"
    what = chance.choice(("folder", "pipe", "link"))
    {"folder": Path.mkdir, "pipe": os.mkfifo, "link": lambda at: at.symlink_to("/dev/zero")}[what](path)
    return f"{path.relative_to(store)} is a {what}"


class Stores:
    """An unfinished stream, damaged: to go on with it gives the numbers of a whole run, or a fault in words."""

    def __init__(self, folder: Path) -> None:
        self.out, self.kept = folder / "all.zarr", folder.parent / "kept.part"
        self.part = folder / "all.zarr.part"
        self.folder = folder
        self.expected: xr.Dataset | None = None

    def warm(self) -> None:
        self.expected = self._stream().load()
        shutil.rmtree(self.out)
        try:
            self._stream(progress=_cut_off)
        except _CutOff:
            shutil.copytree(self.part, self.kept)

    def _stream(self, **options: Any) -> xr.Dataset:
        from kinetics.model import Model
        from kinetics.regimen import Course, Regimen
        from kinetics.simulation.simulating import simulate

        once = Regimen([Course.of("alemtuzumab", "12 mg", "4 hour")])
        asked = {"until": "10 day", "every": "1 day", "seed": 3, "engine": "batch", "patients": 25, "chunk": 10}
        return simulate(Model.load("alemtuzumab"), once, out=self.out, **asked, **options)

    def make(self, chance: random.Random) -> Case:
        for path in (self.out, self.part):
            shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.kept, self.part)
        what = "; ".join(_damage_store(self.part, chance) for _ in range(chance.choice((1, 1, 2))))
        return Case("what.txt", what.encode(), self._go_on, self.folder)

    def _go_on(self) -> None:
        assert self.expected is not None
        found = self._stream(resume=True)
        xr.testing.assert_equal(found.load(), self.expected)


class _CutOff(BaseException):
    pass


def _cut_off(done: int, _: int) -> None:
    if done >= 20:
        raise _CutOff
