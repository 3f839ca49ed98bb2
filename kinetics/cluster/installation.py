"""What is installed where: the versions that numbers depend on, here and on each worker."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kinetics
from kinetics.errors import Faults, InputError, warn
from kinetics.files.checksums import bytes_checksum, content_hash

if TYPE_CHECKING:
    from distributed import Client

PACKAGE = "lymphokinetics"
DEPENDENCIES = ("numpy", "scipy", "sympy", "numba", "llvmlite")
"""Packages that the last bits of a number can depend on."""
CODE, PROCESSOR = "its code", "processor"


def installation() -> dict[str, str]:
    """What is installed here, by name: versions, a hash of the code of this package, the processor."""
    return {PACKAGE: kinetics.__version__, CODE: _code_hash(), **_environment()}


@lru_cache(maxsize=1)
def _environment() -> dict[str, str]:
    from llvmlite import binding

    versions = {name: importlib.metadata.version(name) for name in DEPENDENCIES}
    python = ".".join(map(str, sys.version_info[:2]))
    processor = f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"
    return {"python": python, **versions, PROCESSOR: processor}


@lru_cache(maxsize=1)
def _code_hash() -> str:
    """SHA-256 of the source files of this package: an unreleased change has no version of its own."""
    root = Path(__file__).parents[1]
    files = sorted(root.rglob("*.py"))
    return content_hash([[file.relative_to(root).as_posix(), bytes_checksum(file.read_bytes())] for file in files])


def difference(there: Mapping[str, str], local: Mapping[str, str]) -> str:
    """Why a worker cannot take part, in words; empty if it can.

    Examples
    --------
    >>> difference({"lymphokinetics": "0.0.9", "numpy": "2.0"}, {"lymphokinetics": "0.1.0", "numpy": "2.0"})
    'has lymphokinetics 0.0.9, and this is 0.1.0; install the same there'
    """
    for name, version in local.items():
        if name == PROCESSOR or there.get(name) == version:
            continue
        if name == CODE:
            return f"has {PACKAGE} {local[PACKAGE]} with other code than here; install the same there"
        installed = f"has {name} {there[name]}" if there.get(name) else f"has no {name}"
        return f"{installed}, and this is {version}; install the same there"
    return ""


def check_scheduler(client: Client) -> None:
    """Refuse, with an `InputError`, a scheduler without this package: it reads the names of functions that it sends."""
    cluster: Any = client  # its methods are typed as if each might be a coroutine
    try:
        cluster.run_on_scheduler(installation)
    except ImportError as error:
        needed = f"install {PACKAGE} {kinetics.__version__} there too"
        raise InputError(f"scheduler at {cluster.scheduler_info()['address']}: {error}; {needed}") from error


def check_workers(client: Client, addresses: Sequence[str]) -> None:
    """Refuse workers with another version of this package or of `DEPENDENCIES`.

    Raises
    ------
    InputError
        With the name of each such worker.

    Warns
    -----
    UserWarning
        If a worker has another processor, on which the last bits of a number may differ.
    """
    local, faults, other_processor = installation(), Faults(), list[str]()
    names = {address: row["name"] for address, row in client.scheduler_info(n_workers=-1)["workers"].items()}
    for address, there in _installations(client, addresses).items():
        worker = worker_text(names.get(address, ""), address)
        if reason := difference(there, local):
            faults.add(reason, worker)
        elif there[PROCESSOR] != local[PROCESSOR]:
            other_processor.append(worker)
    faults.raise_if_any()
    if other_processor:
        workers = f"{'; '.join(other_processor[:3])}{' and others' if len(other_processor) > 3 else ''}"
        warn(f"{workers}: another processor than here; the last bits of numbers may differ")


def _installations(client: Any, addresses: Sequence[str]) -> dict[str, Any]:
    """What is installed on workers, by address; of one whose package cannot answer, the version that Dask finds."""
    answers: dict[str, Any] = client.run(installation, workers=addresses, on_error="return")
    answers = {address: answer for address, answer in answers.items() if not isinstance(answer, OSError)}  # lost since
    unknown = [address for address, answer in answers.items() if isinstance(answer, Exception)]
    rows = client.get_versions(packages=[PACKAGE])["workers"] if unknown else {}
    versions = {address: {PACKAGE: (rows.get(address) or {}).get("packages", {}).get(PACKAGE)} for address in unknown}
    return answers | versions


def worker_text(name: object, address: str) -> str:
    """How messages call a worker.

    >>> worker_text(3, "tcp://10.0.0.7:8786"), worker_text("", "tcp://10.0.0.7:8786")
    ('worker 3 at tcp://10.0.0.7:8786', 'worker at tcp://10.0.0.7:8786')
    """
    return f"worker {name} at {address}" if name not in ("", address) else f"worker at {address}"
