"""What is installed where: the versions that numbers depend on, here and on each worker."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kinetics
from kinetics.errors import Faults, warn
from kinetics.files.checksums import bytes_checksum, content_hash

if TYPE_CHECKING:
    from distributed import Client

PACKAGE = "lymphokinetics"
BEHIND = ("numpy", "scipy", "sympy", "numba", "llvmlite")
"""Packages that the last bits of a number can depend on."""
CODE, PROCESSOR = "its code", "processor"


def installation() -> dict[str, str]:
    """What is installed here, by name: versions, a hash of the code of this package, the processor."""
    return {PACKAGE: kinetics.__version__, CODE: _code_hash(), **_environment()}


@lru_cache(maxsize=1)
def _environment() -> dict[str, str]:
    from llvmlite import binding

    versions = {name: importlib.metadata.version(name) for name in BEHIND}
    python = ".".join(map(str, sys.version_info[:2]))
    processor = f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"
    return {"python": python, **versions, PROCESSOR: processor}


@lru_cache(maxsize=1)
def _code_hash() -> str:
    """SHA-256 of the source files of this package: an unreleased change has no version of its own."""
    root = Path(__file__).parents[1]
    files = sorted(root.rglob("*.py"))
    return content_hash([[file.relative_to(root).as_posix(), bytes_checksum(file.read_bytes())] for file in files])


def difference(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """Why a worker cannot take part, in words; empty if it can.

    Examples
    --------
    >>> difference({"lymphokinetics": "0.0.9", "numpy": "2.0"}, {"lymphokinetics": "0.1.0", "numpy": "2.0"})
    'has lymphokinetics 0.0.9, and this is 0.1.0; install the same there'
    """
    for name, version in ours.items():
        if name == PROCESSOR or theirs.get(name) == version:
            continue
        if name == CODE:
            return f"has {PACKAGE} {ours[PACKAGE]} with other code than here; install the same there"
        installed = f"has {name} {theirs[name]}" if theirs.get(name) else f"has no {name}"
        return f"{installed}, and this is {version}; install the same there"
    return ""


def check_workers(client: Client) -> None:
    """Refuse, with an `InputError` that names each, workers with another version of this package or of those behind it.

    Warns
    -----
    UserWarning
        If a worker has another processor, on which the last bits of a number may be others.
    """
    ours, faults = installation(), Faults()
    cluster: Any = client  # its methods are typed as if each might be a coroutine
    # asked of Dask first: a worker without this package, or with an old one, has no function to ask
    packages = {
        address: (row or {}).get("packages", {}).get(PACKAGE)
        for address, row in cluster.get_versions(packages=[PACKAGE])["workers"].items()
    }
    same = [address for address, version in packages.items() if version == _distribution()]
    theirs: dict[str, Any] = {address: {PACKAGE: version} for address, version in packages.items()}
    theirs |= cluster.run(installation, workers=same) if same else {}
    names = {address: row["name"] for address, row in cluster.scheduler_info()["workers"].items()}
    other = []
    for address, row in theirs.items():
        where = worker_text(names.get(address, ""), address)
        if reason := difference(row, ours):
            faults.add(reason, where)
        elif row[PROCESSOR] != ours[PROCESSOR]:
            other.append(where)
    faults.raise_if_any()
    if other:
        what = f"{'; '.join(other[:3])}{' and others' if len(other) > 3 else ''}"
        warn(f"{what}: another processor than here; the last bits of numbers may differ")


def _distribution() -> str | None:
    """The version as `importlib.metadata` and so Dask has it; None in a checkout that is not installed."""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return None


def worker_text(name: object, address: str) -> str:
    """How messages call a worker.

    >>> worker_text(3, "tcp://10.0.0.7:8786"), worker_text("", "tcp://10.0.0.7:8786")
    ('worker 3 at tcp://10.0.0.7:8786', 'worker at tcp://10.0.0.7:8786')
    """
    return f"worker {name} at {address}" if name not in ("", address) else f"worker at {address}"
